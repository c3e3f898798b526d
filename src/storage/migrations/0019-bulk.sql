-- Owner: src/mailbox. Changes of many messages at once. A change of flags touches no index, so that PostgreSQL writes no more than the row (HOT);
-- what was changed is found by pages of UIDs; functions answer one row with arrays.

-- When something was last changed among 256 UIDs of a folder (page = uid / 256): flags, or a message expunged. What was appended is not noted:
-- appended messages have rising modseqs, so those since a cursor are the ones after the last message that has not changed since.
create table message_page (
  slot integer not null,
  folder uuid not null,
  page bigint not null,
  modseq bigint not null,
  primary key (slot, folder, page)
) with (fillfactor = 50);
insert into message_page (slot, folder, page, modseq)
  select c.slot, c.folder, c.uid >> 8, max(c.modseq)
  from (select slot, folder, uid, modseq from message union all select slot, folder, uid, modseq from tombstone) c group by 1, 2, 3;

drop index message_modseq;
drop index tombstone_modseq;
drop index tombstone_content;
-- Room for another version of each row beside the first: all messages of a folder may be changed at once.
alter table message set (fillfactor = 50);
-- Checking the keys of each copied row takes more than half of the time. The functions here keep them, and src/mailbox/consistency.ts looks.
alter table message drop constraint message_slot_folder_fkey;
alter table message drop constraint message_slot_content_fkey;

-- Notes that these messages have changed.
create function message_touch(p_slot integer, p_folder uuid, p_uids bigint[], p_modseq bigint) returns void
language plpgsql as $$
begin
  insert into message_page (slot, folder, page, modseq)
  select distinct p_slot, p_folder, u >> 8, p_modseq from unnest(p_uids) u
  on conflict (slot, folder, page) do update set modseq = excluded.modseq;
end $$;

-- Removes messages of a locked folder, leaving tombstones: those with \Deleted, or with p_any whatever their flags; null: among all of the
-- folder. Answers what was removed; uids is null if nothing was.
create function message_bury(p_slot integer, p_folder uuid, p_uids bigint[], p_any boolean, p_modseq bigint, p_at timestamptz,
  out uids bigint[], out size bigint, out unseen bigint)
language plpgsql as $$
declare
  v_contents uuid[];
begin
  -- Two statements, so that a few UIDs are looked up and not found by reading the folder.
  if p_uids is null then
    with gone as (
      delete from message m where m.slot = p_slot and m.folder = p_folder and (p_any or m.flags & 8 <> 0)
      returning m.uid, m.content, m.size, m.flags)
    select array_agg(g.uid), array_agg(g.content), sum(g.size), count(*) filter (where g.flags & 1 = 0)
    into uids, v_contents, size, unseen from gone g;
  else
    with gone as (
      delete from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (p_uids) and (p_any or m.flags & 8 <> 0)
      returning m.uid, m.content, m.size, m.flags)
    select array_agg(g.uid), array_agg(g.content), sum(g.size), count(*) filter (where g.flags & 1 = 0)
    into uids, v_contents, size, unseen from gone g;
  end if;
  if uids is null then return; end if;
  insert into tombstone (slot, folder, uid, modseq, content, expunged_at)
  select p_slot, p_folder, g.uid, p_modseq, g.content, p_at from unnest(uids, v_contents) g(uid, content);
  perform message_touch(p_slot, p_folder, uids, p_modseq);
end $$;

-- Changes flags of messages. Mode: add, remove, replace. Answers how many it changed, and the new state of those that exist, in arrays in step;
-- keywords, as pairs of UID and words, only of messages that have some. Who knew all of the folder up to since, its cursor before, now knows it up
-- to modseq; and if that is p_known, he can reckon himself what has become of the messages: then no states are answered.
drop function mailbox_store_flags(integer, uuid, uuid, bigint[], text, integer, text[]);
create function mailbox_store_flags(p_slot integer, p_mailbox uuid, p_folder uuid, p_uids bigint[], p_mode text, p_flags integer, p_keywords text[],
  p_known bigint,
  out since bigint, out modseq bigint, out changed bigint, out uids bigint[], out modseqs bigint[], out flags integer[], out keywords jsonb)
language plpgsql as $$
declare
  v_modseq bigint;
  v_unseen bigint := 0;
