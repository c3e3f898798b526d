-- Owner: src/delivery. The verdict on an envelope per recipient, written in the recipient's slot: the first one stands (I3, I4).

create table delivery (
  slot integer not null,
  pec_msgid text not null,
  recipient text not null,
  -- delivered, failed
  outcome text not null,
  receipt_id text not null,
  at timestamptz not null,
  primary key (slot, pec_msgid, recipient)
);

-- Delivers envelopes to one mailbox: each in its inbox, with verdict, receipt in the outbox and ledger entry, or not at all.
-- Items: envelope (as mailbox_append), receipt (as transport_send_receipt), ledger. Answers delivered, repeated or full.
create function delivery_deliver(p_slot integer, p_mailbox uuid, p_items jsonb, p_bytes bytea, p_lease timestamptz)
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
    if exists (select 1 from delivery d where d.slot = p_slot and d.pec_msgid = v_item->'receipt'->>'pecMsgid'
      and d.recipient = v_item->'receipt'->>'recipient') then
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
      perform transport_send_receipt(p_slot, v_item->'receipt', p_bytes, p_lease, v_at);
      insert into delivery (slot, pec_msgid, recipient, outcome, receipt_id, at)
      values (p_slot, v_item->'receipt'->>'pecMsgid', v_item->'receipt'->>'recipient', 'delivered', v_item->'receipt'->>'messageId', v_at);
      v_ledger := v_ledger || (v_item->'ledger');
    end if;
    return next;
  end loop;
  if jsonb_array_length(v_ledger) > 0 then perform ledger_append(p_slot, v_ledger); end if;
end $$;

-- Records that an envelope could not be delivered, with its notice in the outbox. Answers failed, or repeated if a verdict stands.
create function delivery_fail(p_slot integer, p_item jsonb, p_bytes bytea, p_lease timestamptz) returns text
language plpgsql as $$
declare
  v_at timestamptz := to_timestamp((p_item->'ledger'->>'at')::bigint / 1000.0);
begin
  insert into delivery (slot, pec_msgid, recipient, outcome, receipt_id, at)
  values (p_slot, p_item->'receipt'->>'pecMsgid', p_item->'receipt'->>'recipient', 'failed', p_item->'receipt'->>'messageId', v_at)
  on conflict (slot, pec_msgid, recipient) do nothing;
  if not found then return 'repeated'; end if;
  perform transport_send_receipt(p_slot, p_item->'receipt', p_bytes, p_lease, v_at);
  perform ledger_append(p_slot, jsonb_build_array(p_item->'ledger'));
  return 'failed';
end $$;

-- Puts receipts into the sender's mailbox, closes their dispatches. Items: receipt (as mailbox_append, with pecMsgid, recipient, kind,
-- messageId, outcome), ledger. A receipt that is there already changes nothing (I4).
create function delivery_receive_receipts(p_slot integer, p_mailbox uuid, p_items jsonb, p_bytes bytea)
returns table (item integer, status text)
language plpgsql as $$
declare
  v_fresh jsonb := '[]';
  v_ledger jsonb := '[]';
  v_item jsonb;
  v_receipt jsonb;
  v_at timestamptz;
begin
  perform 1 from mailbox m where m.slot = p_slot and m.id = p_mailbox for update;
  for v_index in 0 .. jsonb_array_length(p_items) - 1 loop
    v_item := p_items->v_index;
    item := v_index;
    v_receipt := v_item->'receipt';
    v_at := to_timestamp((v_item->'ledger'->>'at')::bigint / 1000.0);
    insert into receipt (slot, pec_msgid, recipient, kind, message_id, content, at)
    values (p_slot, v_receipt->>'pecMsgid', v_receipt->>'recipient', v_receipt->>'kind', v_receipt->>'messageId', (v_receipt->>'id')::uuid, v_at)
    on conflict (slot, pec_msgid, recipient, kind) do nothing;
    if found then
      status := 'received';
      v_fresh := v_fresh || jsonb_build_array(v_receipt);
      v_ledger := v_ledger || (v_item->'ledger');
      update dispatch d set outcome = v_receipt->>'outcome', closed_at = v_at
      where d.slot = p_slot and d.pec_msgid = v_receipt->>'pecMsgid' and d.recipient = v_receipt->>'recipient' and d.outcome is null;
    else
      status := 'repeated';
    end if;
    return next;
  end loop;
  if jsonb_array_length(v_fresh) > 0 then
    perform mailbox_append(p_slot, p_mailbox, null, v_fresh, p_bytes, v_at);
    perform ledger_append(p_slot, v_ledger);
  end if;
end $$;
