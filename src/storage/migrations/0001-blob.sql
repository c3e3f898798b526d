-- What a message is made of: immutable bytes that several messages of one dispatch may point at. Small ones lie here, large ones
-- on disk; `place` says where. A row is there if and only if the bytes are durable.
create table blob (
  slot integer not null,
  id uuid not null,
  size bigint not null,
  sha256 bytea not null,
  place text not null,
  bytes bytea,
  created_at timestamptz not null,
  primary key (slot, id)
);

-- Not compressed: a part is then read without the rest, and what is attached to mail is compressed already.
alter table blob alter column bytes set storage external;

-- The row of a blob, in the transaction that links it. A repeated step (I4) finds it there and changes nothing.
create function blob_add(
  p_slot integer, p_id uuid, p_size bigint, p_sha256 bytea, p_place text, p_bytes bytea, p_at timestamptz
) returns void language sql as $$
  insert into blob (slot, id, size, sha256, place, bytes, created_at)
  values (p_slot, p_id, p_size, p_sha256, p_place, p_bytes, p_at)
  on conflict (slot, id) do nothing
$$;
