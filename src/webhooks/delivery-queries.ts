/** SQL of what is on its way to receivers: all of a subscription lies in the slot of its id. */
import { slotOf } from '../base/ids.ts'
import type { Database } from '../storage/database.ts'
import type { WebhookEventKind } from './event-kinds.ts'

export const DELIVERY_STATES = ['waiting', 'delivered', 'failed', 'skipped'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

/** An event on its way to a subscription. */
export interface Delivery {
  readonly number: number
  /** the event's identifier, which is the receiver's `webhook-id` */
  readonly event: string
  readonly kind: WebhookEventKind
  readonly state: DeliveryState
  readonly attempts: number
  /** what was answered last: a status, or what went wrong */
  readonly answer: string | null
  readonly dueAt: Date
  readonly createdAt: Date
  readonly endedAt: Date | null
}

/** One that is to be sent now. */
export interface DueDelivery {
  readonly number: number
  readonly event: string
  readonly subject: string
  readonly body: string
  readonly attempts: number
  readonly firstFailedAt: Date | null
}

/** What an attempt has made of one. */
export interface Settled {
  readonly number: number
  readonly state: DeliveryState
  readonly answer: string
  readonly dueAt: Date
  readonly firstFailedAt: Date | null
  readonly endedAt: Date | null
}

export interface NewDelivery {
  readonly event: string
  readonly kind: WebhookEventKind
  readonly subject: string
  readonly body: string
}

export interface Turn {
  readonly failures: number
  readonly failingSince: Date | null
}

/** Events that are looked at to find what can be sent: a subject that fails holds up its own, and with them nobody else's. */
const LOOKED_AT = 1000

const LISTED = 'number, event, kind, state, attempts, answer, due_at as "dueAt", created_at as "createdAt", ended_at as "endedAt"'

export function deliveryQueries({ reader, transactor }: Database) {
  return {
    /** Answers how many were new. */
    async enqueue(subscription: string, events: readonly NewDelivery[], at: Date): Promise<number> {
      const slot = slotOf(subscription)
      const [row] = await transactor.call<{ added: number }>(slot, 'select webhook_enqueue($1, $2, $3, $4) as added', [
        slot,
        subscription,
        JSON.stringify(events),
        at,
      ])
      return row?.added ?? 0
    },

    /** Subscriptions with something to be sent, those first that wait longest. */
    async due(at: Date, limit: number): Promise<string[]> {
      const sql = 'select subscription from webhook_queue where due_at <= $1 order by due_at limit $2'
      return (await reader.read<{ subscription: string }>(sql, [at, limit])).map(({ subscription }) => subscription)
    },

    /** Takes the turn to send, until a time; undefined where somebody else has it. */
    async claim(subscription: string, holder: string, at: Date, until: Date): Promise<Turn | undefined> {
      const slot = slotOf(subscription)
      const [row] = await transactor.call<Turn>(
        slot,
        `update webhook_queue set holder = $3, due_at = $5 where slot = $1 and subscription = $2 and due_at <= $4
         returning failures, failing_since as "failingSince"`,
        [slot, subscription, holder, at, until],
      )
      return row
    },

    /**
     * Those that can be sent now, in order: none whose subject has an earlier one that waits for its next attempt.
     * @param probing a single one, of those that were tried least: an event that is always refused does not stand before the others for ever
     */
    next: (subscription: string, at: Date, limit: number, probing: boolean): Promise<DueDelivery[]> =>
      reader.read<DueDelivery>(
        `select number, event, subject, body, attempts, first_failed_at as "firstFailedAt" from (
           select d.*, min(number) filter (where due_at > $3) over (partition by subject) as held, min(number) over (partition by subject) as head
           from (
             select * from webhook_delivery where slot = $1 and subscription = $2 and state = 'waiting' order by number limit ${LOOKED_AT}) d
         ) e where due_at <= $3 and (held is null or number < held) and (not $5 or number = head)
         order by case when $5 then attempts else 0 end, number limit $4`,
        [slotOf(subscription), subscription, at, probing ? 1 : limit, probing],
      ),

    async settle(subscription: string, settled: readonly Settled[]): Promise<void> {
      const slot = slotOf(subscription)
      await transactor.call(
        slot,
        `update webhook_delivery d set state = s.state, attempts = d.attempts + 1, answer = s.answer, due_at = s."dueAt",
           first_failed_at = s."firstFailedAt", ended_at = s."endedAt"
         from jsonb_to_recordset($3::jsonb) as s (number bigint, state text, answer text, "dueAt" timestamptz, "firstFailedAt" timestamptz,
           "endedAt" timestamptz)
         where slot = $1 and subscription = $2 and d.number = s.number and d.state = 'waiting'`,
        [slot, subscription, JSON.stringify(settled)],
      )
    },

    /** Ends the turn. @param notBefore when to look again at the earliest */
    async giveBack(subscription: string, holder: string, { failures, failingSince }: Turn, notBefore: Date): Promise<void> {
      const slot = slotOf(subscription)
      const values = [slot, subscription, holder, failures, failingSince, notBefore]
      await transactor.call(slot, 'select webhook_give_back($1, $2, $3, $4, $5, $6)', values)
    },

    /** Nothing is sent until it is woken, or something is added. */
    async park(subscription: string, holder: string): Promise<void> {
      const slot = slotOf(subscription)
      const sql = 'update webhook_queue set due_at = null, holder = null where slot = $1 and subscription = $2 and holder = $3'
      await transactor.call(slot, sql, [slot, subscription, holder])
    },

    /** What waits is sent at once, as if nothing had failed. */
    async wake(subscription: string, at: Date): Promise<void> {
      const slot = slotOf(subscription)
      await transactor.transact(slot, async (tx) => {
        const values = [slot, subscription, at]
        await tx.query(
          `update webhook_delivery set due_at = $3, first_failed_at = null where slot = $1 and subscription = $2 and state = 'waiting'`,
          values,
        )
        await tx.query(
          `update webhook_queue set due_at = $3, holder = null, failures = 0, failing_since = null where slot = $1 and subscription = $2`,
          values,
        )
      })
    },

    /** Deliveries by number, from the last one back. @param before a number: those before it */
    list(
      subscription: string,
      { state, before, limit }: { state: DeliveryState | null; before: number | null; limit: number },
    ): Promise<Delivery[]> {
      return reader.read<Delivery>(
        `select ${LISTED} from webhook_delivery where slot = $1 and subscription = $2 and ($3::text is null or state = $3)
           and ($4::bigint is null or number < $4) order by number desc limit $5`,
        [slotOf(subscription), subscription, state, before, limit],
      )
    },

    async waiting(subscription: string): Promise<number> {
      const sql = `select count(*)::integer as count from webhook_delivery where slot = $1 and subscription = $2 and state = 'waiting'`
      const [row] = await reader.read<{ count: number }>(sql, [slotOf(subscription), subscription])
      return row?.count ?? 0
    },

    async numberOf(subscription: string, event: string): Promise<number | undefined> {
      const sql = 'select number from webhook_delivery where slot = $1 and subscription = $2 and event = $3'
      return (await reader.read<{ number: number }>(sql, [slotOf(subscription), subscription, event]))[0]?.number
    },

    /** Makes what has ended wait once more, from a number or a time on. Answers how many. */
    async replay(subscription: string, from: { number: number } | { since: Date }, at: Date): Promise<number> {
      const slot = slotOf(subscription)
      const [condition, value] = 'since' in from ? ['created_at >= $4', from.since] : ['number >= $4', from.number]
      const rows = await transactor.call(
        slot,
        `update webhook_delivery set state = 'waiting', attempts = 0, first_failed_at = null, due_at = $3, ended_at = null
         where slot = $1 and subscription = $2 and state <> 'waiting' and ${condition} returning number`,
        [slot, subscription, at, value],
      )
      return rows.length
    },

    /** Answers whether it was waiting. */
    async skip(subscription: string, event: string, at: Date): Promise<boolean> {
      const slot = slotOf(subscription)
      const rows = await transactor.call(
        slot,
        `update webhook_delivery set state = 'skipped', ended_at = $4
         where slot = $1 and subscription = $2 and event = $3 and state = 'waiting' returning number`,
        [slot, subscription, event, at],
      )
      return rows.length > 0
    },

    /** Slots and subscriptions that have rows, whether they are there still or not. */
    queues: () =>
      reader.read<{ subscription: string; parked: boolean }>('select subscription, due_at is null as parked from webhook_queue'),

    /** Forgets what was made before a time. */
    async forget(subscription: string, before: Date): Promise<number> {
      const slot = slotOf(subscription)
      const sql = 'delete from webhook_delivery where slot = $1 and subscription = $2 and created_at < $3 returning number'
      return (await transactor.call(slot, sql, [slot, subscription, before])).length
    },

    /** Forgets all of a subscription. */
    async clear(subscription: string): Promise<void> {
      const slot = slotOf(subscription)
      await transactor.transact(slot, async (tx) => {
        await tx.query('delete from webhook_queue where slot = $1 and subscription = $2', [slot, subscription])
        await tx.query('delete from webhook_delivery where slot = $1 and subscription = $2', [slot, subscription])
      })
    },
  }
}

export type DeliveryQueries = ReturnType<typeof deliveryQueries>
