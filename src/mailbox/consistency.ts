/** What must hold of mailboxes, folders, messages and contents (I5, I8). */
import type { Check } from '../storage/consistency.ts'

export const MAILBOX_CHECKS: readonly Check[] = [
  {
    invariant: 'I8',
    says: 'Every UID is below the next UID of its folder',
    sql: `select 'folder ' || f.id || ' uid ' || m.uid as problem from folder f
          join message m on m.slot = f.slot and m.folder = f.id where m.uid >= f.uid_next`,
  },
  {
    invariant: 'I8',
    says: "A folder's counters are those of its messages",
    sql: `select 'folder ' || f.id as problem from folder f left join (
            select slot, folder, count(*) as total, count(*) filter (where flags & 1 = 0) as unseen, max(modseq) as modseq
            from message group by slot, folder) m on m.slot = f.slot and m.folder = f.id
          where f.total <> coalesce(m.total, 0) or f.unseen <> coalesce(m.unseen, 0) or f.modseq < coalesce(m.modseq, 0)`,
  },
  {
    invariant: 'I8',
    says: "A mailbox's used bytes are those of its messages, and its cursor is not behind a folder's",
    sql: `select 'mailbox ' || b.id as problem from mailbox b left join (
            select f.slot, f.mailbox, sum(m.size) as used from folder f join message m on m.slot = f.slot and m.folder = f.id
            group by f.slot, f.mailbox) m on m.slot = b.slot and m.mailbox = b.id
          where b.used <> coalesce(m.used, 0)
            or exists (select 1 from folder f where f.slot = b.slot and f.mailbox = b.id and f.modseq > b.modseq)`,
  },
  {
    invariant: 'I8',
    says: 'A UID is either a message or a tombstone',
    sql: `select 'folder ' || m.folder || ' uid ' || m.uid as problem from message m
          join tombstone t on t.slot = m.slot and t.folder = m.folder and t.uid = m.uid`,
  },
  {
    invariant: 'I8',
    says: 'A message is in a folder',
    sql: `select 'folder ' || m.folder || ' uid ' || m.uid as problem from message m
          where not exists (select 1 from folder f where f.slot = m.slot and f.id = m.folder)`,
  },
  {
    invariant: 'I8',
    says: 'Who asks for the changes since a cursor finds each message: as one of the last ones, or by its page of UIDs',
    sql: `select 'folder ' || m.folder || ' page ' || m.page as problem from (
            select slot, folder, uid >> 8 as page, max(modseq) as modseq from (
              select slot, folder, uid, modseq, min(modseq) over (
                partition by slot, folder order by uid desc rows between unbounded preceding and 1 preceding) as later from message) m
            where later < modseq group by slot, folder, uid >> 8) m
          left join message_page p on p.slot = m.slot and p.folder = m.folder and p.page = m.page where coalesce(p.modseq, 0) < m.modseq`,
  },
  {
    invariant: 'I8',
    says: 'Who asks for the changes since a cursor finds each tombstone by its page of UIDs',
    sql: `select 'folder ' || t.folder || ' page ' || t.page as problem from (
            select slot, folder, uid >> 8 as page, max(modseq) as modseq from tombstone group by slot, folder, uid >> 8) t
          join folder f on f.slot = t.slot and f.id = t.folder
          left join message_page p on p.slot = t.slot and p.folder = t.folder and p.page = t.page where coalesce(p.modseq, 0) < t.modseq`,
  },
  {
    invariant: 'mailbox',
    says: 'A subscription without a folder has none of its name',
    sql: `select 'mailbox ' || o.mailbox as problem from orphan_subscription o
          join folder f on f.slot = o.slot and f.mailbox = o.mailbox and f.name = o.name`,
  },
  {
    invariant: 'mailbox',
    says: 'A quota warning that stands was noted on its mailbox',
    sql: `select 'mailbox ' || w.mailbox as problem from quota_warning w join mailbox m on m.slot = w.slot and m.id = w.mailbox
          where w.mark > m.warned_mark`,
  },
  {
    invariant: 'I5',
    says: 'A content has the bytes that it was stored with',
    sql: `select 'content ' || id as problem from content
          where sha256(head || tail) <> sha256 or length(head) + blob_length + length(tail) <> size`,
  },
  {
    invariant: 'I5',
    says: "A content's blob is there, and long enough",
    sql: `select 'content ' || c.id as problem from content c left join blob b on b.slot = c.blob_slot and b.id = c.blob
          where c.blob is not null and (b.id is null or c.blob_offset + c.blob_length > b.size)`,
  },
  {
    invariant: 'I5',
    says: 'What was taken out of a content for searching is gone when the content is',
    sql: ['header', 'fields', 'text', 'preview']
      .map(
        (of) => `select 'content_${of} ' || x.content as problem from content_${of} x
          where not exists (select from content c where c.slot = x.slot and c.id = x.content)`,
      )
      .join(' union all '),
  },
  {
    invariant: 'I5',
    says: 'A message has a content, and its size',
    sql: `select 'folder ' || m.folder || ' uid ' || m.uid as problem from message m
          left join content c on c.slot = m.slot and c.id = m.content where c.id is null or c.size <> m.size`,
  },
]
