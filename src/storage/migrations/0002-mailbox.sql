-- Owner: src/mailbox. Mailboxes, folders, messages, their contents, and the change log (modseq, tombstones).
-- UIDs are compared with any: joined from unnest, the planner without statistics reads the whole folder; and one that comes twice counts once.
-- Lock order of every function: mailbox row, folder rows by id, message rows. One modseq per transaction and mailbox, so that whoever
-- reads up to a cursor has seen every change below it (I8).

create table mailbox (
  slot integer not null,
  id uuid not null,
  address text not null,
  modseq bigint not null,
  -- bytes: of all messages; what ordinary messages may fill; what receipts may fill beyond it (I10)
  used bigint not null,
  quota bigint not null,
  reserve bigint not null,
  -- the last UIDVALIDITY given to a folder
  uid_validity bigint not null,
  created_at timestamptz not null,
  primary key (slot, id)
) with (fillfactor = 50);

create table folder (
  slot integer not null,
  id uuid not null,
  mailbox uuid not null,
  name text not null,
  special_use text,
  uid_validity bigint not null,
  uid_next bigint not null,
  -- first UID that no session has been told of as \Recent
  recent_uid bigint not null,
  modseq bigint not null,
  total bigint not null,
  unseen bigint not null,
  subscribed boolean not null,
  primary key (slot, id),
  unique (slot, mailbox, name),
  foreign key (slot, mailbox) references mailbox (slot, id)
) with (fillfactor = 50);

-- The bytes of a message: head | length bytes of a blob from offset | tail. Immutable (I5). sha256 is over head and tail; the blob has its own.
create table content (
  slot integer not null,
  id uuid not null,
  size bigint not null,
  sha256 bytea not null,
  head bytea not null,
  tail bytea not null,
  parsed bytea not null,
  blob_slot integer,
  blob uuid,
  blob_place text,
  blob_offset bigint not null,
  blob_length bigint not null,
  created_at timestamptz not null,
  primary key (slot, id)
);
-- Compressing some kilobytes of base64 and quoted-printable costs more than it saves.
alter table content alter column head set storage external;
alter table content alter column tail set storage external;
create index content_blob on content (blob);

create table message (
  slot integer not null,
  folder uuid not null,
  uid bigint not null,
  content uuid not null,
  modseq bigint not null,
  flags integer not null,
  keywords text[] not null,
  internal_date timestamptz not null,
  size bigint not null,
  primary key (slot, folder, uid),
  foreign key (slot, folder) references folder (slot, id),
  foreign key (slot, content) references content (slot, id)
) with (fillfactor = 90);
-- Partial, of a condition that always holds, so that only `changes` uses it: without statistics yet, the planner would take it for looking
-- up UIDs too, and read the whole folder.
create index message_modseq on message (slot, folder, modseq) where modseq > 0;
create index message_content on message (slot, content);

create table tombstone (
  slot integer not null,
  folder uuid not null,
  uid bigint not null,
  modseq bigint not null,
  content uuid not null,
  expunged_at timestamptz not null,
  primary key (slot, folder, uid)
);
create index tombstone_modseq on tombstone (slot, folder, modseq);
create index tombstone_content on tombstone (slot, content);

-- Adds one content. Its item names id, size, blob; its bytes lie in p_bytes from "at": 32 of the hash, then head, tail, parsed.
create function content_add(p_slot integer, p_item jsonb, p_bytes bytea, p_at timestamptz) returns void
language plpgsql as $$
declare
  v_at integer := (p_item->>'at')::integer + 1;
  v_head integer := (p_item->>'head')::integer;
  v_tail integer := (p_item->>'tail')::integer;
  v_parsed integer := (p_item->>'parsed')::integer;
begin
  insert into content (slot, id, size, sha256, head, tail, parsed, blob_slot, blob, blob_place, blob_offset, blob_length, created_at)
  values (
    p_slot, (p_item->>'id')::uuid, (p_item->>'size')::bigint,
    substr(p_bytes, v_at, 32),
    substr(p_bytes, v_at + 32, v_head),
    substr(p_bytes, v_at + 32 + v_head, v_tail),
    substr(p_bytes, v_at + 32 + v_head + v_tail, v_parsed),
    (p_item->>'blobSlot')::integer, (p_item->>'blob')::uuid, p_item->>'blobPlace',
    coalesce((p_item->>'blobOffset')::bigint, 0), coalesce((p_item->>'blobLength')::bigint, 0), p_at);
end $$;

-- Appends messages to a folder (null: the inbox). Items: content (as content_add), flags, keywords, internalDate (ms), receipt.
-- An ordinary message that does not fit the quota is not appended: its uid is null. A receipt always fits (I10).
create function mailbox_append(p_slot integer, p_mailbox uuid, p_folder uuid, p_items jsonb, p_bytes bytea, p_at timestamptz)
returns table (item integer, uid bigint, uid_validity bigint)
language plpgsql as $$
declare
  v_mailbox record;
  v_folder record;
  v_used bigint;
  v_fits boolean[] := '{}';
  v_item jsonb;
  v_count bigint := 0;
  v_unseen bigint := 0;
  v_uid bigint;
