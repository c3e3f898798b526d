-- Owner: src/seal. The identities that the provider seals with after the one of its settings, and who they were: public parts only. Keys
-- are in files or tokens, where a name finds them. Small, and the same everywhere: it has no slot.

create table seal_identity (
  -- of the key in its store
  name text not null primary key,
  store text not null check (store in ('file', 'token', 'settings')),
  -- DER: the certificate, and those above it
  certificate bytea not null,
  chain bytea[] not null,
  -- the first instant that it seals; its certificate is published from `added_at` on
  seals_from timestamptz not null,
  added_at timestamptz not null
);
