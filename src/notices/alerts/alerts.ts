/**
 * Alerts: ordinary e-mail that tells a holder, as he wishes, that certified mail has come, that his mailbox is nearly full, or that it is about
 * to expire. Here are the wishes; `finder.ts` finds what there is to tell, `queue.ts` tells it, `by-mail.ts` makes letters of it.
 *
 * Invariants: what a message says is never told; nothing goes to an address that nobody has confirmed, nor to certified mail; what was told is
 * not told again, and what has come is told once the holder is active and wishes it. Called by the CLI, the API and the post.
 */
import type { Actor } from '../../audit/audit.ts'
import { domainOf } from '../../base/domain-of.ts'
import { clientError } from '../../base/errors.ts'
import type { MailboxRef } from '../../mailbox/types.ts'
import { checkedAddress } from '../../registry/address.ts'
import type { AlertLinks } from './links.ts'
import type { AlertQueries, StoredWishes, WishesChange } from './queries.ts'
import { ALERT_KINDS, type AlertSettings, type AlertWishes, type StoppedBy } from './types.ts'

/** An alert that its recipient's server refuses for good; `subject` is the mailbox. */
export interface UndeliverableAlert {
  readonly subject: string
  readonly slot: number
  readonly recipient: string
  readonly reason: string
}

export interface Alerts {
  /** What the holder of a certified address wishes; null if he never said. @throws `no-such-mailbox` */
  get(address: string): Promise<AlertSettings | null>
  /**
   * Changes what is wished, and begins again where alerts were stopped; what is not named stays. Without a recipient alerts go to the holder's
   * own ordinary address, which is confirmed; to another a link is sent first, unless somebody vouches for it (`confirmed`).
   * @throws `no-such-mailbox`, `no-recipient`, `bad-address`, `certified-recipient`, `bad-hour`, `no-kinds`
   */
  set(address: string, change: Partial<AlertWishes>, options?: { confirmed?: boolean; actor?: Actor }): Promise<AlertSettings>
  /** @throws `no-such-mailbox`, `no-alerts` */
  stop(address: string, options?: { actor?: Actor }): Promise<AlertSettings>
  /** The holder has opened the link that was sent to the recipient. @throws `bad-link` */
  confirm(token: string): Promise<AlertSettings>
  /** Stops alerts by the link that each of them has; done again it changes nothing. @throws `bad-link` */
  unsubscribe(token: string): Promise<AlertSettings>
  /** Stops them until the holder wishes them anew. An alert to an earlier recipient says nothing of this one. */
  undeliverable(alert: UndeliverableAlert): Promise<void>
}

const DEFAULTS = {
  language: 'it',
  frequency: 'at-once',
  hour: 8,
  details: false,
  kinds: ['envelopes', 'anomalies', 'quota', 'expiry'],
} as const

/** A link to confirm an address is not sent oftener: nobody is to flood strangers with them. */
const CONFIRMATION_PAUSE_MS = 600_000

export interface AlertsDeps {
  readonly queries: Pick<AlertQueries, 'wishes' | 'change'>
  readonly links: AlertLinks
  readonly find: (address: string) => Promise<MailboxRef | undefined>
  /** the holder's own ordinary address, which he has confirmed; null if nobody knows one */
  readonly ordinaryAddress: (address: string) => Promise<string | null>
  /** whether a domain is certified mail, of this provider or another */
  readonly isCertified: (domain: string) => Promise<boolean>
  readonly now: () => number
}

