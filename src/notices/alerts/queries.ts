/** SQL of table `alert` (migration of alerts), and what it asks of mailboxes, warnings and their messages. */
import type { Language } from '../../base/languages.ts'
import { writeAudit, type AuditRecord } from '../../audit/audit.ts'
import type { MailboxRef } from '../../mailbox/types.ts'
import type { MailboxStatus } from '../../registry/status.ts'
import type { Database, Transaction } from '../../storage/database.ts'
import type { Rhythm } from './schedule.ts'
import type { AlertKind, AlertWishes, StoppedBy } from './types.ts'

/** The first UID of each folder that was not looked at. */
export type Looked = Readonly<Record<string, number>>

/** A cursor of a mailbox, and where its folders were at it. */
export interface Present {
  readonly modseq: number
  readonly looked: Looked
}

export interface StoredWishes extends AlertWishes {
  readonly serial: number
  readonly confirmedAt: Date | null
  readonly confirmationAt: Date | null
  readonly stoppedAt: Date | null
  readonly stoppedBy: StoppedBy | null
  readonly stoppedReason: string | null
  readonly toldAt: Date | null
}

/** What somebody has claimed to look at. */
export interface Claimed extends MailboxRef {
  readonly address: string
  readonly status: MailboxStatus
  readonly recipient: string
  readonly serial: number
  readonly language: Language
  readonly details: boolean
  readonly kinds: readonly AlertKind[]
  readonly confirmedAt: Date | null
  readonly confirmationAt: Date | null
  readonly looked: Looked
  readonly telling: Present | null
  readonly digestAt: Date | null
  readonly expiresOn: string | null
  readonly expiryTold: string | null
  readonly attempts: number
}

export interface Changed extends MailboxRef, Rhythm {}

export interface NewMessage {
  readonly content: string
  readonly size: number
  /** milliseconds since 1970 */
  readonly at: number
}

export interface Warning {
  readonly mark: number
  readonly used: number
  readonly quota: number
  readonly at: Date
}

const WISHES = `recipient, serial, language, frequency, hour, details, kinds, confirmed_at as "confirmedAt",
  confirmation_at as "confirmationAt", stopped_at as "stoppedAt", stopped_by as "stoppedBy", stopped_reason as "stoppedReason", told_at as "toldAt"`

/** One statement, so one snapshot: cursor and UIDs belong together (I8). Watched are the inbox and the folder for receipts. */
const PRESENT = `select m.modseq, jsonb_object_agg(f.id, f.uid_next) as looked
  from mailbox m join folder f on f.slot = m.slot and f.mailbox = m.id
    left join mailbox_profile p on p.slot = m.slot and p.mailbox = m.id
  where m.slot = $1 and m.id = $2 and (f.name = 'INBOX' or f.name = p.receipts_folder) group by m.modseq`

/** Who is to be told, and has nothing planned although the mailbox has changed since it was looked at. */
const CHANGED = `select a.slot, a.mailbox as id, a.frequency, a.hour, a.told_at as "toldAt"
  from alert a join mailbox m on m.slot = a.slot and m.id = a.mailbox
  where a.stopped_at is null and a.confirmed_at is not null and a.digest_at is null and m.modseq > a.modseq
    and a.kinds && array['envelopes', 'receipts', 'anomalies']`

/** What is copied or moved into a folder, or brought there by a mail program, is dated from before: it is no news. */
const NEW = `m.slot = $1 and m.folder = $2 and m.uid >= $3 and m.uid < $4 and m.flags & 9 = 0
  and m.saved_at < m.internal_date + interval '10 minutes'`

