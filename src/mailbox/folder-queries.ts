/** SQL that makes, renames and removes folders and mailboxes: several statements, one transaction of one slot. */
import { clientError } from '../base/errors.ts'
import { uuidv7 } from '../base/ids.ts'
import type { Transaction } from '../storage/database.ts'
import type { MailboxRef, SpecialUse } from './types.ts'

/** Locks the mailbox and takes a new cursor and a UIDVALIDITY that no folder of it ever had. */
async function lockMailbox(
  tx: Transaction,
  { slot, id }: MailboxRef,
  now: number,
): Promise<{ modseq: number; uidValidity: number }> {
  const [row] = await tx.query<{ modseq: number; uid_validity: number }>(
    `update mailbox set modseq = modseq + 1, uid_validity = greatest(uid_validity + 1, $3)
     where slot = $1 and id = $2 returning modseq, uid_validity`,
    [slot, id, Math.floor(now / 1000)],
  )
  if (!row) throw clientError('no-such-mailbox', 'The mailbox does not exist')
  return { modseq: row.modseq, uidValidity: row.uid_validity }
}

export interface NewFolder {
  readonly name: string
  readonly specialUse: SpecialUse | null
}

/** Makes folders that do not exist yet; those that do are left as they are. Answers how many were made. All are subscribed to. */
export async function insertFolders(
  tx: Transaction,
  mailbox: MailboxRef,
  folders: readonly NewFolder[],
  now: number,
): Promise<number> {
  const { modseq, uidValidity } = await lockMailbox(tx, mailbox, now)
  let made = 0
  for (const { name, specialUse } of folders) {
    const rows = await tx.query(
      `insert into folder (slot, id, mailbox, name, special_use, uid_validity, uid_next, recent_uid, modseq, total, unseen, subscribed)
       values ($1, $2, $3, $4, $5, $6, 1, 1, $7, 0, 0, true) on conflict (slot, mailbox, name) do nothing returning id`,
      [mailbox.slot, uuidv7(now), mailbox.id, name, specialUse, uidValidity, modseq],
    )
    made += rows.length
  }
  await unorphan(tx, mailbox)
  return made
}

/** A subscription that waited for its folder is that folder's now. */
async function unorphan(tx: Transaction, { slot, id }: MailboxRef): Promise<void> {
  const found = await tx.query<{ name: string }>(
    `delete from orphan_subscription o using folder f where o.slot = $1 and o.mailbox = $2
       and f.slot = $1 and f.mailbox = $2 and f.name = o.name returning o.name`,
    [slot, id],
  )
  if (found.length === 0) return
  const names = found.map(({ name }) => name)
  await tx.query('update folder set subscribed = true where slot = $1 and mailbox = $2 and name = any ($3)', [slot, id, names])
}

/** Has a folder of the mailbox this use? Asked after `insertFolders`, nobody can take it before the transaction ends. */
export async function isUseTaken(tx: Transaction, mailbox: MailboxRef, specialUse: SpecialUse, except: string): Promise<boolean> {
  const rows = await tx.query('select 1 from folder where slot = $1 and mailbox = $2 and special_use = $3 and name <> $4', [
    mailbox.slot,
    mailbox.id,
    specialUse,
    except,
  ])
  return rows.length > 0
}

/** Makes the mailbox row; false if it is there already. Sizes in bytes. */
export async function insertMailbox(
  tx: Transaction,
  mailbox: MailboxRef,
  address: string,
  { quota, reserve, now }: { quota: number; reserve: number; now: number },
): Promise<boolean> {
  const rows = await tx.query(
    `insert into mailbox (slot, id, address, modseq, used, quota, reserve, uid_validity, created_at)
     values ($1, $2, $3, 1, 0, $4, $5, 0, $6) on conflict (slot, id) do nothing returning id`,
    [mailbox.slot, mailbox.id, address, quota, reserve, new Date(now)],
  )
  return rows.length > 0
}

/** Expunges a folder's messages and removes it. A subscription to its name stays (RFC 3501 6.3.9). */
export async function removeFolder(tx: Transaction, mailbox: MailboxRef, folder: string, now: number): Promise<void> {
  await tx.query('select mailbox_expunge($1, $2, $3, null, true, $4)', [mailbox.slot, mailbox.id, folder, new Date(now)])
  await tx.query('delete from message_page where slot = $1 and folder = $2', [mailbox.slot, folder])
  const removed = await tx.query<{ name: string; subscribed: boolean }>(
    'delete from folder where slot = $1 and id = $2 returning name, subscribed',
    [mailbox.slot, folder],
  )
  for (const { name } of removed.filter(({ subscribed }) => subscribed))
    await tx.query('insert into orphan_subscription (slot, mailbox, name) values ($1, $2, $3) on conflict do nothing', [
      mailbox.slot,
      mailbox.id,
      name,
    ])
}

/** Renames a folder and its children: same ids, same UIDs, new names. */
export async function renameFolders(tx: Transaction, mailbox: MailboxRef, from: string, to: string, now: number): Promise<void> {
  await lockMailbox(tx, mailbox, now)
  await tx.query(
    `update folder set name = $4 || substr(name, length($3) + 1)
     where slot = $1 and mailbox = $2 and (name = $3 or starts_with(name, $3 || '/'))`,
    [mailbox.slot, mailbox.id, from, to],
  )
  await unorphan(tx, mailbox)
}

/** Answers whether there is such a folder. A name without one can only be unsubscribed. */
export async function setSubscribed(tx: Transaction, mailbox: MailboxRef, name: string, subscribed: boolean): Promise<boolean> {
  const rows = await tx.query('update folder set subscribed = $4 where slot = $1 and mailbox = $2 and name = $3 returning id', [
    mailbox.slot,
    mailbox.id,
    name,
    subscribed,
  ])
  if (!subscribed)
    await tx.query('delete from orphan_subscription where slot = $1 and mailbox = $2 and name = $3', [
      mailbox.slot,
      mailbox.id,
      name,
    ])
  return rows.length > 0
}
