/**
 * What keeps the schema able to be distributed (ARCHITECTURE.md), asked of the catalogue after all migrations: a new table or
 * function that breaks a rule fails here by name. Each rule also meets a schema that breaks it, and must find it.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Client } from 'pg'
import { openDatabase } from './database.ts'
import type { Database } from './database.ts'
import { REFERENCE_TABLES } from './one-slot.ts'
import { lastFirst, withTestDatabase } from './test-database.ts'

const scope = lastFirst({ after })
const { database: ours, connection } = await withTestDatabase(scope)
const broken = await brokenDatabase()

/** Everything that must not be, in one schema. */
async function brokenDatabase(): Promise<Database> {
  const run = async (database: string, sql: string): Promise<void> => {
    const client = new Client({ ...connection, database })
    await client.connect()
    await client.query(sql)
    await client.end()
  }
  await run('postgres', 'create database broken')
  await run(
    'broken',
    `create table domain (name text primary key);
    create table no_slot (id uuid primary key);
    create table no_key (slot integer not null, id uuid);
    create table text_slot (slot text primary key);
    create table late_slot (id uuid, slot integer not null, name text references domain, primary key (id, slot), unique (id));
    create table child (slot integer not null, id uuid, primary key (slot, id), foreign key (id, slot) references late_slot (id, slot));
    create table counted (slot integer not null, id bigint generated always as identity, primary key (slot, id));
    create table dated (slot integer primary key, at timestamptz default now());
    create function f() returns trigger language plpgsql as 'begin return new; end';
    create trigger t before insert on dated for each row execute function f();
    create rule r as on delete to dated do instead nothing;
    create function locks(p_slot integer) returns void language sql as 'select pg_advisory_xact_lock(p_slot)';
    create function writes(p_id integer) returns void language plpgsql as $$ begin update dated set at = null; end $$`,
  )
  const database = openDatabase({ ...connection, database: 'broken' }, { max: 2 })
  scope.after(() => database.close())
  return database
}

const isOurs = `pronamespace = 'public'::regnamespace`
const isSlotted = `relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> all ($1)`
const isSlot = (table: string, column: string): string =>
  `exists (select from pg_attribute where attrelid = ${table} and attnum = ${column} and attname = 'slot')`
/** INSERT, DELETE, UPDATE as a statement (not `on conflict do update`), and row locks. */
const writes = String.raw`\minsert\s+into\M|\mdelete\s+from\M|(?<!for\s)(?<!key\s)(?<!do\s)\mupdate\M|\mfor\s+(no\s+key\s+)?update\M`

/** Each rule with the statement that gives the names of what breaks it, and what it finds in the broken schema. */
const rules: readonly (readonly [rule: string, sql: string, found: readonly string[]])[] = [
  [
    'every table has a slot integer not null, or is a reference table',
    `select relname as name from pg_class t where ${isSlotted} and not exists (
      select from pg_attribute where attrelid = t.oid and attname = 'slot' and atttypid = 'integer'::regtype and attnotnull)`,
    ['no_slot', 'text_slot'],
  ],
  [
    'every table has a primary key',
    `select relname as name from pg_class t
      where ${isSlotted} and not exists (select from pg_index where indrelid = t.oid and indisprimary)`,
    ['no_key'],
  ],
  [
    'the slot leads every primary key and unique index',
    `select indexrelid::regclass::text as name from pg_index join pg_class t on t.oid = indrelid
      where ${isSlotted} and indisunique and not ${isSlot('indrelid', 'indkey[0]')}`,
    ['late_slot_id_key', 'late_slot_pkey', 'no_slot_pkey'],
  ],
  [
    'the slot leads every foreign key, on both sides',
    `select conname as name from pg_constraint join pg_class t on t.oid = conrelid
      where ${isSlotted} and contype = 'f' and not (${isSlot('conrelid', 'conkey[1]')} and ${isSlot('confrelid', 'confkey[1]')})`,
    ['child_id_slot_fkey', 'late_slot_name_fkey'],
  ],
  ['no trigger', 'select tgname as name from pg_trigger where not tgisinternal', ['t']],
  [
    'no rule',
    `select rulename as name from pg_rewrite join pg_class on pg_class.oid = ev_class
      where relnamespace = 'public'::regnamespace and relkind <> 'v'`,
    ['r'],
  ],
  ['no sequence', `select relname as name from pg_class where relkind = 'S'`, ['counted_id_seq']],
  ['no identity column', `select attname as name from pg_attribute where attidentity <> ''`, ['id']],
  [
    'no column has a volatile default: time and identifiers come from the caller',
    `select adrelid::regclass::text as name from pg_attrdef join pg_class t on t.oid = adrelid
      where ${isSlotted} and pg_get_expr(adbin, adrelid) ~* 'now\\(\\)|current_|timestamp|random|uuid|nextval'`,
    ['dated'],
  ],
  [
    'no function takes an advisory lock, notifies, or knows the name of a constraint',
    `select proname as name from pg_proc where ${isOurs} and prosrc ~* 'advisory|notify|constraint_name|on\\s+constraint'`,
    ['locks'],
  ],
  [
    'every function that writes has the slot first',
    `select proname as name from pg_proc where ${isOurs} and prosrc ~* '${writes}'
      and not (coalesce(proargnames[1], '') = 'p_slot' and proargtypes[0] = 'integer'::regtype)`,
    ['writes'],
  ],
]

async function offenders({ reader }: Database, sql: string): Promise<string[]> {
  const rows = await reader.read<{ name: string }>(sql, sql.includes('$1') ? [REFERENCE_TABLES] : [])
  return rows.map((row) => row.name).sort()
}

for (const [rule, sql, found] of rules) {
  test(rule, async () => {
    assert.deepEqual(await offenders(broken, sql), found)
    assert.deepEqual(await offenders(ours, sql), [])
  })
}
