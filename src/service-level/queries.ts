/** SQL of the figures by day, of mailboxes, and of what the probe writes down. */
import type { Database } from '../storage/database.ts'
import type { Interval } from './availability.ts'
import { COUNT_LEDGER, COUNT_VIRUS, FIGURE_NAMES, type Figure } from './figures.ts'

export type Counts = Readonly<Record<Figure, number>>

/** Who the provider is: its domain, which its identifiers end with, and its name in the ledger. */
export interface Provider {
  readonly domain: string
  readonly name: string
}

export interface MailboxCounts {
  readonly active: number
  readonly suspended: number
  readonly closed: number
}

export type OutageCause = 'no-answer' | 'stopped' | 'not-running'

export interface Outage {
  readonly service: string
  readonly from: number
  /** null: it goes on */
  readonly to: number | null
  readonly cause: OutageCause
}

export interface Maintenance extends Interval {
  readonly id: string
  readonly reason: string
  readonly declaredAt: number
}

interface CountRow {
  day: string
  figure: Figure
  count: number
}

interface OutageRow {
  service: string
  from_at: Date
  to_at: Date | null
  cause: OutageCause
}

const SLOT = 0
const noCounts = (): Record<Figure, number> =>
  Object.fromEntries(FIGURE_NAMES.map((figure) => [figure, 0])) as Record<Figure, number>

function countsByDay(rows: readonly CountRow[]): Map<string, Record<Figure, number>> {
  const days = new Map<string, Record<Figure, number>>()
  for (const { day, figure, count } of rows) {
    const counts = days.get(day) ?? noCounts()
    counts[figure] = count
    days.set(day, counts)
  }
  return days
}

const outageOf = ({ service, from_at, to_at, cause }: OutageRow): Outage => ({
  service,
  from: from_at.getTime(),
  to: to_at?.getTime() ?? null,
  cause,
})

