-- Owners: src/directory (domain), src/registry (address, credential).

create table domain (
  name text not null primary key,
  created_at timestamptz not null
);

-- From an address to its mailbox; slot is the hash of the address. An address is never given twice.
create table address (
  slot integer not null,
  address text not null,
  mailbox_slot integer not null,
  mailbox uuid not null,
  created_at timestamptz not null,
  primary key (slot, address)
);

create table credential (
  slot integer not null,
  mailbox uuid not null,
  kind text not null,
  hash text not null,
  updated_at timestamptz not null,
  primary key (slot, mailbox, kind),
  foreign key (slot, mailbox) references mailbox (slot, id)
);
