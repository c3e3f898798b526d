-- Owner: src/registry. What an order knows of its members' addresses: the history, the exports to the public register, warnings to members
-- without one; addresses elsewhere; the texts of the terms.

alter table member
  -- the certified address that the register is to have: the last one of the history; null: none
  add column address text,
  -- since when there is no address, while there is none; those who never had one have none since they came onto the roll here
  add column without_since timestamptz,
  -- the last of member_warning, while there is no address
  add column warned_on date,
  add column proposed_on date;
-- Who has no address, page by page.
create index member_without_address on member (slot, order_code, surname collate "C", given_name collate "C", tax_code)
  where address is null and struck_off_on is null;

-- One for each order: counts its facts and its exports, and is locked by whoever adds to them.
create table address_history (
  slot integer not null,
  order_code text not null,
  facts integer not null,
  exports integer not null,
  primary key (slot, order_code)
);

-- What became of addresses, each written in the transaction in which it happened; never changed.
create table address_fact (
  slot integer not null,
  order_code text not null,
  -- counts from 1 without a gap, in the order of commits
  number integer not null,
  at timestamptz not null,
  -- src/registry/agreement/address-facts.ts
  what text not null,
  -- the address that it is about
  address text not null,
  -- the contract or the address elsewhere; null: the roll
  subject uuid,
  -- what the register is to have of the member from then on, and what the roll said
  registered text,
  tax_code text not null,
  surname text not null,
  given_name text not null,
  register_number text not null,
  registered_on date,
  struck_off_on date,
  primary key (slot, order_code, number)
);
create index address_fact_member on address_fact (slot, order_code, tax_code, number);
create index address_fact_subject on address_fact (slot, subject);

-- What was sent to the register, as it was sent.
create table register_export (
  slot integer not null,
  order_code text not null,
  number integer not null,
  -- facts behind the first and up to the second are told by it
  after_fact integer not null,
  to_fact integer not null,
  lines integer not null,
  bytes bytea not null,
  sha256 bytea not null,
  made_at timestamptz not null,
  made_by text not null,
  -- null: whether it arrived is not known
  confirmed_at timestamptz,
  confirmed_by text,
  primary key (slot, order_code, number)
);
create unique index register_export_open on register_export (slot, order_code) where confirmed_at is null;

create table register_line (
  slot integer not null,
  order_code text not null,
  export integer not null,
  -- in the file, the first one under the titles being 2
  line integer not null,
  tax_code text not null,
  -- 1 update, 2 insert, 3 delete
  operation integer not null,
  address text not null,
  -- the fact that it tells
  fact integer not null,
  -- null: the register took it, or has not answered yet
  rejected text,
  primary key (slot, order_code, export, line)
);
create index register_line_member on register_line (slot, order_code, tax_code, export);
-- Those are told again.
create index register_line_rejected on register_line (slot, order_code, export) where rejected is not null;

-- What an order sent to members without an address; never changed.
create table member_warning (
  slot integer not null,
  order_code text not null,
  tax_code text not null,
  at timestamptz not null,
  -- warning, proposal
  kind text not null,
  -- the day on which it was sent
  sent_on date not null,
  -- how, such as the number of a registered letter
  note text not null,
  noted_by text not null,
  primary key (slot, order_code, tax_code, at)
);

-- A certified address that a member has at another provider, or outside of the agreement.
create table address_elsewhere (
  slot integer not null,
  id uuid not null,
  order_code text not null,
  tax_code text not null,
  address text not null,
  -- unproved, proved, refused, ended
  state text not null,
  created_at timestamptz not null,
  -- SHA-256 of the code, which is nowhere else; null: none was made yet
  code_hash bytea,
  tries_left integer not null,
  expires_at timestamptz not null,
  -- when the message with the code is to be sent, moved on while it is being sent; null: it is sent
  send_at timestamptz,
  attempts integer not null,
  -- the certified message with the code
  sent_slot integer,
  sent_msgid text,
  proved_at timestamptz,
  ended_at timestamptz,
  primary key (slot, id)
);
create index address_elsewhere_id on address_elsewhere (id);
create index address_elsewhere_due on address_elsewhere (send_at) where send_at is not null;
create unique index address_elsewhere_unproved on address_elsewhere (slot, order_code, tax_code) where state = 'unproved';
create unique index address_elsewhere_proved on address_elsewhere (slot, order_code, tax_code) where state = 'proved';

-- A reference table: what members accept, never changed.
create table terms_text (
  version text not null,
  -- it, en
  language text not null,
  -- the first day on which it may be accepted
  valid_from date not null,
  -- text/plain, application/pdf
  media_type text not null,
  bytes bytea not null,
  sha256 bytea not null,
  added_at timestamptz not null,
  added_by text not null,
  primary key (version, language)
);
-- The text that was accepted; null: no text of the version was stored then.
alter table request add column terms_language text, add column terms_sha256 bytea;

-- Who set the state of a mailbox last: what an operator has blocked no renewal lifts.
alter table mailbox_profile add column status_by_agreement boolean not null default false;
update mailbox_profile p set status_by_agreement = true from contract c
  where c.mailbox_slot = p.slot and c.mailbox = p.mailbox
    and ((p.status = 'suspended' and c.state in ('suspended', 'revoked', 'withdrawn')) or (p.status = 'revoked' and c.state = 'ended'));

-- What there is already, as facts of now: given; and taken again where the mailbox is not served any more.
with counted as (
  select c.slot, c.order_code, row_number() over (partition by c.slot, c.order_code order by c.id) as number, c.state_at as at,
    case when c.state in ('active', 'expiring') then 'given' when c.state = 'suspended' then 'suspended' else 'ended' end as what,
    c.address, c.id as subject, case when c.state in ('active', 'expiring', 'suspended') then c.address end as registered, h.tax_code
  from contract c join holder h on h.slot = c.slot and h.id = c.holder
)
insert into address_fact (slot, order_code, number, at, what, address, subject, registered, tax_code, surname, given_name, register_number,
  registered_on, struck_off_on)
select c.slot, c.order_code, c.number, c.at, c.what, c.address, c.subject, c.registered, m.tax_code, m.surname, m.given_name,
  m.register_number, m.registered_on, m.struck_off_on
from counted c join member m on m.slot = c.slot and m.order_code = c.order_code and m.tax_code = c.tax_code;
insert into address_history (slot, order_code, facts, exports)
  select slot, order_code, max(number), 0 from address_fact group by slot, order_code;
update member m set address = f.registered from address_fact f
  where f.slot = m.slot and f.order_code = m.order_code and f.tax_code = m.tax_code and f.registered is not null;
update member set without_since = changed_at where address is null;
