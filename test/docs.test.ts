/** The documents that derive from the code are those that the code gives, and what the others point to is there. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { writtenDocuments } from '../scripts/docs.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: root })

test('the references that are written from the code are not stale', async () => {
  const hint = 'run: node scripts/run.mjs scripts/docs.ts'
  for (const [path, text] of Object.entries(await writtenDocuments()))
    assert.equal(readFileSync(path, 'utf8'), text, `${path}: ${hint}`)
})

test('links between the documents lead somewhere', () => {
  const links = documents.flatMap((path) =>
    [...read(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(([, target = '']) => ({ path, target })),
  )
  assert.ok(links.length > 0)
  const broken = links.filter(({ path, target }) => !existsSync(join(root, dirname(path), target)))
  assert.deepEqual(broken, [])
})

/** Where a path of the documents may start. */
const STARTS = ['', 'src', 'src/storage']

test('source files that the documents name are there', () => {
  const named = documents.flatMap((path) =>
    [...read(path).matchAll(/`((?:[\w.-]+\/)+[\w.-]+\.(?:ts|mjs|sql))`/g)].map(([, file = '']) => ({ path, file })),
  )
  assert.ok(named.length > 0)
  const missing = named.filter(({ file }) => !STARTS.some((start) => existsSync(join(root, start, file))))
  assert.deepEqual(missing, [])
})
