-- Owners: src/mailbox (how full a mailbox is and who was warned of it, subscriptions that outlive their folder, tombstones), src/registry (where
-- receipts go), src/access and src/delivery (receipts put there), src/incoming (what is under way to a mailbox).

-- Quota warnings, at 80, 90 and 95 per cent: the highest mark that was noted for a mailbox and that it has not left since. That a mark is passed
-- stands in the row with used and quota, whatever changed them, so the hot path does nothing for it; mailbox_warn finds it there.
alter table mailbox add column warned_mark smallint not null default 0;

-- The mark at which a mailbox stands: one counts from when it is reached until it is left by five points.
create function quota_mark(p_used bigint, p_quota bigint, p_warned integer) returns integer
language sql immutable as $$
  select greatest(
    case when p_used * 100 >= p_quota * 95 then 95 when p_used * 100 >= p_quota * 90 then 90 when p_used * 100 >= p_quota * 80 then 80 else 0 end,
    least(p_warned, case when p_used * 100 >= p_quota * 90 then 95 when p_used * 100 >= p_quota * 85 then 90
      when p_used * 100 >= p_quota * 75 then 80 else 0 end))
$$;

-- The marks that a mailbox has passed and not left: what a holder is to be told of.
create table quota_warning (
  slot integer not null,
  mailbox uuid not null,
  -- per cent of the quota
  mark smallint not null,
  -- bytes, when it was noted
  used bigint not null,
  quota bigint not null,
  at timestamptz not null,
  primary key (slot, mailbox, mark),
  foreign key (slot, mailbox) references mailbox (slot, id)
);

-- Notes the marks that mailboxes of a slot have passed, the highest of each, and forgets those that they have left. Answers what is new.
create function mailbox_warn(p_slot integer, p_at timestamptz) returns setof quota_warning
language plpgsql as $$
declare
  v_mailbox record;
  v_mark integer;
begin
  for v_mailbox in
    select m.id, m.used, m.quota, m.warned_mark from mailbox m
    where m.slot = p_slot and m.warned_mark <> quota_mark(m.used, m.quota, m.warned_mark) order by m.id for update skip locked
  loop
    v_mark := quota_mark(v_mailbox.used, v_mailbox.quota, v_mailbox.warned_mark);
    delete from quota_warning w where w.slot = p_slot and w.mailbox = v_mailbox.id and w.mark > v_mark;
    if v_mark > v_mailbox.warned_mark then
      return query insert into quota_warning (slot, mailbox, mark, used, quota, at)
        values (p_slot, v_mailbox.id, v_mark, v_mailbox.used, v_mailbox.quota, p_at) returning *;
    end if;
    update mailbox m set warned_mark = v_mark where m.slot = p_slot and m.id = v_mailbox.id;
  end loop;
end $$;

-- Names that a holder has subscribed to and whose folder was removed (RFC 3501 6.3.9: they stay).
create table orphan_subscription (
  slot integer not null,
  mailbox uuid not null,
  name text not null,
  primary key (slot, mailbox, name),
  foreign key (slot, mailbox) references mailbox (slot, id)
);

-- What is to be forgotten is found by its age; rows come in that order, so the smallest of indexes does.
create index tombstone_expunged on tombstone using brin (expunged_at);

-- Removes tombstones of messages expunged before a time, at most p_limit of them, but none that mailbox_sweep still needs, and notes up to which
-- modseq that was. Answers how many. A folder is locked for no longer than they take.
drop function mailbox_forget(integer, timestamptz);
create function mailbox_forget(p_slot integer, p_before timestamptz, p_limit integer) returns integer
language plpgsql as $$
declare
  v_folder uuid;
  v_modseq bigint;
  v_uids bigint[];
  v_removed integer := 0;
begin
  for v_folder in select distinct t.folder from tombstone t where t.slot = p_slot and t.expunged_at < p_before order by t.folder loop
    exit when v_removed >= p_limit;
    perform 1 from folder f where f.slot = p_slot and f.id = v_folder for update;
    select max(o.modseq), array_agg(o.uid) into v_modseq, v_uids from (
      select t.modseq, t.uid from tombstone t
      where t.slot = p_slot and t.folder = v_folder and t.expunged_at < p_before
        and (not exists (select 1 from content c where c.slot = p_slot and c.id = t.content)
          or exists (select 1 from message m where m.slot = p_slot and m.content = t.content))
      order by t.modseq limit p_limit - v_removed) o;
    continue when v_uids is null;
    update folder f set forgotten_modseq = greatest(f.forgotten_modseq, v_modseq) where f.slot = p_slot and f.id = v_folder;
    delete from tombstone t where t.slot = p_slot and t.folder = v_folder and t.uid = any (v_uids);
    v_removed := v_removed + cardinality(v_uids);
  end loop;
  return v_removed;
