/** SQL of ordinary mail that leaves (migration 0027). */
import type { Database } from '../storage/database.ts'
import type { MailBody, MailRow, MailState } from './mail.ts'

/** What is over is forgotten after so many days: until then its key is known, and reports of its failure are taken. */
export const KEEP_DAYS = 30
const KEEP_MS = KEEP_DAYS * 24 * 3_600_000

interface About {
  readonly kind: string
  readonly subject: string
  readonly slot: number
}

export interface ClaimedMail extends MailRow {
  readonly body: MailBody | null
  readonly told: boolean
}

export interface NewMail {
  readonly slot: number
  readonly key: string
  readonly id: string
  readonly recipient: string
  readonly body: MailBody
  readonly about: About | null
  readonly at: Date
}

type Key = Pick<MailRow, 'slot' | 'id'>

const COLUMNS = `m.slot, m.key, m.id, m.recipient, m.about_kind as "aboutKind", m.about_subject as "aboutSubject", m.about_slot as "aboutSlot",
  m.state, m.attempts, m.last_word as "lastWord", m.due_at as "dueAt", m.created_at as "createdAt", m.closed_at as "closedAt"`

export function postQueries({ reader, transactor }: Database) {
  return {
    async insert({ slot, key, id, recipient, body, about, at }: NewMail): Promise<void> {
      await transactor.call(
        slot,
        `insert into ordinary_mail (slot, key, id, recipient, body, about_kind, about_subject, about_slot, state, told, attempts, due_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', false, 0, $9, $9) on conflict (slot, key) do nothing`,
        [slot, key, id, recipient, JSON.stringify(body), about?.kind ?? null, about?.subject ?? null, about?.slot ?? null, at],
      )
    },

    async has(slot: number, key: string): Promise<boolean> {
      const rows = await reader.read('select from ordinary_mail where slot = $1 and key = $2', [slot, key])
      return rows.length > 0
    },

    async dueSlots(at: Date): Promise<number[]> {
      const rows = await reader.read<{ slot: number }>('select distinct slot from ordinary_mail where due_at <= $1', [at])
      return rows.map(({ slot }) => slot)
    },

    /** Some of what is due, whatever its state, kept for this process until `lease`. */
    claim: (slot: number, at: Date, lease: Date, limit: number) =>
      transactor.call<ClaimedMail>(
        slot,
        `update ordinary_mail m set due_at = $3, attempts = m.attempts + case when m.state = 'waiting' then 1 else 0 end
         from (select key from ordinary_mail where slot = $1 and due_at <= $2 order by due_at limit $4 for update skip locked) due
         where m.slot = $1 and m.key = due.key returning ${COLUMNS}, m.body, m.told`,
        [slot, at, lease, limit],
      ),

    /** Ends the leases of a slot: only by who knows that no other process works. What killed its process again and again waits for its time. */
    async release(slot: number, at: Date, lease: Date): Promise<void> {
      await transactor.call(
        slot,
        `update ordinary_mail set due_at = $2 where slot = $1 and due_at > $2 and due_at <= $3 and attempts < 5`,
        [slot, at, lease],
      )
    },

    /** Keeps a mail for this process. What has been put off for longer meanwhile stays put off. */
    async renew({ slot, id }: Key, lease: Date): Promise<void> {
      await transactor.call(
        slot,
        `update ordinary_mail set due_at = $3 where slot = $1 and id = $2 and state = 'waiting' and due_at < $3`,
        [slot, id, lease],
      )
    },

    /** One that was claimed and not tried. */
    async giveBack({ slot, id }: Key, next: Date): Promise<void> {
      await transactor.call(
        slot,
        `update ordinary_mail set due_at = $3, attempts = attempts - 1 where slot = $1 and id = $2 and state = 'waiting'`,
        [slot, id, next],
      )
    },

    /** @param word null: the last one stands */
    async defer({ slot, id }: Key, next: Date, word: string | null): Promise<void> {
      await transactor.call(
        slot,
        `update ordinary_mail set due_at = $3, last_word = coalesce($4, last_word) where slot = $1 and id = $2`,
        [slot, id, next, word],
      )
    },

    async sent({ slot, id }: Key, at: Date): Promise<void> {
      await transactor.call(
        slot,
        `update ordinary_mail set state = 'sent', body = null, last_word = null, closed_at = $3, due_at = $4
         where slot = $1 and id = $2 and state = 'waiting'`,
        [slot, id, at, keptUntil(at)],
      )
    },

    /** Nobody will take it, or who took it gave it back. Who is to be told is told next. Answers what it was, unless it is known already. */
    async failed({ slot, id }: Key, at: Date, word: string): Promise<MailRow | undefined> {
      const [row] = await transactor.call<MailRow>(
        slot,
        `update ordinary_mail m set state = 'failed', body = null, last_word = $4, closed_at = $3, told = m.about_kind is null,
           due_at = case when m.about_kind is null then $5::timestamptz else $3 end
         where m.slot = $1 and m.id = $2 and m.state <> 'failed' returning ${COLUMNS}`,
        [slot, id, at, word, keptUntil(at)],
      )
      return row
    },

    async told({ slot, id }: Key, at: Date): Promise<void> {
      await transactor.call(slot, 'update ordinary_mail set told = true, due_at = $3 where slot = $1 and id = $2', [
        slot,
        id,
        keptUntil(at),
      ])
    },

    async forget({ slot, id }: Key): Promise<void> {
      await transactor.call(slot, 'delete from ordinary_mail where slot = $1 and id = $2', [slot, id])
    },

    /** One that waits is tried now. Answers whether it waits. */
    async tryNow({ slot, id }: Key, at: Date): Promise<boolean> {
      const rows = await transactor.call(
        slot,
        `update ordinary_mail set due_at = $3 where slot = $1 and id = $2 and state = 'waiting' returning id`,
        [slot, id, at],
      )
      return rows.length > 0
    },

    /** The newest first. @param states those that are looked for */
    list: (states: readonly MailState[], limit: number) =>
      reader.read<MailRow>(
        `select ${COLUMNS} from ordinary_mail m where state = any ($1) order by created_at desc, id desc limit $2`,
        [states, limit],
      ),

    async find(id: string): Promise<MailRow | undefined> {
      const [row] = await reader.read<MailRow>(`select ${COLUMNS} from ordinary_mail m where id = $1`, [id])
      return row
    },
  }
}

export type PostQueries = ReturnType<typeof postQueries>

const keptUntil = (at: Date): Date => new Date(at.getTime() + KEEP_MS)