export function createAlerts({ queries, links, find, ordinaryAddress, isCertified, now }: AlertsDeps): Alerts {
  async function existing(address: string): Promise<MailboxRef> {
    const mailbox = await find(address)
    if (!mailbox) throw clientError('no-such-mailbox', `There is no mailbox ${address}`)
    return mailbox
  }

  async function checkedRecipient(wanted: string): Promise<string> {
    const recipient = checkedAddress(wanted)
    // It would come back as an anomaly envelope, of which there is an alert, which would come back.
    if (await isCertified(domainOf(recipient)))
      throw clientError('certified-recipient', `${recipient} is certified mail: alerts go to an ordinary address only`)
    return recipient
  }

  /** @throws whatever `check` throws where there are no wishes, or of another recipient */
  async function stopBy(
    mailbox: MailboxRef,
    by: { readonly stoppedBy: StoppedBy; readonly stoppedReason: string | null },
    check: (before: StoredWishes | undefined) => StoredWishes,
    entry: Pick<WishesChange, 'entry'> = {},
  ): Promise<AlertSettings> {
    const at = new Date(now())
    const stored = await queries.change(mailbox, at, (before) => {
      const wishes = check(before)
      return { wishes: wishes.stoppedAt === null ? { ...wishes, stoppedAt: at, ...by } : wishes, ...entry }
    })
    return settingsOf(stored)
  }

  return {
    async get(address) {
      const stored = await queries.wishes(await existing(address))
      return stored ? settingsOf(stored) : null
    },

    async set(address, change, { confirmed = false, actor } = {}) {
      const mailbox = await existing(address)
      const own = (await ordinaryAddress(address))?.toLowerCase() ?? null
      const wanted = change.recipient ?? (await queries.wishes(mailbox))?.recipient ?? own
      if (wanted === null) throw clientError('no-recipient', 'Say to which ordinary address alerts shall go')
      const recipient = await checkedRecipient(wanted)
      checkWishes(change)
      const at = new Date(now())
      const stored = await queries.change(mailbox, at, (before) => {
        const isNew = before?.recipient !== recipient
        const known = isNew ? null : before.confirmedAt
        const confirmedAt = known ?? (confirmed || recipient === own ? at : null)
        const confirmationAt = confirmedAt === null ? nextConfirmation(before?.confirmationAt ?? null, at) : null
        const wishes: StoredWishes = {
          ...DEFAULTS,
          toldAt: null,
          ...before,
          ...change,
          recipient,
          serial: (before?.serial ?? 0) + (isNew ? 1 : 0),
          confirmedAt,
          confirmationAt: confirmationAt ?? before?.confirmationAt ?? null,
          stoppedAt: null,
          stoppedBy: null,
          stoppedReason: null,
        }
        const fromNow = !before || before.stoppedAt !== null || before.confirmedAt === null
        return { wishes, fromNow, lookAt: confirmationAt, ...entryOf(actor, address, 'set') }
      })
      return settingsOf(stored)
    },

    async stop(address, { actor } = {}) {
      const by = { stoppedBy: 'holder', stoppedReason: null } as const
      const check = (before: StoredWishes | undefined): StoredWishes => {
        if (!before) throw clientError('no-alerts', `${address} has no alerts that could be stopped`)
        return before
      }
      return stopBy(await existing(address), by, check, entryOf(actor, address, 'stop'))
    },

    async confirm(token) {
      const { mailbox, serial } = await links.read('confirm', token)
      const at = new Date(now())
      const stored = await queries.change(mailbox, at, (before) => {
        const wishes = ofSerial(before, serial)
        if (wishes.confirmedAt !== null) return { wishes }
        return { wishes: { ...wishes, confirmedAt: at }, fromNow: true }
      })
      return settingsOf(stored)
    },

    async unsubscribe(token) {
      const { mailbox, serial } = await links.read('stop', token)
      return stopBy(mailbox, { stoppedBy: 'link', stoppedReason: null }, (before) => ofSerial(before, serial))
    },

    async undeliverable({ subject, slot, recipient, reason }) {
      const mailbox = { slot, id: subject }
      const wishes = await queries.wishes(mailbox)
      if (wishes?.recipient !== recipient || wishes.stoppedAt !== null) return
      await stopBy(mailbox, { stoppedBy: 'bounce', stoppedReason: reason }, (before) => ofSerial(before, wishes.serial))
    },
  }
}

/** What the audit log is told of who has changed it; the machine's own commands are told by themselves. */
const entryOf = (actor: Actor | undefined, address: string, event: 'set' | 'stop'): Pick<WishesChange, 'entry'> =>
  actor
    ? { entry: { ...actor, act: 'alerts-changed', object: `mailbox:${address}`, holders: [address], details: { event } } }
    : {}

function checkWishes({ hour, kinds }: Partial<AlertWishes>): void {
  if (hour !== undefined && !(Number.isInteger(hour) && hour >= 0 && hour <= 23))
    throw clientError('bad-hour', 'The hour of the day is a number from 0 to 23')
  if (kinds !== undefined && (kinds.length === 0 || kinds.some((kind) => !ALERT_KINDS.includes(kind))))
    throw clientError('no-kinds', `Say what to tell of: ${ALERT_KINDS.join(', ')}; or stop the alerts`)
}

function nextConfirmation(last: Date | null, at: Date): Date {
  const next = (last?.getTime() ?? -Infinity) + CONFIRMATION_PAUSE_MS
  // One that is planned stays so.
  if (last !== null && last > at) return last
  return next > at.getTime() ? new Date(next) : at
}

/** Links of a recipient that is no more do nothing. */
function ofSerial(wishes: StoredWishes | undefined, serial: number): StoredWishes {
  if (wishes?.serial !== serial) throw clientError('bad-link', 'This link is of an earlier address: it does nothing any more')
  return wishes
}

function settingsOf(stored: StoredWishes): AlertSettings {
  const { recipient, language, frequency, hour, details, kinds, confirmedAt, stoppedAt, stoppedBy, stoppedReason, toldAt } =
    stored
  const stopped = stoppedAt && stoppedBy ? { at: stoppedAt, by: stoppedBy, reason: stoppedReason } : null
  return { recipient, language, frequency, hour, details, kinds, confirmedAt, stopped, toldAt }
}
