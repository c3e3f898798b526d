-- Owners: src/transport (submission, dispatch, outbox, receipt), src/delivery (delivery). Dispatches to other providers and to ordinary
-- addresses, receipts that go back to other providers, and the watches of RFC 6109 3.1.6.

alter table submission add column receipt_type text not null default 'completa';

-- outcome: null while under way; else delivered, failed, expired (the 24 h notice), relayed (an ordinary address: its server has taken over).
-- next_attempt is infinity while there is nothing to try: the message is with the other server.
alter table dispatch
  add column sent_at timestamptz,
  -- first take-in-charge of the other provider
  add column taken_at timestamptz,
  -- when the next notice of delay is due
  add column watch_at timestamptz,
  -- the receipt that closed it
  add column closed_by text;
update dispatch d set watch_at = s.accepted_at + interval '12 hours' from submission s where s.slot = d.slot and s.pec_msgid = d.pec_msgid;
alter table dispatch alter column watch_at set not null;
create index dispatch_watch on dispatch (watch_at) where outcome is null;

update dispatch d set closed_by = (select r.message_id from receipt r where r.slot = d.slot and r.pec_msgid = d.pec_msgid
  and r.recipient = d.recipient limit 1) where d.outcome is not null;

-- local: issued by a verdict of this installation; remote: by another provider; own: by the sender's side, about a message that went nowhere
alter table receipt add column origin text not null default 'local';

-- A row goes to a mailbox of ours (target_slot, target_mailbox) or to another server (target_address).
alter table outbox
  alter column target_slot drop not null,
  alter column target_mailbox drop not null,
  add column target_address text,
  -- null: the address of the receipts, posta-certificata@
  add column reverse_path text,
  add column last_error text;

-- stored: mail without a receipt, such as an anomaly envelope
alter table delivery
  alter column receipt_id drop not null,
  -- the receipt went to another provider
  add column remote boolean not null default false;

create or replace function transport_submit(p_slot integer, p_mailbox uuid, p_item jsonb, p_bytes bytea, p_lease timestamptz, p_at timestamptz)
returns void
language plpgsql as $$
begin
  perform content_add(p_slot, p_item->'envelope', p_bytes, p_at);
  insert into submission (slot, pec_msgid, mailbox, msgid, sender, recipients, reply_to, subject, raw_subject, envelope, acceptance,
    original_header, eight_bit, accepted_at, receipt_type)
  values (p_slot, p_item->>'pecMsgid', p_mailbox, p_item->>'msgid', p_item->>'sender', p_item->'recipients', p_item->>'replyTo',
    p_item->>'subject', decode(p_item->>'rawSubject', 'base64'), (p_item->'envelope'->>'id')::uuid, (p_item->>'acceptance')::uuid,
    (p_item->>'originalHeader')::integer, (p_item->>'eightBit')::boolean, p_at, p_item->>'receiptType');
  insert into dispatch (slot, pec_msgid, recipient, next_attempt, attempts, watch_at)
  select p_slot, p_item->>'pecMsgid', r->>'address', p_lease, 1, p_at + interval '12 hours' from jsonb_array_elements(p_item->'recipients') r;
end $$;

-- Adds a sealed receipt to the outbox; its item is that of content_add with the keys of the receipt.
create or replace function transport_send_receipt(p_slot integer, p_item jsonb, p_bytes bytea, p_lease timestamptz, p_at timestamptz) returns void
language plpgsql as $$
declare
  v_head integer := (p_item->>'head')::integer;
  v_tail integer := (p_item->>'tail')::integer;
  -- The hash before the head is the content's: it is made again where the receipt becomes one.
  v_at integer := (p_item->>'at')::integer + 33;
