/** Days of the calendar in Italy, as `YYYY-MM-DD`: what expiry, reminders and terms are counted in. Pure. */
import { instantOf } from '../../base/instant.ts'

const DAY_MS = 24 * 60 * 60_000

const textOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
const utc = (day: string): number => Date.parse(`${day}T00:00:00Z`)

/** The day on which an instant lies in Italy. */
export function dayOf(ms: number): string {
  const [day, month, year] = instantOf(ms).day.split('/')
  return `${year}-${month}-${day}`
}

/** The instant at which a day begins in Italy. */
export function startOf(day: string): number {
  // One or two hours ahead of UTC: the day began there, and the day before still was a millisecond earlier.
  const [summer, winter] = [utc(day) - 2 * 3_600_000, utc(day) - 3_600_000]
  return dayOf(summer) === day ? summer : winter
}

export const addDays = (day: string, days: number): string => textOf(utc(day) + days * DAY_MS)

/** The same day so many years later; of a leap day, where there is none, the day before 1 March. */
export function addYears(day: string, years: number): string {
  const [year, rest] = [Number(day.slice(0, 4)) + years, day.slice(4)]
  const same = `${year}${rest}`
  return textOf(utc(same)) === same ? same : `${year}-02-28`
}

/** Whether a text is a day that there is. */
export const isDay = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(utc(text)) && textOf(utc(text)) === text
