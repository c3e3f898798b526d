-- Owner: src/registry. The state of a mailbox and what it does with ordinary mail; what a row does not say, and where none is, holds the
-- default: active, and the policies of the domain and of the installation.

create table mailbox_profile (
  slot integer not null,
  mailbox uuid not null,
  -- active, suspended, disabled, revoked
  status text not null,
  -- accept, refuse, forward; null: as the installation does
  incoming_ordinary text,
  -- the ordinary address to which ordinary mail is forwarded; null unless incoming_ordinary is forward
  forward_to text,
  -- allow, refuse; null: as the domain does
  outgoing_ordinary text,
  changed_at timestamptz not null,
  primary key (slot, mailbox),
  foreign key (slot, mailbox) references mailbox (slot, id)
);

-- A small reference table: the policies of the domains that have others than the default.
create table domain_policy (
  domain text not null primary key,
  -- allow, refuse
  outgoing_ordinary text not null,
  changed_at timestamptz not null
);