begin
  insert into outbox (slot, pec_msgid, recipient, kind, message_id, target_slot, target_mailbox, target_address, reverse_path, size, head, tail,
    parsed, blob_slot, blob, blob_place, blob_offset, blob_length, at, next_attempt, attempts)
  values (p_slot, p_item->>'pecMsgid', p_item->>'recipient', p_item->>'kind', p_item->>'messageId',
    (p_item->>'targetSlot')::integer, (p_item->>'targetMailbox')::uuid, p_item->>'targetAddress', p_item->>'reversePath',
    (p_item->>'size')::bigint, substr(p_bytes, v_at, v_head), substr(p_bytes, v_at + v_head, v_tail),
    substr(p_bytes, v_at + v_head + v_tail, (p_item->>'parsed')::integer),
    (p_item->>'blobSlot')::integer, (p_item->>'blob')::uuid, p_item->>'blobPlace',
    coalesce((p_item->>'blobOffset')::bigint, 0), coalesce((p_item->>'blobLength')::bigint, 0), p_at, p_lease, 1);
end $$;

-- Claims look once, before they write: as a part of the write, the planner may look again for every row, which takes seconds on a table
-- without statistics, and claims more than was asked for.
create or replace function transport_claim_dispatches(p_slot integer, p_now timestamptz, p_lease timestamptz, p_limit integer)
returns setof dispatch
language sql as $$
  with due as materialized (
    select x.pec_msgid, x.recipient from dispatch x
    where x.slot = p_slot and x.outcome is null and x.next_attempt <= p_now
    order by x.next_attempt limit p_limit for update skip locked)
  update dispatch d set next_attempt = p_lease, attempts = d.attempts + 1
  from due where d.slot = p_slot and d.pec_msgid = due.pec_msgid and d.recipient = due.recipient
  returning d.*
$$;

create or replace function transport_claim_outbox(p_slot integer, p_now timestamptz, p_lease timestamptz, p_limit integer)
returns setof outbox
language sql as $$
  with due as materialized (
    select x.pec_msgid, x.recipient, x.kind from outbox x
    where x.slot = p_slot and x.next_attempt <= p_now
    order by x.next_attempt limit p_limit for update skip locked)
  update outbox o set next_attempt = p_lease, attempts = o.attempts + 1
  from due where o.slot = p_slot and o.pec_msgid = due.pec_msgid and o.recipient = due.recipient and o.kind = due.kind
  returning o.*
$$;

-- Watches that are due: each is pushed forward to p_lease and answered.
create function transport_claim_watches(p_slot integer, p_now timestamptz, p_lease timestamptz, p_limit integer)
returns setof dispatch
language sql as $$
  with due as materialized (
    select x.pec_msgid, x.recipient from dispatch x
    where x.slot = p_slot and x.outcome is null and x.watch_at <= p_now
    order by x.watch_at limit p_limit for update skip locked)
  update dispatch d set watch_at = p_lease
  from due where d.slot = p_slot and d.pec_msgid = due.pec_msgid and d.recipient = due.recipient
  returning d.*
$$;

-- Locks dispatches of a message, in the order in which everybody does.
create function transport_lock(p_slot integer, p_pec_msgid text, p_recipients text[]) returns void
language plpgsql as $$
begin
  perform 1 from dispatch d where d.slot = p_slot and d.pec_msgid = p_pec_msgid and d.recipient = any (p_recipients) order by d.recipient for update;
end $$;

-- The next attempt, and why the last one failed. Arrays in step.
create function transport_defer_dispatches(p_slot integer, p_pec_msgid text, p_recipients text[], p_next timestamptz[], p_errors text[]) returns void
language plpgsql as $$
begin
  perform transport_lock(p_slot, p_pec_msgid, p_recipients);
  update dispatch d set next_attempt = k.next, last_error = k.error
  from unnest(p_recipients, p_next, p_errors) k(recipient, next, error)
  where d.slot = p_slot and d.pec_msgid = p_pec_msgid and d.recipient = k.recipient and d.outcome is null and d.sent_at is null;
end $$;

-- Keeps dispatches that are being tried until p_lease. What has been put off for longer meanwhile stays put off.
create function transport_renew_dispatches(p_slot integer, p_pec_msgid text, p_recipients text[], p_lease timestamptz) returns void
language plpgsql as $$
begin
  perform transport_lock(p_slot, p_pec_msgid, p_recipients);
  update dispatch d set next_attempt = p_lease
  where d.slot = p_slot and d.pec_msgid = p_pec_msgid and d.recipient = any (p_recipients) and d.outcome is null and d.next_attempt < p_lease;
