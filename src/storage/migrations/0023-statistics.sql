-- Owners: src/ledger (ledger_history), src/service-level (the rest). What the authority is told every four months: figures by day, so that
-- nobody counts 30 months of ledger again, and how long the services did not answer. All of it in slot 0, and none of it about a person.

-- The entries of one message. It is planned once on a connection: with a plan for each of its first look-ups, which has 30 partitions to
-- consider, these take longer than all that follows.
create function ledger_history(p_pec_msgid text) returns setof ledger_entry
language plpgsql stable set plan_cache_mode = force_generic_plan as $$
begin
  return query select * from ledger_entry e where e.pec_msgid = p_pec_msgid;
end $$;

-- What the ledger says of a day (Europe/Rome), once the day is over. Every figure has a row, also where it is 0.
create table statistics_day (
  slot integer not null,
  day date not null,
  figure text not null,
  count bigint not null,
  primary key (slot, day, figure)
);

-- Replaces what is known of a day.
create function statistics_put_day(p_slot integer, p_day date, p_figures text[], p_counts bigint[]) returns void
language plpgsql as $$
begin
  delete from statistics_day d where d.slot = p_slot and d.day = p_day;
  insert into statistics_day (slot, day, figure, count)
  select p_slot, p_day, f.figure, f.count from unnest(p_figures, p_counts) f(figure, count);
end $$;

-- How many mailboxes there were at the end of a day. Only a day's own end can tell, so this is not counted again.
create table mailbox_day (
  slot integer not null,
  day date not null,
  -- they may be read
  active bigint not null,
  suspended bigint not null,
  -- disabled or revoked
  closed bigint not null,
  primary key (slot, day)
);

-- The probe: when its last round was, and since when it has watched. A time without a round is a time in which nothing answered.
create table probe_state (
  slot integer not null,
  watched_since timestamptz not null,
  at timestamptz not null,
  -- the process of the last round; it has said that it ends
  holder uuid not null,
  ended boolean not null,
  primary key (slot)
);

-- Takes a round of the probe, unless another process has had one since p_since. Answers what the state was before (none: the first round
-- ever), or no row where the round is not taken.
create function probe_claim(p_slot integer, p_holder uuid, p_at timestamptz, p_since timestamptz)
returns table (before_at timestamptz, before_ended boolean)
language plpgsql as $$
declare
  v_before record;
begin
  select s.at, s.ended into v_before from probe_state s where s.slot = p_slot for update;
  if found then
    if v_before.at > p_since and not v_before.ended then
      return;
    end if;
    update probe_state s set at = greatest(s.at, p_at), holder = p_holder, ended = false where s.slot = p_slot;
    return query select v_before.at, v_before.ended;
    return;
  end if;
  insert into probe_state (slot, watched_since, at, holder, ended) values (p_slot, p_at, p_at, p_holder, false) on conflict do nothing;
  if found then
    return query select null::timestamptz, false;
  end if;
end $$;

-- When a service did not answer. One that goes on has no end yet.
create table service_outage (
  slot integer not null,
  service text not null,
  from_at timestamptz not null,
  to_at timestamptz,
  -- no-answer (of the service), stopped (the provider said that it ends), not-running (it did not)
  cause text not null,
  primary key (slot, service, from_at)
);

-- Declared beforehand; what is out meanwhile is counted apart.
create table maintenance_window (
  slot integer not null,
  id uuid not null,
  from_at timestamptz not null,
  to_at timestamptz not null,
  reason text not null,
  declared_at timestamptz not null,
  primary key (slot, id)
);