export function alertQueries({ reader, transactor }: Database) {
  const present = async (read: Pick<Transaction, 'query'>['query'], { slot, id }: MailboxRef): Promise<Present> => {
    const [row] = await read<Present>(PRESENT, [slot, id])
    return row ?? { modseq: 0, looked: {} }
  }

  return {
    async wishes({ slot, id }: MailboxRef): Promise<StoredWishes | undefined> {
      const [row] = await reader.read<StoredWishes>(`select ${WISHES} from alert where slot = $1 and mailbox = $2`, [slot, id])
      return row
    },

    /** Changes what is wished, in one transaction, as `change` answers. Answers what was stored. */
    change: (
      { slot, id }: MailboxRef,
      at: Date,
      change: (before: StoredWishes | undefined) => WishesChange,
    ): Promise<StoredWishes> =>
      transactor.transact(slot, async (tx) => {
        // Locked, so that two changes do not undo each other.
        await tx.query('select 1 from mailbox where slot = $1 and id = $2 for update', [slot, id])
        const [before] = await tx.query<StoredWishes>(`select ${WISHES} from alert where slot = $1 and mailbox = $2`, [slot, id])
        const { wishes, fromNow = false, lookAt = null, entry } = change(before)
        if (fromNow) await startAnew(tx, { slot, id }, wishes, await present(tx.query, { slot, id }), at)
        await tx.query(
          `update alert set recipient = $3, serial = $4, confirmed_at = $5, confirmation_at = $6, language = $7, frequency = $8, hour = $9,
             details = $10, kinds = $11, stopped_at = $12, stopped_by = $13, stopped_reason = $14, digest_at = null, attempts = 0,
             due_at = case when $12::timestamptz is not null then null when telling is null then $15::timestamptz else $16 end
           where slot = $1 and mailbox = $2`,
          [slot, id, ...columns(wishes), lookAt, at],
        )
        if (entry) await writeAudit(tx, { ...entry, at: at.getTime() })
        return wishes
      }),

    /** Those of these mailboxes that have changed. */
    changedAmong: (mailboxes: readonly MailboxRef[]): Promise<Changed[]> =>
      reader.read<Changed>(`${CHANGED} and a.slot = any ($1) and a.mailbox = any ($2)`, [
        mailboxes.map(({ slot }) => slot),
        mailboxes.map(({ id }) => id),
      ]),

    /** Those of all mailboxes of the slots from `from` up to `to` that have changed. */
    changedIn: (from: number, to: number): Promise<Changed[]> =>
      reader.read<Changed>(`${CHANGED} and a.slot >= $1 and a.slot < $2`, [from, to]),

    /** Who has passed a mark of the quota and is not told yet. */
    warned: (at: Date): Promise<MailboxRef[]> =>
      reader.read<MailboxRef>(
        `select distinct a.slot, a.mailbox as id from quota_warning w join alert a on a.slot = w.slot and a.mailbox = w.mailbox
         where w.at > a.quota_told_at and 'quota' = any (a.kinds) and a.stopped_at is null and a.confirmed_at is not null
           and (a.due_at is null or a.due_at > $1)`,
        [at],
      ),

    async planDigests(slot: number, digests: readonly { readonly id: string; readonly at: Date }[]): Promise<void> {
      await transactor.call(
        slot,
        `update alert a set digest_at = n.at, due_at = least(a.due_at, n.at) from unnest($2::uuid[], $3::timestamptz[]) n(mailbox, at)
         where a.slot = $1 and a.mailbox = n.mailbox and a.digest_at is null and a.stopped_at is null and a.confirmed_at is not null`,
        [slot, digests.map(({ id }) => id), digests.map(({ at }) => at)],
      )
    },

    async lookNow(slot: number, mailboxes: readonly string[], at: Date): Promise<void> {
      await transactor.call(
        slot,
        `update alert set due_at = least(due_at, $3) where slot = $1 and mailbox = any ($2) and stopped_at is null and attempts = 0`,
        [slot, mailboxes, at],
      )
    },

    /** Notes on what day these mailboxes expire, where that was not told with so many days. */
    async planExpiry(
      slot: number,
      expiring: readonly { id: string; expiresOn: string; told: string }[],
      at: Date,
    ): Promise<void> {
      await transactor.call(
        slot,
        `update alert a set expires_on = n.day, due_at = least(a.due_at, $5)
         from unnest($2::uuid[], $3::date[], $4::text[]) n(mailbox, day, told)
         where a.slot = $1 and a.mailbox = n.mailbox and a.expiry_told is distinct from n.told and 'expiry' = any (a.kinds)
           and a.stopped_at is null and a.confirmed_at is not null`,
        [slot, expiring.map(({ id }) => id), expiring.map(({ expiresOn }) => expiresOn), expiring.map(({ told }) => told), at],
      )
    },

    async dueSlots(at: Date): Promise<number[]> {
      const rows = await reader.read<{ slot: number }>('select distinct slot from alert where due_at <= $1', [at])
      return rows.map(({ slot }) => slot)
    },

    /** Claims what is due in a slot until a time. */
    claim: (slot: number, at: Date, until: Date, most: number): Promise<Claimed[]> =>
      transactor.call<Claimed>(
        slot,
        `update alert a set due_at = $3, attempts = attempts + 1
         from (select mailbox from alert where slot = $1 and due_at <= $2 order by due_at limit $4 for update skip locked) due,
           mailbox m left join mailbox_profile p on p.slot = m.slot and p.mailbox = m.id
         where a.slot = $1 and a.mailbox = due.mailbox and m.slot = a.slot and m.id = a.mailbox
         returning a.slot, a.mailbox as id, m.address, coalesce(p.status, 'active') as status, a.recipient, a.serial, a.language, a.details,
           a.kinds, a.confirmed_at as "confirmedAt", a.confirmation_at as "confirmationAt", a.looked, a.telling,
           a.digest_at as "digestAt", a.expires_on as "expiresOn", a.expiry_told as "expiryTold", a.attempts`,
        [slot, at, until, most],
      ),

    /** Ends leases that began before `at` and would end by `until`. */
    async release(slot: number, at: Date, until: Date): Promise<void> {
      await transactor.call(
        slot,
        'update alert set due_at = $2 where slot = $1 and attempts > 0 and due_at > $2 and due_at <= $3',
        [slot, at, until],
      )
    },

    /** Settles up to where messages are told: what somebody settled before stands. */
    async settle({ slot, id }: MailboxRef): Promise<Present> {
      const now = await present(reader.read, { slot, id })
      const [row] = await transactor.call<{ telling: Present }>(
        slot,
        'update alert set telling = coalesce(telling, $3::jsonb) where slot = $1 and mailbox = $2 returning telling',
        [slot, id, JSON.stringify(now)],
      )
      return row?.telling ?? now
    },

    /** Unread messages that came into a folder, newest first. */
    arrived: (slot: number, folder: string, from: number, to: number, most: number): Promise<NewMessage[]> =>
      reader.read<NewMessage>(
        `select m.content, m.size, floor(extract(epoch from m.internal_date) * 1000)::bigint as at
         from message m where ${NEW} order by m.uid desc limit $5`,
        [slot, folder, from, to, most],
      ),

    /** The highest mark of the quota that a mailbox has passed and that was not told; undefined if there is none. */
    async warning({ slot, id }: MailboxRef): Promise<Warning | undefined> {
      const [row] = await reader.read<Warning>(
        `select w.mark, w.used, w.quota, w.at from quota_warning w join alert a on a.slot = w.slot and a.mailbox = w.mailbox
         where w.slot = $1 and w.mailbox = $2 and w.at > a.quota_told_at order by w.mark desc limit 1`,
        [slot, id],
      )
      return row
    },

    /** Messages up to `to` are told, or not to be: `told` says which. What is settled for another is left. */
    async digested({ slot, id }: MailboxRef, to: Present, at: Date, told: boolean): Promise<void> {
      await transactor.call(
        slot,
        `update alert set modseq = $3, looked = $4, telling = null, digest_at = null, told_at = case when $6 then $5 else told_at end
         where slot = $1 and mailbox = $2 and telling = $7::jsonb`,
        [slot, id, to.modseq, JSON.stringify(to.looked), at, told, JSON.stringify(to)],
      )
    },

    async quotaTold({ slot, id }: MailboxRef, at: Date): Promise<void> {
      await transactor.call(
        slot,
        'update alert set quota_told_at = greatest(quota_told_at, $3) where slot = $1 and mailbox = $2',
        [slot, id, at],
      )
    },

    async expiryTold({ slot, id }: MailboxRef, told: string): Promise<void> {
      await transactor.call(slot, 'update alert set expiry_told = $3, expires_on = null where slot = $1 and mailbox = $2', [
        slot,
        id,
        told,
      ])
    },

    /** What was claimed is done; what is planned comes in its time. */
    async done({ slot, id }: MailboxRef): Promise<void> {
      await transactor.call(
        slot,
        'update alert set due_at = digest_at, attempts = 0 where slot = $1 and mailbox = $2 and attempts > 0',
        [slot, id],
      )
    },

    async again({ slot, id }: MailboxRef, at: Date): Promise<void> {
      await transactor.call(slot, 'update alert set due_at = $3 where slot = $1 and mailbox = $2 and attempts > 0', [
        slot,
        id,
        at,
      ])
    },
  }
}