end $$;

-- Gives dispatches back that were not tried after all: due at p_next.
create function transport_give_back_dispatches(p_slot integer, p_pec_msgid text, p_recipients text[], p_next timestamptz) returns void
language plpgsql as $$
begin
  perform transport_lock(p_slot, p_pec_msgid, p_recipients);
  update dispatch d set next_attempt = p_next, attempts = d.attempts - 1
  where d.slot = p_slot and d.pec_msgid = p_pec_msgid and d.recipient = any (p_recipients) and d.outcome is null and d.sent_at is null;
end $$;

-- Another server has taken the message for these recipients. p_final: nothing more will be heard of them (ordinary mail).
create function transport_sent(p_slot integer, p_pec_msgid text, p_recipients text[], p_final boolean, p_entry jsonb, p_at timestamptz) returns void
language plpgsql as $$
declare
  v_sent jsonb;
begin
  -- Lost in a crash, it is sent once more to a provider that knows it by its identifier: nobody waits for the disk. An ordinary server would keep it twice.
  if not p_final then perform set_config('synchronous_commit', 'off', true); end if;
  perform transport_lock(p_slot, p_pec_msgid, p_recipients);
  -- A fast receipt may have closed it already: that it was handed over is a fact all the same, and told once of each recipient.
  with sent as (
    update dispatch d set sent_at = p_at, next_attempt = 'infinity', last_error = null,
      closed_at = case when p_final and d.outcome is null then p_at else d.closed_at end,
      outcome = case when p_final then coalesce(d.outcome, 'relayed') else d.outcome end
    where d.slot = p_slot and d.pec_msgid = p_pec_msgid and d.recipient = any (p_recipients) and d.sent_at is null
    returning d.recipient)
  select jsonb_agg(s.recipient order by s.recipient) into v_sent from sent s;
  if v_sent is not null then perform ledger_append(p_slot, jsonb_build_array(p_entry || jsonb_build_object('recipients', v_sent))); end if;
end $$;

-- A take-in-charge of the other provider. Only the first one counts; what it does not name, or what is closed, stays as it is.
create function transport_taken(p_slot integer, p_pec_msgid text, p_recipients text[], p_at timestamptz) returns void
language plpgsql as $$
declare
  v_named text[] := array(
    select d.recipient from dispatch d where d.slot = p_slot and d.pec_msgid = p_pec_msgid and lower(d.recipient) = any (p_recipients));
begin
  -- The notice itself is stored after it, and waits for the disk: what was written before is then there too.
  perform set_config('synchronous_commit', 'off', true);
  perform transport_lock(p_slot, p_pec_msgid, v_named);
  update dispatch d set taken_at = p_at
  where d.slot = p_slot and d.pec_msgid = p_pec_msgid and d.recipient = any (v_named) and d.taken_at is null and d.outcome is null;
end $$;

-- The next watch of a dispatch.
create function transport_set_watch(p_slot integer, p_pec_msgid text, p_recipient text, p_watch timestamptz) returns void
language sql as $$
  update dispatch d set watch_at = p_watch where d.slot = p_slot and d.pec_msgid = p_pec_msgid and d.recipient = p_recipient
$$;

create or replace function delivery_deliver(p_slot integer, p_mailbox uuid, p_items jsonb, p_bytes bytea, p_lease timestamptz)
returns table (item integer, status text)
language plpgsql as $$
declare
  v_fresh jsonb := '[]';
  v_positions integer[] := '{}';
  v_ledger jsonb := '[]';
  v_item jsonb;
  v_at timestamptz;
  v_appended record;