end $$;

-- A folder by its name, made if there is none, with this id. For functions that have locked the mailbox.
create function mailbox_folder_named(p_slot integer, p_mailbox uuid, p_name text, p_id uuid, p_at timestamptz) returns uuid
language plpgsql as $$
declare
  v_folder uuid;
  v_mailbox record;
begin
  select f.id into v_folder from folder f where f.slot = p_slot and f.mailbox = p_mailbox and f.name = p_name;
  if found then return v_folder; end if;
  update mailbox m set modseq = m.modseq + 1, uid_validity = greatest(m.uid_validity + 1, floor(extract(epoch from p_at))::bigint)
  where m.slot = p_slot and m.id = p_mailbox returning m.modseq, m.uid_validity into v_mailbox;
  insert into folder (slot, id, mailbox, name, special_use, uid_validity, uid_next, recent_uid, modseq, total, unseen, subscribed)
  values (p_slot, p_id, p_mailbox, p_name, null, v_mailbox.uid_validity, 1, 1, v_mailbox.modseq, 0, 0, true);
  delete from orphan_subscription o where o.slot = p_slot and o.mailbox = p_mailbox and o.name = p_name;
  return p_id;
end $$;

-- The folder in which a holder wants the receipts of what went well; null: the inbox.
alter table mailbox_profile add column receipts_folder text;

-- The folder of a mailbox's receipts, made if it is not there; null: the inbox. For functions that have locked the mailbox. p_id: of a receipt,
-- which the folder may have too, for messages and folders have names of their own.
create function registry_receipts_folder(p_slot integer, p_mailbox uuid, p_id uuid, p_at timestamptz) returns uuid
language plpgsql as $$
declare
  v_name text;
begin
  select p.receipts_folder into v_name from mailbox_profile p where p.slot = p_slot and p.mailbox = p_mailbox;
  if v_name is null then return null; end if;
  return mailbox_folder_named(p_slot, p_mailbox, v_name, p_id, p_at);
end $$;

-- As in 0007, with the acceptances where the holder wants them; and what a submission brings counts for the next one of the batch.
create or replace function access_accept(p_slot integer, p_mailbox uuid, p_items jsonb, p_bytes bytea, p_lease timestamptz)
returns table (item integer, status text)
language plpgsql as $$
declare
  v_mailbox record;
  v_receipts jsonb := '[]';
  v_ledger jsonb := '[]';
  v_item jsonb;
  v_blob jsonb;
  v_at timestamptz;
begin
  select m.used, m.quota + m.reserve as room into v_mailbox from mailbox m where m.slot = p_slot and m.id = p_mailbox for update;
  for v_index in 0 .. jsonb_array_length(p_items) - 1 loop
    v_item := p_items->v_index;
    item := v_index;
    status := case when v_mailbox.used < v_mailbox.room then 'accepted' else 'full' end;
    if status = 'accepted' then
      v_at := to_timestamp((v_item->>'at')::bigint / 1000.0);
      v_blob := v_item->'blob';
      perform blob_add(p_slot, (v_blob->>'id')::uuid, (v_blob->>'size')::bigint, substr(p_bytes, (v_blob->>'at')::integer + 1, 32),
        v_blob->>'place',
        case v_blob->>'place' when 'database' then substr(p_bytes, (v_blob->>'at')::integer + 33, (v_blob->>'size')::integer) end, v_at);
      perform transport_submit(p_slot, p_mailbox, v_item->'submission', p_bytes, p_lease, v_at);
      v_mailbox.used := v_mailbox.used + (v_item->'acceptance'->>'size')::bigint;
      v_receipts := v_receipts || jsonb_build_array(v_item->'acceptance');
      v_ledger := v_ledger || (v_item->'ledger');
    end if;
    return next;
  end loop;
  if jsonb_array_length(v_receipts) > 0 then
    perform mailbox_append(p_slot, p_mailbox, registry_receipts_folder(p_slot, p_mailbox, (v_receipts->0->>'id')::uuid, v_at), v_receipts,
      p_bytes, v_at);
    perform ledger_append(p_slot, v_ledger);
  end if;
end $$;