begin
  select m.modseq + 1 into v_modseq from mailbox m where m.slot = p_slot and m.id = p_mailbox for update;
  select f.modseq into since from folder f where f.slot = p_slot and f.id = p_folder and f.mailbox = p_mailbox for update;
  if not found then raise exception 'no such folder' using errcode = 'CE405'; end if;
  if p_mode = 'replace' or p_flags & 1 <> 0 then
    select case when p_mode = 'remove' or p_flags & 1 = 0 then count(*) else 0 end - count(*) filter (where m.flags & 1 = 0) into v_unseen
    from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (p_uids);
  end if;
  -- Twice, for what a row costs is all that it costs.
  if p_mode <> 'replace' and p_keywords = '{}' then
    update message m set modseq = v_modseq, flags = case p_mode when 'add' then m.flags | p_flags else m.flags & ~p_flags end
    where m.slot = p_slot and m.folder = p_folder and m.uid = any (p_uids)
      and m.flags & p_flags <> case p_mode when 'add' then p_flags else 0 end;
  else
    update message m set
      modseq = v_modseq,
      flags = case p_mode when 'add' then m.flags | p_flags when 'remove' then m.flags & ~p_flags else p_flags end,
      keywords = case p_mode
        when 'add' then array(select k from unnest(m.keywords || p_keywords) with ordinality u(k, n) group by k order by min(n))
        when 'remove' then array(select k from unnest(m.keywords) with ordinality u(k, n) where not k = any (p_keywords) order by n)
        else p_keywords end
    where m.slot = p_slot and m.folder = p_folder and m.uid = any (p_uids)
      and case p_mode
        when 'add' then m.flags & p_flags <> p_flags or not m.keywords @> p_keywords
        when 'remove' then m.flags & p_flags <> 0 or m.keywords && p_keywords
        else m.flags <> p_flags or not (m.keywords @> p_keywords and m.keywords <@ p_keywords) end;
  end if;
  get diagnostics changed = row_count;
  modseq := since;
  if changed > 0 then
    modseq := v_modseq;
    update mailbox m set modseq = v_modseq where m.slot = p_slot and m.id = p_mailbox;
    update folder f set modseq = v_modseq, unseen = f.unseen + v_unseen where f.slot = p_slot and f.id = p_folder;
    perform message_touch(p_slot, p_folder, p_uids, v_modseq);
  end if;
  if since = p_known then return; end if;
  select array_agg(m.uid), array_agg(m.modseq), array_agg(m.flags), jsonb_agg(jsonb_build_array(m.uid, m.keywords)) filter (where m.keywords <> '{}')
  into uids, modseqs, flags, keywords
  from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (p_uids);
end $$;

-- Changes flags of those messages that have not changed since p_unchanged (RFC 7162 3.1.3). A message that has counts as unchanged where
-- flags are added or removed and these very flags are still as somebody knew them (RFC 7162 3.1.12): p_known_uids, and in step with it the
-- bits, and the keywords in the order of their bytes joined by blanks, of those that are to change. Answers as mailbox_store_flags, in two rows:
-- those that were changed, and those that were not.
drop function mailbox_store_flags_if(integer, uuid, uuid, bigint[], text, integer, text[], bigint, bigint[], integer[], text[]);
create function mailbox_store_flags_if(p_slot integer, p_mailbox uuid, p_folder uuid, p_uids bigint[], p_mode text, p_flags integer, p_keywords text[],
  p_unchanged bigint, p_known_uids bigint[], p_known_flags integer[], p_known_keywords text[])
returns table (passed boolean, since bigint, modseq bigint, uids bigint[], modseqs bigint[], flags integer[], keywords jsonb)
language plpgsql as $$
declare
  v_passed bigint[];
  v_failed bigint[];
begin
  perform 1 from mailbox m where m.slot = p_slot and m.id = p_mailbox for update;
  with asked as materialized (
    select m.uid, m.modseq, m.flags, m.keywords from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (p_uids)
  ), judged as (
    select a.uid, case when a.modseq <= p_unchanged then true when p_mode = 'replace' or k.uid is null then false
      else k.flags = a.flags & p_flags
        and k.keywords = array_to_string(array(select w from unnest(a.keywords) w where w = any (p_keywords) order by w collate "C"), ' ') end as passed
    from asked a left join unnest(p_known_uids, p_known_flags, p_known_keywords) k(uid, flags, keywords) on k.uid = a.uid
  )
  select coalesce(array_agg(j.uid) filter (where j.passed), '{}'), coalesce(array_agg(j.uid) filter (where not j.passed), '{}')
  into v_passed, v_failed from judged j;
  return query select true, s.since, s.modseq, s.uids, s.modseqs, s.flags, s.keywords
    from mailbox_store_flags(p_slot, p_mailbox, p_folder, v_passed, p_mode, p_flags, p_keywords, null) s;
  return query select false, null::bigint, null::bigint, array_agg(m.uid), array_agg(m.modseq), array_agg(m.flags),
    jsonb_agg(jsonb_build_array(m.uid, m.keywords)) filter (where m.keywords <> '{}')
    from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (v_failed);
end $$;

