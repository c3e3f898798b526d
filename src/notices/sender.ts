/**
 * Sends the notices of the agreement: each becomes a letter in the words of its kind, with its link made now, and is queued at the post.
 * A queue of the worker. A notice that was queued before a crash is known by its key, and gets no new link: that would make the one on its
 * way useless.
 */
import { asCeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { MACHINE } from '../registry/agreement/actor.ts'
import type { Contracts } from '../registry/agreement/contracts.ts'
import type { NoticeRow, Notices } from '../registry/agreement/notices.ts'
import type { Requests } from '../registry/agreement/requests.ts'
import { pauseAfter } from '../transport/retry-schedule.ts'
import type { Queue } from '../transport/worker.ts'
import { letterOf } from './letters/letter.ts'
import type { Place } from './letters/wording.ts'
import type { PostRoom } from './post.ts'
import type { Undeliverable } from './postman.ts'

/** What mail about a notice calls it. */
export const NOTICE = 'notice'

export interface SenderDeps {
  readonly notices: Notices
  readonly requests: Pick<Requests, 'confirmationLink'>
  readonly contracts: Pick<Contracts, 'activationLink'>
  readonly post: PostRoom
  readonly place: Place
  readonly report: EventSink
  readonly now: () => number
}

const LEASE_MS = 60_000
const AT_ONCE = 20

export interface NoticeSender {
  readonly queue: Queue
  /** told by the postman */
  readonly undeliverable: (mail: Undeliverable) => Promise<void>
}

export function createNoticeSender({ notices, requests, contracts, post, place, report, now }: SenderDeps): NoticeSender {
  /** The token of the one-time link that a notice is to have; null where it has none. @throws `wrong-state` if it is too late for it */
  async function tokenOf({ kind, subject, data }: NoticeRow): Promise<string | null> {
    if (data['to'] !== 'holder') return null
    if (kind === 'confirm-email') return requests.confirmationLink(subject, MACHINE)
    return kind === 'activation' ? contracts.activationLink(subject, MACHINE) : null
  }

  async function send(notice: NoticeRow): Promise<'queued' | 'obsolete'> {
    const { slot, id, kind, recipient, round, data } = notice
    const key = `${NOTICE}:${id}:${round}`
    if (await post.has(recipient, key)) return 'queued'
    try {
      const letter = letterOf(kind, data, await tokenOf(notice), place)
      await post.queue({ key, to: recipient, ...letter, about: { kind: NOTICE, subject: id, slot } })
      return 'queued'
    } catch (thrown) {
      if (asCeralaccaError(thrown).code === 'wrong-state') return 'obsolete'
      throw thrown
    }
  }

  async function work(notice: NoticeRow): Promise<void> {
    try {
      await notices.close(notice, await send(notice), new Date(now()))
    } catch (thrown) {
      report('unexpected-error', { where: `notice ${notice.kind} ${notice.id}`, error: asCeralaccaError(thrown) })
      await notices.defer(notice, new Date(now() + pauseAfter(notice.attempts)))
    }
  }

  return {
    undeliverable: ({ slot, subject: id, reason }) => notices.undeliverable({ slot, id }, reason, new Date(now())),
    queue: {
      name: 'notices',
      dueSlots: notices.dueSlots,
      release: (slot, at) => notices.release(slot, at, new Date(at.getTime() + LEASE_MS)),
      async workOff(slot) {
        const at = now()
        const claimed = await notices.claim(slot, new Date(at), new Date(at + LEASE_MS), AT_ONCE)
        for (const notice of claimed.toSorted((a, b) => (a.id < b.id ? -1 : 1))) await work(notice)
        return claimed.length === AT_ONCE
      },
    },
  }
}
