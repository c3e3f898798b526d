-- Owner: src/registry. Small reference tables: the agreements with professional orders, and the provider's operators.

create table agreement (
  -- the code that a member types, such as OMCEO-XX-0051
  code text not null primary key,
  order_name text not null,
  -- the certified domain of the members' addresses
  domain text not null,
  created_at timestamptz not null
);

create table operator (
  name text not null primary key,
  hash text not null,
  created_at timestamptz not null
);
