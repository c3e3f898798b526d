/**
 * SQL of the mailbox tables (migration 0002); rows as the database gives them. UIDs are compared with `any`: joined from `unnest`, a table
 * without statistics is read by whole folders. `modseq > 0` always holds: it names the index of the change log, which is partial.
 */
import type { Database } from '../storage/database.ts'
import type { MailboxRef, SpecialUse } from './types.ts'

export interface FolderRow {
  id: string
  name: string
  special_use: SpecialUse | null
  uid_validity: number
  uid_next: number
  recent_uid: number
  modseq: number
  total: number
  unseen: number
  subscribed: boolean
}

export interface StateRow {
  uid: number
  modseq: number
  flags: number
  keywords: string[]
}

/** One row of the change log: "c" the folder's cursor (uid = next UID), "m" a message, "v" a vanished one. */
export interface ChangeRow extends StateRow {
  kind: 'c' | 'm' | 'v'
}

export interface ContentRow {
  id: string
  size: number
  sha256: Buffer
  head: Buffer
  tail: Buffer
  parsed: Buffer
  blob_slot: number | null
  blob: string | null
  blob_place: 'database' | 'disk' | null
  blob_offset: number
  blob_length: number
}

export interface MessageRow extends StateRow {
  internal_date: Date
  content: string
  size: number
  parsed: Buffer
}

const FOLDER = 'id, name, special_use, uid_validity, uid_next, recent_uid, modseq, total, unseen, subscribed'

/** The statements, bound to a database. */
export function mailboxQueries({ reader, transactor }: Database) {
  return {
    folders: ({ slot, id }: MailboxRef) =>
      reader.read<FolderRow>(`select ${FOLDER} from folder where slot = $1 and mailbox = $2 order by name`, [slot, id]),

    folder: ({ slot, id }: MailboxRef, name: string) =>
      reader.read<FolderRow>(`select ${FOLDER} from folder where slot = $1 and mailbox = $2 and name = $3`, [slot, id, name]),

    /** One statement, so one snapshot: cursor, messages and tombstones belong together (I8). */
    changes: ({ slot, id }: MailboxRef, folder: string, since: number) =>
      reader.read<ChangeRow>(
        `select 'c' as kind, uid_next as uid, modseq, 0 as flags, '{}'::text[] as keywords
           from folder where slot = $1 and mailbox = $2 and id = $3
         union all select 'm', uid, modseq, flags, keywords from message where slot = $1 and folder = $3
           and modseq > $4 and modseq > 0
         union all select 'v', uid, modseq, 0, '{}' from tombstone where slot = $1 and folder = $3 and modseq > $4
         order by uid`,
        [slot, id, folder, since],
      ),

    states: (slot: number, folder: string) =>
      reader.read<StateRow>('select uid, modseq, flags, keywords from message where slot = $1 and folder = $2 order by uid', [
        slot,
        folder,
      ]),

    messages: (slot: number, folder: string, uids: readonly number[]) =>
      reader.read<MessageRow>(
        `select m.uid, m.modseq, m.flags, m.keywords, m.internal_date, m.content, m.size, c.parsed
         from message m join content c on c.slot = m.slot and c.id = m.content
         where m.slot = $1 and m.folder = $2 and m.uid = any ($3::bigint[])
         order by m.uid`,
        [slot, folder, uids],
      ),

    content: (slot: number, content: string) =>
      reader.read<ContentRow>(
        `select id, size, sha256, head, tail, parsed, blob_slot, blob, blob_place, blob_offset, blob_length
         from content where slot = $1 and id = $2`,
        [slot, content],
      ),

    takeRecent: ({ slot, id }: MailboxRef, name: string) =>
      transactor.call<{ recent_uid: number }>(
        slot,
        `update folder f set recent_uid = f.uid_next from folder old
         where f.slot = $1 and f.mailbox = $2 and f.name = $3 and old.slot = $1 and old.id = f.id and f.recent_uid < f.uid_next
         returning old.recent_uid`,
        [slot, id, name],
      ),

    append: ({ slot, id }: MailboxRef, folder: string, items: object[], bytes: Buffer, at: Date) =>
      transactor.call<{ item: number; uid: number | null; uid_validity: number }>(
        slot,
        'select * from mailbox_append($1, $2, $3, $4, $5, $6)',
        [slot, id, folder, JSON.stringify(items), bytes, at],
      ),

    storeFlags: (
      { slot, id }: MailboxRef,
      folder: string,
      uids: readonly number[],
      mode: string,
      flags: number,
      keywords: readonly string[],
    ) =>
      transactor.call<StateRow>(slot, 'select * from mailbox_store_flags($1, $2, $3, $4, $5, $6, $7)', [
        slot,
        id,
        folder,
        uids,
        mode,
        flags,
        keywords,
      ]),

    expunge: ({ slot, id }: MailboxRef, folder: string, uids: readonly number[] | null, at: Date) =>
      transactor.call<{ uid: number }>(slot, 'select uid from mailbox_expunge($1, $2, $3, $4, false, $5) uid', [
        slot,
        id,
        folder,
        uids,
        at,
      ]),

    copy: ({ slot, id }: MailboxRef, folder: string, uids: readonly number[], to: string, move: boolean, at: Date) =>
      transactor.call<{ source_uid: number; uid: number; uid_validity: number }>(
        slot,
        'select * from mailbox_copy($1, $2, $3, $4, $5, $6, $7)',
        [slot, id, folder, uids, to, move, at],
      ),
  }
}

export type MailboxQueries = ReturnType<typeof mailboxQueries>
