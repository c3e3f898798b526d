import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { ImapFlow } from 'imapflow'
import { PASSWORD, withImap } from './test-imap.ts'
import type { TestClient, TestMailbox } from './test-imap.ts'

const imap = await withImap({ after })

const message = (subject: string): string => `Subject: ${subject}\r\n\r\n${subject}\r\n`

async function compressed(mailbox: TestMailbox, folder?: string): Promise<TestClient> {
  const client = await imap.login(mailbox, folder)
  assert.match(await client.tagged('COMPRESS DEFLATE'), /^OK/)
  client.compress()
  return client
}

test('COMPRESS DEFLATE: commands and responses, literals and IDLE, up to the good-bye', async () => {
  const mailbox = await imap.mailbox()
  const client = await compressed(mailbox)
  const { length } = message('1')
  client.write(`a APPEND INBOX {${length}}\r\n`)
  assert.match(await client.response(), /^\+ /)
  client.write(`${message('1')}\r\n`)
  assert.match((await client.answer('a')).tagged, /^OK \[APPENDUID/)
  await client.ok('SELECT INBOX')
  assert.deepEqual(await client.ok('FETCH 1 BODY.PEEK[]'), [`* 1 FETCH (BODY[] {${length}}\r\n${message('1')})`])
  client.write('b NOOP\r\nc NOOP\r\n')
  await client.answer('b')
  await client.answer('c')
  client.write('d IDLE\r\n')
  assert.equal(await client.response(), '+ idling')
  await (await imap.login(mailbox)).append('INBOX', message('2'))
  assert.equal(await client.response(), '* 2 EXISTS')
  assert.equal(await client.response(), '* 2 RECENT')
  client.write('DONE\r\n')
  assert.match((await client.answer('d')).tagged, /^OK/)
  assert.match(await client.tagged('COMPRESS DEFLATE'), /^BAD \[COMPRESSIONACTIVE\]/)
  assert.deepEqual(await client.ok('LOGOUT'), ['* BYE Good-bye'])
  assert.equal(await client.response(), '')
})

test('compression is for who has logged in, and for DEFLATE', async () => {
  const stranger = await imap.connect()
  assert.match(await stranger.tagged('COMPRESS DEFLATE'), /^BAD/)
  const client = await imap.login(await imap.mailbox())
  for (const wrong of ['COMPRESS', 'COMPRESS GZIP', 'COMPRESS DEFLATE x']) assert.match(await client.tagged(wrong), /^BAD/, wrong)
  await client.ok('NOOP')
})

test('a large message comes through as it is, and takes less on the wire', async () => {
  const mailbox = await imap.mailbox()
  const text = `Subject: large\r\n\r\n${'The quick brown fox jumps over the lazy dog. '.repeat(100_000)}\r\n`
  const client = await compressed(mailbox)
  assert.match(await client.append('INBOX', text), /^OK/)
  await client.ok('SELECT INBOX')
  const before = client.bytesRead
  const [whole] = await client.ok('FETCH 1 BODY.PEEK[]')
  assert.ok(whole === `* 1 FETCH (BODY[] {${text.length}}\r\n${text})`)
  assert.ok(client.bytesRead - before < text.length / 10)
})

test('who does not read is not written to: no more is read from the store than he takes', async () => {
  let read = 0
  const counting = await withImap(
    { after },
    {
      store: (real) => ({
        async *read(...range) {
          for await (const piece of real.read(...range)) {
            read += piece.length
            yield piece
          }
        },
      }),
    },
  )
  const mailbox = await counting.mailbox()
  // Random, so that compression does not make it small.
  const noise = randomBytes(4_000_000).toString('base64').replace(/.{76}/g, '$&\r\n')
  const text = `Subject: x\r\n\r\n${noise}\r\n`
  const client = await counting.login(mailbox)
  await client.append('INBOX', text)
  await client.append('INBOX', text)
  await client.append('INBOX', text)
  await client.ok('SELECT INBOX')
  await client.ok('COMPRESS DEFLATE')
  client.compress()
  client.pause()
  client.write('a FETCH 1:3 BODY.PEEK[]\r\n')
  // Until nothing moves any more, while others are served.
  const other = await counting.login(mailbox, 'INBOX')
  let held = 0
  do {
    held = read
    for (let n = 0; n < 100; n++) await other.ok('NOOP')
  } while (held === 0 || held !== read)
  assert.ok(held < 2 * text.length, `${held} of ${3 * text.length} bytes were read`)
  client.resume()
  const { untagged } = await client.answer('a')
  assert.ok(untagged.every((line) => line.endsWith(`{${text.length}}\r\n${text})`)))
  assert.equal(untagged.length, 3)
})

test('what cannot be inflated ends the connection, and no more than a line is kept of what inflates to very much', async () => {
  const broken = await imap.login(await imap.mailbox())
  assert.match(await broken.tagged('COMPRESS DEFLATE'), /^OK/)
  broken.write('\xff\xff\xff\xff no deflate')
  assert.equal(await broken.response(), '')
  const bomb = await compressed(await imap.mailbox())
  bomb.write(`${'a'.repeat(20_000_000)}\r\n`)
  assert.match(await bomb.response(), /^\S+ BAD /)
  await bomb.ok('NOOP')
})

test('imapflow compresses by itself', async () => {
  const mailbox = await imap.mailbox()
  const client = new ImapFlow({
    host: 'localhost',
    port: imap.tlsPort,
    secure: true,
    tls: { ca: readFileSync(imap.certificate) },
    auth: { user: mailbox.address, pass: PASSWORD },
    logger: false,
  })
  await client.connect()
  assert.ok(client.capabilities.has('COMPRESS=DEFLATE'))
  await client.append('INBOX', message('uno'))
  await client.mailboxOpen('INBOX')
  const fetched = await client.fetchOne('1', { source: true })
  assert.equal(fetched && fetched.source?.toString(), message('uno'))
  // What it reads from is the socket no more, but what inflates for it.
  const { readSocket, writeSocket } = client.unbind()
  assert.notEqual(readSocket, writeSocket)
  writeSocket.destroy()
})