-- As in 0013, with the delivery receipts where the holder wants them. What failed or is late goes into the inbox, so that nobody misses it.
create or replace function delivery_receive_receipts(p_slot integer, p_mailbox uuid, p_items jsonb, p_bytes bytea)
returns table (item integer, status text)
language plpgsql as $$
declare
  v_delivered jsonb := '[]';
  v_others jsonb := '[]';
  v_ledger jsonb := '[]';
  v_item jsonb;
  v_receipt jsonb;
  v_blob jsonb;
  v_at timestamptz;
begin
  perform 1 from mailbox m where m.slot = p_slot and m.id = p_mailbox for update;
  -- All at once, in the order of transport_lock.
  perform 1 from dispatch d where d.slot = p_slot and (d.pec_msgid, d.recipient) in (
    select i->'receipt'->>'pecMsgid', i->'receipt'->>'recipient' from jsonb_array_elements(p_items) i)
  order by d.pec_msgid, d.recipient for update;
  for v_index in 0 .. jsonb_array_length(p_items) - 1 loop
    v_item := p_items->v_index;
    item := v_index;
    v_receipt := v_item->'receipt';
    v_blob := v_item->'blob';
    v_at := to_timestamp((v_item->'ledger'->>'at')::bigint / 1000.0);
    status := 'received';
    if v_receipt->>'origin' = 'own' then
      perform 1 from dispatch d where d.slot = p_slot and d.pec_msgid = v_receipt->>'pecMsgid' and d.recipient = v_receipt->>'recipient'
        and d.outcome is null and not (v_receipt->>'kind' = 'timeout-12' and d.taken_at is not null);
      if not found then status := 'closed'; end if;
    end if;
    if status = 'received' then
      insert into receipt (slot, pec_msgid, recipient, kind, message_id, content, at, origin)
      values (p_slot, v_receipt->>'pecMsgid', v_receipt->>'recipient', v_receipt->>'kind', v_receipt->>'messageId',
        (v_receipt->>'id')::uuid, v_at, v_receipt->>'origin')
      on conflict (slot, pec_msgid, recipient, kind) do nothing;
      if not found then
        select case r.message_id when v_receipt->>'messageId' then 'repeated' else 'other' end into status from receipt r
        where r.slot = p_slot and r.pec_msgid = v_receipt->>'pecMsgid' and r.recipient = v_receipt->>'recipient'
          and r.kind = v_receipt->>'kind';
      end if;
    end if;
    if status = 'received' then
      if jsonb_typeof(v_blob) = 'object' then
        perform blob_add(p_slot, (v_blob->>'id')::uuid, (v_blob->>'size')::bigint, substr(p_bytes, (v_blob->>'at')::integer + 1, 32),
          v_blob->>'place',
          case v_blob->>'place' when 'database' then substr(p_bytes, (v_blob->>'at')::integer + 33, (v_blob->>'size')::integer) end, v_at);
      end if;
      if v_receipt->>'kind' = 'delivery' then
        v_delivered := v_delivered || jsonb_build_array(v_receipt);
      else
        v_others := v_others || jsonb_build_array(v_receipt);
      end if;
      v_ledger := v_ledger || (v_item->'ledger');
      update dispatch d set
        outcome = v_receipt->>'outcome',
        closed_at = case when v_receipt->>'outcome' is null then d.closed_at else v_at end,
        closed_by = case when v_receipt->>'outcome' is null then d.closed_by else v_receipt->>'messageId' end,
        watch_at = coalesce(to_timestamp((v_receipt->>'watchAt')::bigint / 1000.0), d.watch_at)
      where d.slot = p_slot and d.pec_msgid = v_receipt->>'pecMsgid' and d.recipient = v_receipt->>'recipient' and d.outcome is null;
    end if;
    return next;
  end loop;
  if jsonb_array_length(v_delivered) > 0 then
    perform mailbox_append(p_slot, p_mailbox, registry_receipts_folder(p_slot, p_mailbox, (v_delivered->0->>'id')::uuid, v_at), v_delivered,
      p_bytes, v_at);
  end if;
  if jsonb_array_length(v_others) > 0 then perform mailbox_append(p_slot, p_mailbox, null, v_others, p_bytes, v_at); end if;
  if jsonb_array_length(v_ledger) > 0 then perform ledger_append(p_slot, v_ledger); end if;
end $$;

-- Recipients that do not have their message yet: what is under way to a mailbox counts before ordinary mail is taken for it.
create index arrival_recipient_waiting on arrival_recipient (lower(recipient)) where done_at is null;
