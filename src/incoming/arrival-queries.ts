/** SQL of what came in and is not yet with every recipient (migration 0014). */
import type { LedgerFacts } from '../ledger/entry.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import type { Database } from '../storage/database.ts'
import { LEASE_MS } from '../transport/lease.ts'

/** What is taken in; `virus` is an envelope that goes no further. */
export type ArrivalKind = 'envelope' | 'anomaly' | 'passed' | 'virus'

export interface ArrivalRow {
  id: string
  kind: Exclude<ArrivalKind, 'virus'>
  sender: string
  provider: string
  digest: Buffer
  content: string
  facts: Omit<LedgerFacts, 'recipients'>
  at: Date
}

export interface ArrivalRecipientRow {
  arrival: string
  recipient: string
  attempts: number
}

/** Those whose turn has come first are looked at, and so many at a time: what is due may be much. */
const LOOKED_AT = 10_000

export function arrivalQueries({ reader, transactor }: Database) {
  return {
    async arrival(slot: number, id: string): Promise<ArrivalRow | undefined> {
      const rows = await reader.read<ArrivalRow>('select * from arrival where slot = $1 and id = $2', [slot, id])
      return rows[0]
    },

    /** Recipients that a message was taken for. */
    async recipients(slot: number, id: string): Promise<string[]> {
      const rows = await reader.read<{ recipient: string }>(
        'select recipient from arrival_recipient where slot = $1 and arrival = $2',
        [slot, id],
      )
      return rows.map((row) => row.recipient)
    },

    /**
     * Bytes that ordinary mail may still bring to a mailbox: its quota, without what is there and what was taken for it and is not there yet. One
     * statement, so nothing counts twice.
     */
    async room({ slot, id }: MailboxRef): Promise<number> {
      const [row] = await reader.read<{ room: number }>(
        `select m.quota - m.used - coalesce((
           select sum(c.size) from arrival_recipient r join arrival a on a.slot = r.slot and a.id = r.arrival
             join content c on c.slot = a.slot and c.id = a.content
           where lower(r.recipient) = m.address and r.done_at is null and a.kind <> 'envelope'
             and not exists (select 1 from delivery d where d.slot = m.slot and d.pec_msgid = r.arrival and d.recipient = r.recipient)
         ), 0)::bigint as room
         from mailbox m where m.slot = $1 and m.id = $2`,
        [slot, id],
      )
      return row?.room ?? 0
    },

    async take(slot: number, item: object, bytes: Buffer, lease: Date, at: Date): Promise<'taken' | 'repeated' | 'other'> {
      const rows = await transactor.call<{ status: 'taken' | 'repeated' | 'other' }>(
        slot,
        'select incoming_take($1, $2, $3, $4, $5) as status',
        [slot, JSON.stringify(item), bytes, lease, at],
      )
      return rows[0]?.status ?? 'repeated'
    },

    async dueSlots(now: Date): Promise<number[]> {
      const due = 'select slot from arrival_recipient where done_at is null and next_attempt <= $1 order by next_attempt'
      const rows = await reader.read<{ slot: number }>(`select distinct slot from (${due} limit ${LOOKED_AT}) due`, [now])
      return rows.map(({ slot }) => slot)
    },

    /** Ends the leases of a slot: only by who knows that no other process works. */
    async release(slot: number, now: Date): Promise<void> {
      await transactor.call(
        slot,
        `update arrival_recipient set next_attempt = $2
         where slot = $1 and done_at is null and next_attempt > $2 and next_attempt <= $3 and attempts < 5`,
        [slot, now, new Date(now.getTime() + LEASE_MS)],
      )
    },

    claim: (slot: number, now: Date, lease: Date, limit: number) =>
      transactor.call<ArrivalRecipientRow>(slot, 'select * from incoming_claim($1, $2, $3, $4)', [slot, now, lease, limit]),

    async done(slot: number, keys: readonly { arrival: string; recipient: string }[], at: Date): Promise<void> {
      await transactor.call(slot, 'select incoming_done($1, $2, $3, $4)', [
        slot,
        keys.map(({ arrival }) => arrival),
        keys.map(({ recipient }) => recipient),
        at,
      ])
    },

    /** Keeps recipients of an arrival for this process. */
    async renew(slot: number, arrival: string, recipients: readonly string[], lease: Date): Promise<void> {
      await transactor.call(slot, 'select incoming_renew($1, $2, $3, $4)', [slot, arrival, recipients, lease])
    },

    /** Recipients who were claimed and not tried. */
    async giveBack(slot: number, arrival: string, recipients: readonly string[], next: Date): Promise<void> {
      await transactor.call(slot, 'select incoming_give_back($1, $2, $3, $4)', [slot, arrival, recipients, next])
    },

    /** A forward that nobody takes goes into its recipient's mailbox. */
    async keepForward(slot: number, arrival: string, recipient: string, at: Date): Promise<void> {
      await transactor.call(slot, 'select incoming_keep_forward($1, $2, $3, $4)', [slot, arrival, recipient, at])
    },

    async defer(slot: number, arrival: string, recipient: string, next: Date, error: string): Promise<void> {
      await transactor.call(slot, 'select incoming_defer($1, $2, $3, $4, $5)', [slot, arrival, recipient, next, error])
    },
  }
}

export type ArrivalQueries = ReturnType<typeof arrivalQueries>
