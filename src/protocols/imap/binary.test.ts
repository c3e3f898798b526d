import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { withImap } from './test-imap.ts'
import type { TestClient } from './test-imap.ts'

const imap = await withImap({ after })

const BYTES = Buffer.from([0, 1, 2, 250, 251, 0, 13, 10, 255])
const lines = (bytes: Buffer): string => bytes.toString('base64').replace(/.{76}/g, '$&\r\n')

const part = (encoding: string, body: string, type = 'application/octet-stream'): string =>
  `Content-Type: ${type}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}\r\n`

const MESSAGE = `Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${[
  part('quoted-printable', 'perch=E8 =\r\nno=3D', 'text/plain; charset=iso-8859-1'),
  part('BASE64', lines(BYTES)),
  part('x-unknown', 'what?'),
  part('7bit', 'Subject: inner\r\n\r\ninner', 'message/rfc822'),
  part('base64', ''),
]
  .map((one) => `--b\r\n${one}`)
  .join('')}--b--\r\n`

async function filled(...messages: string[]): Promise<TestClient> {
  const client = await imap.login(await imap.mailbox())
  for (const message of messages) assert.match(await client.append('INBOX', message), /^OK/)
  await client.ok('SELECT INBOX')
  return client
}

test('BINARY: a part with its transfer encoding undone, as a string, or with NUL as a literal8', async () => {
  const client = await filled(MESSAGE)
  const fetch = async (items: string): Promise<string> => (await client.ok(`FETCH 1 ${items}`)).join('\n')
  assert.equal(await fetch('BINARY.PEEK[1]'), '* 1 FETCH (BINARY[1] {10}\r\nperch\xe8 no=)')
  assert.equal(await fetch('(UID BINARY.PEEK[2])'), `* 1 FETCH (UID 1 BINARY[2] ~{9}\r\n${BYTES.toString('latin1')})`)
  assert.equal(await fetch('BINARY.PEEK[2]<3.2>'), '* 1 FETCH (BINARY[2]<3> {2}\r\n\xfa\xfb)')
  assert.equal(await fetch('BINARY.PEEK[2]<8.100>'), '* 1 FETCH (BINARY[2]<8> {1}\r\n\xff)')
  assert.equal(await fetch('BINARY.PEEK[2]<100.5>'), '* 1 FETCH (BINARY[2]<100> "")')
  assert.equal(await fetch('BINARY.PEEK[4.1]'), '* 1 FETCH (BINARY[4.1] {5}\r\ninner)')
  assert.equal(await fetch('BINARY.PEEK[5]'), '* 1 FETCH (BINARY[5] "")')
  assert.equal(await fetch('BINARY.PEEK[9]'), '* 1 FETCH (BINARY[9] NIL)')
  assert.equal(
    await fetch('(BINARY.SIZE[1] BINARY.SIZE[2] BINARY.SIZE[5])'),
    '* 1 FETCH (BINARY.SIZE[1] 10 BINARY.SIZE[2] 9 BINARY.SIZE[5] 0)',
  )
  assert.equal(await fetch('BINARY.PEEK[]'), `* 1 FETCH (BINARY[] {${MESSAGE.length}}\r\n${MESSAGE})`)
  assert.equal(await fetch('BINARY.SIZE[]'), `* 1 FETCH (BINARY.SIZE[] ${MESSAGE.length})`)
  assert.equal(await fetch('FLAGS'), '* 1 FETCH (FLAGS (\\Recent))')
  assert.match(await client.tagged('FETCH 1 BINARY.PEEK[3]'), /^NO \[UNKNOWN-CTE\]/)
  assert.match(await client.tagged('FETCH 1 BINARY.SIZE[3]'), /^NO \[UNKNOWN-CTE\]/)
  for (const wrong of [
    'BINARY',
    'BINARY.SIZE',
    'BINARY[HEADER]',
    'BINARY[1.MIME]',
    'BINARY.PEEK[TEXT]',
    'BINARY.SIZE[1]<0.1>',
    'BINARY[1',
  ]) {
    assert.match(await client.tagged(`FETCH 1 ${wrong}`), /^BAD/, wrong)
  }
  // Without PEEK the message counts as seen.
  assert.match(await fetch('BINARY[1]'), / FLAGS \(\\Seen \\Recent\)\)$/)
})

test('a long part is decoded as it is passed on, whole and in parts, and has the size that was told', async () => {
  const attachment = Buffer.alloc(1_500_000, 'The quick brown fox.')
  attachment[1_400_000] = 0
  const text = 'perch\xe9 '.repeat(100_000)
  const printable = `${'perch=E9 '.repeat(8)}=\r\n`.repeat(12_500)
  const client = await filled(
    `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n${part('base64', lines(attachment))}--b\r\n${part('quoted-printable', printable)}--b--\r\n`,
  )
  const [whole] = await client.ok('FETCH 1 (BINARY.PEEK[1] UID)')
  assert.ok(whole === `* 1 FETCH (BINARY[1] ~{1500000}\r\n${attachment.toString('latin1')} UID 1)`)
  const [some] = await client.ok('FETCH 1 BINARY.PEEK[1]<100000.1200000>')
  assert.ok(some === `* 1 FETCH (BINARY[1]<100000> {1200000}\r\n${attachment.toString('latin1', 100_000, 1_300_000)})`)
  const [decoded] = await client.ok('FETCH 1 BINARY.PEEK[2]')
  assert.ok(decoded === `* 1 FETCH (BINARY[2] {${text.length}}\r\n${text})`)
  assert.deepEqual(await client.ok('FETCH 1 (BINARY.SIZE[1] BINARY.SIZE[2])'), [
    `* 1 FETCH (BINARY.SIZE[1] 1500000 BINARY.SIZE[2] ${text.length})`,
  ])
})

test('APPEND takes a literal8, but no NUL: the bytes of a message are kept as they are, and other clients could not read it', async () => {
  const client = await filled()
  assert.match(await client.tagged('APPEND INBOX ~{12+}\r\nSubject: x\r\n'), /^OK \[APPENDUID/)
  assert.match(await client.tagged('APPEND INBOX (\\Seen) ~{15+}\r\nSubject: x\r\n\r\n\0'), /^NO \[UNKNOWN-CTE\]/)
  assert.deepEqual(await client.ok('STATUS INBOX (MESSAGES)'), ['* STATUS "INBOX" (MESSAGES 1)'])
  client.write('a APPEND INBOX ~{1}\r\n')
  assert.match(await client.response(), /^\+ /)
  client.write('x\r\n')
  assert.match((await client.answer('a')).tagged, /^OK/)
})
