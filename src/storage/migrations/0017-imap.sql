-- Owner: src/mailbox. What the extensions of IMAP ask of the store: tombstones that may be forgotten (RFC 7162), conditional changes of flags
-- (RFC 7162), several messages appended as one (RFC 3502), when a message came into its folder (RFC 8514).

-- Of what was expunged up to this modseq the tombstone may be gone: who asks from before it is told of every UID that is not there.
alter table folder add column forgotten_modseq bigint not null default 0;
-- When the message came into this folder, whatever its internal date; null where that was not noted yet.
alter table message add column saved_at timestamptz;

-- As in 0002, with saved_at.
create or replace function mailbox_append(p_slot integer, p_mailbox uuid, p_folder uuid, p_items jsonb, p_bytes bytea, p_at timestamptz)
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
      insert into message (slot, folder, uid, content, modseq, flags, keywords, internal_date, size, saved_at)
      values (p_slot, v_folder.id, v_uid, (v_item->>'id')::uuid, v_mailbox.modseq, (v_item->>'flags')::integer,
        (v_item->>'keywords')::text[],
        to_timestamp((v_item->>'internalDate')::bigint / 1000.0), (v_item->>'size')::bigint, p_at);
      uid := v_uid;
      v_uid := v_uid + 1;
    end if;
    item := v_index;
    return next;
  end loop;
end $$;

-- Appends messages to a folder, all or none (CE507 if they do not all fit the quota). Items: as mailbox_append; none is a receipt.
create function mailbox_append_all(p_slot integer, p_mailbox uuid, p_folder uuid, p_items jsonb, p_bytes bytea, p_at timestamptz)
returns table (item integer, uid bigint, uid_validity bigint)
language plpgsql as $$
declare
  v_room bigint;
begin
  select m.quota - m.used into v_room from mailbox m where m.slot = p_slot and m.id = p_mailbox for update;
  if (select sum((i->>'size')::bigint) from jsonb_array_elements(p_items) i) > v_room then
    raise exception 'over quota' using errcode = 'CE507';
  end if;
  return query select a.item, a.uid, a.uid_validity from mailbox_append(p_slot, p_mailbox, p_folder, p_items, p_bytes, p_at) a;
end $$;

-- As in 0002, with saved_at.
create or replace function mailbox_copy(p_slot integer, p_mailbox uuid, p_folder uuid, p_uids bigint[], p_to uuid, p_move boolean, p_at timestamptz)
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
  insert into message (slot, folder, uid, content, modseq, flags, keywords, internal_date, size, saved_at)
  select p_slot, p_to, v_target.first_uid + row_number() over (order by m.uid) - 1, m.content, v_mailbox.modseq, m.flags, m.keywords,
    m.internal_date, m.size, p_at
  from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (p_uids)
    and (p_folder <> p_to or m.uid < v_target.first_uid);
  if p_move then perform mailbox_expunge(p_slot, p_mailbox, p_folder, p_uids, true, p_at); end if;
end $$;

-- Changes flags of those messages that have not changed since p_unchanged (RFC 7162 3.1.3). A message that has counts as unchanged where
-- flags are added or removed and these very flags are still as somebody knew them (RFC 7162 3.1.12): p_known_uids, and in step with it the
-- bits, and the keywords in the order of their bytes joined by blanks, of those that are to change. Answers the state of all, and of which
-- it was changed.
create function mailbox_store_flags_if(p_slot integer, p_mailbox uuid, p_folder uuid, p_uids bigint[], p_mode text, p_flags integer, p_keywords text[],
  p_unchanged bigint, p_known_uids bigint[], p_known_flags integer[], p_known_keywords text[])
returns table (uid bigint, modseq bigint, flags integer, keywords text[], passed boolean)
language plpgsql as $$
declare
  v_passed bigint[];
  v_failed bigint[];
begin
  perform 1 from mailbox m where m.slot = p_slot and m.id = p_mailbox for update;
  select coalesce(array_agg(c.uid) filter (where c.passed), '{}'), coalesce(array_agg(c.uid) filter (where not c.passed), '{}') into v_passed, v_failed
  from (
    select m.uid, case when m.modseq <= p_unchanged then true when p_mode = 'replace' then false else exists (
        select 1 from unnest(p_known_uids, p_known_flags, p_known_keywords) k(uid, flags, keywords)
        where k.uid = m.uid and k.flags = m.flags & p_flags
          and k.keywords = array_to_string(array(select w from unnest(m.keywords) w where w = any (p_keywords) order by w collate "C"), ' ')
      ) end as passed
    from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (p_uids)) c;
  return query select s.uid, s.modseq, s.flags, s.keywords, true
    from mailbox_store_flags(p_slot, p_mailbox, p_folder, v_passed, p_mode, p_flags, p_keywords) s;
  return query select m.uid, m.modseq, m.flags, m.keywords, false
    from message m where m.slot = p_slot and m.folder = p_folder and m.uid = any (v_failed) order by m.uid;
end $$;

-- Removes tombstones of messages expunged before a time, but none that mailbox_sweep still needs, and notes up to which modseq that was.
-- Answers how many.
create function mailbox_forget(p_slot integer, p_before timestamptz) returns integer
language plpgsql as $$
declare
  v_folder uuid;
  v_modseq bigint;
  v_uids bigint[];
  v_removed integer := 0;
begin
  for v_folder in select distinct t.folder from tombstone t where t.slot = p_slot and t.expunged_at < p_before order by t.folder loop
    perform 1 from folder f where f.slot = p_slot and f.id = v_folder for update;
    select max(t.modseq), array_agg(t.uid) into v_modseq, v_uids from tombstone t
    where t.slot = p_slot and t.folder = v_folder and t.expunged_at < p_before
      and (not exists (select 1 from content c where c.slot = p_slot and c.id = t.content)
        or exists (select 1 from message m where m.slot = p_slot and m.content = t.content));
    continue when v_uids is null;
    update folder f set forgotten_modseq = greatest(f.forgotten_modseq, v_modseq) where f.slot = p_slot and f.id = v_folder;
    delete from tombstone t where t.slot = p_slot and t.folder = v_folder and t.uid = any (v_uids);
    v_removed := v_removed + cardinality(v_uids);
  end loop;
  return v_removed;
end $$;
