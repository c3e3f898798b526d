import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { encodeBase64Lines, encodeQuotedPrintable, encodeWords } from '../mime/encoding.ts'
import { foldText } from './folded-text.ts'
import type { Criterion } from './search-types.ts'
import { sweepContents } from './sweep.ts'
import { holds, type TestMessage } from './test-matcher.ts'
import { appended, contentOfParts, withStore } from './test-store.ts'
import type { MailboxRef } from './types.ts'

const { store, mailbox, database, arrive, another } = await withStore({ after })

/** What is hard to find, or easily found where it is not. */
const PIECES = [
  'a',
  'A',
  'b',
  'é',
  'E\u0301',
  'e',
  '\u0301',
  'ß',
  'İ',
  'i',
  ' ',
  ':',
  '%',
  '_',
  '\\',
  "'",
  '🖋',
  '\x01',
  '\x02',
  '\x03',
  '"',
  ', ',
]
const pieces = (...more: string[]) => fc.array(fc.constantFrom(...PIECES, ...more), { maxLength: 8 }).map((some) => some.join(''))
const needle = pieces('subject: ', 'x-a: ', '\r\n', '@', '<', '\n').filter((text) => !text.startsWith(' '))

const headerValue = fc.oneof(
  pieces().map((text) => encodeWords(text)),
  pieces('\r\n ', '@', '<', '>', ';').map((text) => Buffer.from(text.replace(/[^\x20-\x7e\r\n]/g, 'é')).toString('latin1')),
  pieces('\0').map((text) => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`),
)
const field = fc
  .tuple(fc.constantFrom('Subject', 'From', 'To', 'Cc', 'Bcc', 'X-A', 'x-a', 'Message-ID', 'References'), headerValue)
  .map(([name, value]) => `${name}: ${value}\r\n`)
const header = fc.array(field, { maxLength: 6 }).map((fields) => fields.join(''))
const text = pieces('\0', '\r\n', '=', '\n')
const textPart = fc.oneof(
  text.map(
    (body) =>
      `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${encodeBase64Lines(Buffer.from(body))}`,
  ),
  text.map(
    (body) =>
      `Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${encodeQuotedPrintable(Buffer.from(body).toString('latin1'))}`,
  ),
  text.map(
    (body) =>
      `Content-Type: text/plain; charset=utf-16le\r\nContent-Transfer-Encoding: base64\r\n\r\n${encodeBase64Lines(Buffer.from(body, 'utf16le'))}`,
  ),
  text.map((body) => `Content-Type: application/pdf\r\n\r\n${body}`),
)
const simple = fc.tuple(header, textPart).map((both) => both.join(''))
const nested = fc
  .tuple(
    header,
    fc.array(
      fc.oneof(
        textPart,
        simple.map((inner) => `Content-Type: message/rfc822\r\n\r\n${inner}`),
      ),
      { maxLength: 3 },
    ),
  )
  .map(
    ([fields, parts]) =>
      `${fields}Content-Type: multipart/mixed; boundary="-b-"\r\n\r\n${parts.map((part) => `---b-\r\n${part}\r\n`).join('')}---b---\r\n`,
  )
const message = fc.record({
  bytes: fc
    .oneof(
      simple,
      nested,
      header.map((fields) => `${fields}\r\n`),
    )
    .map((raw) => Buffer.from(raw)),
  internalDate: fc.integer({ min: 1_700_000_000_000, max: 1_700_000_010_000 }),
})
const criterion: fc.Arbitrary<Criterion> = fc.oneof(
  fc.record({ on: fc.constantFrom('subject', 'from', 'to', 'cc', 'bcc', 'fields', 'body' as const), text: needle }),
  fc.record({
    on: fc.constant('header' as const),
    name: fc.constantFrom('subject', 'X-A', 'x-a: ', 'message-id', 'from'),
    text: needle,
  }),
  fc.record({ on: fc.constantFrom('older', 'younger'), second: fc.integer({ min: 1_699_999_999, max: 1_700_000_011 }) }),
  fc.record({ on: fc.constantFrom('larger', 'smaller'), size: fc.nat({ max: 300 }) }),
)

async function filled(messages: readonly TestMessage[]): Promise<{ ref: MailboxRef; folder: string; uids: number[] }> {
  const ref = await mailbox()
  const { id } = (await store.folder(ref, 'INBOX')) ?? { id: '' }
  const { uids } = await store.append(
    ref,
    'INBOX',
    messages.map(({ bytes, internalDate }) => ({ ...appended(bytes), internalDate })),
  )
  return { ref, folder: id, uids }
}

test('what is found is exactly what the bytes of the messages say', async () => {
  let found = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { minLength: 1, maxLength: 12 }),
      fc.array(criterion, { minLength: 12, maxLength: 12 }),
      async (messages, criteria) => {
        const { ref, folder, uids } = await filled(messages)
        for (const one of criteria) {
          const expected = uids.filter((_, at) => holds(one, messages[at] ?? assert.fail()))
          assert.deepEqual(await store.search(ref, folder, uids, one), expected, JSON.stringify(one))
          found += expected.length > 0 && expected.length < uids.length ? 1 : 0
        }
      },
    ),
    { numRuns: 60 },
  )
  assert.ok(found > 100, `${found} searches have told messages apart`)
})

test('whatever a message holds is found in it, in any case', async () => {
  await fc.assert(
    fc.asyncProperty(text, fc.nat(), fc.nat(), async (body, from, length) => {
      const part = `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${encodeBase64Lines(Buffer.from(body))}`
      const { ref, folder, uids } = await filled([{ bytes: Buffer.from(part), internalDate: 0 }])
      const all = Array.from(foldText(body.split('\0')[0] ?? ''))
      const start = from % (all.length + 1)
      const cut = all.slice(start, start + (length % 6)).join('')
      assert.deepEqual(await store.search(ref, folder, uids, { on: 'body', text: cut }), uids)
    }),
    { numRuns: 60 },
  )
})

const plain = (subject: string, body = subject): TestMessage => ({
  bytes: Buffer.from(`Subject: ${subject}\r\nMessage-ID: <${subject}@pec.test>\r\n\r\n${body}\r\n`),
  internalDate: 0,
})

const contentsIn = async (folder: string): Promise<string[]> =>
  (await database.reader.read<{ content: string }>('select content from message where folder = $1', [folder])).map(
    ({ content }) => content,
  )

const rowsOf = async (table: string, contents: readonly string[]): Promise<number> => {
  const sql = `select count(*) as count from ${table} where content = any ($1::uuid[])`
  return (await database.reader.read<{ count: number }>(sql, [contents]))[0]?.count ?? -1
}

test('a name that is no name of a field finds nothing, whatever the values begin with', async () => {
  const { ref, folder, uids } = await filled([{ bytes: Buffer.from('X-A: =?utf-8?B?OiA=?=b\r\n\r\n'), internalDate: 0 }])
  const find = (name: string) => store.search(ref, folder, uids, { on: 'header', name, text: 'b' })
  assert.deepEqual(await Promise.all(['x-a', 'x-a: ', 'x-a: : ', 'x-a:', 'x', ''].map(find)), [uids, [], [], [], [], []])
})

test('rows are made when they are needed: none by a delivery, none of texts by a search of headers', async () => {
  const { ref, folder, uids } = await filled([plain('uno'), plain('due'), plain('tre')])
  await arrive(ref, [contentOfParts(Buffer.from('Subject: quattro\r\n\r\n'), null, Buffer.alloc(0), Buffer.from('x'))])
  const tables = ['content_header', 'content_fields', 'content_text', 'content_preview']
  const contents = await contentsIn(folder)
  const counts = () => Promise.all(tables.map((table) => rowsOf(table, contents)))
  assert.deepEqual(await counts(), [0, 0, 0, 0])
  await store.search(ref, folder, uids, { on: 'larger', size: 1 })
  assert.deepEqual(await counts(), [0, 0, 0, 0])
  assert.deepEqual(await store.search(ref, folder, uids, { on: 'subject', text: 'DUE' }), uids.slice(1, 2))
  assert.deepEqual(await counts(), [3, 0, 0, 0])
  assert.deepEqual(await store.search(ref, folder, [1, 4], { on: 'subject', text: 'u' }), [1, 4])
  assert.deepEqual(await counts(), [4, 0, 0, 0])
  assert.deepEqual(await store.search(ref, folder, [1, 2], { on: 'header', name: 'Message-ID', text: 'due@' }), [2])
  assert.deepEqual(await counts(), [4, 2, 0, 0])
  assert.deepEqual(await store.search(ref, folder, [1, 2], { on: 'body', text: 'due' }), [2])
  assert.deepEqual(await counts(), [4, 2, 2, 0])
})

test('two sessions that search at once make the same rows', async () => {
  const messages = Array.from({ length: 600 }, (_, index) => plain(`numero ${index}`))
  const { ref, folder, uids } = await filled(messages)
  const other = another()
  const results = await Promise.all(
    [store, other, store].map((one) => one.search(ref, folder, uids, { on: 'body', text: 'numero 59' })),
  )
  for (const result of results) assert.equal(result.length, 11)
  assert.equal(await rowsOf('content_text', await contentsIn(folder)), 600)
})

test('a copy has the row of its content, and what is swept has none', async () => {
  const { ref, folder, uids } = await filled([plain('uno'), plain('due')])
  const contents = await contentsIn(folder)
  await store.copy(ref, folder, uids, 'Archivio')
  const archive = (await store.folder(ref, 'Archivio'))?.id ?? ''
  assert.deepEqual(await store.search(ref, archive, [1, 2], { on: 'body', text: 'due' }), [2])
  assert.deepEqual(await store.search(ref, folder, [1, 2], { on: 'subject', text: 'due' }), [2])
  await store.threadFacts(ref, folder, [1, 2])
  for (const id of [folder, archive]) {
    await store.storeFlags(ref, id, [1], { mode: 'add', flags: 8, keywords: [] })
    await store.expunge(ref, id)
  }
  await sweepContents(database, new Date(Date.now() + 60_000))
  for (const table of ['content_header', 'content_fields', 'content_text']) assert.equal(await rowsOf(table, contents), 1, table)
  assert.deepEqual(await store.search(ref, folder, [1, 2], { on: 'subject', text: '' }), [2])
})

test('whatever a header says, the message can be searched, sorted and threaded', async () => {
  const headers = [
    'Date: 31 Dec 9999 23:00:00 -0800',
    'Date: 1 Jan 0000 00:00:00 +2300',
    `Subject: ${'x'.repeat(4095)}${encodeWords('🖋')}`,
    'Subject: =?utf-8?B?AAEAAg==?=\r\nFrom: =?utf-8?B?AAEAAg==?= <a\0b@c>',
    'Message-ID: <\0@\0>\r\nReferences: <"\0 a"@b> <"\\\0"@b>',
    `To: ${'a@b, '.repeat(20_000)}`,
    '',
  ]
  const { ref, folder, uids } = await filled(
    headers.map((fields) => ({ bytes: Buffer.from(`${fields}\r\n\r\n`), internalDate: 0 })),
  )
  for (const on of ['subject', 'from', 'to', 'body'] as const)
    assert.deepEqual(await store.search(ref, folder, uids, { on, text: '' }), uids)
  assert.deepEqual(await store.search(ref, folder, uids, { on: 'fields', text: '' }), uids.slice(0, -1))
  assert.deepEqual(await store.search(ref, folder, uids, { on: 'sent', op: 'since', day: 99991231 }), uids.slice(0, 1))
  for (const key of ['date', 'subject', 'from', 'to', 'cc', 'size', 'arrival', 'displayfrom', 'displayto'] as const)
    assert.equal((await store.ranks(ref, folder, uids, key)).uids.length, uids.length)
  const { sent, idStarts } = await store.threadFacts(ref, folder, uids)
  assert.equal(sent[0], Date.UTC(9999, 11, 31, 23, 59, 59) / 1000)
  assert.equal(idStarts.length, uids.length + 1)
})

test('named one by one or from the first to the last, messages that were not asked for are not found', async () => {
  const { ref, folder } = await filled(Array.from({ length: 40 }, (_, index) => plain(`numero ${index}`)))
  assert.deepEqual(await store.search(ref, folder, [1, 40], { on: 'subject', text: 'numero' }), [1, 40])
  assert.deepEqual(await store.search(ref, folder, [2, 4, 5, 9], { on: 'subject', text: 'numero' }), [2, 4, 5, 9])
  assert.deepEqual(await store.search(ref, folder, [2, 41, 90], { on: 'subject', text: 'numero' }), [2])
})
