/**
 * Arrivals: what was taken in on its way to each recipient. An envelope by the Delivery Point, which issues its receipt; an anomaly envelope,
 * and what is passed on as it came, into the mailbox without one.
 */
import { asCeralaccaError, CeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { createGather } from '../base/gather.ts'
import { instantOf, type Instant } from '../base/instant.ts'
import type { DeliveryPoint } from '../delivery/delivery-point.ts'
import type { LedgerFacts } from '../ledger/entry.ts'
import type { MessageContent } from '../mailbox/content.ts'
import type { Contents } from '../mailbox/contents.ts'
import { readMessage } from '../pec/reading.ts'
import { LEASE_MS, withLease } from '../transport/lease.ts'
import { pauseAfter, roomPause, STUCK_AFTER } from '../transport/retry-schedule.ts'
import { HERE, type Tasks } from '../transport/tasks.ts'
import type { OutgoingReceipt, ReturnTo, SealedEnvelope } from '../transport/types.ts'
import type { Queue } from '../transport/worker.ts'
import type { ArrivalQueries, ArrivalRow } from './arrival-queries.ts'
import { sealedEnvelope } from './sealed-envelope.ts'

/** What was taken in, in memory. */
export interface Arrival {
  readonly slot: number
  readonly id: string
  readonly at: Instant
  /** the provider that sealed it; empty if none */
  readonly provider: string
  readonly facts: Omit<LedgerFacts, 'recipients'>
  /** an envelope to be answered, or mail without a receipt */
  readonly mail: { readonly envelope: SealedEnvelope } | { readonly content: MessageContent }
}

interface DueRecipient {
  readonly recipient: string
  readonly attempts: number
}

export interface ArrivalsDeps {
  readonly queries: ArrivalQueries
  readonly contents: Contents
  readonly delivery: DeliveryPoint
  /** where what is retried finds room */
  readonly tasks: Tasks
  /** Takes a receipt of the outbox on its way; it waits for no other server and does not reject. */
  readonly bringBack: (receipt: OutgoingReceipt) => Promise<void>
  readonly returnTo: (sender: string) => Promise<ReturnTo>
  readonly report: EventSink
  readonly now: () => number
}

export interface Arrivals {
  readonly queue: Queue
  /** Takes a fresh arrival to recipients for the first time, each to its end or its next attempt; it does not reject. */
  attempt(arrival: Arrival, recipients: readonly string[]): Promise<void>
  /** Notes at once what is done. */
  flush(): Promise<void>
}

const CLAIM_AT_A_TIME = 100

const MOST_BYTES_AT_ONCE = 32 * 1024 * 1024

const recipientsOf = (due: readonly DueRecipient[]): string[] => due.map(({ recipient }) => recipient)

export function createArrivals(deps: ArrivalsDeps): Arrivals {
  const { queries, contents, delivery, tasks, bringBack, returnTo, report, now } = deps
  const done = createGather<{ arrival: string; recipient: string }>(
    (slot, keys) => queries.done(slot, keys, new Date(now())),
    report,
    'arrival',
  )

  async function defer(slot: number, id: string, due: readonly DueRecipient[], error: CeralaccaError): Promise<void> {
    for (const { recipient, attempts } of due)
      await queries.defer(slot, id, recipient, new Date(now() + pauseAfter(attempts)), error.code)
  }

  /** Does the work for recipients; an error of ours is noted on their rows, and they are tried again. */
  async function attempting(slot: number, id: string, due: readonly DueRecipient[], work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (thrown) {
      const error = asCeralaccaError(thrown)
      report('dispatch-attempt-failed', { pecMsgid: id, error })
      for (const { attempts } of due) if (attempts === STUCK_AFTER) report('dispatch-stuck', { pecMsgid: id, attempts })
      await defer(slot, id, due, error).catch((second: unknown) =>
        report('unexpected-error', { where: 'arrival', error: asCeralaccaError(second) }),
      )
    }
  }

  async function attemptOne(arrival: Arrival, recipient: string, retried: boolean): Promise<void> {
    const { id, at, provider, facts, mail } = arrival
    if ('content' in mail)
      await delivery.store({
        id,
        recipient,
        content: mail.content,
        at,
        facts: { ...facts, recipients: [recipient] },
        provider,
        event: 'delivered',
      })
    else {
      const receipt = await delivery.deliver({ envelope: mail.envelope, recipient, provider, retried })
      if (receipt) await bringBack(receipt)
    }
    done.add(arrival.slot, { arrival: id, recipient })
  }

  /** Each by itself: what is wrong with one mailbox is nothing to the others. Together as far as their receipts do not hold too much. */
  async function attemptAll(arrival: Arrival, due: readonly DueRecipient[], retried: boolean): Promise<void> {
    const { slot, id, mail } = arrival
    // An original that came encoded is in each receipt; of any other the receipts only say where it lies.
    const own = 'envelope' in mail ? mail.envelope.original.header.length : 0
    const together = Math.max(1, Math.floor(MOST_BYTES_AT_ONCE / Math.max(own, 1)))
    const renew = () => queries.renew(slot, id, recipientsOf(due), new Date(now() + LEASE_MS))
    await withLease(renew, report, async () => {
      for (let at = 0; at < due.length; at += together) {
        const some = due.slice(at, at + together)
        await Promise.all(some.map((one) => attempting(slot, id, [one], () => attemptOne(arrival, one.recipient, retried))))
      }
    })
  }

  async function load(slot: number, id: string, row: ArrivalRow, content: MessageContent): Promise<Arrival> {
    const { facts, provider } = row
    const arrival = { slot, id, at: instantOf(row.at.getTime()), provider, facts }
    if (row.kind !== 'envelope') return { ...arrival, mail: { content } }
    const bytes = await contents.readSlice(content)
    const message = readMessage(bytes)
    const { submission } = message
    if (!submission || !content.slice)
      throw new CeralaccaError('arrival-unreadable', 'bug', `arrival ${id} is no envelope any more`)
    const envelope = sealedEnvelope(bytes, { ...message, submission }, content.slice, await returnTo(submission.sender))
    return { ...arrival, mail: { envelope } }
  }

  async function retry(slot: number, id: string, due: readonly DueRecipient[]): Promise<void> {
    const row = await queries.arrival(slot, id)
    if (!row) throw new CeralaccaError('arrival-missing', 'bug', `no arrival ${id} in slot ${slot}`)
    const content = await contents.load(slot, row.content)
    const loadAndAttempt = async (): Promise<void> => attemptAll(await load(slot, id, row, content), due, true)
    const begun = tasks.begin(HERE, { pieces: due.length, bytes: content.size }, () => attempting(slot, id, due, loadAndAttempt))
    if (!begun) await queries.giveBack(slot, id, recipientsOf(due), new Date(now() + roomPause()))
  }

  return {
    async attempt(arrival, recipients) {
      const due = recipients.map((recipient) => ({ recipient, attempts: 1 }))
      await attemptAll(arrival, due, false)
    },
    flush: done.flush,
    queue: {
      name: 'arrival',
      dueSlots: (at) => queries.dueSlots(at),
      release: (slot, at) => queries.release(slot, at),
      async workOff(slot) {
        const at = now()
        const rows = await queries.claim(slot, new Date(at), new Date(at + LEASE_MS), CLAIM_AT_A_TIME)
        for (const [id, due] of Map.groupBy(rows, (row) => row.arrival)) {
          // One that cannot be read holds up nobody else.
          await attempting(slot, id, due, () => retry(slot, id, due))
        }
        return rows.length === CLAIM_AT_A_TIME && tasks.hasRoom()
      },
    },
  }
}