begin
  select m.used, m.quota, m.modseq + 1 as modseq into v_mailbox from mailbox m where m.slot = p_slot and m.id = p_mailbox for update;
  if not found then raise exception 'no such mailbox' using errcode = 'CE404'; end if;
  v_used := v_mailbox.used;
  for v_index in 0 .. jsonb_array_length(p_items) - 1 loop
    v_item := p_items->v_index;
    if (v_item->>'receipt')::boolean or v_used + (v_item->>'size')::bigint <= v_mailbox.quota then
      v_used := v_used + (v_item->>'size')::bigint;
      v_count := v_count + 1;
      if (v_item->>'flags')::integer & 1 = 0 then v_unseen := v_unseen + 1; end if;
      v_fits := v_fits || true;
    else
      v_fits := v_fits || false;
    end if;
  end loop;
  update mailbox m set modseq = v_mailbox.modseq, used = v_used where m.slot = p_slot and m.id = p_mailbox;
  if p_folder is null then
    update folder f set uid_next = f.uid_next + v_count, modseq = v_mailbox.modseq, total = f.total + v_count, unseen = f.unseen + v_unseen
    where f.slot = p_slot and f.mailbox = p_mailbox and f.name = 'INBOX'
    returning f.id, f.uid_next - v_count as first_uid, f.uid_validity into v_folder;
  else
    update folder f set uid_next = f.uid_next + v_count, modseq = v_mailbox.modseq, total = f.total + v_count, unseen = f.unseen + v_unseen
    where f.slot = p_slot and f.id = p_folder and f.mailbox = p_mailbox
    returning f.id, f.uid_next - v_count as first_uid, f.uid_validity into v_folder;
  end if;
  if v_folder is null then raise exception 'no such folder' using errcode = 'CE405'; end if;
  v_uid := v_folder.first_uid;
  for v_index in 0 .. jsonb_array_length(p_items) - 1 loop
    v_item := p_items->v_index;
    uid := null;
    uid_validity := v_folder.uid_validity;
    if v_fits[v_index + 1] then
      perform content_add(p_slot, v_item, p_bytes, p_at);
      insert into message (slot, folder, uid, content, modseq, flags, keywords, internal_date, size)
      values (p_slot, v_folder.id, v_uid, (v_item->>'id')::uuid, v_mailbox.modseq, (v_item->>'flags')::integer,
        (v_item->>'keywords')::text[],
        to_timestamp((v_item->>'internalDate')::bigint / 1000.0), (v_item->>'size')::bigint);
      uid := v_uid;
      v_uid := v_uid + 1;
    end if;
    item := v_index;
    return next;
  end loop;
end $$;

-- Changes flags of messages; answers their new state. Mode: add, remove, replace.
create function mailbox_store_flags(p_slot integer, p_mailbox uuid, p_folder uuid, p_uids bigint[], p_mode text, p_flags integer, p_keywords text[])
returns table (uid bigint, modseq bigint, flags integer, keywords text[])
language plpgsql as $$
declare
  v_modseq bigint;
  v_unseen bigint;
begin
  select m.modseq + 1 into v_modseq from mailbox m where m.slot = p_slot and m.id = p_mailbox for update;
  perform 1 from folder f where f.slot = p_slot and f.id = p_folder and f.mailbox = p_mailbox for update;
  if not found then raise exception 'no such folder' using errcode = 'CE405'; end if;
  select count(*) filter (where m.flags & 1 = 0) into v_unseen
  from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (p_uids);
  update message m set
    modseq = v_modseq,
    flags = case p_mode when 'add' then m.flags | p_flags when 'remove' then m.flags & ~p_flags else p_flags end,
    keywords = case p_mode
      when 'add' then array(select k from unnest(m.keywords || p_keywords) with ordinality u(k, n) group by k order by min(n))
      when 'remove' then array(select k from unnest(m.keywords) with ordinality u(k, n) where not k = any (p_keywords) order by n)
      else p_keywords end
  where m.slot = p_slot and m.folder = p_folder and m.uid = any (p_uids)
    and (case p_mode
      when 'add' then m.flags & p_flags <> p_flags or not m.keywords @> p_keywords
      when 'remove' then m.flags & p_flags <> 0 or m.keywords && p_keywords
      else m.flags <> p_flags or not (m.keywords @> p_keywords and m.keywords <@ p_keywords) end);
  if found then
    update mailbox m set modseq = v_modseq where m.slot = p_slot and m.id = p_mailbox;
    update folder f set modseq = v_modseq, unseen = f.unseen - v_unseen + (
      select count(*) from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (p_uids) and m.flags & 1 = 0)
    where f.slot = p_slot and f.id = p_folder;
  end if;
  return query select m.uid, m.modseq, m.flags, m.keywords
    from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (p_uids) order by m.uid;
end $$;

