-- Owner: src/mailbox. What searches, sorting, threads and previews need of a content, taken out of it when it is first asked for: deliveries
-- write nothing here. Contents never change, so a row never does; it goes with its content. Texts are folded (src/mailbox/folded-text.ts) and
-- compared byte by byte.

-- Of the stored structure alone.
create table content_header (
  slot integer not null,
  content uuid not null,
  subject text collate "C" not null,
  from_text text collate "C" not null,
  to_text text collate "C" not null,
  cc_text text collate "C" not null,
  bcc_text text collate "C" not null,
  -- yyyymmdd as its Date field names it, and as an instant; null if it names none
  sent_day integer,
  sent_at timestamptz,
  -- RFC 5256 2.1, and whether something of a reply or of what is passed on was taken off
  base_subject text collate "C" not null,
  is_reply boolean not null,
  -- RFC 5256 3, RFC 5957: by i;unicode-casemap
  sort_from text collate "C" not null,
  sort_to text collate "C" not null,
  sort_cc text collate "C" not null,
  display_from text collate "C" not null,
  display_to text collate "C" not null,
  primary key (slot, content),
  foreign key (slot, content) references content (slot, id) on delete cascade
);

-- Of the bytes of its header: all fields, and the message ids of its thread (its own or '', then its references; RFC 5256 3).
create table content_fields (
  slot integer not null,
  content uuid not null,
  fields text collate "C",
  thread text[] collate "C" not null,
  primary key (slot, content),
  foreign key (slot, content) references content (slot, id) on delete cascade
);

-- Of its text parts.
create table content_text (
  slot integer not null,
  content uuid not null,
  body text collate "C",
  primary key (slot, content),
  foreign key (slot, content) references content (slot, id) on delete cascade
);

-- RFC 8970; not folded.
create table content_preview (
  slot integer not null,
  content uuid not null,
  preview text not null,
  primary key (slot, content),
  foreign key (slot, content) references content (slot, id) on delete cascade
);
