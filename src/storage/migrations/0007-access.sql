-- Owner: src/access. The accept step: everything that makes a submission certified mail, in one transaction of the sender's slot (I1).

-- Items: blob (id, size, place, at: its bytes and hash in p_bytes), acceptance (as mailbox_append), submission (as transport_submit),
-- ledger (an array). Answers accepted, or full when not even the receipts' reserve has room for what the submission will bring.
create function access_accept(p_slot integer, p_mailbox uuid, p_items jsonb, p_bytes bytea, p_lease timestamptz)
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
      v_receipts := v_receipts || jsonb_build_array(v_item->'acceptance');
      v_ledger := v_ledger || (v_item->'ledger');
    end if;
    return next;
  end loop;
  if jsonb_array_length(v_receipts) > 0 then
    perform mailbox_append(p_slot, p_mailbox, null, v_receipts, p_bytes, v_at);
    perform ledger_append(p_slot, v_ledger);
  end if;
end $$;
