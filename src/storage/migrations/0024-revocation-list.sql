-- Owner: src/seal. Revocation lists as they were fetched: what proves later that a certificate was good when it sealed. One row a list, however
-- often it was fetched. The same everywhere: it has no slot.

create table revocation_list (
  -- of the bytes of the list
  sha256 bytea not null primary key,
  -- DER of the name of who has signed it
  issuer bytea not null,
  url text not null,
  this_update timestamptz not null,
  next_update timestamptz not null,
  first_used timestamptz not null,
  last_used timestamptz not null,
  -- as it came
  list bytea not null
);
create index revocation_list_issuer on revocation_list (issuer, url, this_update);
create index revocation_list_last_used on revocation_list (last_used);
