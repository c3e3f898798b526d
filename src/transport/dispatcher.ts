/**
 * Dispatches on their way. A dispatch is a durable row; who accepted it tries it at once from memory, and whoever polls tries it again
 * when its lease has passed: after a crash nothing is lost, and a step done twice changes nothing (I4).
 */
import type { EventSink } from '../base/events.ts'
import { asCeralaccaError } from '../base/errors.ts'
import type { Loader } from './loader.ts'
import { LEASE_MS } from './lease.ts'
import { createOutboxSweeper } from './outbox-sweeper.ts'
import type { TransportQueries } from './queries.ts'
import type { Dispatch, OutgoingReceipt, Submission } from './types.ts'

const POLL_MS = 2000
const CLAIM_AT_A_TIME = 100
/** Beyond this the fresh dispatches wait as rows, not in memory. */
const MOST_IN_MEMORY = 2000
const MOST_BYTES_IN_MEMORY = 64 * 1024 * 1024

export interface DispatcherDeps {
  readonly queries: TransportQueries
  readonly loader: Loader
  /** Delivers to a local mailbox; answers the receipt that is now in the outbox, or undefined if another did it before. */
  readonly deliver: (dispatch: Dispatch) => Promise<OutgoingReceipt | undefined>
  /** Puts a receipt into the sender's mailbox and closes its dispatch. */
  readonly receive: (receipt: OutgoingReceipt) => Promise<void>
  readonly report: EventSink
  readonly now: () => number
}

export interface Dispatcher {
  /** Starts the dispatches of a submission that has just been committed. */
  start(submission: Submission): void
  /** Works off what is due, over and over. With `alone`, leases of processes that are gone end first. */
  run(alone: boolean): Promise<void>
  /** Stops polling and waits for what is under way. */
  stop(): Promise<void>
}

export function createDispatcher({ queries, loader, deliver, receive, report, now }: DispatcherDeps): Dispatcher {
  const outbox = createOutboxSweeper(queries, report)
  const underWay = new Set<Promise<void>>()
  let bytesInMemory = 0
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  function track(work: Promise<void>): void {
    underWay.add(work)
    void work.finally(() => underWay.delete(work))
  }

  async function bringBack(receipt: OutgoingReceipt): Promise<void> {
    await receive(receipt)
    outbox.arrived(receipt)
  }

  /** Runs one piece of work. What fails stays a row, is noted on its dispatch, and is tried again when its lease has passed. */
  async function attempting(slot: number, pecMsgid: string, recipient: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (thrown) {
      const error = asCeralaccaError(thrown)
      report('dispatch-attempt-failed', { pecMsgid, error })
      await queries
        .recordError(slot, pecMsgid, recipient, error.code)
        .catch((second: unknown) => report('unexpected-error', { where: 'dispatch', error: asCeralaccaError(second) }))
    }
  }

  const attempt = (dispatch: Dispatch): Promise<void> =>
    attempting(dispatch.submission.sender.slot, dispatch.submission.data.pecMsgid, dispatch.recipient, async () => {
      const receipt = await deliver(dispatch)
      if (receipt) await bringBack(receipt)
    })

  async function attemptAll(submission: Submission): Promise<void> {
    bytesInMemory += submission.body.bytes.length
    await Promise.all(
      submission.data.recipients.map(({ address }) => attempt({ submission, recipient: address, retried: false })),
    )
    bytesInMemory -= submission.body.bytes.length
  }

  async function retryDispatches(slot: number, at: number): Promise<void> {
    const rows = await queries.claimDispatches(slot, new Date(at), new Date(at + LEASE_MS), CLAIM_AT_A_TIME)
    for (const [pecMsgid, group] of Map.groupBy(rows, (row) => row.pec_msgid)) {
      // One submission in memory at a time: it may be large.
      const loading = loader.loadSubmission(slot, pecMsgid)
      for (const { recipient } of group) {
        await attempting(slot, pecMsgid, recipient, async () => attempt({ submission: await loading, recipient, retried: true }))
      }
    }
  }

  async function retryOutbox(slot: number, at: number): Promise<void> {
    const rows = await queries.claimOutbox(slot, new Date(at), new Date(at + LEASE_MS), CLAIM_AT_A_TIME)
    for (const row of rows) {
      await attempting(row.target_slot, row.pec_msgid, row.recipient, async () => bringBack(await loader.loadReceipt(row)))
    }
  }

  const retry = { dispatch: retryDispatches, outbox: retryOutbox }

  async function poll(): Promise<void> {
    for (const queue of ['outbox', 'dispatch'] as const) {
      for (const slot of await queries.dueSlots(queue, new Date(now()))) {
        if (stopped) return
        await retry[queue](slot, now()).catch((thrown: unknown) =>
          report('unexpected-error', { where: `${queue} of slot ${slot}`, error: asCeralaccaError(thrown) }),
        )
      }
    }
  }

  async function pollAndPlan(): Promise<void> {
    await poll().catch((thrown: unknown) =>
      report('unexpected-error', { where: 'dispatch poll', error: asCeralaccaError(thrown) }),
    )
    if (!stopped) timer = setTimeout(() => track(pollAndPlan()), POLL_MS)
  }

  /** Rows leased by a process that was killed are due at once: asked for with a time after every lease. */
  async function endLeases(): Promise<void> {
    for (const queue of ['outbox', 'dispatch'] as const) {
      const afterAllLeases = new Date(now() + 10 * LEASE_MS)
      for (const slot of await queries.dueSlots(queue, afterAllLeases)) await queries.release(queue, slot, new Date(now()))
    }
  }

  return {
    start(submission) {
      const { data, body } = submission
      if (stopped || underWay.size + data.recipients.length > MOST_IN_MEMORY) return
      if (bytesInMemory > 0 && bytesInMemory + body.bytes.length > MOST_BYTES_IN_MEMORY) return
      track(attemptAll(submission))
    },

    async run(alone) {
      if (alone) await endLeases()
      track(pollAndPlan())
    },

    async stop() {
      stopped = true
      clearTimeout(timer)
      while (underWay.size > 0) await Promise.all(underWay)
      await outbox.flush()
    },
  }
}
