/** The ledger is preserved unmodified (RFC 6109 2.3): no statement of ours changes or removes an entry. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const src = fileURLToPath(new URL('..', import.meta.url))
const CHANGES =
  /\b(?:update|delete\s+from|truncate(?:\s+table)?|merge\s+into|drop\s+table|alter\s+table)\s+(?:if\s+exists\s+)?(?:only\s+)?ledger_entry\b/i
const WRITES = /\binsert\s+into\s+ledger_entry\b/gi

test('entries are only ever appended, and by one function', () => {
  const files = globSync(['**/*.sql', '**/*.ts'], { cwd: src }).filter((file) => !file.endsWith('.test.ts'))
  const texts = files.map((file) => ({ file, text: readFileSync(join(src, file), 'utf8') }))
  assert.deepEqual(
    texts.filter(({ text }) => CHANGES.test(text)).map(({ file }) => file),
    [],
  )
  const writers = texts.flatMap(({ file, text }) => [...text.matchAll(WRITES)].map(() => file))
  assert.deepEqual(writers, [join('storage', 'migrations', '0003-ledger.sql')])
})
