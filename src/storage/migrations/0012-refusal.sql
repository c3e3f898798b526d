-- Owner: src/access. Submissions that were not accepted, each answered by a non-acceptance notice in the sender's mailbox (I2).

create table refusal (
  slot integer not null,
  -- of the notice: the message that it would have named never was
  pec_msgid text not null,
  mailbox uuid not null,
  msgid text,
  code text not null,
  reason text not null,
  -- content id of the notice
  notice uuid not null,
  at timestamptz not null,
  primary key (slot, pec_msgid)
);
create index refusal_pec_msgid on refusal (pec_msgid);
create index refusal_msgid on refusal (msgid);

-- Puts a non-acceptance notice into the sender's inbox, with its row and its ledger entry. Item: at, pecMsgid, msgid, code, reason,
-- notice (as mailbox_append), ledger. Answers refused, or full when not even the receipts' reserve has room (as access_accept).
create function access_refuse(p_slot integer, p_mailbox uuid, p_item jsonb, p_bytes bytea) returns text
language plpgsql as $$
declare
  v_mailbox record;
  v_at timestamptz := to_timestamp((p_item->>'at')::bigint / 1000.0);
begin
  select m.used, m.quota + m.reserve as room into v_mailbox from mailbox m where m.slot = p_slot and m.id = p_mailbox for update;
  if v_mailbox.used >= v_mailbox.room then return 'full'; end if;
  insert into refusal (slot, pec_msgid, mailbox, msgid, code, reason, notice, at)
  values (p_slot, p_item->>'pecMsgid', p_mailbox, p_item->>'msgid', p_item->>'code', p_item->>'reason',
    (p_item->'notice'->>'id')::uuid, v_at);
  perform mailbox_append(p_slot, p_mailbox, null, jsonb_build_array(p_item->'notice'), p_bytes, v_at);
  perform ledger_append(p_slot, jsonb_build_array(p_item->'ledger'));
  return 'refused';
end $$;