begin
  -- The mailbox row is the lock that makes look and write one step.
  perform 1 from mailbox m where m.slot = p_slot and m.id = p_mailbox for update;
  for v_index in 0 .. jsonb_array_length(p_items) - 1 loop
    v_item := p_items->v_index;
    item := v_index;
    if exists (select 1 from delivery d where d.slot = p_slot and d.pec_msgid = v_item->>'pecMsgid' and d.recipient = v_item->>'recipient') then
      status := 'repeated';
      return next;
    else
      v_fresh := v_fresh || jsonb_build_array(v_item->'envelope');
      v_positions := v_positions || item;
    end if;
  end loop;
  if cardinality(v_positions) = 0 then return; end if;
  v_at := to_timestamp((p_items->0->'ledger'->>'at')::bigint / 1000.0);
  for v_appended in select * from mailbox_append(p_slot, p_mailbox, null, v_fresh, p_bytes, v_at) loop
    item := v_positions[v_appended.item + 1];
    status := case when v_appended.uid is null then 'full' else 'delivered' end;
    if v_appended.uid is not null then
      v_item := p_items->item;
      v_at := to_timestamp((v_item->'ledger'->>'at')::bigint / 1000.0);
      -- Mail that is not certified has no receipt.
      if v_item->'receipt' is not null then perform transport_send_receipt(p_slot, v_item->'receipt', p_bytes, p_lease, v_at); end if;
      insert into delivery (slot, pec_msgid, recipient, outcome, receipt_id, at, remote)
      values (p_slot, v_item->>'pecMsgid', v_item->>'recipient', case when v_item->'receipt' is null then 'stored' else 'delivered' end,
        v_item->'receipt'->>'messageId', v_at, v_item->'receipt'->>'targetAddress' is not null);
      v_ledger := v_ledger || (v_item->'ledger');
    end if;
    return next;
  end loop;
  if jsonb_array_length(v_ledger) > 0 then perform ledger_append(p_slot, v_ledger); end if;
end $$;

create or replace function delivery_fail(p_slot integer, p_item jsonb, p_bytes bytea, p_lease timestamptz) returns text
language plpgsql as $$
declare
  v_at timestamptz := to_timestamp((p_item->'ledger'->>'at')::bigint / 1000.0);
begin
  insert into delivery (slot, pec_msgid, recipient, outcome, receipt_id, at, remote)
  values (p_slot, p_item->>'pecMsgid', p_item->>'recipient', 'failed', p_item->'receipt'->>'messageId', v_at,
    p_item->'receipt'->>'targetAddress' is not null)
  on conflict (slot, pec_msgid, recipient) do nothing;
  if not found then return 'repeated'; end if;
  perform transport_send_receipt(p_slot, p_item->'receipt', p_bytes, p_lease, v_at);
  perform ledger_append(p_slot, jsonb_build_array(p_item->'ledger'));
  return 'failed';
end $$;

-- Puts receipts into the sender's mailbox, closes their dispatches. Items: receipt (as mailbox_append, with pecMsgid, recipient, kind,
-- messageId, outcome or null, origin, watchAt), blob (as in access_accept, or null), ledger. A receipt that is there already changes nothing
-- (I4): repeated. Nor does another message of the same keys: other. One of our own about a dispatch that is not open is not issued: closed.
create or replace function delivery_receive_receipts(p_slot integer, p_mailbox uuid, p_items jsonb, p_bytes bytea)
returns table (item integer, status text)
language plpgsql as $$
declare
  v_fresh jsonb := '[]';
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
      v_fresh := v_fresh || jsonb_build_array(v_receipt);
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
  if jsonb_array_length(v_fresh) > 0 then
    perform mailbox_append(p_slot, p_mailbox, null, v_fresh, p_bytes, v_at);
    perform ledger_append(p_slot, v_ledger);
  end if;
end $$;

-- Takes receipts that have arrived out of the outbox. Keys: arrays in step. What a crash brings back is sent again, and changes nothing (I4), so
-- nobody waits for the disk.
create or replace function transport_receipts_arrived(p_slot integer, p_pec_msgids text[], p_recipients text[], p_kinds text[]) returns void
language plpgsql as $$
begin
  perform set_config('synchronous_commit', 'off', true);
  delete from outbox o using unnest(p_pec_msgids, p_recipients, p_kinds) k(pec_msgid, recipient, kind)
  where o.slot = p_slot and o.pec_msgid = k.pec_msgid and o.recipient = k.recipient and o.kind = k.kind;
end $$;
