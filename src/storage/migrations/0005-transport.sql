-- Owner: src/transport. Submissions with their fixed envelope, the dispatch per recipient, and the outbox of sealed messages that go to
-- another slot. What one function writes together needs no foreign key to prove it: the consistency check does. Rows that wait for work carry next_attempt; whoever works on one pushes it forward as a lease.

create table submission (
  slot integer not null,
  pec_msgid text not null,
  mailbox uuid not null,
  msgid text,
  sender text not null,
  recipients jsonb not null,
  reply_to text not null,
  subject text not null,
  raw_subject bytea,
  -- content ids: the sealed envelope, the acceptance in the sender's mailbox
  envelope uuid not null,
  acceptance uuid not null,
  -- the last bytes of the envelope's head are the original's edited header
  original_header integer not null,
  eight_bit boolean not null,
  accepted_at timestamptz not null,
  primary key (slot, pec_msgid)
);
create index submission_pec_msgid on submission (pec_msgid);

create table dispatch (
  slot integer not null,
  pec_msgid text not null,
  recipient text not null,
  -- null while under way; else delivered, failed
  outcome text,
  closed_at timestamptz,
  next_attempt timestamptz not null,
  attempts integer not null,
  last_error text,
  primary key (slot, pec_msgid, recipient)
) with (fillfactor = 70);
create index dispatch_due on dispatch (next_attempt) where outcome is null;

-- Receipts that came into the sender's slot, keyed as I4 says.
create table receipt (
  slot integer not null,
  pec_msgid text not null,
  recipient text not null,
  kind text not null,
  message_id text not null,
  content uuid not null,
  at timestamptz not null,
  primary key (slot, pec_msgid, recipient, kind)
);

-- Sealed receipts on their way from the slot that issued them to the sender's slot.
create table outbox (
  slot integer not null,
  pec_msgid text not null,
  recipient text not null,
  kind text not null,
  message_id text not null,
  target_slot integer not null,
  target_mailbox uuid not null,
  -- the receipt, as in content
  size bigint not null,
  head bytea not null,
  tail bytea not null,
  parsed bytea not null,
  blob_slot integer,
  blob uuid,
  blob_place text,
  blob_offset bigint not null,
  blob_length bigint not null,
  at timestamptz not null,
  next_attempt timestamptz not null,
  attempts integer not null,
  primary key (slot, pec_msgid, recipient, kind)
);
alter table outbox alter column head set storage external;
alter table outbox alter column tail set storage external;
create index outbox_blob on outbox (blob);
create index outbox_due on outbox (next_attempt);

create function transport_submit(p_slot integer, p_mailbox uuid, p_item jsonb, p_bytes bytea, p_lease timestamptz, p_at timestamptz) returns void
language plpgsql as $$
begin
  perform content_add(p_slot, p_item->'envelope', p_bytes, p_at);
  insert into submission (slot, pec_msgid, mailbox, msgid, sender, recipients, reply_to, subject, raw_subject, envelope, acceptance,
    original_header, eight_bit, accepted_at)
  values (p_slot, p_item->>'pecMsgid', p_mailbox, p_item->>'msgid', p_item->>'sender', p_item->'recipients', p_item->>'replyTo',
    p_item->>'subject', decode(p_item->>'rawSubject', 'base64'), (p_item->'envelope'->>'id')::uuid, (p_item->>'acceptance')::uuid,
    (p_item->>'originalHeader')::integer, (p_item->>'eightBit')::boolean, p_at);
  insert into dispatch (slot, pec_msgid, recipient, next_attempt, attempts)
  select p_slot, p_item->>'pecMsgid', r->>'address', p_lease, 0 from jsonb_array_elements(p_item->'recipients') r;
end $$;

-- Takes work that is due: pushes its next attempt to p_lease and answers it.
create function transport_claim_dispatches(p_slot integer, p_now timestamptz, p_lease timestamptz, p_limit integer)
returns setof dispatch
language sql as $$
  update dispatch d set next_attempt = p_lease, attempts = d.attempts + 1
  where d.slot = p_slot and d.outcome is null and d.next_attempt <= p_now and (d.pec_msgid, d.recipient) in (
    select x.pec_msgid, x.recipient from dispatch x
    where x.slot = p_slot and x.outcome is null and x.next_attempt <= p_now
    order by x.next_attempt limit p_limit for update skip locked)
  returning d.*
$$;

create function transport_claim_outbox(p_slot integer, p_now timestamptz, p_lease timestamptz, p_limit integer)
returns setof outbox
language sql as $$
  update outbox o set next_attempt = p_lease, attempts = o.attempts + 1
  where o.slot = p_slot and o.next_attempt <= p_now and (o.pec_msgid, o.recipient, o.kind) in (
    select x.pec_msgid, x.recipient, x.kind from outbox x
    where x.slot = p_slot and x.next_attempt <= p_now
    order by x.next_attempt limit p_limit for update skip locked)
  returning o.*
$$;

-- Adds a sealed receipt to the outbox; its item is that of content_add with the keys of the receipt.
create function transport_send_receipt(p_slot integer, p_item jsonb, p_bytes bytea, p_lease timestamptz, p_at timestamptz) returns void
language plpgsql as $$
declare
  v_head integer := (p_item->>'head')::integer;
  v_tail integer := (p_item->>'tail')::integer;
  -- The hash before the head is the content's: it is made again where the receipt becomes one.
  v_at integer := (p_item->>'at')::integer + 33;
begin
  insert into outbox (slot, pec_msgid, recipient, kind, message_id, target_slot, target_mailbox, size, head, tail, parsed,
    blob_slot, blob, blob_place, blob_offset, blob_length, at, next_attempt, attempts)
  values (p_slot, p_item->>'pecMsgid', p_item->>'recipient', p_item->>'kind', p_item->>'messageId',
    (p_item->>'targetSlot')::integer, (p_item->>'targetMailbox')::uuid, (p_item->>'size')::bigint,
    substr(p_bytes, v_at, v_head), substr(p_bytes, v_at + v_head, v_tail),
    substr(p_bytes, v_at + v_head + v_tail, (p_item->>'parsed')::integer),
    (p_item->>'blobSlot')::integer, (p_item->>'blob')::uuid, p_item->>'blobPlace',
    coalesce((p_item->>'blobOffset')::bigint, 0), coalesce((p_item->>'blobLength')::bigint, 0), p_at, p_lease, 0);
end $$;

-- Takes receipts that have arrived out of the outbox. Keys: arrays in step.
create function transport_receipts_arrived(p_slot integer, p_pec_msgids text[], p_recipients text[], p_kinds text[]) returns void
language sql as $$
  delete from outbox o using unnest(p_pec_msgids, p_recipients, p_kinds) k(pec_msgid, recipient, kind)
  where o.slot = p_slot and o.pec_msgid = k.pec_msgid and o.recipient = k.recipient and o.kind = k.kind
$$;
