-- Owner: src/incoming. What other servers handed in and we answered 250 for, until it is with every recipient.

create table arrival (
  slot integer not null,
  -- a correct envelope: its PEC msgid; anything else: an id of ours
  id text not null,
  -- envelope, anomaly (wrapped by us), passed (as it came)
  kind text not null,
  -- reverse path; empty if null
  sender text not null,
  -- provider that sealed it; empty for ordinary mail
  provider text not null,
  -- digest of what was sealed: a second envelope of the same id is the same message only if this is the same
  digest bytea not null,
  content uuid not null,
  -- what the ledger tells of it: pecMsgid, msgid, sender, subject
  facts jsonb not null,
  at timestamptz not null,
  primary key (slot, id)
);

create table arrival_recipient (
  slot integer not null,
  arrival text not null,
  recipient text not null,
  -- the scanner found something in the copy that came for him, and it went no further: another copy may be judged otherwise
  infected boolean not null,
  -- null until the recipient has it, or a notice has been issued
  done_at timestamptz,
  next_attempt timestamptz not null,
  attempts integer not null,
  last_error text,
  primary key (slot, arrival, recipient)
) with (fillfactor = 70);
create index arrival_recipient_due on arrival_recipient (next_attempt) where done_at is null;

-- Takes a message in: blob, content, arrival with recipients, what is to be answered (outbox: as transport_send_receipt), ledger. An item of the
-- kind virus is an envelope that goes no further.
-- Answers taken; repeated if a recipient of the item is there already, and other if the id belongs to another message: both change nothing.
create function incoming_take(p_slot integer, p_item jsonb, p_bytes bytea, p_lease timestamptz, p_at timestamptz) returns text
language plpgsql as $$
declare
  v_blob jsonb := p_item->'blob';
  v_digest bytea := decode(p_item->>'digest', 'hex');
  v_infected boolean := p_item->>'kind' = 'virus';
  v_known bytea;
  v_index integer;
begin
  insert into arrival (slot, id, kind, sender, provider, digest, content, facts, at)
  values (p_slot, p_item->>'id', case when v_infected then 'envelope' else p_item->>'kind' end, p_item->>'sender', p_item->>'provider', v_digest, (p_item->'content'->>'id')::uuid, p_item->'facts', p_at)
  on conflict (slot, id) do nothing;
  if found then
    perform content_add(p_slot, p_item->'content', p_bytes, p_at);
  else
    -- Locks the arrival against another copy of the message that comes at the same time.
    select a.digest into v_known from arrival a where a.slot = p_slot and a.id = p_item->>'id' for update;
    if v_known <> v_digest then return 'other'; end if;
    if exists (select 1 from arrival_recipient r where r.slot = p_slot and r.arrival = p_item->>'id'
      and r.recipient in (select jsonb_array_elements_text(p_item->'recipients'))) then return 'repeated'; end if;
  end if;
  -- Also of another transaction for the same message: its recipients get the bytes that came with it.
  perform blob_add(p_slot, (v_blob->>'id')::uuid, (v_blob->>'size')::bigint, substr(p_bytes, (v_blob->>'at')::integer + 1, 32),
    v_blob->>'place',
    case v_blob->>'place' when 'database' then substr(p_bytes, (v_blob->>'at')::integer + 33, (v_blob->>'size')::integer) end, p_at);
  insert into arrival_recipient (slot, arrival, recipient, infected, done_at, next_attempt, attempts)
  select p_slot, p_item->>'id', r, v_infected, case when v_infected then p_at end, p_lease, 1
  from jsonb_array_elements_text(p_item->'recipients') r;
  for v_index in 0 .. jsonb_array_length(p_item->'outbox') - 1 loop
    perform transport_send_receipt(p_slot, p_item->'outbox'->v_index, p_bytes, p_lease, p_at);
  end loop;
  perform ledger_append(p_slot, p_item->'ledger');
  return 'taken';
end $$;

-- Takes work that is due: pushes its next attempt to p_lease and answers it.
create function incoming_claim(p_slot integer, p_now timestamptz, p_lease timestamptz, p_limit integer)
returns setof arrival_recipient
language sql as $$
  with due as materialized (
    select x.arrival, x.recipient from arrival_recipient x
    where x.slot = p_slot and x.done_at is null and x.next_attempt <= p_now
    order by x.next_attempt limit p_limit for update skip locked)
  update arrival_recipient a set next_attempt = p_lease, attempts = a.attempts + 1
  from due where a.slot = p_slot and a.arrival = due.arrival and a.recipient = due.recipient
  returning a.*
$$;

-- Recipients that have their message. Arrays in step.
create function incoming_done(p_slot integer, p_arrivals text[], p_recipients text[], p_at timestamptz) returns void
language plpgsql as $$
begin
  -- Lost in a crash, it is tried again, and changes nothing (I4): nobody waits for the disk.
  perform set_config('synchronous_commit', 'off', true);
  update arrival_recipient a set done_at = p_at from unnest(p_arrivals, p_recipients) k(arrival, recipient)
  where a.slot = p_slot and a.arrival = k.arrival and a.recipient = k.recipient and a.done_at is null;
end $$;

create function incoming_defer(p_slot integer, p_arrival text, p_recipient text, p_next timestamptz, p_error text) returns void
language sql as $$
  update arrival_recipient a set next_attempt = p_next, last_error = p_error
  where a.slot = p_slot and a.arrival = p_arrival and a.recipient = p_recipient and a.done_at is null
$$;

-- Keeps recipients that are being tried until p_lease. What has been put off for longer meanwhile stays put off.
create function incoming_renew(p_slot integer, p_arrival text, p_recipients text[], p_lease timestamptz) returns void
language sql as $$
  update arrival_recipient a set next_attempt = p_lease
  where a.slot = p_slot and a.arrival = p_arrival and a.recipient = any (p_recipients) and a.done_at is null and a.next_attempt < p_lease
$$;

-- Gives recipients back that were not tried after all: due at p_next.
create function incoming_give_back(p_slot integer, p_arrival text, p_recipients text[], p_next timestamptz) returns void
language sql as $$
  update arrival_recipient a set next_attempt = p_next, attempts = a.attempts - 1
  where a.slot = p_slot and a.arrival = p_arrival and a.recipient = any (p_recipients) and a.done_at is null
$$;

-- A forward that nobody will take: its recipient gets the message after all, in the anomaly envelope that the arrival has.
create function incoming_keep_forward(p_slot integer, p_arrival text, p_recipient text, p_at timestamptz) returns void
language plpgsql as $$
begin
  insert into arrival_recipient (slot, arrival, recipient, infected, next_attempt, attempts) values (p_slot, p_arrival, p_recipient, false, p_at, 0)
  on conflict (slot, arrival, recipient) do nothing;
  perform transport_receipts_arrived(p_slot, array[p_arrival], array[p_recipient], array['forward']);
end $$;
