import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { withImap } from './test-imap.ts'
import type { TestClient } from './test-imap.ts'

const imap = await withImap({ after })

const message = (subject: string): string => `Subject: ${subject}\r\n\r\n${subject}\r\n`
const literal = (text: string): string => `{${text.length}+}\r\n${text}`

const total = async (client: TestClient): Promise<string> => (await client.ok('STATUS INBOX (MESSAGES UIDNEXT)')).join()

test('MULTIAPPEND: several messages with flags and dates of their own, in one command', async () => {
  const client = await imap.login(await imap.mailbox(), 'INBOX')
  const { tagged, untagged } = await client.command(
    `APPEND INBOX (\\Seen) ${literal(message('1'))} "15-Jan-2024 10:00:00 +0100" ${literal(message('2'))} (\\Flagged word) "16-Jan-2024 10:00:00 +0100" ${literal(message('3'))}`,
  )
  assert.match(tagged, /^OK \[APPENDUID \d+ 1:3\]/)
  assert.ok(untagged.includes('* 3 EXISTS'))
  const lines = await client.ok('FETCH 1:3 (FLAGS INTERNALDATE)')
  assert.match(lines[0] ?? '', /^\* 1 FETCH \(FLAGS \(\\Seen \\Recent\)/)
  assert.deepEqual(lines.slice(1), [
    '* 2 FETCH (FLAGS (\\Recent) INTERNALDATE "15-Jan-2024 10:00:00 +0100")',
    '* 3 FETCH (FLAGS (\\Flagged \\Recent word) INTERNALDATE "16-Jan-2024 10:00:00 +0100")',
  ])
  // With synchronising literals each is asked for.
  client.write(`a APPEND INBOX {1}\r\n`)
  assert.match(await client.response(), /^\+ /)
  client.write('x (\\Seen) {1}\r\n')
  assert.match(await client.response(), /^\+ /)
  client.write('y\r\n')
  assert.match((await client.answer('a')).tagged, /^OK \[APPENDUID \d+ 4:5\]/)
})

test('MULTIAPPEND: all or nothing', async () => {
  const client = await imap.login(await imap.mailbox(1000))
  await client.append('INBOX', message('1'))
  const before = await total(client)
  const good = literal(message('2'))
  for (const [wrong, answer] of [
    // They would fit one by one, but not together.
    [`${literal(message('x'.repeat(300)))} ${literal(message('y'.repeat(300)))}`, /^NO \[OVERQUOTA\]/],
    [`${good} {0+}\r\n`, /^NO/],
    [`${good} (\\Nonsense) ${good}`, /^BAD/],
    [`${good} "99-Jan-2024 10:00:00 +0100" ${good}`, /^BAD/],
    [`${good} ${literal('a\0b')}`, /^NO \[CANNOT\]/],
    [`${good} nonsense`, /^BAD/],
    [`${good} (\\Seen)`, /^BAD/],
  ] as const) {
    assert.match(await client.tagged(`APPEND INBOX ${wrong}`), answer, wrong)
    assert.equal(await total(client), before, wrong)
  }
  assert.match(await client.tagged(`APPEND none ${good} ${good}`), /^NO \[TRYCREATE\]/)
})

test('a message, and all messages of one command together, have a largest size', async () => {
  const { tlsPort } = await imap.serve({ append: 1000 })
  const client = await imap.login(await imap.mailbox(), undefined, tlsPort)
  assert.deepEqual(await client.ok('STATUS INBOX (APPENDLIMIT)'), ['* STATUS "INBOX" (APPENDLIMIT 1000)'])
  assert.ok((await client.ok('LIST "" INBOX RETURN (STATUS (APPENDLIMIT))')).includes('* STATUS "INBOX" (APPENDLIMIT 1000)'))
  assert.match((await client.ok('CAPABILITY')).join(), / APPENDLIMIT=1000\b/)
  assert.match(await client.tagged('APPEND INBOX {1001}'), /^NO \[TOOBIG\]/)
  assert.match(await client.tagged(`APPEND INBOX ${literal('x'.repeat(600))} {401}`), /^NO \[TOOBIG\]/)
  assert.match(await client.tagged(`APPEND INBOX ${literal('x'.repeat(600))} ${literal('x'.repeat(400))}`), /^OK/)
  assert.match(await total(client), /MESSAGES 2 /)
})
