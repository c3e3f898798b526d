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

-- Members by what is typed of their name.
create index member_by_text on member (slot, order_code, (upper(surname || ' ' || given_name)) collate "C");

-- Somebody of an order, who signs in as operators do and sees of that order alone; null: one of the provider's.
alter table operator
  add column order_code text references professional_order (code),
  add check (order_code is null or roles = '{}');
