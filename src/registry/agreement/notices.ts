/**
 * What is to be told to holders and orders by ordinary e-mail, as rows that wait for who sends them (src/notices/sender.ts). A row says what
 * is to be told; no row holds a link.
 */
import { writeAudit, type Actor } from '../../audit/audit.ts'
import { clientError } from '../../base/errors.ts'
import type { Database, Transaction } from '../../storage/database.ts'
import { MACHINE } from './actor.ts'
import type { NoticeKind } from './states.ts'
import type { Told } from './steps.ts'
import { lock } from './subjects.ts'

export interface NoticeRow {
  readonly slot: number
  readonly id: string
  readonly kind: NoticeKind
  readonly subjectKind: Told['kind']
  readonly subject: string
  readonly recipient: string
  readonly data: Readonly<Record<string, string | number | null>>
  readonly createdAt: Date
  /** when the e-mail was queued, or it was found that there is nothing to tell any more; null: not yet */
  readonly sentAt: Date | null
  /** `obsolete`: what was to be told is so no more */
  readonly outcome: 'queued' | 'obsolete' | 'undeliverable' | null
  /** why it is undeliverable */
  readonly detail: string | null
  /** how often it was tried, of this round */
  readonly attempts: number
  /** how often it was asked for anew */
  readonly round: number
}

type NoticeKey = Pick<NoticeRow, 'slot' | 'id'>

export interface Notices {
  /** Of a request, a contract or a renewal, the first one first. */
  of(slot: number, subject: string): Promise<NoticeRow[]>
  /** Slots where notices wait to be sent. */
  dueSlots(at: Date): Promise<number[]>
  /** Ends the leases of a slot: only by who knows that no other process works. */
  release(slot: number, at: Date, lease: Date): Promise<void>
  /** Some of what waits in a slot, kept for who claims until `lease`. */
  claim(slot: number, at: Date, lease: Date, limit: number): Promise<NoticeRow[]>
  /** It is on its way, or not to be told any more. */
  close(notice: NoticeKey, outcome: 'queued' | 'obsolete', at: Date): Promise<void>
  defer(notice: NoticeKey, next: Date): Promise<void>
  /** The e-mail was not delivered: noted, and recorded. Done again it changes nothing; of a notice that is gone nothing is kept. */
  undeliverable(notice: NoticeKey, reason: string, at: Date): Promise<void>
  /** It is sent once more, with a link of its own, to where its reader is written to now. @throws `no-such-notice` */
  repeat(notice: NoticeKey, actor: Actor, at: Date): Promise<void>
}

const COLUMNS = `n.slot, n.id, n.kind, n.subject_kind as "subjectKind", n.subject, n.recipient, n.data, n.created_at as "createdAt",
  n.sent_at as "sentAt", n.outcome, n.detail, n.attempts, n.round`

/** Where its reader is written to now; null: nowhere any more. An address elsewhere is told to the order alone, where it was told before. */
async function presentRecipient(tx: Transaction, { subjectKind, subject, data, recipient }: NoticeRow): Promise<string | null> {
  if (subjectKind === 'elsewhere') return recipient
  const { email, orderEmail } = await lock(tx, subjectKind, subject)
  return data['to'] === 'order' ? orderEmail : email
}

export function createNotices({ reader, transactor }: Database): Notices {
  /** An entry about what the notice is about. */
  const record = (tx: Transaction, act: 'notice-undeliverable' | 'notice-repeated', notice: NoticeRow, actor: Actor, at: Date) =>
    writeAudit(tx, {
      ...actor,
      act,
      object: `${notice.subjectKind}:${notice.subject}`,
      // Who only asks for an address has no log to look at.
      ...(notice.subjectKind !== 'request' && { holders: [String(notice.data['address'])] }),
      details: { notice: notice.kind },
      at: at.getTime(),
    })

  return {
    of: (slot, subject) =>
      reader.read<NoticeRow>(`select ${COLUMNS} from notice n where n.slot = $1 and n.subject = $2 order by n.id`, [
        slot,
        subject,
      ]),

    async dueSlots(at) {
      const rows = await reader.read<{ slot: number }>(
        'select distinct slot from notice where sent_at is null and due_at <= $1',
        [at],
      )
      return rows.map(({ slot }) => slot)
    },

    async release(slot, at, lease) {
      await transactor.call(
        slot,
        `update notice set due_at = $2 where slot = $1 and sent_at is null and attempts > 0 and due_at > $2 and due_at <= $3`,
        [slot, at, lease],
      )
    },

    claim: (slot, at, lease, limit) =>
      transactor.call<NoticeRow>(
        slot,
        `update notice n set due_at = $3, attempts = n.attempts + 1
         from (select id from notice where slot = $1 and sent_at is null and due_at <= $2 order by id limit $4 for update skip locked) due
         where n.slot = $1 and n.id = due.id returning ${COLUMNS}`,
        [slot, at, lease, limit],
      ),

    async close({ slot, id }, outcome, at) {
      await transactor.call(
        slot,
        'update notice set sent_at = $3, outcome = $4 where slot = $1 and id = $2 and sent_at is null',
        [slot, id, at, outcome],
      )
    },

    async defer({ slot, id }, next) {
      await transactor.call(slot, 'update notice set due_at = $3 where slot = $1 and id = $2 and sent_at is null', [
        slot,
        id,
        next,
      ])
    },

    undeliverable: ({ slot, id }, reason, at) =>
      transactor.transact(slot, async (tx) => {
        const [notice] = await tx.query<NoticeRow>(
          `update notice n set outcome = 'undeliverable', detail = $3 where n.slot = $1 and n.id = $2 and n.outcome = 'queued'
           returning ${COLUMNS}`,
          [slot, id, reason],
        )
        if (notice) await record(tx, 'notice-undeliverable', notice, MACHINE, at)
      }),

    repeat: ({ slot, id }, actor, at) =>
      transactor.transact(slot, async (tx) => {
        const [notice] = await tx.query<NoticeRow>(
          `update notice n set sent_at = null, outcome = null, detail = null, attempts = 0, round = n.round + 1, due_at = $3
           where n.slot = $1 and n.id = $2 returning ${COLUMNS}`,
          [slot, id, at],
        )
        if (!notice) throw clientError('no-such-notice', 'The notice is gone: what it was about has been erased')
        const recipient = (await presentRecipient(tx, notice)) ?? notice.recipient
        await tx.query('update notice set recipient = $3 where slot = $1 and id = $2', [slot, id, recipient])
        await record(tx, 'notice-repeated', notice, actor, at)
      }),
  }
}
