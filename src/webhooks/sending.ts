/**
 * Sends what waits. The queue of a subscription is a row with a lease, so one process sends for it at a time, and one slow receiver holds up
 * nobody else. What is about the same subject is sent in order; other subjects go beside it. A receiver that fails is tried with a single event
 * until it takes one; an event that it alone refuses holds up only what is about the same.
 */
import { randomUUID } from 'node:crypto'
import { asCeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { GIVEN_UP_AFTER_MS, pauseAfter } from './backoff.ts'
import type { DeliveryQueries, DueDelivery, Settled, Turn } from './delivery-queries.ts'
import type { Answer, Line } from './post.ts'
import type { PausedBecause } from './queries.ts'
import { signedHeaders } from './signature.ts'

/** Where to send, and with what to sign. */
export interface Receiver {
  readonly url: string
  readonly secrets: readonly Buffer[]
  readonly paused: boolean
}

export interface SendingDeps {
  readonly deliveries: DeliveryQueries
  /** undefined: the subscription is gone */
  readonly receiverOf: (subscription: string) => Promise<Receiver | undefined>
  readonly pause: (subscription: string, because: PausedBecause) => Promise<void>
  readonly openLine: () => Line
  readonly report: EventSink
  readonly now: () => number
}

export interface Sending {
  /** Begins to send for every subscription that has something due, and that nobody sends for. */
  begin(): Promise<void>
  /** Waits for what is under way. */
  settled(): Promise<void>
}

const AT_ONCE = 50
const SIDE_BY_SIDE = 16
/** Receivers that one process sends to at a time. */
const MOST_RECEIVERS = 200
/** A turn begins nothing new after this, and what it began has ended (post.ts) long before the lease. */
const TURN_MS = 20_000
export const LEASE_MS = 60_000

interface Attempt {
  readonly delivery: DueDelivery
  readonly answer: Answer
}

export function createSending({ deliveries, receiverOf, pause, openLine, report, now }: SendingDeps): Sending {
  const underWay = new Map<string, Promise<void>>()

  /** Sends some: each subject in order, subjects beside one another. When nothing was taken yet and one fails, no more are begun. */
  async function send(receiver: Receiver, due: readonly DueDelivery[], line: Line, until: number): Promise<Attempt[]> {
    const subjects = [...Map.groupBy(due, ({ subject }) => subject).values()].values()
    const attempts: Attempt[] = []
    let [taken, failed] = [false, false]
    const isOver = (): boolean => (failed && !taken) || now() >= until

    async function lane(): Promise<void> {
      // The lanes share one iterator, so each subject goes to one of them.
      for (const subject of subjects) {
        for (const delivery of subject) {
          if (isOver()) return
          const { event, body } = delivery
          const answer = await line.post(receiver.url, signedHeaders(event, now(), body, receiver.secrets), body)
          attempts.push({ delivery, answer })
          if (answer.outcome === 'taken') taken = true
          else failed = true
          if (answer.outcome !== 'taken') break
        }
      }
    }

    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, lane))
    return attempts
  }

  function settledBy({ delivery, answer }: Attempt, receiverWorks: boolean): Settled {
    const at = new Date(now())
    const { number, attempts } = delivery
    if (answer.outcome === 'taken')
      return { number, state: 'delivered', answer: answer.text, dueAt: at, firstFailedAt: delivery.firstFailedAt, endedAt: at }
    const firstFailedAt = delivery.firstFailedAt ?? at
    // Only what a working receiver refuses is given up: else it is the subscription that is paused, and nothing is lost.
    const isGivenUp = receiverWorks && now() - firstFailedAt.getTime() >= GIVEN_UP_AFTER_MS
    const dueAt = new Date(now() + pauseAfter(attempts + 1))
    return {
      number,
      state: isGivenUp ? 'failed' : 'waiting',
      answer: answer.text,
      dueAt,
      firstFailedAt,
      endedAt: isGivenUp ? at : null,
    }
  }

  /** Sends until there is nothing more, the receiver fails, or the turn is over. Answers how it stands. */
  async function takeTurn(subscription: string, receiver: Receiver, begun: Turn): Promise<Turn & { because?: PausedBecause }> {
    const until = now() + TURN_MS
    const line = openLine()
    let turn = begun
    try {
      while (now() < until) {
        const due = await deliveries.next(subscription, new Date(now()), AT_ONCE, turn.failures > 0)
        if (due.length === 0) return turn
        const attempts = await send(receiver, due, line, until)
        const receiverWorks = attempts.some(({ answer }) => answer.outcome === 'taken')
        await deliveries.settle(
          subscription,
          attempts.map((attempt) => settledBy(attempt, receiverWorks || turn.failures === 0)),
        )
        if (receiverWorks) {
          turn = { failures: 0, failingSince: null }
          continue
        }
        turn = { failures: turn.failures + 1, failingSince: turn.failingSince ?? new Date(now()) }
        if (attempts.some(({ answer }) => answer.outcome === 'gone')) return { ...turn, because: 'gone' }
        const failingFor = now() - (turn.failingSince?.getTime() ?? now())
        return failingFor >= GIVEN_UP_AFTER_MS ? { ...turn, because: 'failing' } : turn
      }
      return turn
    } finally {
      line.close()
    }
  }

  async function serve(subscription: string): Promise<void> {
    const holder = randomUUID()
    const begun = await deliveries.claim(subscription, holder, new Date(now()), new Date(now() + LEASE_MS))
    if (!begun) return
    const receiver = await receiverOf(subscription)
    if (!receiver) return deliveries.clear(subscription)
    if (receiver.paused) return deliveries.park(subscription, holder)
    const { because, ...turn } = await takeTurn(subscription, receiver, begun)
    if (because !== undefined) {
      await pause(subscription, because)
      return deliveries.park(subscription, holder)
    }
    const pauseMs = turn.failures > 0 ? pauseAfter(turn.failures) : 0
    return deliveries.giveBack(subscription, holder, turn, new Date(now() + pauseMs))
  }

  return {
    async begin() {
      const due = await deliveries.due(new Date(now()), MOST_RECEIVERS)
      for (const subscription of due) {
        if (underWay.has(subscription) || underWay.size >= MOST_RECEIVERS) continue
        const work = serve(subscription)
          .catch((thrown: unknown) => report('unexpected-error', { where: 'webhooks', error: asCeralaccaError(thrown) }))
          .finally(() => underWay.delete(subscription))
        underWay.set(subscription, work)
      }
    },
    async settled() {
      await Promise.all(underWay.values())
    },
  }
}
