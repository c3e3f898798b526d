/** The figures of a period, as they are told to the authority: no address, no name, no subject. */
import { availabilityOf, type Availability, type Interval } from './availability.ts'
import { totalOf, type Counts, type Maintenance, type Outage, type Provider, type ServiceLevelQueries } from './queries.ts'
import { dayAfter, romeDayOf, startOfRomeDay, type Period } from './rome-time.ts'

/** What is watched, in the order in which it is shown. */
export const SERVICES = ['access', 'incoming', 'imap', 'pop3', 'web', 'database'] as const
export type Service = (typeof SERVICES)[number]

export interface ServiceReport extends Availability {
  readonly service: Service | 'all'
}

export interface Report {
  readonly period: Period
  readonly mailboxes: { readonly active: number; readonly suspended: number; readonly opened: number; readonly closed: number }
  readonly figures: Counts
  /** since when the days of the period were counted, and how many; today is counted as it is now */
  readonly days: { readonly first: string | null; readonly counted: number; readonly wanted: number }
  readonly watchedSince: number | null
  /** each service, and `all`: a time in which any of them was out */
  readonly services: readonly ServiceReport[]
  readonly outages: readonly Outage[]
  readonly maintenance: readonly Maintenance[]
}

export interface ReportDeps {
  readonly queries: ServiceLevelQueries
  readonly provider: Provider
  /** address of the provider's own mailbox */
  readonly service: string
  readonly now: () => number
}

/** The availability of each service in a span, as far as it was watched. */
export async function availabilities(queries: ServiceLevelQueries, span: Interval, now: number) {
  const seen = await queries.watched()
  const outages = await queries.outages(span)
  const maintenance = await queries.maintenance(span)
  const until = Math.min(span.to, now)
  const watched = seen && seen.from < until ? { from: Math.max(span.from, seen.from), to: until } : null
  const of = (own: (outage: Outage) => boolean): Interval[] =>
    outages.filter(own).map(({ from, to }) => ({ from, to: to ?? until }))
  const services: ServiceReport[] = [
    ...SERVICES.map((service) => ({
      service,
      ...availabilityOf(
        span,
        watched,
        of((outage) => outage.service === service),
        maintenance,
      ),
    })),
    {
      service: 'all',
      ...availabilityOf(
        span,
        watched,
        of(() => true),
        maintenance,
      ),
    },
  ]
  return { services, outages, maintenance, watchedSince: seen?.from ?? null }
}

export function createReporter({ queries, provider, service, now }: ReportDeps) {
  /** Figures of the days that were not counted yet: at most the last ones. */
  async function uncounted(period: Period, counted: ReadonlyMap<string, Counts>): Promise<Counts[]> {
    const last = await queries.lastCounted()
    const from = last === null || last < period.from ? period.from : dayAfter(last)
    const to = [period.to, dayAfter(romeDayOf(now()))].toSorted()[0] ?? period.to
    if (from >= to) return []
    const found = await queries.countLedger(provider, { from: startOfRomeDay(from), to: startOfRomeDay(to) })
    return [...found].filter(([day]) => !counted.has(day)).map(([, counts]) => counts)
  }

  return async (period: Period): Promise<Report> => {
    const span = { from: startOfRomeDay(period.from), to: startOfRomeDay(period.to) }
    const counted = await queries.countedDays(period)
    const figures = totalOf([...counted.values(), ...(await uncounted(period, counted))])
    const present = span.to > now() ? await queries.mailboxes(service) : null
    const end = present ?? (await queries.mailboxesBefore(period.to)) ?? (await queries.mailboxes(service))
    const start = await queries.mailboxesBefore(period.from)
    const mailboxes = {
      active: end.active,
      suspended: end.suspended,
      opened: await queries.opened(service, span),
      // One that was opened again is none of them any more.
      closed: Math.max(0, end.closed - (start?.closed ?? 0)),
    }
    const wanted = Math.round((span.to - span.from) / 86_400_000)
    const days = { first: [...counted.keys()].toSorted()[0] ?? null, counted: counted.size, wanted }
    return { period, mailboxes, figures, days, ...(await availabilities(queries, span, now())) }
  }
}
