/** Days of Italian legal time, and the four-month periods of the service's rules. Pure. */
import { clientError } from '../base/errors.ts'
import { instantOf } from '../base/instant.ts'

const DAY_MS = 86_400_000
const OFFSETS = [60, 120]

/** The day of an instant in Italy, YYYY-MM-DD. */
export const romeDayOf = (ms: number): string => instantOf(ms).day.split('/').toReversed().join('-')

/** The first millisecond of a day in Italy; clocks are never changed at midnight. @throws `usage` if there is no such day */
export function startOfRomeDay(day: string): number {
  const utc = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN
  const start = OFFSETS.map((minutes) => utc - minutes * 60_000).find(
    (ms) => !Number.isNaN(ms) && romeDayOf(ms) === day && instantOf(ms).time === '00:00:00',
  )
  if (start === undefined) throw clientError('usage', `"${day}" is not a day such as 2026-03-15`)
  return start
}

/** The day so many days later. */
export const dayAfter = (day: string, days = 1): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)

/** A span of whole days; `to` is the first day that is not in it. */
export interface Period {
  readonly name: string
  readonly from: string
  readonly to: string
}

const MONTHS = 4
const month = (year: number, index: number): string => new Date(Date.UTC(year, index, 1)).toISOString().slice(0, 10)

/** A four-month period by its name: 2026-1 is January to April. @throws `usage` */
export function periodOf(name: string): Period {
  const [, year, third] = /^(\d{4})-([123])$/.exec(name) ?? []
  if (year === undefined || third === undefined) throw clientError('usage', `"${name}" is not a period such as 2026-1`)
  const first = (Number(third) - 1) * MONTHS
  return { name, from: month(Number(year), first), to: month(Number(year), first + MONTHS) }
}

/** The four-month period that an instant is in. */
export function periodAt(ms: number): Period {
  const [year = '', monthOfYear = ''] = romeDayOf(ms).split('-')
  return periodOf(`${year}-${Math.ceil(Number(monthOfYear) / MONTHS)}`)
}