-- Removes messages (null: all of the folder) that carry \Deleted; with p_any, whatever their flags. Answers the removed UIDs, null for none.
drop function mailbox_expunge(integer, uuid, uuid, bigint[], boolean, timestamptz);
create function mailbox_expunge(p_slot integer, p_mailbox uuid, p_folder uuid, p_uids bigint[], p_any boolean, p_at timestamptz)
returns bigint[]
language plpgsql as $$
declare
  v_modseq bigint;
  v_gone record;
begin
  select m.modseq + 1 into v_modseq from mailbox m where m.slot = p_slot and m.id = p_mailbox for update;
  perform 1 from folder f where f.slot = p_slot and f.id = p_folder and f.mailbox = p_mailbox for update;
  if not found then raise exception 'no such folder' using errcode = 'CE405'; end if;
  select * into v_gone from message_bury(p_slot, p_folder, p_uids, p_any, v_modseq, p_at);
  if v_gone.uids is null then return null; end if;
  update mailbox m set modseq = v_modseq, used = m.used - v_gone.size where m.slot = p_slot and m.id = p_mailbox;
  update folder f set modseq = v_modseq, total = f.total - cardinality(v_gone.uids), unseen = f.unseen - v_gone.unseen
  where f.slot = p_slot and f.id = p_folder;
  return v_gone.uids;
end $$;

-- Copies messages into another folder (or the same); p_move takes them out of the first. Copies share the content, and count in the quota.
-- Answers the UIDs of those that exist, null for none: the first has first_uid there, the others follow.
drop function mailbox_copy(integer, uuid, uuid, bigint[], uuid, boolean, timestamptz);
create function mailbox_copy(p_slot integer, p_mailbox uuid, p_folder uuid, p_uids bigint[], p_to uuid, p_move boolean, p_at timestamptz,
  out uid_validity bigint, out first_uid bigint, out uids bigint[])
language plpgsql as $$
declare
  v_mailbox record;
  v_size bigint;
  v_unseen bigint;
begin
  select m.used, m.quota, m.modseq + 1 as modseq into v_mailbox from mailbox m where m.slot = p_slot and m.id = p_mailbox for update;
  perform 1 from folder f where f.slot = p_slot and f.id in (p_folder, p_to) and f.mailbox = p_mailbox order by f.id for update;
  perform 1 from folder f where f.slot = p_slot and f.id = p_folder and f.mailbox = p_mailbox;
  if not found then raise exception 'no such folder' using errcode = 'CE405'; end if;
  select array_agg(m.uid order by m.uid), coalesce(sum(m.size), 0), count(*) filter (where m.flags & 1 = 0) into uids, v_size, v_unseen
  from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (p_uids);
  if not p_move and uids is not null and v_mailbox.used + v_size > v_mailbox.quota then
    raise exception 'over quota' using errcode = 'CE507';
  end if;
  update folder f set uid_next = f.uid_next + coalesce(cardinality(uids), 0), modseq = v_mailbox.modseq,
    total = f.total + coalesce(cardinality(uids), 0), unseen = f.unseen + v_unseen
  where f.slot = p_slot and f.id = p_to and f.mailbox = p_mailbox
  returning f.uid_next - coalesce(cardinality(uids), 0), f.uid_validity into first_uid, uid_validity;
  if not found then raise exception 'no such folder' using errcode = 'CE405'; end if;
  update mailbox m set modseq = v_mailbox.modseq, used = m.used + case when p_move then 0 else v_size end where m.slot = p_slot and m.id = p_mailbox;
  insert into message (slot, folder, uid, content, modseq, flags, keywords, internal_date, size, saved_at)
  select p_slot, p_to, first_uid + row_number() over (order by m.uid) - 1, m.content, v_mailbox.modseq, m.flags, m.keywords,
    m.internal_date, m.size, p_at
  from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (uids);
  if p_move and uids is not null then
    perform message_bury(p_slot, p_folder, uids, true, v_mailbox.modseq, p_at);
    update folder f set modseq = v_mailbox.modseq, total = f.total - cardinality(uids), unseen = f.unseen - v_unseen
    where f.slot = p_slot and f.id = p_folder;
  end if;
end $$;

-- The rows of blobs, as blob_add makes one: each names id, size, place, and at, where its hash (32 bytes) and its bytes lie in p_bytes.
-- Owner: src/storage.
create function blob_add_all(p_slot integer, p_rows jsonb, p_bytes bytea, p_at timestamptz) returns void
language sql as $$
  insert into blob (slot, id, size, sha256, place, bytes, created_at)
  select p_slot, r.id, r.size, substr(p_bytes, r.at + 1, 32), r.place,
    case r.place when 'database' then substr(p_bytes, r.at + 33, r.size::integer) end, p_at
  from jsonb_to_recordset(p_rows) r(id uuid, size bigint, at integer, place text)
  on conflict (slot, id) do nothing
$$;

