-- Owner: src/notices. Ordinary e-mail that leaves the house. What is added to tables of src/registry is src/registry's.

create table ordinary_mail (
  -- of the recipient's address
  slot integer not null,
  -- who queues it names it: a second one of the same name is not queued
  key text not null,
  -- stands in the envelope sender: a report of its failure names it
  id uuid not null,
  recipient text not null,
  -- language, subject, text, html, headers; null once it is sent or has failed, for it may hold a link that opens something
  body jsonb,
  -- who is told of its failure, under which name; null: nobody
  about_kind text,
  about_subject text,
  about_slot integer,
  -- waiting, sent (another server took it), failed
  state text not null,
  -- whether who is to be told of its failure has been told
  told boolean not null,
  attempts integer not null,
  -- the last word of the other server
  last_word text,
  -- when it is sent, tried again, told of, or, of what is over, forgotten
  due_at timestamptz not null,
  created_at timestamptz not null,
  closed_at timestamptz,
  primary key (slot, key)
);
create unique index ordinary_mail_id on ordinary_mail (slot, id);
create index ordinary_mail_due on ordinary_mail (due_at);
create index ordinary_mail_state on ordinary_mail (state, created_at);

-- sent_at: when the e-mail was queued, or it was found that there is nothing to tell any more.
alter table notice
  add column attempts integer not null default 0,
  -- counts how often it was asked for anew
  add column round integer not null default 0,
  -- queued, obsolete, undeliverable; null: not yet
  add column outcome text,
  -- why it is undeliverable, in the words of the other server
  add column detail text;

-- In which language a person is written to.
alter table request add column language text not null default 'it' check (language in ('it', 'en'));
alter table holder add column language text not null default 'it' check (language in ('it', 'en'));