export function serviceLevelQueries({ reader, transactor }: Database) {
  return {
    /** What the ledger says of the days from one instant to another, days without anything left out. */
    async countLedger({ domain, name }: Provider, { from, to }: Interval): Promise<Map<string, Counts>> {
      const span = [new Date(from), new Date(to)]
      const entries = await reader.read<CountRow>(COUNT_LEDGER, [...span, domain, name])
      const viruses = await reader.read<CountRow>(COUNT_VIRUS, span)
      return countsByDay([...entries, ...viruses])
    },

    async putDay(day: string, counts: Counts): Promise<void> {
      const names = [...FIGURE_NAMES]
      const sql = 'select statistics_put_day($1, $2::date, $3, $4)'
      await transactor.call(SLOT, sql, [SLOT, day, names, names.map((figure) => counts[figure])])
    },

    /** The days that were counted, from `from` to before `to`. */
    async countedDays({ from, to }: { from: string; to: string }): Promise<Map<string, Counts>> {
      const sql = 'select day, figure, count from statistics_day where slot = $1 and day >= $2 and day < $3 order by day'
      return countsByDay(await reader.read<CountRow>(sql, [SLOT, from, to]))
    },

    /** The last day that was counted, or null. */
    async lastCounted(): Promise<string | null> {
      const [row] = await reader.read<{ day: string | null }>('select max(day) as day from statistics_day where slot = $1', [
        SLOT,
      ])
      return row?.day ?? null
    },

    /** Since when the ledger has everything, and the time of its first entry; null where it has none. */
    async ledgerSpan(): Promise<{ keptSince: number; first: number | null }> {
      const [row] = await reader.read<{ since: Date | number; first: Date | null }>(
        `select ledger_kept_since() as since, (select min(at) from ledger_entry where at >= ledger_kept_since()) as first`,
      )
      return { keptSince: row?.since instanceof Date ? row.since.getTime() : 0, first: row?.first?.getTime() ?? null }
    },

    /** How many mailboxes there are now. @param service the address of the provider's own mailbox, which is no holder's */
    async mailboxes(service: string): Promise<MailboxCounts> {
      const [row] = await reader.read<MailboxCounts>(
        `select count(*) filter (where status = 'active') as active, count(*) filter (where status = 'suspended') as suspended,
           count(*) filter (where status not in ('active', 'suspended')) as closed
         from (select coalesce(p.status, 'active') as status from address a
           left join mailbox_profile p on p.slot = a.mailbox_slot and p.mailbox = a.mailbox where a.address <> $1) m`,
        [service],
      )
      return row ?? { active: 0, suspended: 0, closed: 0 }
    },

    async putMailboxes(day: string, { active, suspended, closed }: MailboxCounts): Promise<void> {
      await transactor.call(
        SLOT,
        `insert into mailbox_day (slot, day, active, suspended, closed) values ($1, $2, $3, $4, $5) on conflict do nothing`,
        [SLOT, day, active, suspended, closed],
      )
    },

    /** As they were at the end of the last day before this one that is known; null where none is. */
    async mailboxesBefore(day: string): Promise<MailboxCounts | null> {
      const sql = 'select active, suspended, closed from mailbox_day where slot = $1 and day < $2 order by day desc limit 1'
      return (await reader.read<MailboxCounts>(sql, [SLOT, day]))[0] ?? null
    },

    /** Mailboxes that were opened from one instant to another. */
    async opened(service: string, { from, to }: Interval): Promise<number> {
      const sql = 'select count(*) as count from address where address <> $1 and created_at >= $2 and created_at < $3'
      return (await reader.read<{ count: number }>(sql, [service, new Date(from), new Date(to)]))[0]?.count ?? 0
    },

    /** Takes a round of the probe; null where another process has had one since `since`. `before`: the round before it, null for the first ever. */
    async claimRound(holder: string, at: number, since: number): Promise<{ before: number | null; ended: boolean } | null> {
      const [row] = await transactor.call<{ before_at: Date | null; before_ended: boolean }>(
        SLOT,
        'select before_at, before_ended from probe_claim($1, $2, $3, $4)',
        [SLOT, holder, new Date(at), new Date(since)],
      )
      return row ? { before: row.before_at?.getTime() ?? null, ended: row.before_ended } : null
    },

    /** Says that this process ends, if the last round was its own. */
    async endRounds(holder: string, at: number): Promise<void> {
      const sql = 'update probe_state set ended = true, at = greatest(at, $3) where slot = $1 and holder = $2'
      await transactor.call(SLOT, sql, [SLOT, holder, new Date(at)])
    },

    /** Since when the service is watched, and when that was looked at last; null where it never was. */
    async watched(): Promise<Interval | null> {
      const sql = 'select watched_since, at from probe_state where slot = $1'
      const [row] = await reader.read<{ watched_since: Date; at: Date }>(sql, [SLOT])
      return row ? { from: row.watched_since.getTime(), to: row.at.getTime() } : null
    },

    async openOutage({ service, from, to, cause }: Outage): Promise<void> {
      await transactor.call(
        SLOT,
        `insert into service_outage (slot, service, from_at, to_at, cause) values ($1, $2, $3, $4, $5) on conflict do nothing`,
        [SLOT, service, new Date(from), to === null ? null : new Date(to), cause],
      )
    },

    async closeOutage(service: string, to: number): Promise<void> {
      const sql = 'update service_outage set to_at = $3 where slot = $1 and service = $2 and to_at is null'
      await transactor.call(SLOT, sql, [SLOT, service, new Date(to)])
    },

    /** Outages that touch a span, those that go on too. */
    async outages({ from, to }: Interval): Promise<Outage[]> {
      const rows = await reader.read<OutageRow>(
        `select service, from_at, to_at, cause from service_outage
         where slot = $1 and from_at < $3 and (to_at is null or to_at > $2) order by from_at, service`,
        [SLOT, new Date(from), new Date(to)],
      )
      return rows.map(outageOf)
    },

    async maintenance({ from, to }: Interval): Promise<Maintenance[]> {
      const rows = await reader.read<{ id: string; from_at: Date; to_at: Date; reason: string; declared_at: Date }>(
        `select id, from_at, to_at, reason, declared_at from maintenance_window
         where slot = $1 and from_at < $3 and to_at > $2 order by from_at`,
        [SLOT, new Date(from), new Date(to)],
      )
      return rows.map(({ id, from_at, to_at, reason, declared_at }) => ({
        id,
        from: from_at.getTime(),
        to: to_at.getTime(),
        reason,
        declaredAt: declared_at.getTime(),
      }))
    },

    async addMaintenance({ id, from, to, reason, declaredAt }: Maintenance): Promise<void> {
      await transactor.call(
        SLOT,
        `insert into maintenance_window (slot, id, from_at, to_at, reason, declared_at) values ($1, $2, $3, $4, $5, $6)`,
        [SLOT, id, new Date(from), new Date(to), reason, new Date(declaredAt)],
      )
    },

    /** Removes one that has not begun; false where there is none of that name. */
    async removeMaintenance(id: string, at: number): Promise<boolean> {
      const sql = 'delete from maintenance_window where slot = $1 and id::text = $2 and from_at > $3 returning id'
      return (await transactor.call(SLOT, sql, [SLOT, id, new Date(at)])).length > 0
    },
  }
}

export type ServiceLevelQueries = ReturnType<typeof serviceLevelQueries>

/** Figures of several days in one. */
export function totalOf(days: Iterable<Counts>): Counts {
  const total = noCounts()
  for (const counts of days) for (const figure of FIGURE_NAMES) total[figure] += counts[figure]
  return total
}

export const NO_COUNTS: Counts = noCounts()
