/**
 * Webhooks, put together: subscriptions and what was sent to them, for the CLI and the API; and the work, for processes of the role `worker`.
 */
import { randomUUID } from 'node:crypto'
import type { Actor } from '../audit/audit.ts'
import { auditReads } from '../audit/queries.ts'
import { clientError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { uuidv7 } from '../base/ids.ts'
import { periodically } from '../base/periodic.ts'
import { followedEntries } from '../ledger/follow-queries.ts'
import { ordersOf, ownersOf } from '../registry/agreement/subjects.ts'
import type { SecretBox } from '../registry/operators/secret-box.ts'
import type { Database } from '../storage/database.ts'
import type { TransportQueries } from '../transport/queries.ts'
import { AUDIT_ACTS, eventOfAct, partsOf } from './audit-events.ts'
import { cursorQueries, type EntryRange } from './cursor-queries.ts'
import { DELIVERY_STATES, deliveryQueries, type Delivery, type DeliveryState } from './delivery-queries.ts'
import { bodyFor, type WebhookEvent } from './events.ts'
import { createFollower } from './follower.ts'
import { eventsOf, isOutcome, LEDGER_EVENTS } from './ledger-events.ts'
import type { Line } from './post.ts'
import { subscriptionReads } from './queries.ts'
import { createSending } from './sending.ts'
import { createSubscriptions, secretsOf, type Subscriptions, type SubscriptionsDeps } from './subscriptions.ts'

export { DELIVERY_STATES }
export type { Delivery, DeliveryState }

export interface Webhooks extends Omit<Subscriptions, 'recordReplay' | 'recordSkip'> {
  /** How many events wait. */
  waiting(id: string): Promise<number>
  /** By number, from the last one back. @throws `no-such-webhook` */
  deliveries(id: string, page: { state: DeliveryState | null; before: number | null; limit: number }): Promise<Delivery[]>
  /** Sends once more what has ended, from an event or a time on. Answers how many. @throws `no-such-webhook`, `no-such-event` */
  replay(id: string, from: { event: string } | { since: Date }, by: Actor): Promise<number>
  /** An event that waits is not sent any more. @throws `no-such-webhook`, `no-such-event` */
  skip(id: string, event: string, by: Actor): Promise<void>
  /** Sends an event `webhook.test`; answers its identifier. @throws `no-such-webhook` */
  test(id: string): Promise<string>
}

/** @param deps those of subscriptions: `box` is asked when a secret is first needed */
export function createWebhooks(deps: SubscriptionsDeps): Webhooks {
  const { database, now } = deps
  const deliveries = deliveryQueries(database)
  const { recordReplay, recordSkip, ...subscriptions } = createSubscriptions(deps)
  const at = (): Date => new Date(now())

  const missing = (event: string) =>
    clientError('no-such-event', `The webhook has no event ${event}, or it is older than ${KEPT_DAYS} days`)

  return {
    ...subscriptions,
    waiting: deliveries.waiting,

    async resume(id, by) {
      const changed = await subscriptions.resume(id, by)
      await deliveries.wake(id, at())
      return changed
    },

    async remove(id, by) {
      await subscriptions.remove(id, by)
      await deliveries.clear(id)
    },

    async deliveries(id, page) {
      await subscriptions.get(id)
      return deliveries.list(id, page)
    },

    async replay(id, from, by) {
      const number = 'event' in from ? await deliveries.numberOf(id, from.event) : 0
      if (number === undefined) throw missing('event' in from ? from.event : '')
      const events = await deliveries.replay(id, 'event' in from ? { number } : from, at())
      await recordReplay(id, by, events)
      await deliveries.wake(id, at())
      return events
    },

    async skip(id, event, by) {
      if (!(await deliveries.skip(id, event, at()))) throw missing(event)
      await recordSkip(id, by, event)
      await deliveries.wake(id, at())
    },

    async test(id) {
      const { bound, name } = await subscriptions.get(id)
      const kind = 'webhook.test'
      const event: WebhookEvent = {
        id: `test-${uuidv7(now())}`,
        kind,
        at: now(),
        subject: 'test',
        mailbox: null,
        data: { webhook: id },
      }
      const body = bodyFor(event, { bound, boundName: name })
      await deliveries.enqueue(id, [{ event: event.id, kind, subject: event.subject, body }], at())
      return event.id
    },
  }
}

export interface WebhookWorkDeps {
  readonly database: Database
  readonly webhooks: Pick<Webhooks, 'pause'>
  readonly transport: Pick<TransportQueries, 'receipts'>
  readonly box: () => SecretBox
  readonly openLine: () => Line
  readonly report: EventSink
  readonly now: () => number
}

export interface WebhookWork {
  /** Follows the logs, and sends what is due, once: for tests. */
  round(): Promise<void>
  /** Forgets what is too old, and wakes what a crash has left asleep. */
  tidy(): Promise<void>
  start(): void
  stop(): Promise<void>
}

/** What was sent can be replayed for so long. */
export const KEPT_DAYS = 30
const POLL_MS = 2000
const SEND_MS = 1000
const TIDY_MS = 3_600_000
const SYSTEM: Actor = { actor: 'system', role: 'system' }

export function createWebhookWork({ database, webhooks, transport, box, openLine, report, now }: WebhookWorkDeps): WebhookWork {
  const { reader } = database
  const subscriptions = subscriptionReads(database)
  const deliveries = deliveryQueries(database)
  const audit = auditReads(reader)

  async function readLedger(ranges: readonly EntryRange[]): Promise<WebhookEvent[]> {
    const entries = await followedEntries(reader, ranges, LEDGER_EVENTS)
    const keyOf = (slot: number, messageId: string | undefined): string => `${slot} ${messageId ?? ''}`
    const keys = entries.filter(isOutcome).map(({ slot, pecMsgid, recipients: [recipient = ''], related: [messageId = ''] }) => ({
      slot,
      pecMsgid,
      recipient,
      messageId,
    }))
    const receipts = keys.length === 0 ? [] : await transport.receipts(keys)
    const known = new Map(receipts.map((receipt) => [keyOf(receipt.slot, receipt.messageId), receipt]))
    return entries.flatMap((entry) => eventsOf(entry, known.get(keyOf(entry.slot, entry.related[0]))))
  }

  async function readAudit(ranges: readonly EntryRange[]): Promise<WebhookEvent[]> {
    const entries = await audit.inRanges(ranges, AUDIT_ACTS)
    const idsOf = (kind: string): string[] =>
      entries.flatMap(({ object }) => (partsOf(object)[0] === kind ? [partsOf(object)[1]] : []))
    const owners = new Map([
      ...(await ownersOf(reader, 'request', idsOf('request'))),
      ...(await ownersOf(reader, 'contract', idsOf('contract'))),
    ])
    return entries.flatMap((entry) => eventOfAct(entry, owners.get(partsOf(entry.object)[1])) ?? [])
  }

  const follower = createFollower({
    cursors: cursorQueries(database),
    deliveries,
    read: { ledger: readLedger, audit: readAudit },
    ordersOf: (addresses, orders) => ordersOf(reader, addresses, orders),
    holder: randomUUID(),
    now,
  })

  const sending = createSending({
    deliveries,
    async receiverOf(id) {
      const row = await subscriptions.find(id)
      return row && { url: row.url, secrets: secretsOf(row, box(), now()), paused: row.pausedAt !== null }
    },
    async pause(id, because) {
      await webhooks.pause(id, SYSTEM, because)
      report('webhook-paused', { webhook: id, because })
    },
    openLine,
    report,
    now,
  })

  async function follow(): Promise<void> {
    const rows = await subscriptions.all()
    await follower.follow(rows.map(({ createdAt, ...row }) => ({ ...row, since: createdAt.getTime() })))
  }

  async function tidy(): Promise<void> {
    const rows = new Map((await subscriptions.all()).map((row) => [row.id, row]))
    for (const { subscription, parked } of await deliveries.queues()) {
      const row = rows.get(subscription)
      if (!row) await deliveries.clear(subscription)
      else {
        await deliveries.forget(subscription, new Date(now() - KEPT_DAYS * 24 * 3_600_000))
        // Whoever resumed it may have died before he woke it.
        if (parked && row.pausedAt === null && (await deliveries.waiting(subscription)) > 0)
          await deliveries.wake(subscription, new Date(now()))
      }
    }
  }

  let stops: (() => Promise<void>)[] = []
  const every = (everyMs: number, where: string, work: () => Promise<void>) => periodically(work, { where, everyMs, report })

  return {
    async round() {
      await follow()
      await sending.begin()
      await sending.settled()
    },
    tidy,
    start() {
      stops = [
        every(POLL_MS, 'webhooks: following the logs', follow),
        every(SEND_MS, 'webhooks: sending', () => sending.begin()),
        every(TIDY_MS, 'webhooks: housekeeping', tidy),
      ]
    },
    async stop() {
      await Promise.all(stops.map((stop) => stop()))
      stops = []
      await sending.settled()
    },
  }
}