-- Removes messages (null: all of the folder) that carry \Deleted; with p_any, whatever their flags. Answers the removed UIDs.
create function mailbox_expunge(p_slot integer, p_mailbox uuid, p_folder uuid, p_uids bigint[], p_any boolean, p_at timestamptz)
returns setof bigint
language plpgsql as $$
declare
  v_modseq bigint;
  v_removed bigint[];
  v_size bigint;
  v_unseen bigint;
begin
  select m.modseq + 1 into v_modseq from mailbox m where m.slot = p_slot and m.id = p_mailbox for update;
  perform 1 from folder f where f.slot = p_slot and f.id = p_folder and f.mailbox = p_mailbox for update;
  if not found then raise exception 'no such folder' using errcode = 'CE405'; end if;
  -- Two statements, so that a few UIDs are looked up and not found by reading the folder.
  if p_uids is null then
    select array_agg(m.uid order by m.uid), coalesce(sum(m.size), 0), count(*) filter (where m.flags & 1 = 0)
    into v_removed, v_size, v_unseen
    from message m where m.slot = p_slot and m.folder = p_folder and (p_any or m.flags & 8 <> 0);
  else
    select array_agg(m.uid order by m.uid), coalesce(sum(m.size), 0), count(*) filter (where m.flags & 1 = 0)
    into v_removed, v_size, v_unseen
    from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (p_uids) and (p_any or m.flags & 8 <> 0);
  end if;
  if v_removed is null then return; end if;
  insert into tombstone (slot, folder, uid, modseq, content, expunged_at)
  select p_slot, p_folder, m.uid, v_modseq, m.content, p_at
  from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (v_removed);
  delete from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (v_removed);
  update mailbox m set modseq = v_modseq, used = m.used - v_size where m.slot = p_slot and m.id = p_mailbox;
  update folder f set modseq = v_modseq, total = f.total - cardinality(v_removed), unseen = f.unseen - v_unseen
  where f.slot = p_slot and f.id = p_folder;
  return query select unnest(v_removed);
end $$;

-- Copies messages into another folder (or the same); p_move takes them out of the first. Copies share the content, and count in the quota.
create function mailbox_copy(p_slot integer, p_mailbox uuid, p_folder uuid, p_uids bigint[], p_to uuid, p_move boolean, p_at timestamptz)
returns table (source_uid bigint, uid bigint, uid_validity bigint)
language plpgsql as $$
declare
  v_mailbox record;
  v_target record;
  v_count bigint;
  v_size bigint;
  v_unseen bigint;
begin
  select m.used, m.quota, m.modseq + 1 as modseq into v_mailbox from mailbox m where m.slot = p_slot and m.id = p_mailbox for update;
  perform 1 from folder f where f.slot = p_slot and f.id in (p_folder, p_to) and f.mailbox = p_mailbox order by f.id for update;
  perform 1 from folder f where f.slot = p_slot and f.id = p_folder and f.mailbox = p_mailbox;
  if not found then raise exception 'no such folder' using errcode = 'CE405'; end if;
  select count(*), coalesce(sum(m.size), 0), count(*) filter (where m.flags & 1 = 0) into v_count, v_size, v_unseen
  from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (p_uids);
  if not p_move and v_count > 0 and v_mailbox.used + v_size > v_mailbox.quota then
    raise exception 'over quota' using errcode = 'CE507';
  end if;
  update folder f set uid_next = f.uid_next + v_count, modseq = v_mailbox.modseq, total = f.total + v_count, unseen = f.unseen + v_unseen
  where f.slot = p_slot and f.id = p_to and f.mailbox = p_mailbox
  returning f.uid_next - v_count as first_uid, f.uid_validity into v_target;
  if v_target is null then raise exception 'no such folder' using errcode = 'CE405'; end if;
  update mailbox m set modseq = v_mailbox.modseq, used = m.used + v_size where m.slot = p_slot and m.id = p_mailbox;
  return query
    select m.uid, v_target.first_uid + row_number() over (order by m.uid) - 1, v_target.uid_validity
    from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (p_uids) order by m.uid;
  insert into message (slot, folder, uid, content, modseq, flags, keywords, internal_date, size)
  select p_slot, p_to, v_target.first_uid + row_number() over (order by m.uid) - 1, m.content, v_mailbox.modseq, m.flags, m.keywords,
    m.internal_date, m.size
  from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (p_uids)
    and (p_folder <> p_to or m.uid < v_target.first_uid);
  if p_move then perform mailbox_expunge(p_slot, p_mailbox, p_folder, p_uids, true, p_at); end if;
end $$;

-- Removes contents whose message was expunged before a time, if no other message has them. Answers how many.
create function mailbox_sweep(p_slot integer, p_before timestamptz) returns integer
language plpgsql as $$
declare
  v_removed integer;
begin
  delete from content c where c.slot = p_slot
    and c.id in (select t.content from tombstone t where t.slot = p_slot and t.expunged_at < p_before)
    and not exists (select 1 from message m where m.slot = p_slot and m.content = c.id);
  get diagnostics v_removed = row_count;
  return v_removed;
end $$;
