-- Owner: src/ledger. The ledger is sealed: its entries go into hash-chained segments, one chain for each group of 256 slots, and the
-- heads of all chains under a time stamp. Entries lie in monthly partitions, so that what is older than 30 months can be dropped.
-- The row of a chain, its segments and deletions lie in the first slot of its group; stamps and partitions in slot 0.

-- What was written so far becomes the first partition, as it lies: no row is copied.
alter table ledger_entry rename to ledger_entry_first;
alter table ledger_entry_first drop constraint ledger_entry_pkey;
alter index ledger_entry_pec_msgid rename to ledger_entry_first_pec_msgid;

-- That (slot, seq) names one entry is kept by ledger_append; the time stands in the key because a partition is found by it.
create table ledger_entry (like ledger_entry_first, primary key (slot, seq, at)) partition by range (at);
create index ledger_entry_pec_msgid on ledger_entry (pec_msgid);

-- As before, in one pass over the entries: what the choice of a partition costs is saved in reading them.
create or replace function ledger_append(p_slot integer, p_entries jsonb) returns void
language plpgsql as $$
declare
  v_count integer := jsonb_array_length(p_entries);
  v_next bigint;
begin
  insert into ledger_head as h (slot, next_seq) values (p_slot, 1 + v_count)
  on conflict (slot) do update set next_seq = h.next_seq + v_count
  returning next_seq - v_count into v_next;
  insert into ledger_entry (slot, seq, at, event, pec_msgid, msgid, sender, recipients, subject, related, provider, detail)
  select p_slot, v_next + e.n - 1, to_timestamp(e.at / 1000.0), e.event, e."pecMsgid", e.msgid, e.sender, e.recipients, e.subject,
    e.related, e.provider, e.detail
  from rows from (
    jsonb_to_recordset(p_entries) as (at bigint, event text, "pecMsgid" text, msgid text, sender text, recipients text[], subject text,
      related text[], provider text, detail text)
  ) with ordinality as e (at, event, "pecMsgid", msgid, sender, recipients, subject, related, provider, detail, n);
end $$;

create table ledger_partition (
  slot integer not null,
  name text not null,
  from_at timestamptz not null,
  to_at timestamptz not null,
  dropped_at timestamptz,
  primary key (slot, name)
);

do $$
declare
  v_last timestamptz;
  v_end timestamptz;
begin
  select greatest(now(), max(at)) into v_last from ledger_entry_first;
  v_end := (date_trunc('month', v_last at time zone 'UTC') + interval '1 month') at time zone 'UTC';
  execute format('alter table ledger_entry attach partition ledger_entry_first for values from (minvalue) to (%L)', v_end);
  insert into ledger_partition (slot, name, from_at, to_at) values (0, 'ledger_entry_first', '-infinity', v_end);
end $$;

-- Entries of a time without a partition: nothing is ever refused for its time. And those that a legal hold keeps beyond their partition.
create table ledger_entry_rest partition of ledger_entry default;

-- Since when all entries are there: what is older may have been deleted after its time.
create function ledger_kept_since() returns timestamptz
language sql stable as $$
  select coalesce(max(to_at), '-infinity') from ledger_partition where slot = 0 and dropped_at is not null
$$;

-- Makes the partition of a month (its first day), if no partition has its time yet. Answers whether it was made.
create function ledger_add_partition(p_slot integer, p_month date) returns boolean
language plpgsql as $$
declare
  v_name text := 'ledger_entry_' || to_char(p_month, 'YYYY_MM');
  v_from timestamptz := p_month::timestamp at time zone 'UTC';
  v_to timestamptz := (p_month::timestamp + interval '1 month') at time zone 'UTC';
begin
  insert into ledger_partition (slot, name, from_at, to_at)
  select p_slot, v_name, v_from, v_to where not exists (
    select from ledger_partition p where p.slot = p_slot and p.from_at < v_to and p.to_at > v_from)
  on conflict do nothing;
  if not found then
    return false;
  end if;
  execute format('create table %I (like ledger_entry including indexes)', v_name);
  execute format('insert into %I select * from ledger_entry_rest where at >= %L and at < %L', v_name, v_from, v_to);
  execute format('delete from ledger_entry_rest where at >= %L and at < %L', v_from, v_to);
  execute format('alter table ledger_entry attach partition %I for values from (%L) to (%L)', v_name, v_from, v_to);
  return true;
end $$;

-- One row per chain: where it ends, and who works on it.
create table ledger_chain (
  slot integer not null,
  -- number and hash of the last segment
  number bigint not null,
  hash bytea not null,
  sealed_at timestamptz not null,
  -- no later segment has a time before this: the days before it are closed
  closed_until timestamptz not null,
  -- of each slot of the group, the number of its first entry that is not sealed
  sealed bigint[] not null,
  holder uuid,
  leased_until timestamptz not null,
  primary key (slot)
) with (fillfactor = 50);

insert into ledger_chain (slot, number, hash, sealed_at, closed_until, sealed, leased_until)
select n * 256, 0, decode(repeat('00', 32), 'hex'), '-infinity', '-infinity', array_fill(1::bigint, array[256]), '-infinity'
from generate_series(0, 15) n;

