/** An instant that another provider wrote down, in whatever time zone (RFC 6109 4.2 and 4.4). */
import { instantIn, type Instant } from '../base/instant.ts'

const DAY = /^(\d{2})\/(\d{2})\/(\d{4})$/
const TIME = /^\d{2}:\d{2}:\d{2}$/
const ZONE = /^([+-])(\d{2}):?([0-5]\d)$/

/**
 * @param day dd/mm/yyyy
 * @param time hh:mm:ss
 * @param zone +hhmm or -hhmm; a colon between is passed over
 * @returns null where the three say no instant
 */
export function writtenInstant(day: string, time: string, zone: string): Instant | null {
  const [, date, month, year] = DAY.exec(day) ?? []
  const [, sign, hours, minutes] = ZONE.exec(zone) ?? []
  const utc = TIME.test(time) ? Date.parse(`${year}-${month}-${date}T${time}Z`) : Number.NaN
  if (Number.isNaN(utc) || sign === undefined) return null
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1)
  const instant = instantIn(utc - offset * 60_000, offset)
  // Date makes 2 March of 30 February, and midnight of 24:00.
  return instant.day === day && instant.time === time ? instant : null
}
