/**
 * The postman: takes queued mail to the servers of its recipients, tries again what they put off, for some days, and tells who queued it when
 * it cannot be delivered. A queue of the worker (transport/worker.ts): rows with a lease, so that a crash loses nothing; one between the other
 * server's answer and our note of it sends a mail a second time, with the same Message-ID.
 */
import { domainOf } from '../base/domain-of.ts'
import { asCeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { LEASE_MS, withLease } from '../transport/lease.ts'
import type { Mailer } from '../transport/mailer-types.ts'
import { pauseAfter, roomPause } from '../transport/retry-schedule.ts'
import type { Tasks } from '../transport/tasks.ts'
import type { Queue } from '../transport/worker.ts'
import type { MailRow } from './mail.ts'
import { composeMail, type Sender } from './message.ts'
import type { ClaimedMail, PostQueries } from './queries.ts'
import type { ReturnPaths } from './return-path.ts'

/** A mail that will not be delivered, as who queued it is told. Told again, it must change nothing. */
export interface Undeliverable {
  readonly subject: string
  readonly slot: number
  readonly recipient: string
  /** one line: an enhanced status code (RFC 3463) and the other server's words, or ours */
  readonly reason: string
}

/** By the kind that `about` names. */
export type Listeners = Readonly<Record<string, (mail: Undeliverable) => Promise<void>>>

export interface PostmanDeps {
  readonly queries: PostQueries
  readonly mailer: Pick<Mailer, 'send'>
  /** Who takes the mail of a domain: whose mail waits together when he does not answer. */
  readonly destinationOf: (domain: string) => Promise<string>
  readonly tasks: Tasks
  readonly returnPaths: ReturnPaths
  readonly from: Sender
  readonly listeners: Listeners
  readonly report: EventSink
  readonly now: () => number
}

const AT_ONCE = 50
/** RFC 5321 4.5.4.1: four to five days. */
const GIVEN_UP_AFTER_MS = 4 * 24 * 3_600_000
const TOLD_AGAIN_AFTER_MS = 10 * 60_000

export function createPostman(deps: PostmanDeps): Queue {
  const { queries, mailer, destinationOf, tasks, returnPaths, from, listeners, report, now } = deps

  /** It is tried again, unless that has gone on for days. */
  async function putOff(mail: MailRow, word: string): Promise<void> {
    if (now() - mail.createdAt.getTime() > GIVEN_UP_AFTER_MS) return fail(mail, word)
    report('mail-put-off', { mail: mail.id, domain: domainOf(mail.recipient), reason: word })
    await queries.defer(mail, new Date(now() + pauseAfter(mail.attempts)), word)
  }

  async function fail(mail: MailRow, word: string): Promise<void> {
    const failed = await queries.failed(mail, new Date(now()), word)
    if (failed) report('mail-undeliverable', { mail: mail.id, about: mail.aboutKind, reason: word })
  }

  async function send(mail: ClaimedMail): Promise<void> {
    const { id, recipient, createdAt, body } = mail
    if (!body) return
    const content = [await composeMail({ id, recipient, createdAt, body }, from)]
    const outgoing = { domain: domainOf(recipient), from: returnPaths.of(mail), to: [recipient], content, certified: false }
    const renew = () => queries.renew(mail, new Date(now() + LEASE_MS))
    const [result] = await withLease(renew, report, () => mailer.send(outgoing))
    if (result?.outcome === 'sent') return queries.sent(mail, new Date(now()))
    const word = `${result?.status} ${result?.text}`
    await (result?.outcome === 'failed' ? fail : putOff)(mail, word)
  }

  async function tell(mail: ClaimedMail): Promise<void> {
    const { aboutKind, aboutSubject, aboutSlot, recipient, lastWord } = mail
    const listener = aboutKind === null ? undefined : listeners[aboutKind]
    if (listener && aboutSubject !== null && aboutSlot !== null)
      await listener({ subject: aboutSubject, slot: aboutSlot, recipient, reason: lastWord ?? '' })
    await queries.told(mail, new Date(now()))
  }

  const tellLater = (mail: MailRow): Promise<void> => queries.defer(mail, new Date(now() + TOLD_AGAIN_AFTER_MS), null)

  /** What fails by a fault of ours is noted, and tried again. */
  async function attempting(mail: MailRow, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (thrown) {
      const error = asCeralaccaError(thrown)
      report('unexpected-error', { where: `ordinary mail ${mail.id}`, error })
      const again = mail.state === 'waiting' ? putOff(mail, `4.3.0 ${error.code}`) : tellLater(mail)
      await again.catch((second: unknown) =>
        report('unexpected-error', { where: `ordinary mail ${mail.id}`, error: asCeralaccaError(second) }),
      )
    }
  }

  async function begin(mail: ClaimedMail): Promise<void> {
    if (mail.state === 'failed' && !mail.told) return tell(mail)
    if (mail.state !== 'waiting') return queries.forget(mail)
    const bytes = 2 * ((mail.body?.text.length ?? 0) + (mail.body?.html.length ?? 0))
    const destination = await destinationOf(domainOf(mail.recipient))
    if (!tasks.begin(destination, { pieces: 1, bytes }, () => attempting(mail, () => send(mail))))
      await queries.giveBack(mail, new Date(now() + roomPause()))
  }

  return {
    name: 'ordinary mail',
    dueSlots: queries.dueSlots,
    release: (slot, at) => queries.release(slot, at, new Date(at.getTime() + LEASE_MS)),
    async workOff(slot) {
      const at = now()
      const claimed = await queries.claim(slot, new Date(at), new Date(at + LEASE_MS), AT_ONCE)
      for (const mail of claimed) await attempting(mail, () => begin(mail))
      return claimed.length === AT_ONCE && tasks.hasRoom()
    },
  }
}
