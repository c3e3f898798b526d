-- Owner: src/registry. Logins: SCRAM keys, the second factor, app passwords, the networks of holders, the secrets of the installation.

-- The SCRAM-SHA-256 keys of the password in `hash`: "SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY", base64 between the signs. Null for a
-- password that was set before there were any, until it is set anew or opens the mailbox in clear; and for one that SCRAM does not allow.
alter table credential add column scram text;

-- With it the password alone opens nothing to mail programs: they need an app password.
alter table mailbox_profile add column second_factor boolean not null default false;

create table app_password (
  slot integer not null,
  mailbox uuid not null,
  id uuid not null,
  -- what the holder calls it
  name text not null,
  -- what it opens: imap, pop3, smtp, jmap
  protocols text[] not null,
  -- HMAC-SHA-256 of the secret, in hexadecimal, keyed with the mailbox
  hash text not null,
  -- its SCRAM keys, as in credential
  scram text,
  created_at timestamptz not null,
  -- to the hour
  last_used_at timestamptz,
  primary key (slot, mailbox, id),
  unique (slot, mailbox, name),
  foreign key (slot, mailbox) references mailbox (slot, id)
);

-- Networks from which a holder has logged in lately: the brake on guessing does not hold him up there.
create table login_network (
  slot integer not null,
  mailbox uuid not null,
  -- HMAC-SHA-256 of the network, in hexadecimal, keyed with a secret of the installation: where somebody was is not written down
  network text not null,
  last_at timestamptz not null,
  primary key (slot, mailbox, network),
  foreign key (slot, mailbox) references mailbox (slot, id)
);

-- Random keys, made when first needed, the same for all processes; slot is the hash of the name.
create table installation_secret (
  slot integer not null,
  name text not null,
  value bytea not null,
  created_at timestamptz not null,
  primary key (slot, name)
);
