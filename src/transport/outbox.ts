/**
 * The outbox: what was sealed here and belongs elsewhere. A receipt for a sender of ours goes into his mailbox; receipts for other providers'
 * senders, notices between providers and forwarded mail go by SMTP. Rows stay until they have arrived.
 */
import { domainOf } from '../base/domain-of.ts'
import { asCeralaccaError, CeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { createGather } from '../base/gather.ts'
import { LEASE_MS, withLease } from './lease.ts'
import type { Loader } from './loader.ts'
import type { Mailer } from './mailer-types.ts'
import type { OutboxClaim, OutboxKey, TransportQueries } from './queries.ts'
import { FORWARD_GIVEN_UP_AFTER, pauseAfter, roomPause, STUCK_AFTER } from './retry-schedule.ts'
import { HERE, type Tasks } from './tasks.ts'
import type { OutboxKind, OutgoingReceipt, ReceiptKind, ReturnedReceipt, ReturnStatus } from './types.ts'
import type { Queue } from './worker.ts'

const CLAIM_AT_A_TIME = 100

export interface OutboxDeps {
  readonly queries: TransportQueries
  readonly loader: Loader
  readonly mailer: Mailer
  /** Who takes the mail of a domain: whose mail waits together when he does not answer. */
  readonly destinationOf: (domain: string) => Promise<string>
  /** where what goes to other servers finds room, and what is retried */
  readonly tasks: Tasks
  /** Puts a receipt of a local verdict into the sender's mailbox and closes its dispatch. */
  readonly receive: (receipt: ReturnedReceipt) => Promise<ReturnStatus>
  /** Gives a message whose forward nobody takes to its recipient; its row is gone then. */
  readonly keepForward: (receipt: OutgoingReceipt) => Promise<void>
  /** reverse path of what leaves (docs/reference/formats.md): posta-certificata@ */
  readonly address: string
  readonly report: EventSink
  readonly now: () => number
}

export interface Outbox {
  readonly queue: Queue
  /** Takes what waits in the outbox to its place, or begins to where that is another server, or notes when to try again; it does not reject. */
  bringBack(receipt: OutgoingReceipt): Promise<void>
  /** Takes out at once what has arrived. */
  flush(): Promise<void>
}

const isReceipt = (kind: OutboxKind): kind is ReceiptKind => kind === 'delivery' || kind === 'non-delivery'

const keyOf = ({ slot, pec_msgid: pecMsgid, recipient, kind }: OutboxClaim): OutboxKey => ({ slot, pecMsgid, recipient, kind })

export function createOutbox(deps: OutboxDeps): Outbox {
  const { queries, loader, mailer, destinationOf, tasks, receive, keepForward, address, report, now } = deps
  const arrived = createGather<OutgoingReceipt>((slot, receipts) => queries.receiptsArrived(slot, receipts), report, 'outbox')

  async function defer(key: OutboxKey, attempts: number, reason: string): Promise<void> {
    const { pecMsgid, kind } = key
    await queries.deferOutbox(key, new Date(now() + pauseAfter(attempts)), reason)
    // It is kept and tried for as long as it takes: a receipt is never given up by a program.
    if (attempts === STUCK_AFTER) report('receipt-stuck', { pecMsgid, kind, reason })
  }

  /** Does the work on a row; an error of ours is noted on it, and it is tried again. */
  async function attempting(key: OutboxKey, attempts: number, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (thrown) {
      const error = asCeralaccaError(thrown)
      report('dispatch-attempt-failed', { pecMsgid: key.pecMsgid, error })
      await defer(key, attempts, error.code).catch((second: unknown) =>
        report('unexpected-error', { where: 'outbox', error: asCeralaccaError(second) }),
      )
    }
  }

  async function send(receipt: OutgoingReceipt, to: string): Promise<void> {
    const { content, sliceBytes, reversePath, kind, attempts } = receipt
    const mail = {
      domain: domainOf(to),
      from: reversePath ?? address,
      to: [to],
      content: [content.head, ...(sliceBytes ? [sliceBytes] : []), content.tail],
      certified: kind !== 'forward',
    }
    const renew = () => queries.renewOutbox(receipt, new Date(now() + LEASE_MS))
    const [result] = await withLease(renew, report, () => mailer.send(mail))
    // What is forwarded leaves at once: a crash before would make an ordinary server get it twice. Providers know a receipt that they have (I4).
    if (result?.outcome === 'sent' && kind === 'forward') return queries.receiptsArrived(receipt.slot, [receipt])
    if (result?.outcome === 'sent') return arrived.add(receipt.slot, receipt)
    if (kind === 'forward' && (result?.outcome === 'failed' || attempts >= FORWARD_GIVEN_UP_AFTER)) return keepForward(receipt)
    await defer(receipt, attempts, `${result?.status} ${result?.text}`)
  }

  async function receiveHere(receipt: OutgoingReceipt, target: ReturnedReceipt['target']): Promise<void> {
    const { kind, pecMsgid } = receipt
    if (!isReceipt(kind)) throw new CeralaccaError('outbox-kind', 'bug', `${kind} of ${pecMsgid} is for another server`)
    const status = await receive({ ...receipt, kind, target })
    if (status === 'other') throw new CeralaccaError('second-verdict', 'bug', `another ${kind} of ${pecMsgid} is there already`)
    arrived.add(receipt.slot, receipt)
  }

  const giveBack = (key: OutboxKey): Promise<void> => queries.giveBackOutbox(key, new Date(now() + roomPause()))

  const bring = (receipt: OutgoingReceipt): Promise<void> =>
    attempting(receipt, receipt.attempts, () =>
      'address' in receipt.target ? send(receipt, receipt.target.address) : receiveHere(receipt, receipt.target.mailbox),
    )

  async function retry(claim: OutboxClaim): Promise<void> {
    const { attempts, size: bytes, target_address: to } = claim
    const key = keyOf(claim)
    const destination = to === null ? HERE : await destinationOf(domainOf(to))
    const loadAndBring = async (): Promise<void> => {
      const receipt = await loader.loadReceipt(key)
      if (receipt) await bring(receipt)
    }
    if (!tasks.begin(destination, { pieces: 1, bytes }, () => attempting(key, attempts, loadAndBring))) await giveBack(key)
  }

  return {
    async bringBack(receipt) {
      const { target, content, attempts } = receipt
      if ('mailbox' in target) return bring(receipt)
      await attempting(receipt, attempts, async () => {
        const destination = await destinationOf(domainOf(target.address))
        if (!(await tasks.beginInLine(destination, { pieces: 1, bytes: content.size }, () => bring(receipt))))
          await giveBack(receipt)
      })
    },
    flush: arrived.flush,
    queue: {
      name: 'outbox',
      dueSlots: (at) => queries.dueSlots('outbox', at),
      release: (slot, at) => queries.release('outbox', slot, at),
      async workOff(slot) {
        const at = now()
        const rows = await queries.claimOutbox(slot, new Date(at), new Date(at + LEASE_MS), CLAIM_AT_A_TIME)
        for (const row of rows) await attempting(keyOf(row), row.attempts, () => retry(row))
        return rows.length === CLAIM_AT_A_TIME && tasks.hasRoom()
      },
    },
  }
}