-- Contents, as content_add makes one, of those items that have a number; p_numbers is in step with the items.
create function content_add_all(p_slot integer, p_items jsonb, p_numbers bigint[], p_bytes bytea, p_at timestamptz) returns void
language sql as $$
  insert into content (slot, id, size, sha256, head, tail, parsed, blob_slot, blob, blob_place, blob_offset, blob_length, created_at)
  select p_slot, i.id, i.size,
    substr(p_bytes, i.at + 1, 32),
    substr(p_bytes, i.at + 33, i.head),
    substr(p_bytes, i.at + 33 + i.head, i.tail),
    substr(p_bytes, i.at + 33 + i.head + i.tail, i.parsed),
    i."blobSlot", i.blob, i."blobPlace", coalesce(i."blobOffset", 0), coalesce(i."blobLength", 0), p_at
  from rows from (jsonb_to_recordset(p_items) as (id uuid, size bigint, at integer, head integer, tail integer, parsed integer,
    "blobSlot" integer, blob uuid, "blobPlace" text, "blobOffset" bigint, "blobLength" bigint)) with ordinality i
  where p_numbers[i.ordinality] is not null
$$;

-- As in 0002 and 0017, in a statement for all messages.
create or replace function mailbox_append(p_slot integer, p_mailbox uuid, p_folder uuid, p_items jsonb, p_bytes bytea, p_at timestamptz)
returns table (item integer, uid bigint, uid_validity bigint)
language plpgsql as $$
declare
  v_mailbox record;
  v_folder record;
  v_all record;
  v_item record;
  v_used bigint;
  v_count bigint := 0;
  v_unseen bigint := 0;
  -- in step with the items: what each adds to the first UID; null for one that does not fit
  v_numbers bigint[] := '{}';
begin
  select m.used, m.quota, m.modseq + 1 as modseq into v_mailbox from mailbox m where m.slot = p_slot and m.id = p_mailbox for update;
  if not found then raise exception 'no such mailbox' using errcode = 'CE404'; end if;
  select count(*) as count, coalesce(sum(i.size), 0) as size, count(*) filter (where i.flags & 1 = 0) as unseen into v_all
  from jsonb_to_recordset(p_items) i(size bigint, flags integer);
  if v_mailbox.used + v_all.size <= v_mailbox.quota then
    v_used := v_mailbox.used + v_all.size;
    v_count := v_all.count;
    v_unseen := v_all.unseen;
    v_numbers := array(select generate_series(0, v_all.count - 1));
  else
    v_used := v_mailbox.used;
    for v_item in select i.size, i.flags, i.receipt from jsonb_to_recordset(p_items) i(size bigint, flags integer, receipt boolean) loop
      if v_item.receipt or v_used + v_item.size <= v_mailbox.quota then
        v_numbers := v_numbers || v_count;
        v_used := v_used + v_item.size;
        v_count := v_count + 1;
        if v_item.flags & 1 = 0 then v_unseen := v_unseen + 1; end if;
      else
        v_numbers := v_numbers || null::bigint;
      end if;
    end loop;
  end if;
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
  perform content_add_all(p_slot, p_items, v_numbers, p_bytes, p_at);
  insert into message (slot, folder, uid, content, modseq, flags, keywords, internal_date, size, saved_at)
  select p_slot, v_folder.id, v_folder.first_uid + v_numbers[i.ordinality], i.id, v_mailbox.modseq, i.flags, i.keywords::text[],
    to_timestamp(i."internalDate" / 1000.0), i.size, p_at
  from rows from (jsonb_to_recordset(p_items) as (id uuid, size bigint, flags integer, keywords text, "internalDate" bigint))
    with ordinality i where v_numbers[i.ordinality] is not null;
  return query select (n.ordinality - 1)::integer, v_folder.first_uid + n.number, v_folder.uid_validity
    from unnest(v_numbers) with ordinality n(number, ordinality);
end $$;

-- The structure of a content as IMAP shows it (BODYSTRUCTURE), kept once a client has asked for those of many messages: deliveries write nothing
-- here. Contents never change, but the text may be written otherwise one day: version. It goes with its content.
create table content_shown (
  slot integer not null,
  content uuid not null,
  version integer not null,
  shown text not null,
  primary key (slot, content),
  foreign key (slot, content) references content (slot, id) on delete cascade
);

-- Keeps texts, of contents that are there still.
create function content_show(p_slot integer, p_version integer, p_contents uuid[], p_shown text[]) returns void
language sql as $$
  insert into content_shown (slot, content, version, shown)
  select p_slot, s.content, p_version, s.shown from unnest(p_contents, p_shown) s(content, shown)
  where exists (select 1 from content c where c.slot = p_slot and c.id = s.content)
  on conflict (slot, content) do update set version = excluded.version, shown = excluded.shown
$$;
