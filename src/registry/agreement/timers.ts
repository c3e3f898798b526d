/**
 * What happens by itself at a time: rows of `agreement_timer`, claimed by moving their time on (a lease), gone in the same transaction as
 * what they bring about. A timer that was moved meanwhile does nothing. The function that works them off is a queue of the provider's worker.
 */
import { asCeralaccaError, CeralaccaError } from '../../base/errors.ts'
import type { EventSink } from '../../base/events.ts'
import type { MailboxRef } from '../../mailbox/types.ts'
import type { Database } from '../../storage/database.ts'
import type { ProfileChange } from '../profiles.ts'
import type { MailboxProfile } from '../profile-queries.ts'
import { isStricter } from '../status.ts'
import { MACHINE } from './actor.ts'
import type { AddressHolds } from './address-holds.ts'
import { isInForce, type Agreements } from './agreements.ts'
import { stopService } from './contracts.ts'
import { addDays } from './days.ts'
import { deleteDocuments } from './documents.ts'
import { openPayment } from './payments.ts'
import { concludeRenewal, lapseRenewals, lastDayOf } from './renewal-steps.ts'
import { cancelPayments } from './request-steps.ts'
import { MAILBOX_STATUS } from './states.ts'
import { objectOf, type Step, type Steps, type TimerKind } from './steps.ts'
import { find } from './subjects.ts'
import { uuidv7 } from '../../base/ids.ts'
import { CONTENT_DAYS, REMINDERS, SUSPENDED_DAYS } from './terms.ts'

const LEASE_MS = 60_000
const AT_ONCE = 20
const LONGEST_WAIT_MS = 3_600_000

interface Timer {
  readonly slot: number
  readonly subject: string
  readonly kind: TimerKind
  readonly dueAt: Date
  readonly attempts: number
}

export interface Timers {
  readonly name: string
  dueSlots(at: Date): Promise<number[]>
  release(slot: number, at: Date): Promise<void>
  /** Does some of what is due in a slot; answers whether there may be more. */
  workOff(slot: number): Promise<boolean>
  /** Does what is due of one subject now; what fails is done later. */
  workNow(slot: number, subject: string): Promise<void>
}

export interface TimersDeps {
  readonly database: Database
  readonly steps: Steps
  readonly agreements: Pick<Agreements, 'get'>
  readonly holds: Pick<AddressHolds, 'release'>
  /** Makes the mailbox of a claimed address, unless it is there. @param quota bytes; null: as the installation does */
  readonly makeMailbox: (address: string, mailbox: MailboxRef, quota: number | null) => Promise<void>
  readonly profiles: {
    set(mailbox: MailboxRef, change: ProfileChange): Promise<MailboxProfile>
    current(mailbox: MailboxRef): Promise<MailboxProfile>
  }
  /** Deletes all messages of a mailbox. */
  readonly eraseContent: (mailbox: MailboxRef) => Promise<void>
  readonly report: EventSink
  readonly now: () => number
}

