-- Owner: src/registry. Orders, their agreements and rolls, and the way of a member: request, contract, renewals, payments, documents.

-- Reference tables: few rows, the same everywhere.
create table professional_order (
  -- such as OMCEO-XX; its hash is the slot of everything of the order
  code text not null primary key,
  name text not null,
  -- where notices for the order go; null: nowhere
  email text,
  created_at timestamptz not null
);

-- An agreement that was only a code, a name and a domain gets an order of its own, without end, paid by the members, free of charge.
insert into professional_order (code, name, created_at) select code, order_name, created_at from agreement;

alter table agreement
  add column order_code text references professional_order (code),
  -- the first and the last day, in Italy
  add column valid_from date,
  add column valid_until date,
  -- order, member
  add column payer text not null default 'member' check (payer in ('order', 'member')),
  add column cents_per_year integer not null default 0 check (cents_per_year >= 0),
  -- how many years a member may take
  add column durations integer[] not null default '{1,2,3}' check (durations <> '{}' and durations <@ array[1, 2, 3]),
  -- what stands before the "@", such as name.surname
  add column address_rule text not null default 'name.surname',
  -- bytes of a mailbox; null: as the installation does
  add column quota bigint,
  -- the version of the terms that a member accepts now
  add column terms_version text not null default '1';
update agreement set order_code = code, valid_from = (created_at at time zone 'Europe/Rome')::date;
alter table agreement alter column order_code set not null, alter column valid_from set not null, drop column order_name;

-- All that follows lies in the slot of the order's code, so that a step of a member's way is one transaction; but address_hold.

create table roll (
  slot integer not null,
  order_code text not null,
  -- counts the imports
  version integer not null,
  imported_at timestamptz not null,
  primary key (slot, order_code)
);

create table member (
  slot integer not null,
  order_code text not null,
  tax_code text not null,
  surname text not null,
  given_name text not null,
  register_number text not null,
  registered_on date,
  -- null: on the roll
  struck_off_on date,
  changed_at timestamptz not null,
  primary key (slot, order_code, tax_code)
);
-- Lists go by name, page by page.
create index member_by_name on member (slot, order_code, surname collate "C", given_name collate "C", tax_code);

-- What a roll said before an import changed it.
create table member_history (
  slot integer not null,
  order_code text not null,
  tax_code text not null,
  -- the import that changed it
  version integer not null,
  -- added, changed, struck-off, restored
  change text not null,
  -- null: there was none
  before jsonb,
  at timestamptz not null,
  primary key (slot, order_code, tax_code, version)
);

create table request (
  slot integer not null,
  id uuid not null,
  order_code text not null,
  agreement text not null,
  -- src/registry/agreement/states.ts
  state text not null,
  state_at timestamptz not null,
  -- of the person; empty once the request is erased
  tax_code text not null,
  surname text not null,
  given_name text not null,
  email text not null,
  phone text not null,
  address text not null,
  -- the mailbox that it becomes
  mailbox_slot integer not null,
  mailbox uuid not null,
  years integer not null,
  terms_version text not null,
  terms_accepted_at timestamptz not null,
  email_confirmed_at timestamptz,
  -- why it was rejected, or what is wrong with the document
  reason text,
  created_at timestamptz not null,
  erased_at timestamptz,
  primary key (slot, id)
);
create index request_id on request (id);
create index request_state on request (slot, order_code, state, id);
-- One at a time for a person.
create unique index request_open on request (slot, order_code, tax_code)
  where state not in ('approved', 'rejected', 'abandoned');

create table holder (
  slot integer not null,
  id uuid not null,
  order_code text not null,
  tax_code text not null,
  surname text not null,
  given_name text not null,
  -- the ordinary address, which notices go to
  email text not null,
  phone text not null,
  changed_at timestamptz not null,
  primary key (slot, id)
);
create unique index holder_tax_code on holder (slot, order_code, tax_code);

