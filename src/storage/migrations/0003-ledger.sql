-- Owner: src/ledger. The log of RFC 6109 2.3, kept 30 months. An entry commits with its fact (I6). Entries of a slot have no gap in
-- their numbers and their numbers follow the order of commits: a missing or exchanged entry shows.

create table ledger_head (
  slot integer not null,
  next_seq bigint not null,
  primary key (slot)
) with (fillfactor = 50);

create table ledger_entry (
  slot integer not null,
  seq bigint not null,
  at timestamptz not null,
  event text not null,
  pec_msgid text not null,
  msgid text,
  sender text not null,
  recipients text[] not null,
  subject text not null,
  -- identifiers of the messages that the event made
  related text[] not null,
  provider text not null,
  detail text,
  primary key (slot, seq)
);
create index ledger_entry_pec_msgid on ledger_entry (pec_msgid);

-- Appends entries in order. To be called last in a transaction: the slot's head is locked until it ends.
create function ledger_append(p_slot integer, p_entries jsonb) returns void
language plpgsql as $$
declare
  v_next bigint;
begin
  insert into ledger_head as h (slot, next_seq) values (p_slot, 1 + jsonb_array_length(p_entries))
  on conflict (slot) do update set next_seq = h.next_seq + jsonb_array_length(p_entries)
  returning next_seq - jsonb_array_length(p_entries) into v_next;
  insert into ledger_entry (slot, seq, at, event, pec_msgid, msgid, sender, recipients, subject, related, provider, detail)
  select p_slot, v_next + e.ordinality - 1, to_timestamp((e.value->>'at')::bigint / 1000.0), e.value->>'event', e.value->>'pecMsgid',
    e.value->>'msgid', e.value->>'sender', array(select jsonb_array_elements_text(e.value->'recipients')), e.value->>'subject',
    array(select jsonb_array_elements_text(e.value->'related')), e.value->>'provider', e.value->>'detail'
  from jsonb_array_elements(p_entries) with ordinality e;
end $$;
