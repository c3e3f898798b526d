/**
 * SQL of the mailbox tables (migrations 0002, 0017 and that of changes of many messages); rows as the database gives them. UIDs are compared
 * with `any`: joined from `unnest`, a table without statistics is read by whole folders. What tells of many messages comes as arrays in one row,
 * as text, which is read in a fifth of the time of rows.
 */
import type { Database } from '../storage/database.ts'
import type { PackedStates } from './state-columns.ts'
import type { FlagChange, MailboxRef, SpecialUse, StructureWanted } from './types.ts'

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

interface EnteredRow extends FolderRow {
  /** messages from a UID on */
  recent: number
}

/** What changed in a folder since a cursor: its cursor and next UID, new and changed messages, UIDs that are gone (some perhaps twice). */
export interface ChangeRow extends PackedStates {
  modseq: number
  uid_next: number
  vanished: string
}

/** The states of messages after a change of flags, and whether it was done; of those that it was done to, the cursor before and after. */
export interface FlagsRow extends PackedStates {
  passed: boolean
  since: number
  modseq: number
}

/** The UIDs (an array as text) of what was copied; the first has `first_uid` in the destination, the others follow. */
export interface CopyRow {
  uid_validity: number
  first_uid: number
  uids: string
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

export interface MessageRow {
  uid: number
  modseq: number
  flags: number
  keywords: string[] | null
  /** milliseconds since 1970 */
  internal_date: number
  saved_at: number | null
  content: string
  size: number
  /** as `encodeParsed` made it, as text; null if it was not asked for */
  parsed: string | null
  /** as it was kept */
  shown: string | null
}

const milliseconds = (time: string): string => `floor(extract(epoch from ${time}) * 1000)::bigint`

const FOLDER = 'id, name, special_use, uid_validity, uid_next, recent_uid, modseq, total, unseen, subscribed'

/** No keywords are null, and times are numbers: the driver takes long to read arrays and dates. */
const MESSAGE = `m.uid, m.modseq, m.flags, case when m.keywords <> '{}' then m.keywords end as keywords, ${milliseconds('m.internal_date')} as internal_date,
  ${milliseconds('m.saved_at')} as saved_at, m.content, m.size`
const WANTED_MESSAGES = 'm.slot = $1 and m.folder = $2 and m.uid = any ($3::bigint[]) order by m.uid'
/** Texts of another version are written anew: raise it when the parser or what IMAP shows changes. */
const SHOWN_VERSION = 1
/** Structures come as text, for bytes are doubled on their way from the database. */
const MESSAGES = {
  false: `select ${MESSAGE}, null as parsed, null as shown from message m where ${WANTED_MESSAGES}`,
  true: `select ${MESSAGE}, convert_from(c.parsed, 'UTF8') as parsed, null as shown
    from message m join content c on c.slot = m.slot and c.id = m.content where ${WANTED_MESSAGES}`,
  shown: `select ${MESSAGE}, s.shown, case when s.shown is null then (
      select convert_from(c.parsed, 'UTF8') from content c where c.slot = m.slot and c.id = m.content) end as parsed
    from message m left join lateral (
      select t.shown from content_shown t where t.slot = m.slot and t.content = m.content and t.version = ${SHOWN_VERSION} offset 0) s on true
    where ${WANTED_MESSAGES}`,
}

/** Columns of `PackedStates`, from arrays that are null if there is nothing. */
const packed = (from: string): string =>
  `${['uids', 'modseqs', 'flags'].map((name) => `coalesce(${from}.${name}::text, '{}') as ${name}`).join(', ')}, ${from}.keywords`
const packStates = (
  messages: string,
): string => `select array_agg(m.uid) as uids, array_agg(m.modseq) as modseqs, array_agg(m.flags) as flags,
    jsonb_agg(jsonb_build_array(m.uid, m.keywords)) filter (where m.keywords <> '{}') as keywords
  from (${messages}) m`

const STATES = `select f.modseq, ${packed('s')}
  from folder f, lateral (${packStates('select uid, modseq, flags, keywords from message where slot = $1 and folder = $3 order by uid')}) s
  where f.slot = $1 and f.mailbox = $2 and f.id = $3`

/**
 * UIDs of what has gone since $4 from folder f. A page (migration of table message_page) is of 256 UIDs; it has changed if one of its messages
 * has. Each is looked into by itself: what the planner knows of a fresh table would let it read the folder.
 */
const GONE = `select t.uid from message_page p, lateral (
    select uid from tombstone where slot = $1 and folder = $3 and uid >= p.page << 8 and uid < (p.page + 1) << 8 and modseq > $4 offset 0) t
  where p.slot = $1 and p.folder = $3 and p.modseq > $4 and f.modseq > $4`

/** Every message above `top`, the last one that has not changed since $4, is new or changed; of the others those that their pages tell of. */
const CHANGES = `select f.modseq, f.uid_next, ${packed('s')}, coalesce(v.uids::text, '{}') as vanished
  from folder f,
  lateral (select coalesce((
    select uid from message where slot = $1 and folder = $3 and modseq <= $4 and f.modseq > $4 order by uid desc limit 1), 0) as uid) top,
  lateral (${packStates(`
    select uid, modseq, flags, keywords from (
      select c.* from message_page p, lateral (
        select uid, modseq, flags, keywords from message where slot = $1 and folder = $3 and modseq > $4
          and uid >= p.page << 8 and uid < (p.page + 1) << 8 and uid <= top.uid offset 0) c
      where p.slot = $1 and p.folder = $3 and p.modseq > $4 and f.modseq > $4
      union all select uid, modseq, flags, keywords from message where slot = $1 and folder = $3 and uid > top.uid and f.modseq > $4
    ) c order by uid`)}) s,
  lateral (select array_agg(g.uid order by g.uid) as uids from (
    ${GONE}
    union all select g.uid from generate_series(1, f.uid_next - 1) g(uid) where f.forgotten_modseq > $4
      and not exists (select 1 from message m where m.slot = $1 and m.folder = $3 and m.uid = g.uid)) g) v
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

const STORE_FLAGS = `select true as passed, s.since, s.modseq, s.changed, ${packed('s')}
  from mailbox_store_flags($1, $2, $3, $4, $5, $6, $7, $8) s`
const STORE_FLAGS_IF = `select s.passed, s.since, s.modseq, ${packed('s')}
  from mailbox_store_flags_if($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) s`

/** Rows of blobs as `blob_add_all` takes them. */
export const BLOBS = 'select blob_add_all($1, $2::jsonb, $3::bytea, $4::timestamptz)'

/** $4: items as for `mailbox_append`; $7: their blobs; $5: the bytes of both. A folder that does not exist is no folder, not the inbox. */
export const APPEND = `with target as (
    select coalesce((select id from folder where slot = $1 and mailbox = $2 and name = $3), '00000000-0000-0000-0000-000000000000'::uuid) as id
  ), stored as materialized (select blob_add_all($1, $7::jsonb, $5::bytea, $6::timestamptz))
  select a.item, a.uid, a.uid_validity from target, mailbox_append_all($1, $2, target.id, $4::jsonb, $5::bytea, $6::timestamptz) a,
    (select count(*) from stored)`

export interface AppendedRow {
  item: number
  uid: number
  uid_validity: number
}

/** The statements, bound to a database. */
export function mailboxQueries({ reader, transactor }: Database) {
  return {
    folders: ({ slot, id }: MailboxRef) =>
      reader.read<FolderRow>(`select ${FOLDER} from folder where slot = $1 and mailbox = $2 order by name`, [slot, id]),

    folder: ({ slot, id }: MailboxRef, name: string) =>
      reader.read<FolderRow>(`select ${FOLDER} from folder where slot = $1 and mailbox = $2 and name = $3`, [slot, id, name]),

    /** Contents of the messages of a mailbox that have an internal date within a time, wherever they are now. It reads through the mailbox. */
    async datedWithin({ slot, id }: MailboxRef, from: Date, to: Date): Promise<string[]> {
      const rows = await reader.read<{ content: string }>(
        `select distinct m.content from message m join folder f on f.slot = m.slot and f.id = m.folder
         where m.slot = $1 and f.slot = $1 and f.mailbox = $2 and m.internal_date between $3 and $4`,
        [slot, id, from, to],
      )
      return rows.map(({ content }) => content)
    },

    orphanSubscriptions: ({ slot, id }: MailboxRef) =>
      reader.read<{ name: string }>('select name from orphan_subscription where slot = $1 and mailbox = $2 order by name', [
        slot,
        id,
      ]),

    /** Only the messages are read that no session was told of as \Recent. */
    recent: ({ slot, id }: MailboxRef, folders: readonly string[]) =>
      reader.read<{ folder: string; recent: number }>(
        `select f.id as folder, (select count(*) from message m where m.slot = $1 and m.folder = f.id and m.uid >= f.recent_uid) as recent
         from folder f where f.slot = $1 and f.mailbox = $2 and f.id = any ($3::uuid[]) and f.recent_uid < f.uid_next`,
        [slot, id, folders],
      ),

    /** A folder with the number of its messages from a UID on, by default from the first that is recent: counters of one moment. */
    enter: ({ slot, id }: MailboxRef, name: string, firstRecent: number | null) =>
      reader.read<EnteredRow>(
        `select ${FOLDER}, (select count(*) from message m
           where m.slot = $1 and m.folder = f.id and m.uid >= coalesce($4, f.recent_uid)) as recent
         from folder f where slot = $1 and mailbox = $2 and name = $3`,
        [slot, id, name, firstRecent],
      ),

    /**
     * One statement, so one snapshot: cursor, messages and tombstones belong together (I8). Of what is forgotten every UID that is not there
     * counts as vanished; some come twice then.
     */
    changes: ({ slot, id }: MailboxRef, folder: string, since: number) =>
      reader.read<ChangeRow>(CHANGES, [slot, id, folder, since]),

    /** One statement, so one snapshot: up to which modseq tombstones are forgotten, and the UIDs of those that are there. */
    vanished: ({ slot, id }: MailboxRef, folder: string, since: number) =>
      reader.read<{ forgotten_modseq: number; uids: string }>(
        `select f.forgotten_modseq, coalesce(v.uids::text, '{}') as uids
         from folder f, lateral (select array_agg(g.uid order by g.uid) as uids from (${GONE}) g) v
         where f.slot = $1 and f.mailbox = $2 and f.id = $3`,
        [slot, id, folder, since],
      ),

    /** All messages of a folder, with the cursor at which they were so. */
    states: ({ slot, id }: MailboxRef, folder: string) =>
      reader.read<PackedStates & { modseq: number }>(STATES, [slot, id, folder]),

    messages: (slot: number, folder: string, uids: readonly number[], structure: StructureWanted = true) =>
      reader.read<MessageRow>(MESSAGES[`${structure}`], [slot, folder, listOf(uids)]),

    keepShown: (slot: number, contents: readonly string[], shown: readonly string[]) =>
      transactor.call(slot, 'select content_show($1, $2, $3, $4)', [slot, SHOWN_VERSION, contents, shown]),

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

    /** @param known if the folder is as it was at this cursor, no states are answered, only how many were changed */
    storeFlags: (
      { slot, id }: MailboxRef,
      folder: string,
      uids: readonly number[],
      mode: string,
      flags: number,
      keywords: readonly string[],
      known: number | null,
    ) =>
      transactor.call<FlagsRow & { changed: number }>(slot, STORE_FLAGS, [
        slot,
        id,
        folder,
        listOf(uids),
        mode,
        flags,
        keywords,
        known,
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
      transactor.call<FlagsRow>(slot, STORE_FLAGS_IF, [
        slot,
        id,
        folder,
        listOf(uids),
        mode,
        flags,
        keywords,
        unchangedSince,
        listOf(known[0]),
        listOf(known[1]),
        known[2],
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

    /** The messages that carry \\Deleted, whoever may have read or changed them meanwhile. */
    deleted: ({ slot, id }: MailboxRef, folder: string) =>
      reader.read<{ uids: string }>(
        `select coalesce(d.uids::text, '{}') as uids
         from folder f, lateral (select array_agg(uid) as uids from message where slot = $1 and folder = $3 and flags & 8 <> 0) d
         where f.slot = $1 and f.mailbox = $2 and f.id = $3`,
        [slot, id, folder],
      ),

    /** Removes those that carry \\Deleted, or with `any` whatever their flags; answers which. */
    expunge: ({ slot, id }: MailboxRef, folder: string, uids: readonly number[], any: boolean, at: Date) =>
      transactor.call<{ uids: string }>(
        slot,
        `select coalesce(gone::text, '{}') as uids from mailbox_expunge($1, $2, $3, $4, $5, $6) gone`,
        [slot, id, folder, listOf(uids), any, at],
      ),

    copy: ({ slot, id }: MailboxRef, folder: string, uids: readonly number[], to: string, move: boolean, at: Date) =>
      transactor.call<CopyRow>(
        slot,
        `select uid_validity, first_uid, coalesce(uids::text, '{}') as uids from mailbox_copy($1, $2, $3, $4, $5, $6, $7)`,
        [slot, id, folder, listOf(uids), to, move, at],
      ),
  }
}

/** Numbers as a PostgreSQL array: the driver puts each of an array in quotes. */
const listOf = (numbers: readonly number[]): string => `{${numbers.join(',')}}`

export type MailboxQueries = ReturnType<typeof mailboxQueries>