create table contract (
  slot integer not null,
  id uuid not null,
  order_code text not null,
  agreement text not null,
  holder uuid not null,
  state text not null,
  state_at timestamptz not null,
  -- the event that ended it, and what was said
  cause text,
  reason text,
  address text not null,
  mailbox_slot integer not null,
  mailbox uuid not null,
  -- days in Italy: the last one is `expires_on`
  starts_on date not null,
  expires_on date not null,
  -- the day on which the content goes, as the holder was told; null: none yet
  delete_on date,
  content_deleted_at timestamptz,
  primary key (slot, id),
  foreign key (slot, holder) references holder (slot, id)
);
create index contract_id on contract (id);
create unique index contract_address on contract (slot, address);
create index contract_holder on contract (slot, holder);
create index contract_expiry on contract (slot, order_code, expires_on, id);
-- One that lives at a time for a person.
create unique index contract_living on contract (slot, holder) where state in ('active', 'expiring', 'suspended');

create table renewal (
  slot integer not null,
  id uuid not null,
  contract uuid not null,
  state text not null,
  state_at timestamptz not null,
  years integer not null,
  -- the expiry that it was asked at
  expires_on date not null,
  -- an operator let it pass after the last day
  late_accepted boolean not null,
  reason text,
  created_at timestamptz not null,
  primary key (slot, id),
  foreign key (slot, contract) references contract (slot, id)
);
create index renewal_id on renewal (id);
create index renewal_contract on renewal (slot, contract);
create unique index renewal_open on renewal (slot, contract) where state in ('awaiting-payment', 'late-pending');

create table payment (
  slot integer not null,
  -- what the payer writes with a bank transfer: src/registry/agreement/payment-reference.ts
  reference text not null,
  -- request, renewal
  subject_kind text not null,
  subject uuid not null,
  -- order, bank-transfer, card
  method text not null,
  cents integer not null,
  -- awaited, registered, cancelled
  state text not null,
  created_at timestamptz not null,
  registered_at timestamptz,
  -- what the payment provider, or the bank, calls it
  registered_as text,
  primary key (slot, reference)
);
create index payment_subject on payment (slot, subject);

-- What a payment provider said once, and what became of it: said again it changes nothing.
create table money_movement (
  slot integer not null,
  -- the provider's name and its own identifier
  id text not null,
  cents integer not null,
  reference text,
  note text not null,
  -- registered, wrong-amount, paid-already, too-late, unknown
  outcome text not null,
  at timestamptz not null,
  primary key (slot, id)
);

create table document (
  slot integer not null,
  id uuid not null,
  request uuid not null,
  media_type text not null,
  size integer not null,
  -- of the plain bytes
  sha256 bytea not null,
  -- AES-256-GCM: which key (not the key), nonce, bytes with their tag; null once deleted
  key_id text not null,
  nonce bytea,
  sealed bytea,
  created_at timestamptz not null,
  deleted_at timestamptz,
  primary key (slot, id),
  foreign key (slot, request) references request (slot, id)
);
create index document_request on document (slot, request);

-- Links that open something once: their SHA-256 only.
create table link_token (
  slot integer not null,
  hash bytea not null,
  -- confirm-email, activate
  purpose text not null,
  subject uuid not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  primary key (slot, hash)
);
create index link_token_subject on link_token (slot, subject, purpose);

-- What is to be told by ordinary e-mail; whoever sends it makes its link, so that no row holds one.
create table notice (
  slot integer not null,
  id uuid not null,
  kind text not null,
  subject_kind text not null,
  subject uuid not null,
  recipient text not null,
  data jsonb not null,
  due_at timestamptz not null,
  created_at timestamptz not null,
  sent_at timestamptz,
  primary key (slot, id)
);
create index notice_due on notice (due_at) where sent_at is null;
create index notice_subject on notice (slot, subject);

-- What is to be done at a time: claimed by moving `due_at` on, gone when done.
create table agreement_timer (
  slot integer not null,
  subject uuid not null,
  kind text not null,
  due_at timestamptz not null,
  attempts integer not null,
  primary key (slot, subject, kind)
);
create index agreement_timer_due on agreement_timer (due_at);

-- An address that somebody asked for; slot is the hash of the address. It counts while its request is under way; table `address` has those
-- that were given.
create table address_hold (
  slot integer not null,
  address text not null,
  request uuid not null,
  at timestamptz not null,
  primary key (slot, address)
);
