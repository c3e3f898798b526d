-- Owner: src/webhooks. Who wants to hear of what, how far the logs were read for it, and what is on its way.

-- Small, and the same everywhere: it has no slot.
create table webhook_subscription (
  id uuid not null primary key,
  url text not null,
  -- src/webhooks/event-kinds.ts
  kinds text[] not null check (kinds <> '{}'),
  -- whose: provider, order, mailbox; and which order or mailbox
  bound text not null check (bound in ('provider', 'order', 'mailbox')),
  bound_name text not null check ((bound = 'provider') = (bound_name = '')),
  -- encrypted with a key that is not in the database; the one before it signs too until its time is over
  secret bytea not null,
  old_secret bytea,
  old_until timestamptz,
  -- null: active. By whom it was paused: owner, failing, gone
  paused_at timestamptz,
  paused_because text,
  created_at timestamptz not null,
  created_by text not null
);

-- Of each group of 256 slots and of each log, which entry of each slot is the next to be looked at. The row lies in the group's first slot.
create table webhook_cursor (
  slot integer not null,
  -- ledger, audit
  log text not null,
  next bigint[] not null,
  -- whether it was kept up: while nobody has a subscription it is not
  kept boolean not null,
  holder uuid,
  leased_until timestamptz not null,
  primary key (slot, log)
) with (fillfactor = 50);

insert into webhook_cursor (slot, log, next, kept, leased_until)
select n * 256, log, array_fill(1::bigint, array[256]), false, '-infinity' from generate_series(0, 15) n, unnest(array['ledger', 'audit']) log;

-- All of a subscription lies in the slot of its id. One row each: the number of its next event, and who sends now.
create table webhook_queue (
  slot integer not null,
  subscription uuid not null,
  next_number bigint not null,
  -- attempts since one that succeeded, and when the first of them was
  failures integer not null,
  failing_since timestamptz,
  -- when to look at it: later while somebody sends, and after a failure; null: nothing waits
  due_at timestamptz,
  holder uuid,
  primary key (slot, subscription)
) with (fillfactor = 50);
create index webhook_queue_due on webhook_queue (due_at);

create table webhook_delivery (
  slot integer not null,
  subscription uuid not null,
  -- the order in which they are sent
  number bigint not null,
  -- the same whoever is told, and whenever
  event text not null,
  kind text not null,
  -- what it is about: what has the same is told in order
  subject text not null,
  body text not null,
  -- waiting, delivered, failed (given up), skipped
  state text not null,
  attempts integer not null,
  first_failed_at timestamptz,
  due_at timestamptz not null,
  -- what the receiver answered last: a status, or what went wrong
  answer text,
  created_at timestamptz not null,
  ended_at timestamptz,
  primary key (slot, subscription, number)
);
create unique index webhook_delivery_event on webhook_delivery (slot, subscription, event);
create index webhook_delivery_waiting on webhook_delivery (slot, subscription, number) where state = 'waiting';

-- Adds events for a subscription, in order. One that it has already changes nothing.
create function webhook_enqueue(p_slot integer, p_subscription uuid, p_events jsonb, p_at timestamptz) returns integer
language plpgsql as $$
declare
  v_next bigint;
  v_added integer;
begin
  insert into webhook_queue (slot, subscription, next_number, failures) values (p_slot, p_subscription, 1, 0) on conflict do nothing;
  select q.next_number into v_next from webhook_queue q where q.slot = p_slot and q.subscription = p_subscription for update;
  insert into webhook_delivery (slot, subscription, number, event, kind, subject, body, state, attempts, due_at, created_at)
  select p_slot, p_subscription, v_next + e.n - 1, e.event, e.kind, e.subject, e.body, 'waiting', 0, p_at, p_at
  from rows from (jsonb_to_recordset(p_events) as (event text, kind text, subject text, body text)) with ordinality
    as e (event, kind, subject, body, n)
  order by e.n
  on conflict do nothing;
  get diagnostics v_added = row_count;
  -- Numbers may have gaps; they never come twice. Who sends now has the queue until then, and after a failure it waits: that stays.
  update webhook_queue q set next_number = v_next + jsonb_array_length(p_events), due_at = coalesce(q.due_at, p_at)
  where q.slot = p_slot and q.subscription = p_subscription and v_added > 0;
  return v_added;
end $$;

-- Ends the turn of who sends: when the queue is to be looked at next. In two statements, for what was added meanwhile must be seen.
create function webhook_give_back(p_slot integer, p_subscription uuid, p_holder uuid, p_failures integer, p_failing_since timestamptz,
  p_not_before timestamptz) returns void
language plpgsql as $$
begin
  perform from webhook_queue q where q.slot = p_slot and q.subscription = p_subscription and q.holder = p_holder for update;
  if not found then
    return;
  end if;
  update webhook_queue q set holder = null, failures = p_failures, failing_since = p_failing_since, due_at = (
    select case when count(*) > 0 then greatest(min(d.due_at), p_not_before) end
    from (select due_at from webhook_delivery where slot = p_slot and subscription = p_subscription and state = 'waiting'
      order by number limit 1000) d)
  where q.slot = p_slot and q.subscription = p_subscription;
end $$;

-- Owner: src/registry. Tokens of programs that use the API; small, and the same everywhere: it has no slot.
create table machine_token (
  -- the part of the token by which it is found and named
  id text not null primary key,
  -- what the audit log names it by, for ever
  name text not null unique,
  scopes text[] not null,
  -- whose: provider, order, mailbox; and which order or mailbox
  bound text not null check (bound in ('provider', 'order', 'mailbox')),
  bound_name text not null check ((bound = 'provider') = (bound_name = '')),
  -- SHA-256 of the whole token
  hash bytea not null,
  created_at timestamptz not null,
  created_by text not null,
  expires_at timestamptz not null,
  revoked_at timestamptz,
  -- a day: what a program does when is nobody's to follow here
  last_used_on date
);
