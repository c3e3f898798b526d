/** The Date field (RFC 5322 3.3, with the obsolete forms of 4.3). Pure. */

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DATE = /^(?:[a-z]{3,9}\s*,)?\s*(\d{1,2})\s+([a-z]{3})[a-z]*\s+(\d{2,4})(?!\d)/i
const TIME = /^\s+(\d{1,2}):(\d{2})(?::(\d{2}))?(?!\d)/
const ZONE = /^\s*(?:([+-])(\d{2})(\d{2})(?!\d)|([a-z]{1,3})(?![a-z]))/i
/** Hours; other names count as UTC (RFC 5322 4.3). */
const ZONES: Readonly<Record<string, number>> = { edt: -4, est: -5, cdt: -5, cst: -6, mdt: -6, mst: -7, pdt: -7, pst: -8 }

export interface SentDate {
  /** the day that it names, whatever its zone: yyyymmdd */
  readonly day: number
  /** RFC 5256 2.2: milliseconds since 1970; an invalid zone counts as UTC, an invalid time as midnight; null for a day that does not exist */
  readonly ms: number | null
}

/** Reads an unfolded value; undefined if it names no day. */
export function parseDateField(value: string): SentDate | undefined {
  const match = DATE.exec(value)
  const month = MONTHS.indexOf((match?.[2] ?? '').toLowerCase())
  if (!match || month < 0) return undefined
  const written = Number(match[3])
  // RFC 5322 4.3: years of two and three digits.
  const year = written < 50 ? written + 2000 : written < 1000 ? written + 1900 : written
  const day = Number(match[1])
  return { day: year * 10_000 + (month + 1) * 100 + day, ms: instantOf([year, month, day], value.slice(match[0].length)) }
}

function instantOf([year, month, day]: readonly [number, number, number], rest: string): number | null {
  const date = new Date(0)
  date.setUTCFullYear(year, month, day)
  if (date.getUTCMonth() !== month || date.getUTCDate() !== day) return null
  const time = TIME.exec(rest)
  const [hour, minute, second] = [time?.[1], time?.[2], time?.[3]].map((digits) => Number(digits ?? 0))
  if (!time || hour === undefined || minute === undefined || second === undefined) return date.getTime()
  if (hour > 23 || minute > 59 || second > 60) return date.getTime()
  return date.setUTCHours(hour, minute, second) - zoneOffset(rest.slice(time[0].length)) * 60_000
}

/** Minutes ahead of UTC. */
function zoneOffset(text: string): number {
  const [, sign, hours, minutes, name] = ZONE.exec(text) ?? []
  if (name !== undefined) return (ZONES[name.toLowerCase()] ?? 0) * 60
  if (sign === undefined || Number(hours) > 23 || Number(minutes) > 59) return 0
  return (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1)
}
