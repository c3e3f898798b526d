import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageIds } from './message-ids.ts'

test('message ids are read in one form whatever their quoting, and what is none is passed over', () => {
  assert.deepEqual(messageIds('<a@b> <"c"@d>,<"e f\\"g"@h> testo <senza> <i@[10.0.0.1]> < j@k >'), [
    'a@b',
    'c@d',
    'e f"g@h',
    'i@[10.0.0.1]',
    'j@k',
  ])
  assert.deepEqual(messageIds('nessuno <a@> <@b> <a@b@c>'), [])
})

test('no value takes long', () => {
  const started = performance.now()
  for (const hostile of ['<', '<a', '<a@', '<"', '<"\\', '< ']) messageIds(hostile.repeat(100_000))
  assert.ok(performance.now() - started < 2000)
})
