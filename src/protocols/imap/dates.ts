/** Dates of IMAP (RFC 3501 9): date-time with zone, and dates that searches compare. */
import { instantIn, instantOf } from '../../base/instant.ts'
import type { Instant } from '../../base/instant.ts'
import { syntaxError } from './errors.ts'

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DATE_TIME = /^( \d|\d\d)-([a-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/i
const DATE = /^(\d{1,2})-([a-z]{3})-(\d{4})$/i

/** A day as a number that can be compared: yyyymmdd. */
export type Day = number

/** Reads `"17-Jul-1996 02:44:25 -0700"`; milliseconds since 1970. */
export function parseDateTime(text: string): number {
  const match = DATE_TIME.exec(text)
  const month = MONTHS.indexOf((match?.[2] ?? '').toLowerCase())
  if (!match || month < 0) throw syntaxError('Not a date-time')
  const [day, year, hour, minute, second] = [match[1], match[3], match[4], match[5], match[6]].map(Number)
  const offset = (Number(match[8]) * 60 + Number(match[9])) * (match[7] === '-' ? -1 : 1)
  const date = new Date(0)
  date.setUTCFullYear(year ?? 0, month, day ?? 0)
  if (date.getUTCMonth() !== month) throw syntaxError('Not a date')
  return date.setUTCHours(hour ?? 0, minute ?? 0, second ?? 0) - offset * 60_000
}

const DAY = 86_400_000
const MOST_DAYS = 20_000
/** Minutes ahead of UTC by day (UTC), null where the clocks change: asking the time zone data costs more than all the rest of a FETCH. */
const offsets = new Map<number, number | null>()

function offsetOf(day: number): number | null {
  const known = offsets.get(day)
  if (known !== undefined) return known
  const [first, last] = [day * DAY, (day + 1) * DAY - 1000].map((ms) => instantOf(ms).zone)
  const minutes = (zone: string): number =>
    (zone.startsWith('-') ? -1 : 1) * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3)))
  const offset = first !== undefined && first === last ? minutes(first) : null
  if (offsets.size >= MOST_DAYS) offsets.clear()
  offsets.set(day, offset)
  return offset
}

/** As `instantOf`. */
function localInstant(ms: number): Instant {
  const offset = offsetOf(Math.floor(ms / DAY))
  return offset === null ? instantOf(ms) : instantIn(Math.floor(ms / 1000) * 1000, offset)
}

/** Writes a date-time in the zone that the whole system shows (Europe/Rome). */
export function formatDateTime(ms: number): string {
  const { day, time, zone } = localInstant(ms)
  const month = MONTHS[Number(day.slice(3, 5)) - 1] ?? ''
  const name = `${month.charAt(0).toUpperCase()}${month.slice(1)}`
  return `${day.slice(0, 2).replace(/^0/, ' ')}-${name}-${day.slice(6)} ${time} ${zone}`
}

/** Reads `1-Feb-1994`. */
export function parseDay(text: string): Day {
  const match = DATE.exec(text)
  const month = MONTHS.indexOf((match?.[2] ?? '').toLowerCase())
  if (!match || month < 0) throw syntaxError('Not a date')
  return dayOf(Number(match[3]), month, Number(match[1]))
}

const dayOf = (year: number, month: number, day: number): Day => year * 10_000 + (month + 1) * 100 + day
