/**
 * Works off what is under way. Each kind of work is a queue of durable rows: who made a row tries it at once, from memory, and whoever polls
 * takes up what is due: after a crash nothing is lost, and a step done twice changes nothing (I4).
 */
import { asCeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { LEASE_MS } from './lease.ts'
import { ALL, createTasks, HERE, type Tasks } from './tasks.ts'

/** A kind of work. */
export interface Queue {
  readonly name: string
  /** Slots where something is due at `at`. It locks nothing; who claims looks again. */
  dueSlots(at: Date): Promise<number[]>
  /** Ends the leases of a slot: asked only by who knows that no other process works. */
  release(slot: number, at: Date): Promise<void>
  /**
   * Claims some of what is due in a slot and begins it, or does it where that takes no time to speak of: nothing here waits for another server.
   * What is claimed and finds no room is given back; what fails is noted on its row. Answers whether there may be more that can be begun.
   */
  workOff(slot: number): Promise<boolean>
}

const POLL_MS = 2000

export interface Worker {
  /**
   * Starts work whose rows have just been committed and are leased to this process. Where it would be too much at a time it is left to the poll.
   * @param pieces how many rows it is about
   * @param bytes what it holds in memory
   */
  start(pieces: number, bytes: number, work: () => Promise<void>): void
  /** Works off what is due, over and over. With `alone`, leases of processes that are gone end first. */
  run(alone: boolean): Promise<void>
  /** Stops polling and waits for what is under way. */
  stop(): Promise<void>
}

export interface WorkerDeps {
  readonly queues: readonly Queue[]
  /** what the queues begin */
  readonly tasks: Tasks
  readonly report: EventSink
  readonly now: () => number
}

export function createWorker({ queues, tasks, report, now }: WorkerDeps): Worker {
  /** What stays here of it; what goes to other servers has its room among `tasks`. */
  const fresh = createTasks(report, 'fresh work', { each: ALL })
  const timers = new Map<Queue, NodeJS.Timeout>()
  let stopped = false

  async function poll(queue: Queue): Promise<void> {
    for (const slot of await queue.dueSlots(new Date(now()))) {
      try {
        for (let more = true; more;) more = !stopped && (await queue.workOff(slot))
      } catch (thrown) {
        report('unexpected-error', { where: `${queue.name} of slot ${slot}`, error: asCeralaccaError(thrown) })
      }
      if (stopped) return
    }
  }

  async function pollAndPlan(queue: Queue): Promise<void> {
    await poll(queue).catch((thrown: unknown) =>
      report('unexpected-error', { where: `poll of ${queue.name}`, error: asCeralaccaError(thrown) }),
    )
    if (stopped) return
    timers.set(
      queue,
      setTimeout(() => tasks.track(pollAndPlan(queue)), POLL_MS),
    )
  }

  /** Rows leased by a process that was killed are due at once: asked for with a time after every lease. */
  async function endLeases(): Promise<void> {
    const afterAllLeases = new Date(now() + 10 * LEASE_MS)
    for (const queue of queues) {
      for (const slot of await queue.dueSlots(afterAllLeases)) await queue.release(slot, new Date(now()))
    }
  }

  return {
    start(pieces, bytes, work) {
      // What finds no room is leased for a while yet, and due to the poll then.
      if (!stopped) void fresh.begin(HERE, { pieces, bytes }, work)
    },

    async run(alone) {
      if (alone) await endLeases()
      // Each by itself: what is slow in one, or broken, is nothing to the others.
      for (const queue of queues) tasks.track(pollAndPlan(queue))
    },

    async stop() {
      stopped = true
      for (const timer of timers.values()) clearTimeout(timer)
      // What is under way begins more in its course.
      await fresh.settled()
      await tasks.settled()
    },
  }
}
