-- Owner: src/quarantine. Messages that may do harm, kept apart for 30 months: who, what, when, and the bytes as a blob of the same slot,
-- which is the hash of the certified identifier.

create table quarantine (
  slot integer not null,
  pec_msgid text not null,
  -- access, incoming
  point text not null,
  -- virus, blocked-attachment
  threat_kind text not null,
  threat text not null,
  sender text not null,
  recipients text[] not null,
  size bigint not null,
  sha256 bytea not null,
  blob uuid not null,
  blob_place text not null,
  at timestamptz not null,
  keep_until timestamptz not null,
  primary key (slot, pec_msgid, point)
);
-- Who looks for a message knows its identifier; the sweeper asks for blobs, and for what is over.
create index quarantine_pec_msgid on quarantine (pec_msgid);
create index quarantine_blob on quarantine (blob);
create index quarantine_keep_until on quarantine (keep_until);

-- Keeps a message with its blob (null bytes: they are on disk). One that is there already stays as it is, and nothing is added.
-- Months are counted by the calendar, and the last day counts whole (Italian civil code, art. 2963).
create function quarantine_keep(p_slot integer, p_pec_msgid text, p_point text, p_threat_kind text, p_threat text, p_sender text,
  p_recipients text[], p_size bigint, p_sha256 bytea, p_blob uuid, p_place text, p_bytes bytea, p_at timestamptz) returns boolean
language plpgsql as $$
begin
  insert into quarantine (slot, pec_msgid, point, threat_kind, threat, sender, recipients, size, sha256, blob, blob_place, at, keep_until)
  values (p_slot, p_pec_msgid, p_point, p_threat_kind, p_threat, p_sender, p_recipients, p_size, p_sha256, p_blob, p_place, p_at,
    (date_trunc('day', p_at at time zone 'Europe/Rome' + interval '30 months') + interval '1 day') at time zone 'Europe/Rome')
  on conflict (slot, pec_msgid, point) do nothing;
  if not found then return false; end if;
  perform blob_add(p_slot, p_blob, p_size, p_sha256, p_place, p_bytes, p_at);
  return true;
end $$;
