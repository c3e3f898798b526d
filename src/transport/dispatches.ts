/**
 * Dispatches: an original on its way from acceptance to each recipient. To a mailbox of ours by the Delivery Point; to another provider, or to
 * an ordinary address, by SMTP, the recipients of one domain together. What fails for now is tried again (retry-schedule.ts); what cannot
 * succeed ends in a non-delivery notice (RFC 6109 3.3.3).
 */
import type { Checkpoint } from '../base/checkpoint.ts'
import { domainOf } from '../base/domain-of.ts'
import { asCeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { instantOf } from '../base/instant.ts'
import { ledgerEntry } from '../ledger/entry.ts'
import { LEASE_MS, withLease } from './lease.ts'
import type { Loader } from './loader.ts'
import type { Mailer, SendResult } from './mailer-types.ts'
import type { Deferral, TransportQueries } from './queries.ts'
import { pauseAfter, roomPause, STUCK_AFTER } from './retry-schedule.ts'
import { HERE, type Tasks } from './tasks.ts'
import type { Delivery, OutgoingReceipt, Submission, SubmissionFacts } from './types.ts'
import type { Queue } from './worker.ts'

const CLAIM_AT_A_TIME = 100

export interface DispatchesDeps {
  readonly queries: TransportQueries
  readonly loader: Loader
  readonly mailer: Mailer
  /** Who takes the mail of a domain: HERE, or whose mail waits together when he does not answer (a provider, with all its domains). */
  readonly destinationOf: (domain: string) => Promise<string>
  /** where what goes to other servers finds room, and what is retried */
  readonly tasks: Tasks
  /** Delivers to a local mailbox; answers the receipt that is now in the outbox, or undefined if another did it before. */
  readonly deliver: (delivery: Delivery) => Promise<OutgoingReceipt | undefined>
  /** Takes a receipt of the outbox to its sender; it does not reject. */
  readonly bringBack: (receipt: OutgoingReceipt) => Promise<void>
  /** Issues the notice of a message that no server will take. */
  readonly giveUp: (submission: SubmissionFacts, recipient: string, status: string, words: string) => Promise<unknown>
  readonly provider: string
  readonly report: EventSink
  readonly checkpoint: Checkpoint
  readonly now: () => number
}

/** A recipient whose turn it is. */
export interface DueRecipient {
  readonly recipient: string
  /** how often it was tried, this time included */
  readonly attempts: number
}

/** Recipients of one domain, whose turn it is. */
interface Group {
  readonly facts: SubmissionFacts
  readonly domain: string
  readonly destination: string
  readonly due: readonly DueRecipient[]
}

export interface Dispatches {
  readonly queue: Queue
  /**
   * Tries all recipients of a fresh submission for the first time: those here to their end or next attempt, while those of other servers are only
   * begun. It does not reject.
   */
  attempt(submission: Submission): Promise<void>
}

export function createDispatches(deps: DispatchesDeps): Dispatches {
  const { queries, loader, mailer, destinationOf, tasks, deliver, bringBack, giveUp, provider, report, checkpoint, now } = deps

  const deferral = ({ recipient, attempts }: DueRecipient, error: string): Deferral => ({
    recipient,
    next: new Date(now() + pauseAfter(attempts)),
    error,
  })

  const recipientsOf = (due: readonly DueRecipient[]): string[] => due.map(({ recipient }) => recipient)

  /** Runs the work on some recipients; an error of ours is noted on their rows, and they are tried again. */
  async function attempting(
    slot: number,
    pecMsgid: string,
    due: readonly DueRecipient[],
    work: () => Promise<void>,
  ): Promise<void> {
    try {
      await work()
    } catch (thrown) {
      const error = asCeralaccaError(thrown)
      report('dispatch-attempt-failed', { pecMsgid, error })
      const deferrals = due.map((one) => deferral(one, error.code))
      await queries
        .deferDispatches(slot, pecMsgid, deferrals)
        .catch((second: unknown) => report('unexpected-error', { where: 'dispatch', error: asCeralaccaError(second) }))
    }
  }

  async function deliverHere(submission: Submission, due: readonly DueRecipient[], retried: boolean): Promise<void> {
    const deliverOne = async (recipient: string): Promise<void> => {
      const receipt = await deliver({ envelope: submission, recipient, retried })
      if (receipt) await bringBack(receipt)
    }
    const { sender, data } = submission
    // Each by itself: what is wrong with one mailbox is nothing to the others.
    await Promise.all(due.map((one) => attempting(sender.slot, data.pecMsgid, [one], () => deliverOne(one.recipient))))
  }

  async function settle(
    submission: Submission,
    due: readonly DueRecipient[],
    results: readonly SendResult[],
    certified: boolean,
  ) {
    const { sender, data } = submission
    const sent = results.filter(({ outcome }) => outcome === 'sent').map(({ recipient }) => recipient)
    if (sent.length > 0) {
      const detail = results.find(({ outcome }) => outcome === 'sent')?.text ?? null
      const entry = ledgerEntry('relayed', instantOf(now()), { ...data, recipients: sent }, { related: [], provider, detail })
      checkpoint('relay-before-commit')
      await queries.sent(sender.slot, data.pecMsgid, sent, !certified, entry)
      checkpoint('relay-after-commit')
    }
    const deferred = results.flatMap(({ recipient, outcome, status, text }) => {
      const one = due.find((candidate) => candidate.recipient === recipient)
      return outcome === 'deferred' && one ? [deferral(one, `${status} ${text}`)] : []
    })
    if (deferred.length > 0) {
      const { pecMsgid } = data
      report('send-deferred', { pecMsgid, domain: domainOf(deferred[0]?.recipient ?? ''), reason: deferred[0]?.error ?? '' })
      await queries.deferDispatches(sender.slot, pecMsgid, deferred)
    }
    for (const { recipient, outcome, status, text } of results) {
      if (outcome === 'failed') await giveUp(submission, recipient, status, text)
    }
  }

  async function sendAway(submission: Submission, domain: string, due: readonly DueRecipient[]): Promise<void> {
    const { data, envelope, body } = submission
    const certified = data.recipients.some((one) => one.certified && domainOf(one.address) === domain)
    const content = [envelope.head, ...(body ? [body.bytes] : []), envelope.tail]
    const mail = { domain, from: data.sender, to: recipientsOf(due), content, certified }
    await settle(submission, due, await mailer.send(mail), certified)
  }

  async function attemptGroup({ facts, domain, destination, due }: Group, load: () => Promise<Submission>, retried: boolean) {
    const { slot } = facts.sender
    const { pecMsgid } = facts.data
    const renew = () => queries.renewDispatches(slot, pecMsgid, recipientsOf(due), new Date(now() + LEASE_MS))
    await attempting(slot, pecMsgid, due, () =>
      withLease(renew, report, async () => {
        const submission = await load()
        if (destination === HERE) await deliverHere(submission, due, retried)
        else await sendAway(submission, domain, due)
      }),
    )
    // Not an end: the watches end a dispatch. But somebody should look.
    for (const { attempts } of due) if (attempts === STUCK_AFTER) report('dispatch-stuck', { pecMsgid, attempts })
  }

  const giveBack = ({ facts, due }: Group): Promise<void> =>
    queries.giveBackDispatches(facts.sender.slot, facts.data.pecMsgid, recipientsOf(due), new Date(now() + roomPause()))

  async function groupsOf(facts: SubmissionFacts, due: readonly DueRecipient[]): Promise<Group[]> {
    const domains = [...Map.groupBy(due, ({ recipient }) => domainOf(recipient))]
    return Promise.all(
      domains.map(async ([domain, group]) => ({ facts, domain, destination: await destinationOf(domain), due: group })),
    )
  }

  async function retry(slot: number, pecMsgid: string, due: readonly DueRecipient[]): Promise<void> {
    const { facts, bytes, load } = await loader.openSubmission(slot, pecMsgid)
    for (const group of await groupsOf(facts, due)) {
      // A group that goes to another server takes its share of the room; one that stays here needs as much as it has recipients.
      const pieces = group.destination === HERE ? group.due.length : 1
      if (!tasks.begin(group.destination, { pieces, bytes }, () => attemptGroup(group, load, true))) await giveBack(group)
    }
  }

  return {
    async attempt(submission) {
      const { sender, data, envelope } = submission
      const load = () => Promise.resolve(submission)
      const due = data.recipients.map(({ address: recipient }) => ({ recipient, attempts: 1 }))
      const attemptAll = async (): Promise<void> => {
        const attempts = (await groupsOf(submission, due)).map(async (group) => {
          // Who called has made room for what stays here.
          if (group.destination === HERE) return attemptGroup(group, load, false)
          const room = { pieces: 1, bytes: envelope.size }
          const begun = await tasks.beginInLine(group.destination, room, () => attemptGroup(group, load, false))
          if (!begun) await giveBack(group)
        })
        await Promise.all(attempts)
      }
      await attempting(sender.slot, data.pecMsgid, due, attemptAll)
    },

    queue: {
      name: 'dispatch',
      dueSlots: (at) => queries.dueSlots('dispatch', at),
      release: (slot, at) => queries.release('dispatch', slot, at),
      async workOff(slot) {
        const at = now()
        const rows = await queries.claimDispatches(slot, new Date(at), new Date(at + LEASE_MS), CLAIM_AT_A_TIME)
        for (const [pecMsgid, due] of Map.groupBy(rows, (row) => row.pec_msgid)) {
          // One that cannot be read holds up nobody else.
          await attempting(slot, pecMsgid, due, () => retry(slot, pecMsgid, due))
        }
        return rows.length === CLAIM_AT_A_TIME && tasks.hasRoom()
      },
    },
  }
}
