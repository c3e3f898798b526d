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

/** Makes the table partitioned, as it lies, and moves whole partitions: the only file that may touch what is written. */
const isPartitioning = (file: string): boolean => /migrations\/\d{4}-sealed-ledger\.sql$/.test(file)

test('entries are only ever appended, and by one function', () => {
  const files = globSync(['**/*.sql', '**/*.ts'], { cwd: src }).filter((file) => !/(?:\.test|\/test-[a-z-]+)\.ts$/.test(file))
  const texts = files.map((file) => ({ file, text: readFileSync(join(src, file), 'utf8') }))
  assert.deepEqual(
    texts.filter(({ file, text }) => CHANGES.test(text) && !isPartitioning(file)).map(({ file }) => file),
    [],
  )
  const writers = texts.flatMap(({ file, text }) => [...text.matchAll(WRITES)].map(() => file))
  const partitioning = texts.find(({ file }) => isPartitioning(file))
  assert.ok(partitioning)
  // Once by `ledger_append` as it was, once by what has taken its place.
  assert.deepEqual(writers.toSorted(), [join('storage', 'migrations', '0003-ledger.sql'), partitioning.file])
  // Of entries, what is dropped is a partition; what is moved are the ones that had none, or that are kept.
  const statements = partitioning.text.match(/\b(?:update|delete from|truncate|drop table)\b[^;']*\bledger_entry\w*/g)
  assert.deepEqual(statements, ['delete from ledger_entry_rest', 'delete from ledger_entry_rest'])
})
