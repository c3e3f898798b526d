-- Owner: src/mailbox. What searches, sorting, threads and previews need of a content, taken out of it when it is first asked for: deliveries
-- write nothing here. Contents never change, so a row never does; it goes with its content. There is no foreign key, for it would lock, and so
-- write, every content that is searched: what is swept was expunged so long ago that nobody makes a row of it any more. Texts are folded
-- (src/mailbox/folded-text.ts) and compared byte by byte.

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
  primary key (slot, content)
);

-- Of the bytes of its header: all fields, and the message ids of its thread (its own or '', then its references; RFC 5256 3).
create table content_fields (
  slot integer not null,
  content uuid not null,
  fields text collate "C",
  thread text[] collate "C" not null,
  primary key (slot, content)
);

-- Of its text parts.
create table content_text (
  slot integer not null,
  content uuid not null,
  body text collate "C",
  primary key (slot, content)
);

-- RFC 8970; not folded.
create table content_preview (
  slot integer not null,
  content uuid not null,
  preview text not null,
  primary key (slot, content)
);

-- As in 0002; what was taken out of the contents goes with them.
create or replace function mailbox_sweep(p_slot integer, p_before timestamptz) returns integer
language plpgsql as $$
declare
  v_removed uuid[];
begin
  with removed as (
    delete from content c where c.slot = p_slot
      and c.id in (select t.content from tombstone t where t.slot = p_slot and t.expunged_at < p_before)
      and not exists (select 1 from message m where m.slot = p_slot and m.content = c.id)
    returning c.id)
  select coalesce(array_agg(id), '{}') into v_removed from removed;
  delete from content_header x where x.slot = p_slot and x.content = any (v_removed);
  delete from content_fields x where x.slot = p_slot and x.content = any (v_removed);
  delete from content_text x where x.slot = p_slot and x.content = any (v_removed);
  delete from content_preview x where x.slot = p_slot and x.content = any (v_removed);
  return cardinality(v_removed);
end $$;
