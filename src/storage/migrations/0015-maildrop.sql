-- Owner: src/mailbox. The lock on a maildrop (RFC 1939 4): one POP3 session at a time, in whatever process. It is a lease, so a session that
-- was killed frees it by dying. Lock order: this row, then those of 0002.

create table maildrop_lock (
  slot integer not null,
  mailbox uuid not null,
  -- the session that has it; null: free
  holder uuid,
  -- a holder that has not renewed until then loses it to who comes next
  lease_until timestamptz not null,
  primary key (slot, mailbox),
  foreign key (slot, mailbox) references mailbox (slot, id)
) with (fillfactor = 50);

-- Takes the lock if it is free, or its lease has passed. Answers whether it did.
create function maildrop_acquire(p_slot integer, p_mailbox uuid, p_holder uuid, p_until timestamptz, p_at timestamptz) returns boolean
language plpgsql as $$
begin
  insert into maildrop_lock as l (slot, mailbox, holder, lease_until) values (p_slot, p_mailbox, p_holder, p_until)
  on conflict (slot, mailbox) do update set holder = excluded.holder, lease_until = excluded.lease_until
    where l.holder is null or l.lease_until <= p_at;
  return found;
end $$;

-- Removes messages, whatever their flags, for who holds the lock. Answers false, and removes nothing, if somebody else has taken it over.
create function maildrop_remove(p_slot integer, p_mailbox uuid, p_holder uuid, p_folder uuid, p_uids bigint[], p_at timestamptz) returns boolean
language plpgsql as $$
begin
  perform 1 from maildrop_lock l where l.slot = p_slot and l.mailbox = p_mailbox and l.holder = p_holder for update;
  if not found then return false; end if;
  perform mailbox_expunge(p_slot, p_mailbox, p_folder, p_uids, true, p_at);
  return true;
end $$;