create table ledger_segment (
  slot integer not null,
  number bigint not null,
  sealed_at timestamptz not null,
  -- times of the oldest and of the newest entry
  first_at timestamptz not null,
  last_at timestamptz not null,
  -- the range of numbers of each slot
  slots integer[] not null,
  firsts bigint[] not null,
  lasts bigint[] not null,
  -- SHA-256 of each entry's canonical form, in the order of the ranges, 32 bytes each
  leaves bytea not null,
  root bytea not null,
  previous bytea not null,
  hash bytea not null,
  primary key (slot, number)
);
alter table ledger_segment alter column leaves set storage external;
create index ledger_segment_sealed_at on ledger_segment (slot, sealed_at);

-- Adds the next segment of a chain. Answers false, and changes nothing, where somebody else has added one meanwhile or closed the day.
create function ledger_seal(p_slot integer, p_segment ledger_segment) returns boolean
language plpgsql as $$
declare
  v_sealed bigint[];
  v_at integer;
begin
  select c.sealed into v_sealed from ledger_chain c
  where c.slot = p_slot and c.number = p_segment.number - 1 and c.hash = p_segment.previous
    and c.sealed_at <= p_segment.sealed_at and c.closed_until <= p_segment.sealed_at
  for update;
  if not found then
    return false;
  end if;
  for i in 1 .. cardinality(p_segment.slots) loop
    v_at := p_segment.slots[i] - p_slot + 1;
    if v_sealed[v_at] is distinct from p_segment.firsts[i] then
      return false;
    end if;
    v_sealed[v_at] := p_segment.lasts[i] + 1;
  end loop;
  insert into ledger_segment values (p_segment.*);
  update ledger_chain c set number = p_segment.number, hash = p_segment.hash, sealed_at = p_segment.sealed_at, sealed = v_sealed
  where c.slot = p_slot;
  return true;
end $$;

create table ledger_stamp (
  slot integer not null,
  number bigint not null,
  -- the day that it closes; null for one that was asked for
  day date,
  at timestamptz not null,
  chains integer[] not null,
  numbers bigint[] not null,
  hashes bytea[] not null,
  previous bytea not null,
  root bytea not null,
  -- the time stamp token (RFC 3161) over the root, and who gave it; null until one could be had
  token bytea,
  authority text,
  -- SHA-256 of the daily file, once it is written
  file_sha256 bytea,
  primary key (slot, number)
);
create index ledger_stamp_day on ledger_stamp (slot, day);

-- What was deleted after its time: of each slot the ranges of numbers. Its hash stands in an entry of the ledger, which is sealed.
create table ledger_deletion (
  slot integer not null,
  number bigint not null,
  name text not null,
  before timestamptz not null,
  at timestamptz not null,
  slots integer[] not null,
  firsts bigint[] not null,
  lasts bigint[] not null,
  hash bytea not null,
  primary key (slot, number)
);

-- Records a deletion in its chain, with its ledger entry. Answers false if there is one of that name, or of that number.
create function ledger_record_deletion(p_slot integer, p_deletion ledger_deletion, p_entry jsonb) returns boolean
language plpgsql as $$
begin
  insert into ledger_deletion select p_deletion.*
  where not exists (select from ledger_deletion d where d.slot = p_slot and d.name = p_deletion.name)
  on conflict do nothing;
  if not found then
    return false;
  end if;
  perform ledger_append(p_slot, jsonb_build_array(p_entry));
  return true;
end $$;

-- Deletes what was kept beyond its partition by a hold that is gone, with the record of it.
create function ledger_release(p_slot integer, p_deletion ledger_deletion, p_entry jsonb) returns boolean
language plpgsql as $$
begin
  if not ledger_record_deletion(p_slot, p_deletion, p_entry) then
    return false;
  end if;
  delete from ledger_entry_rest e using unnest(p_deletion.slots, p_deletion.firsts, p_deletion.lasts) r(slot, first, last)
  where e.slot = r.slot and e.seq between r.first and r.last and e.at < p_deletion.before;
  return true;
end $$;

-- Drops a partition; the entries that are named stay, among the rest.
create function ledger_drop_partition(p_slot integer, p_name text, p_at timestamptz, p_slots integer[], p_seqs bigint[]) returns boolean
language plpgsql as $$
begin
  update ledger_partition p set dropped_at = p_at where p.slot = p_slot and p.name = p_name and p.dropped_at is null;
  if not found then
    return false;
  end if;
  execute format('alter table ledger_entry detach partition %I', p_name);
  execute format('insert into ledger_entry_rest select e.* from %I e join unnest($1, $2) k(slot, seq) using (slot, seq)', p_name)
  using p_slots, p_seqs;
  execute format('drop table %I', p_name);
  return true;
end $$;

-- Legal holds: what is about a mailbox or a message is kept beyond its time. Small, and the same everywhere: it has no slot.
create table ledger_hold (
  kind text not null check (kind in ('mailbox', 'message')),
  value text not null,
  reason text not null,
  since timestamptz not null,
  primary key (kind, value)
);
