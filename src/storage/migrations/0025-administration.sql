-- Owner of the tables `audit_*`: src/audit. The audit log: who did what, and whose it was. An entry commits with its act, in its slot.
-- Entries of a slot are numbered without a gap in the order of commits, as those of the ledger, and are sealed as those are: in chains over
-- 256 slots each. Each segment has an entry in the ledger, with its hash: so what the ledger's stamps vouch for, they vouch for here.

create table audit_head (
  slot integer not null,
  next_seq bigint not null,
  primary key (slot)
) with (fillfactor = 50);

create table audit_entry (
  slot integer not null,
  seq bigint not null,
  at timestamptz not null,
  -- `operator:anna.verdi`, `host:root`, `system` ...
  actor text not null,
  -- the one that allowed it
  role text not null,
  act text not null,
  -- what it was done to: `mailbox:mario@pec.it`, `operator:anna.verdi` ...
  object text not null,
  -- addresses of the holders whose it is, in lower case
  holders text[] not null,
  -- not to be shown to them until an entry `access-disclosed` names it
  withheld boolean not null,
  -- JSON, as it was written
  details text not null,
  primary key (slot, seq)
);
create index audit_entry_at on audit_entry (at);
create index audit_entry_holders on audit_entry using gin (holders);
create index audit_entry_object on audit_entry (object);

-- Appends entries in order. To be called last in a transaction: the slot's head is locked until it ends.
create function audit_append(p_slot integer, p_entries jsonb) returns void
language plpgsql as $$
declare
  v_count integer := jsonb_array_length(p_entries);
  v_next bigint;
begin
  insert into audit_head as h (slot, next_seq) values (p_slot, 1 + v_count)
  on conflict (slot) do update set next_seq = h.next_seq + v_count
  returning next_seq - v_count into v_next;
  insert into audit_entry (slot, seq, at, actor, role, act, object, holders, withheld, details)
  select p_slot, v_next + e.n - 1, to_timestamp(e.at / 1000.0), e.actor, e.role, e.act, e.object, e.holders, e.withheld, e.details
  from rows from (
    jsonb_to_recordset(p_entries) as (at bigint, actor text, role text, act text, object text, holders text[], withheld boolean,
      details text)
  ) with ordinality as e (at, actor, role, act, object, holders, withheld, details, n);
end $$;

-- As those of the ledger; days are closed there alone.
create table audit_chain (like ledger_chain including all);

insert into audit_chain (slot, number, hash, sealed_at, closed_until, sealed, leased_until)
select n * 256, 0, decode(repeat('00', 32), 'hex'), '-infinity', '-infinity', array_fill(1::bigint, array[256]), '-infinity'
from generate_series(0, 15) n;

create table audit_segment (like ledger_segment including all);

-- Adds the next segment of a chain, with the ledger's entries about it. Answers false, and changes nothing, where somebody else was first.
create function audit_seal(p_slot integer, p_segment audit_segment, p_ledger jsonb) returns boolean
language plpgsql as $$
declare
  v_sealed bigint[];
  v_at integer;
begin
  select c.sealed into v_sealed from audit_chain c
  where c.slot = p_slot and c.number = p_segment.number - 1 and c.hash = p_segment.previous and c.sealed_at <= p_segment.sealed_at
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
  insert into audit_segment values (p_segment.*);
  update audit_chain c set number = p_segment.number, hash = p_segment.hash, sealed_at = p_segment.sealed_at, sealed = v_sealed
  where c.slot = p_slot;
  perform ledger_append(p_slot, p_ledger);
  return true;
end $$;

-- Owner of the tables `operator*`: src/registry. Small reference tables, as `operator` is.
alter table operator
  add column roles text[] not null default '{}',
  -- signs in no more, and his sessions are gone
  add column disabled_at timestamptz,
  -- secret of the one-time codes, encrypted with a key that is not in the database; and the last step of time whose code was used
  add column totp bytea,
  add column totp_since timestamptz,
  add column totp_step bigint not null default 0;

create table operator_recovery_code (
  operator text not null references operator,
  -- SHA-256; the row goes when the code is used
  hash bytea not null,
  primary key (operator, hash)
);

create table operator_passkey (
  -- of the credential, base64url
  id text not null primary key,
  operator text not null references operator,
  label text not null,
  -- COSE
  public_key bytea not null,
  counter bigint not null,
  created_at timestamptz not null,
  last_used_at timestamptz
);
create index operator_passkey_operator on operator_passkey (operator);

create table operator_session (
  -- SHA-256 of what the browser has
  hash bytea not null primary key,
  -- what lists name it by
  id uuid not null unique,
  operator text not null references operator,
  stage text not null check (stage in ('second-factor', 'enrolment', 'full')),
  client_address text not null,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  ends_at timestamptz not null,
  -- wrong second factors
  failures integer not null,
  -- what an authenticator must sign, until when; gone once it was asked for
  challenge text,
  challenge_until timestamptz,
  -- secret of one-time codes that were offered but not confirmed, encrypted
  offered_totp bytea
);
create index operator_session_operator on operator_session (operator);
