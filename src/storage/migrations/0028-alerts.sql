-- Owner: src/notices. Alerts: what holders wish to be told of by ordinary e-mail, and how far each has been told. What has come is found from
-- the cursor of the mailbox (`modseq`), so that no step of a delivery knows of this table.

create table alert (
  slot integer not null,
  mailbox uuid not null,
  -- ordinary address; counted anew with each change, so that links and bounces of an earlier one do nothing to this one
  recipient text not null,
  serial integer not null,
  -- null: nothing is sent to it but the link that confirms it, and when that is or was to be sent
  confirmed_at timestamptz,
  confirmation_at timestamptz,
  -- it, en
  language text not null,
  -- at-once, hourly, daily; of the last, at which hour in Italy
  frequency text not null check (frequency in ('at-once', 'hourly', 'daily')),
  hour integer not null check (hour between 0 and 23),
  -- whether sender and subject are shown
  details boolean not null,
  -- envelopes, receipts, anomalies, quota, expiry
  kinds text[] not null,
  -- null: alerts are sent; else since when not, and why: holder, link, bounce, with what the other server said
  stopped_at timestamptz,
  stopped_by text,
  stopped_reason text,

  -- The cursor up to which the mailbox was looked at, and of its folders the first UID that was not: {"folder": uid}.
  modseq bigint not null,
  looked jsonb not null,
  -- the same, up to which somebody is telling or was when he died: whoever goes on tells the same, under the same key
  telling jsonb,
  -- when the last message was told; when the next ones are to be, null if nothing has changed
  told_at timestamptz,
  digest_at timestamptz,
  -- of the last warning that was told; `expires_on` is told unless it is in `expiry_told`, with the days before
  quota_told_at timestamptz not null,
  expires_on date,
  expiry_told text,

  -- when somebody must look: the work, or the end of a lease while attempts > 0; null if there is nothing to do
  due_at timestamptz,
  attempts integer not null,
  primary key (slot, mailbox),
  foreign key (slot, mailbox) references mailbox (slot, id)
) with (fillfactor = 70);
create index alert_due on alert (due_at) where due_at is not null;
