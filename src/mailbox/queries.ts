/**
 * SQL of the mailbox tables (migrations 0002 and 0017); rows as the database gives them. UIDs are compared with `any`: joined from `unnest`, a table
 * without statistics is read by whole folders. `modseq > 0` always holds: it names the index of the change log, which is partial.
 */
import type { Database } from '../storage/database.ts'
import type { PackedStates } from './state-columns.ts'
import type { FlagChange, MailboxRef, SpecialUse } from './types.ts'

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

/** A state after a conditional change: was it changed? */
export interface PassedRow extends StateRow {
  passed: boolean
}

export interface SizeRow {
  folder: string
  size: number
  deleted: number
  deleted_size: number
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

/** Bytes [from, to) of a content. */
export interface ContentRange {
  readonly id: string
  readonly from: number
  readonly to: number
}

/** What of a range lies in head and tail, and in a blob of the database. */
export interface PieceRow {
  item: number
  id: string
  head: Buffer | string
  /** null for a blob on disk, or none */
  middle: Buffer | string | null
  tail: Buffer | string
  middle_length: number
  blob: string | null
  blob_slot: number | null
  blob_place: 'database' | 'disk' | null
  /** where the middle begins in the blob */
  blob_at: number
}

export interface MessageRow extends StateRow {
  internal_date: Date
  saved_at: Date | null
  content: string
  size: number
  /** as `encodeParsed` made it, as text; null if it was not asked for */
  parsed: string | null
}

const FOLDER = 'id, name, special_use, uid_validity, uid_next, recent_uid, modseq, total, unseen, subscribed'

const MESSAGE = 'm.uid, m.modseq, m.flags, m.keywords, m.internal_date, m.saved_at, m.content, m.size'
const WANTED_MESSAGES = 'm.slot = $1 and m.folder = $2 and m.uid = any ($3::bigint[]) order by m.uid'
const MESSAGES = `select ${MESSAGE}, null as parsed from message m where ${WANTED_MESSAGES}`
/** As text, for bytes are doubled on their way from the database. */
const MESSAGES_WITH_STRUCTURE = `select ${MESSAGE}, convert_from(c.parsed, 'UTF8') as parsed
  from message m join content c on c.slot = m.slot and c.id = m.content where ${WANTED_MESSAGES}`

const STATES = `select f.modseq, coalesce(s.uids, '{}') as uids, coalesce(s.modseqs, '{}') as modseqs, coalesce(s.flags, '{}') as flags,
    s.keywords
  from folder f, lateral (
    select array_agg(m.uid)::text as uids, array_agg(m.modseq)::text as modseqs, array_agg(m.flags)::text as flags,
      jsonb_agg(jsonb_build_array(m.uid, m.keywords)) filter (where m.keywords <> '{}') as keywords
    from (select uid, modseq, flags, keywords from message where slot = $1 and folder = $3 order by uid) m) s
  where f.slot = $1 and f.mailbox = $2 and f.id = $3`

/** substr of a length that would be negative fails, so each part is cut at both its ends. */
const pieces = (show: (bytes: string) => string): string => `select r.item, c.id, c.blob, c.blob_slot, c.blob_place,
    ${show('substr(c.head, r.from_at + 1, greatest(least(r.to_at, p.head) - r.from_at, 0))')} as head,
    c.blob_offset + p.blob_from as blob_at, p.blob_to - p.blob_from as middle_length,
    case when p.blob_to > p.blob_from
      then (select ${show('substr(b.bytes, (c.blob_offset + p.blob_from + 1)::integer, p.blob_to - p.blob_from)')}
        from blob b where b.slot = c.blob_slot and b.id = c.blob) end as middle,
    ${show(`substr(c.tail, greatest(r.from_at - p.head - p.middle, 0) + 1,
      greatest(r.to_at - greatest(r.from_at, p.head + p.middle), 0))`)} as tail
  from unnest($2::uuid[], $3::integer[], $4::integer[]) with ordinality r(id, from_at, to_at, item)
  join content c on c.slot = $1 and c.id = r.id,
  lateral (select length(c.head) as head, c.blob_length::integer as middle) l,
  lateral (select l.head, l.middle, greatest(least(r.from_at - l.head, l.middle), 0) as blob_from,
    greatest(least(r.to_at - l.head, l.middle), 0) as blob_to) p`
const PIECES = {
  bytes: pieces((bytes) => bytes),
  text: pieces((bytes) => `convert_from(${bytes}, 'UTF8')`),
}

/** A folder that does not exist is no folder, not the inbox. */
const APPEND = `with target as (
    select coalesce((select id from folder where slot = $1 and mailbox = $2 and name = $3), '00000000-0000-0000-0000-000000000000'::uuid) as id
  ), stored as materialized (
    select blob_add($1, (row->>'id')::uuid, (row->>'size')::bigint, substr($5::bytea, (row->>'at')::integer + 1, 32), row->>'place',
      case row->>'place' when 'database' then substr($5::bytea, (row->>'at')::integer + 33, (row->>'size')::integer) end, $6::timestamptz)
    from jsonb_array_elements($4::jsonb) item, lateral (select item->'row' as row)
  )
  select a.item, a.uid, a.uid_validity from target, mailbox_append_all($1, $2, target.id, $4::jsonb, $5::bytea, $6::timestamptz) a, (select count(*) from stored)`

/** The statements, bound to a database. */
export function mailboxQueries({ reader, transactor }: Database) {
  return {
    folders: ({ slot, id }: MailboxRef) =>
      reader.read<FolderRow>(`select ${FOLDER} from folder where slot = $1 and mailbox = $2 order by name`, [slot, id]),

    folder: ({ slot, id }: MailboxRef, name: string) =>
      reader.read<FolderRow>(`select ${FOLDER} from folder where slot = $1 and mailbox = $2 and name = $3`, [slot, id, name]),

    /**
     * One statement, so one snapshot: cursor, messages and tombstones belong together (I8). Of what is forgotten every UID that is not there
     * counts as vanished; some come twice then.
     */
    changes: ({ slot, id }: MailboxRef, folder: string, since: number) =>
      reader.read<ChangeRow>(
        `select 'c' as kind, uid_next as uid, modseq, 0 as flags, '{}'::text[] as keywords
           from folder where slot = $1 and mailbox = $2 and id = $3
         union all select 'm', uid, modseq, flags, keywords from message where slot = $1 and folder = $3
           and modseq > $4 and modseq > 0
         union all select 'v', uid, modseq, 0, '{}' from tombstone where slot = $1 and folder = $3 and modseq > $4
         union all select 'v', g.uid, f.modseq, 0, '{}' from folder f, generate_series(1, f.uid_next - 1) g(uid)
           where f.slot = $1 and f.mailbox = $2 and f.id = $3 and f.forgotten_modseq > $4
             and not exists (select 1 from message m where m.slot = $1 and m.folder = $3 and m.uid = g.uid)
         order by uid`,
        [slot, id, folder, since],
      ),

    /** One statement, so one snapshot: "f" up to which modseq tombstones are forgotten, "v" the UIDs of those that are there. */
    vanished: ({ slot, id }: MailboxRef, folder: string, since: number) =>
      reader.read<{ kind: 'f' | 'v'; value: number }>(
        `select 'f' as kind, forgotten_modseq as value from folder where slot = $1 and mailbox = $2 and id = $3
         union all select 'v', uid from tombstone where slot = $1 and folder = $3 and modseq > $4 order by value`,
        [slot, id, folder, since],
      ),

    /** All messages of a folder in one row, with the cursor at which they were so: arrays are read in a fifth of the time of rows. */
    states: ({ slot, id }: MailboxRef, folder: string) =>
      reader.read<PackedStates & { modseq: number }>(STATES, [slot, id, folder]),

    messages: (slot: number, folder: string, uids: readonly number[], structure = true) =>
      reader.read<MessageRow>(structure ? MESSAGES_WITH_STRUCTURE : MESSAGES, [slot, folder, uids]),

    content: (slot: number, content: string) =>
      reader.read<ContentRow>(
        `select id, size, sha256, head, tail, parsed, blob_slot, blob, blob_place, blob_offset, blob_length
         from content where slot = $1 and id = $2`,
        [slot, content],
      ),

    /**
     * Ranges of contents; `item` counts them from 1. Parts of a blob on disk are not in it, only where they lie. As text they come at half the
     * cost of bytes, which are written in hexadecimal; what is no UTF-8 is refused there (`isNoText`).
     */
    pieces: (slot: number, ranges: readonly ContentRange[], as: 'bytes' | 'text') =>
      reader.read<PieceRow>(PIECES[as], [
        slot,
        ranges.map(({ id }) => id),
        ranges.map(({ from }) => from),
        ranges.map(({ to }) => to),
      ]),

    takeRecent: ({ slot, id }: MailboxRef, name: string) =>
      transactor.call<{ recent_uid: number }>(
        slot,
        `update folder f set recent_uid = f.uid_next from folder old
         where f.slot = $1 and f.mailbox = $2 and f.name = $3 and old.slot = $1 and old.id = f.id and f.recent_uid < f.uid_next
         returning old.recent_uid`,
        [slot, id, name],
      ),

    /** Items as for `mailbox_append`, each with its blob as `row` (`blobItem`): all in one transaction, so a message costs one sync. */
    append: ({ slot, id }: MailboxRef, folder: string, items: object[], bytes: Buffer, at: Date) =>
      transactor.call<{ item: number; uid: number; uid_validity: number }>(slot, APPEND, [
        slot,
        id,
        folder,
        JSON.stringify(items),
        bytes,
        at,
      ]),

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

    /** `known`: arrays in step, as the function wants them. */
    storeFlagsIf: (
      { slot, id }: MailboxRef,
      folder: string,
      uids: readonly number[],
      { mode, flags, keywords }: FlagChange,
      unchangedSince: number,
      known: readonly [uids: readonly number[], flags: readonly number[], keywords: readonly string[]],
    ) =>
      transactor.call<PassedRow>(slot, 'select * from mailbox_store_flags_if($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)', [
        slot,
        id,
        folder,
        uids,
        mode,
        flags,
        keywords,
        unchangedSince,
        ...known,
      ]),

    sizes: ({ slot, id }: MailboxRef, folders: readonly string[]) =>
      reader.read<SizeRow>(
        `select f.id as folder, coalesce(sum(m.size), 0)::bigint as size, count(*) filter (where m.flags & 8 <> 0) as deleted,
           coalesce(sum(m.size) filter (where m.flags & 8 <> 0), 0)::bigint as deleted_size
         from folder f left join message m on m.slot = f.slot and m.folder = f.id
         where f.slot = $1 and f.mailbox = $2 and f.id = any ($3::uuid[]) group by f.id`,
        [slot, id, folders],
      ),

    usage: ({ slot, id }: MailboxRef) =>
      reader.read<{ used: number; quota: number }>('select used, quota from mailbox where slot = $1 and id = $2', [slot, id]),

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