export type AlertQueries = ReturnType<typeof alertQueries>

export interface WishesChange {
  readonly wishes: StoredWishes
  /** what has come so far is not to be told */
  readonly fromNow?: boolean
  /** by default when something comes */
  readonly lookAt?: Date | null
  /** what is recorded of it */
  readonly entry?: Omit<AuditRecord<'alerts-changed'>, 'at'>
}

const columns = (wishes: StoredWishes): unknown[] => [
  wishes.recipient,
  wishes.serial,
  wishes.confirmedAt,
  wishes.confirmationAt,
  wishes.language,
  wishes.frequency,
  wishes.hour,
  wishes.details,
  wishes.kinds,
  wishes.stoppedAt,
  wishes.stoppedBy,
  wishes.stoppedReason,
]

/** What has come so far, and warnings that stand, are not told. */
async function startAnew(tx: Transaction, { slot, id }: MailboxRef, wishes: StoredWishes, { modseq, looked }: Present, at: Date) {
  await tx.query(
    `insert into alert (slot, mailbox, recipient, serial, language, frequency, hour, details, kinds, modseq, looked, quota_told_at, attempts)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)
     on conflict (slot, mailbox) do update set modseq = excluded.modseq, looked = excluded.looked, telling = null,
       quota_told_at = excluded.quota_told_at, expires_on = null`,
    [
      slot,
      id,
      wishes.recipient,
      wishes.serial,
      wishes.language,
      wishes.frequency,
      wishes.hour,
      wishes.details,
      wishes.kinds,
      modseq,
      JSON.stringify(looked),
      at,
    ],
  )
}
