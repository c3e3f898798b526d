-- Owner: src/directory. The last good copy of the providers' directory, the same on every node, and what is known of its refreshing.
-- The file is replaced as a whole, in one transaction; `version` tells every process to read it anew.

create table directory_provider (
  -- the place in the file, from 0: of two that claim a domain the first one has it
  position integer not null primary key,
  name text not null,
  -- of a secondary environment
  unit text,
  mail_receipt text not null,
  ldif_url text,
  description text
);

create table directory_certificate (
  provider integer not null,
  position integer not null,
  der bytea not null,
  primary key (provider, position)
);

create table directory_domain (
  provider integer not null,
  position integer not null,
  name text not null,
  primary key (provider, position)
);

-- One row.
create table directory_state (
  id integer not null primary key check (id = 1),
  version bigint not null,
  -- of the signed file, DER of the certificate that signed it, and when, as the signer says; null before the first one
  sha256 bytea,
  signer bytea,
  signed_at timestamptz,
  -- when the file was last fetched, or imported, and found good
  fetched_at timestamptz,
  last_error text,
  failed_at timestamptz,
  next_refresh timestamptz not null,
  -- the process that works on a new copy, and until when the others leave it alone
  lease_holder uuid,
  lease_until timestamptz
);
insert into directory_state (id, version, next_refresh) values (1, 0, '1970-01-01');
