-- Owner: src/registry. The API: answers that are kept for who asks again with the same key.

-- Slot and id are a hash of the key with its maker. The answer is encrypted with a key that is made of the idempotency key, so that only who
-- knows that reads it.
create table idempotency_key (
  slot integer not null,
  id bytea not null,
  -- SHA-256 of what was asked: the same key with another request is refused
  request bytea not null,
  -- null while it is worked on, by one who has time until `expires_at`
  answer bytea,
  expires_at timestamptz not null,
  primary key (slot, id)
);
create index idempotency_key_expiry on idempotency_key (expires_at);
