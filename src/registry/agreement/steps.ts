/**
 * A step in the way of a member: one transaction in the slot of the order, in which states change by the table of transitions, with their
 * notices, timers and audit entries. Nothing else changes the state of a request, a contract or a renewal.
 */
import { writeAudit, type Actor, type AuditRecord } from '../../audit/audit.ts'
import type { AuditAct } from '../../audit/acts.ts'
import { clientError } from '../../base/errors.ts'
import { uuidv7 } from '../../base/ids.ts'
import type { Database, Transaction } from '../../storage/database.ts'
import { roleOf } from './actor.ts'
import { writeFacts, type FactKind } from './address-facts.ts'
import { addDays, dayOf, startOf } from './days.ts'
import { transitionFor, type EventOf, type NoticeKind, type State, type Subject } from './states.ts'
import { lock, type Rows } from './subjects.ts'
import { ERASE_DAYS } from './terms.ts'

export type TimerKind =
  | 'abandon'
  | 'erase-request'
  | 'delete-document'
  | 'make-mailbox'
  | 'mailbox'
  | 'open-renewal'
  | `remind-${number}`
  | 'auto-renew'
  | 'expire'
  | 'struck-off'
  | 'end'
  | 'delete-content'

export interface MoveOptions {
  readonly reason?: string | null
  /** more for the notices, such as amounts and days */
  readonly tell?: Readonly<Record<string, string | number | null>>
}

/** Whom a notice is about, and whose address a fact. */
export interface Told {
  readonly kind: Subject | 'elsewhere'
  readonly id: string
  readonly order: string
  readonly taxCode: string
  readonly surname: string
  readonly givenName: string
  readonly email: string
  /** in which the person is written to */
  readonly language: 'it' | 'en'
  readonly orderName: string
  readonly orderEmail: string | null
  readonly address: string
}

export interface Step {
  readonly tx: Transaction
  readonly slot: number
  /** the one instant of the step, and its day in Italy */
  readonly at: Date
  readonly today: string
  /**
   * Does an event to what is locked; answers the new state.
   * @throws `wrong-state`, `not-yours`: nothing has changed
   */
  move<S extends Subject>(row: Rows[S], event: EventOf<S>, actor: Actor, options?: MoveOptions): Promise<State>
  lock<S extends Subject>(kind: S, id: string): Promise<Rows[S]>
  /** A notice to the person; the sender of notices makes its link, if it has one. */
  tell(row: Told, kind: NoticeKind, to: 'holder' | 'order', data?: MoveOptions['tell']): Promise<void>
  /** A fact for the history of the order's addresses, which is communicated to the order; written at the end of the step. */
  fact(row: Told, what: FactKind, data?: MoveOptions['tell']): void
  /** Something that is to be done at a time; one that is set already moves there. */
  timer(subject: string, kind: TimerKind, due: Date | string): Promise<void>
  /** Takes timers of a subject away. */
  stop(subject: string, kinds: readonly TimerKind[]): Promise<void>
  /** An entry for the audit log, written at the end of the step. */
  record<Act extends AuditAct>(entry: Omit<AuditRecord<Act>, 'at'>): void
}

export type Steps = <T>(slot: number, work: (step: Step) => Promise<T>) => Promise<T>

export const objectOf = ({ kind, id }: Rows[Subject]): string => `${kind}:${id}`

export function createSteps({ transactor }: Database, now: () => number): Steps {
  return (slot, work) =>
    transactor.transact(slot, async (tx) => {
      const step = createStep(tx, now())
      const result = await work(step)
      await step.close()
      return result
    })
}

function createStep(tx: Transaction, ms: number): Step & { close(): Promise<void> } {
  const { slot } = tx
  const at = new Date(ms)
  const today = dayOf(ms)
  const entries: Omit<AuditRecord, 'at'>[] = []
  const facts: { row: Told; what: FactKind; data: MoveOptions['tell'] }[] = []

  const step: Step = {
    tx,
    slot,
    at,
    today,

    async move(row, event, actor, { reason = null, tell = {} } = {}) {
      const { kind, id, state } = row
      const role = roleOf(actor)
      const answer = role === null ? { refused: 'not-yours' as const } : transitionFor(kind, state, event, role)
      if ('refused' in answer) throw refusal(answer.refused, kind, state, event)
      const { to, tell: notices = [], fact, mailbox, erase } = answer.transition
      await tx.query(`update ${kind} set state = $3, state_at = $4, reason = $5 where slot = $1 and id = $2`, [
        slot,
        id,
        to,
        at,
        reason,
      ])
      step.record({
        ...actor,
        act: 'state-changed',
        object: objectOf(row),
        ...(kind !== 'request' && { holders: [row.address] }),
        details: { event, from: state, to, reason },
      })
      const data = { event, reason, ...tell }
      for (const notice of notices) await step.tell(row, notice, 'holder', data)
      if (fact) step.fact(row, fact, data)
      if (mailbox) await step.timer(id, 'mailbox', at)
      if (erase) {
        await step.stop(id, ['abandon'])
        await step.timer(id, 'erase-request', addDays(today, ERASE_DAYS))
      }
      return to
    },

    lock: (kind, id) => lock(tx, kind, id),

    async tell(row, kind, to, data = {}) {
      const { kind: subjectKind, id, email, orderEmail, orderName: order, address, surname, givenName, language } = row
      const recipient = to === 'order' ? orderEmail : email
      if (recipient === null || recipient === '') return
      await tx.query(
        `insert into notice (slot, id, kind, subject_kind, subject, recipient, data, due_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8)`,
        [
          slot,
          uuidv7(ms),
          kind,
          subjectKind,
          id,
          recipient,
          JSON.stringify({ to, address, surname, givenName, order, language: to === 'order' ? 'it' : language, ...data }),
          at,
        ],
      )
    },

    async timer(subject, kind, due) {
      await tx.query(
        `insert into agreement_timer (slot, subject, kind, due_at, attempts) values ($1, $2, $3, $4, 0)
         on conflict (slot, subject, kind) do update set due_at = excluded.due_at, attempts = 0`,
        [slot, subject, kind, typeof due === 'string' ? new Date(startOf(due)) : due],
      )
    },

    async stop(subject, kinds) {
      await tx.query('delete from agreement_timer where slot = $1 and subject = $2 and kind = any ($3)', [slot, subject, kinds])
    },

    fact: (row, what, data) => void facts.push({ row, what, data }),

    record: (entry) => void entries.push(entry),
  }
  return {
    ...step,
    async close() {
      for (const { row, what, data } of facts) {
        const { order, taxCode, address, id } = row
        const number = await writeFacts(tx, order, at, [{ what, taxCode, address, subject: id }])
        await step.tell(row, 'address-communicated', 'order', { ...data, fact: what, number })
      }
      for (const entry of entries) await writeAudit(tx, { ...entry, at: ms })
    },
  }
}

function refusal(why: 'not-in-this-state' | 'not-yours', kind: Subject, state: State, event: string) {
  if (why === 'not-yours') return clientError('not-yours', `It is not yours to do this to a ${kind}: ${event}`)
  return clientError('wrong-state', `The ${kind} is ${state}, where "${event}" cannot be done: nothing has changed`)
}