export function createTimers(deps: TimersDeps): Timers {
  const { database, steps, agreements, holds, makeMailbox, profiles, eraseContent, report, now } = deps
  const { reader, transactor } = database

  async function followState(subject: string): Promise<void> {
    const { state, mailboxSlot, mailbox } = await find(reader, 'contract', subject)
    const ref = { slot: mailboxSlot, id: mailbox }
    const status = MAILBOX_STATUS[state]
    const { status: before, statusByAgreement } = await profiles.current(ref)
    // What an operator has blocked, against abuse, is not lifted by a renewal; it only gets stricter.
    if (status === before || (!statusByAgreement && !isStricter(status, before))) return
    await profiles.set(ref, { status, statusByAgreement: true })
  }

  /** What touches other slots than the order's: done before the step, and done again it changes nothing. */
  const outside: Partial<Record<TimerKind, (subject: string) => Promise<void>>> = {
    async 'make-mailbox'(subject) {
      const { address, mailboxSlot, mailbox, agreement } = await find(reader, 'contract', subject)
      await makeMailbox(address, { slot: mailboxSlot, id: mailbox }, (await agreements.get(agreement)).quota)
    },
    mailbox: followState,
    async 'erase-request'(subject) {
      const { address } = await find(reader, 'request', subject)
      await holds.release(address, subject)
    },
    async 'delete-content'(subject) {
      const { state, mailboxSlot, mailbox } = await find(reader, 'contract', subject)
      if (state === 'ended') await eraseContent({ slot: mailboxSlot, id: mailbox })
    },
  }

  const inStep: Partial<Record<TimerKind, (step: Step, subject: string) => Promise<void>>> = {
    async abandon(step, subject) {
      await step.move(await step.lock('request', subject), 'abandon', MACHINE)
      await cancelPayments(step, subject)
    },

    'erase-request': eraseRequest,

    async 'delete-document'(step, subject) {
      await deleteDocuments(step, subject)
    },

    async 'make-mailbox'(step, subject) {
      const row = await step.lock('contract', subject)
      await step.tell(row, 'activation', 'holder', { expiresOn: row.expiresOn })
    },

    async 'open-renewal'(step, subject) {
      await step.move(await step.lock('contract', subject), 'open-renewal', MACHINE)
    },

    async expire(step, subject) {
      const row = await step.lock('contract', subject)
      const endsOn = addDays(row.expiresOn, SUSPENDED_DAYS + 1)
      const deleteOn = addDays(endsOn, CONTENT_DAYS)
      await step.move(row, 'expire', MACHINE, { tell: { expiresOn: row.expiresOn, endsOn, deleteOn } })
      await step.tx.query('update contract set delete_on = $3 where slot = $1 and id = $2', [step.slot, subject, deleteOn])
      await step.timer(subject, 'end', endsOn)
    },

    async 'struck-off'(step, subject) {
      const row = await step.lock('contract', subject)
      await stopService(step, row, 'revoke', 'struck off the roll', { actor: `order:${row.order}`, role: 'order' })
    },

    async end(step, subject) {
      const row = await step.lock('contract', subject)
      const deleteOn = row.deleteOn ?? addDays(step.today, CONTENT_DAYS)
      await step.move(row, 'end', MACHINE, { tell: { deleteOn } })
      await step.timer(subject, 'delete-content', deleteOn)
      await lapseRenewals(step, subject, MACHINE)
    },

    async 'delete-content'(step, subject) {
      const row = await step.lock('contract', subject)
      if (row.state !== 'ended') return
      await step.tx.query('update contract set content_deleted_at = $3 where slot = $1 and id = $2', [
        step.slot,
        subject,
        step.at,
      ])
      await step.tell(row, 'content-deleted', 'holder')
    },

    async 'auto-renew'(step, subject) {
      const row = await step.lock('contract', subject)
      const agreement = await agreements.get(row.agreement)
      const [years] = agreement.durations
      if (agreement.payer !== 'order' || !isInForce(agreement, step.today) || years === undefined) return
      if (row.state !== 'active' && row.state !== 'expiring') return
      await lapseRenewals(step, subject, MACHINE)
      const id = uuidv7(step.at.getTime())
      await step.tx.query(
        `insert into renewal (slot, id, contract, state, state_at, years, expires_on, late_accepted, created_at)
         values ($1, $2, $3, 'awaiting-payment', $4, $5, $6, false, $4)`,
        [step.slot, id, subject, step.at, years, row.expiresOn],
      )
      await openPayment(step, 'renewal', id, agreement, { years })
      await concludeRenewal(step, await step.lock('renewal', id), 'pay', MACHINE)
    },
  }

  async function remind(step: Step, subject: string, days: number): Promise<void> {
    const row = await step.lock('contract', subject)
    if (row.state !== 'active' && row.state !== 'expiring') return
    const isDue = (one: number): boolean => step.today >= addDays(row.expiresOn, -one)
    // After a stop of ours several are due at once: the last one says it all.
    if (REMINDERS.some((other) => other < days && isDue(other)) || step.today > lastDayOf(row.expiresOn)) return
    const agreement = await agreements.get(row.agreement)
    if (agreement.payer === 'order' && isInForce(agreement, step.today)) return
    await step.tell(row, 'reminder', 'holder', { days, expiresOn: row.expiresOn, lastDay: lastDayOf(row.expiresOn) })
  }

  async function fire({ slot, subject, kind, dueAt }: Timer): Promise<void> {
    await outside[kind]?.(subject)
    await steps(slot, async (step) => {
      const taken = await step.tx.query(
        'delete from agreement_timer where slot = $1 and subject = $2 and kind = $3 and due_at = $4 returning kind',
        [slot, subject, kind, dueAt],
      )
      if (taken.length === 0) return
      const [, days] = /^remind-(\d+)$/.exec(kind) ?? []
      if (days === undefined) await inStep[kind]?.(step, subject)
      else await remind(step, subject, Number(days))
    })
  }

  /** What cannot be done in the state that has come meanwhile is not to be done any more. */
  async function tryToFire(timer: Timer): Promise<void> {
    const { slot, subject, kind, dueAt, attempts } = timer
    try {
      await fire(timer)
    } catch (thrown) {
      const error = asCeralaccaError(thrown)
      if (error.code === 'wrong-state') {
        await transactor.call(
          slot,
          'delete from agreement_timer where slot = $1 and subject = $2 and kind = $3 and due_at = $4',
          [slot, subject, kind, dueAt],
        )
        return
      }
      report('unexpected-error', { where: `agreement timer ${kind} of ${subject}`, error })
      const wait = Math.min(LONGEST_WAIT_MS, LEASE_MS * 2 ** Math.min(attempts, 10))
      await transactor.call(
        slot,
        'update agreement_timer set due_at = $5 where slot = $1 and subject = $2 and kind = $3 and due_at = $4',
        [slot, subject, kind, dueAt, new Date(now() + wait)],
      )
    }
  }

  async function claim(slot: number, subject: string | null): Promise<Timer[]> {
    const at = now()
    return transactor.call<Timer>(
      slot,
      `update agreement_timer t set due_at = $3, attempts = attempts + 1
       from (select subject, kind, due_at from agreement_timer where slot = $1 and due_at <= $2 and ($4::uuid is null or subject = $4)
         order by due_at limit $5 for update skip locked) due
       where t.slot = $1 and t.subject = due.subject and t.kind = due.kind
       returning t.slot, t.subject, t.kind, t.due_at as "dueAt", t.attempts`,
      [slot, new Date(at), new Date(at + LEASE_MS), subject, AT_ONCE],
    )
  }

  return {
    name: 'agreement timers',

    async dueSlots(at) {
      const rows = await reader.read<{ slot: number }>('select distinct slot from agreement_timer where due_at <= $1', [at])
      return rows.map(({ slot }) => slot)
    },

    async release(slot, at) {
      await transactor.call(
        slot,
        'update agreement_timer set due_at = $2 where slot = $1 and attempts > 0 and due_at > $2 and due_at <= $3',
        [slot, at, new Date(at.getTime() + LEASE_MS)],
      )
    },

    async workOff(slot) {
      const claimed = await claim(slot, null)
      for (const timer of claimed) await tryToFire(timer)
      // What was done makes more due, such as the mailbox that follows its contract: it is not to wait until its holder was told.
      return claimed.length > 0
    },

    async workNow(slot, subject) {
      try {
        for (const timer of await claim(slot, subject)) await tryToFire(timer)
      } catch (thrown) {
        // The rows stay, and the worker finds them.
        if (!(thrown instanceof CeralaccaError)) throw thrown
        report('unexpected-error', { where: 'agreement timers', error: thrown })
      }
    },
  }
}

/** The personal data of a request that came to nothing go; that there was one, and its state, stay. */
async function eraseRequest(step: Step, subject: string): Promise<void> {
  const { tx, slot, at } = step
  const row = await step.lock('request', subject)
  if (row.state !== 'rejected' && row.state !== 'abandoned') return
  await deleteDocuments(step, subject)
  await tx.query(
    `update request set tax_code = '', surname = '', given_name = '', email = '', phone = '', address = '', reason = null, erased_at = $3
     where slot = $1 and id = $2`,
    [slot, subject, at],
  )
  await tx.query('delete from link_token where slot = $1 and subject = $2', [slot, subject])
  await tx.query('delete from notice where slot = $1 and subject = $2', [slot, subject])
  step.record({
    ...MACHINE,
    act: 'state-changed',
    object: objectOf(row),
    details: { event: 'erase', from: row.state, to: row.state, reason: null },
  })
}
