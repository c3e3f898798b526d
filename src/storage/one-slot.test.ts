import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSlotRule } from './one-slot.ts'

const rule = createSlotRule()
const bug = { code: 'one-slot-rule', fault: 'bug' }

for (const sql of [
  'select * from mailbox_append($1, $2)',
  'select deliver ( $1::int, $2)',
  'select x from storage.claim(p_slot => $1, p_now => $2) as x',
  'update folder f set name = $3 where f.slot = $1 and f.id = $2',
  'delete from blob where id = $2 and slot=$1',
  'insert into blob (slot, id) values ($1, $2)',
  'insert into folder as f (slot, id)\n select $1, unnest($2::uuid[])',
  'SELECT uid FROM message WHERE slot = $1 FOR UPDATE',
]) {
  test(`allows: ${sql}`, () => rule.checkSlot(7, sql, [7]))
}

for (const sql of [
  'select $1::int',
  'select coalesce($1, $2)',
  'select * from generate_series($1, $2)',
  'update folder set name = $1',
  'update folder set name = $2 where slot = $10',
  'update folder set name = $2 where mailbox_slot = $1',
  'delete from blob where slot > $1',
  'insert into blob (id, slot) values ($1, $2)',
  'insert into blob (slot, id) values ($2, $1)',
  'select * from message where uid in ($1)',
  'select * from deliver($2, $1)',
]) {
  test(`refuses: ${sql}`, () => assert.throws(() => rule.checkSlot(7, sql, [7]), bug))
}

test('refuses another slot than the one of the transaction, whatever the text', () => {
  assert.throws(() => rule.checkSlot(7, 'select f($1)', [8]), bug)
  assert.throws(() => rule.checkSlot(7, 'select f($1)', ['7']), bug)
  assert.throws(() => rule.checkSlot(7, 'select f()', []), bug)
})

test('a reference transaction writes reference tables only', () => {
  for (const sql of [
    'insert into domain (name) values ($1) on conflict (name) do update set name = excluded.name',
    'select name from domain for update skip locked',
    'select name from domain for no key update',
    'delete from domain where name = $1',
    'select count(*) from blob',
  ]) {
    rule.checkReference(sql)
  }
  for (const sql of [
    'update blob set size = 1',
    'insert into "mailbox" (slot) values (1)',
    'with x as (delete from only blob returning 1) select 1',
  ]) {
    assert.throws(() => rule.checkReference(sql), bug)
  }
})
