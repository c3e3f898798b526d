/**
 * Clients that ask for much and read little, or nothing: what the server keeps for one of them is bounded, the store is not read for it meanwhile,
 * nothing of the database is held, and it is cut off in the end.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { after, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createSecureContext } from 'node:tls'
import { createConnectionLimits } from '../../base/connection-limits.ts'
import type { AppendRequest, MailboxRef } from '../../mailbox/types.ts'
import { Connection } from './connection.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { SlowPeer } from './test-peer.ts'
import { withImap } from './test-imap.ts'

/** What may wait for a client (output.ts), with what is written at a time. */
const UNSENT = 256 * 1024
const GATHERED = 64 * 1024
const PIECE = 1024 * 1024
/** Of a line or two more. */
const SLACK = 1000

const COUNT = 1 << 13
/** As long as a message may be that is read whole. */
const SIZE = 60_000

const imap = await withImap({ after })
const context = createSecureContext()

/** How much was asked of the store for one client. */
interface Asked {
  messages: number
  bytes: number
  changes: number
}

/** A mailbox with many messages, which have one content. */
async function filled(count = COUNT, size = SIZE): Promise<{ ref: MailboxRef; inbox: string; uids: number[] }> {
  const { ref } = await imap.mailbox(1e12)
  const bytes = Buffer.from('Subject: x\r\n\r\n'.padEnd(size, 'x'))
  await imap.store.append(ref, 'INBOX', [{ bytes, flags: 0, keywords: [], internalDate: 0 }])
  const inbox = (await imap.store.folder(ref, 'INBOX'))?.id ?? assert.fail()
  let uids = [1]
  while (uids.length < count) {
    const copied = await imap.store.copy(ref, inbox, uids, 'INBOX')
    uids = [...uids, ...copied.uids.map(([, uid]) => uid)]
  }
  return { ref, inbox, uids }
}

const big = await filled()

/** A client in place of a socket, logged in, with its inbox selected; it takes nothing from then on. */
async function selected({ ref } = big) {
  const asked: Asked = { messages: 0, bytes: 0, changes: 0 }
  const { store: real } = imap
  const store: typeof real = {
    ...real,
    changes: (...request) => {
      asked.changes++
      return real.changes(...request)
    },
    async *messages(...request) {
      for await (const message of real.messages(...request)) {
        asked.messages++
        yield message
      }
    },
    async *read(...request) {
      for await (const piece of real.read(...request)) {
        asked.bytes += piece.length
        yield piece
      }
    },
  }
  const peer = new SlowPeer()
  const connection = new Connection(
    {
      store,
      authenticate: (address) => Promise.resolve({ mailbox: ref, address }),
      connections: createConnectionLimits(),
      report: (error) => assert.fail(String(error)),
      serverName: 'imap.test',
      limits: DEFAULT_LIMITS,
    },
    // It has all of a socket that a connection uses.
    peer as unknown as Socket,
    context,
  )
  Object.defineProperty(connection, 'secure', { value: true })
  const served = connection.serve()
  peer.readOn()
  peer.say('a LOGIN someone pass\r\nb SELECT INBOX\r\n')
  await peer.hears('\r\nb OK')
  peer.stopReading()
  peer.forget()
  asked.changes = 0
  return { peer, asked, leave: () => (peer.destroy(), served) }
}

/** Waits until nothing moves any more, while the database answers others. */
async function settled(asked: Asked): Promise<void> {
  let before = ''
  for (let still = 0; still < 20;) {
    await imap.store.folders(big.ref)
    await nextTurn()
    const now = JSON.stringify(asked)
    still = now === before ? still + 1 : 0
    before = now
  }
}

test('FETCH of all texts: little more is read than the client takes, and the commands behind it wait', async () => {
  const { peer, asked, leave } = await selected()
  peer.say(`c FETCH 1:* BODY.PEEK[]\r\n${'d NOOP\r\n'.repeat(1000)}`)
  while (peer.mostBuffered < UNSENT) await settled(asked)
  assert.ok(asked.bytes > UNSENT && asked.bytes < 3 * PIECE, `${asked.bytes} bytes were read`)
  assert.ok(asked.messages < 100, `${asked.messages} messages were looked at`)
  assert.ok(peer.mostBuffered > UNSENT && peer.mostBuffered <= UNSENT + 2 * GATHERED, `${peer.mostBuffered} bytes waited`)
  const before = asked.bytes
  // Some of it, and it goes on; nothing, and it stops again.
  peer.readOn()
  await peer.hears('* 100 FETCH')
  peer.stopReading()
  await settled(asked)
  assert.ok(asked.bytes > before && asked.bytes < before + 200 * SIZE + 3 * PIECE, `${asked.bytes - before} more bytes`)
  assert.ok(peer.mostBuffered <= UNSENT + 2 * GATHERED, `${peer.mostBuffered} bytes waited`)
  await leave()
})

test('a long text is passed on piece by piece', async () => {
  const { peer, asked, leave } = await selected(await filled(1, 20 * PIECE))
  peer.say('c FETCH 1 BODY.PEEK[]\r\n')
  while (peer.mostBuffered < UNSENT) await settled(asked)
  assert.ok(asked.bytes > 0 && asked.bytes <= PIECE, `${asked.bytes} bytes were read`)
  assert.ok(peer.mostBuffered <= PIECE + GATHERED, `${peer.mostBuffered} bytes waited`)
  await leave()
})

test('answers of many lines wait for the client as well', async () => {
  for (const command of ['FETCH 1:* (UID FLAGS MODSEQ)', 'FETCH 1:* (UID RFC822.SIZE INTERNALDATE)', 'STORE 1:* +FLAGS (x)']) {
    const { peer, asked, leave } = await selected()
    peer.say(`c ${command}\r\n`.repeat(3))
    while (peer.mostBuffered < UNSENT) await settled(asked)
    assert.ok(peer.mostBuffered <= UNSENT + GATHERED + SLACK, `${command}: ${peer.mostBuffered}`)
    peer.readOn()
    await peer.hears('c OK')
    assert.ok(peer.mostBuffered <= UNSENT + GATHERED + SLACK, `${command}: ${peer.mostBuffered}`)
    await leave()
  }
})

test('IDLE: thousands of changes, over and over, are read again only when the client has taken the last ones', async () => {
  const { ref, inbox, uids } = big
  const { peer, asked, leave } = await selected()
  const change = (mode: 'add' | 'remove') => imap.store.storeFlags(ref, inbox, uids, { mode, flags: 4, keywords: [] })
  peer.say('c IDLE\r\n')
  await settled(asked)
  await change('add')
  while (peer.mostBuffered < UNSENT) await settled(asked)
  const before = asked.changes
  await change('remove')
  await change('add')
  await settled(asked)
  assert.equal(asked.changes, before)
  assert.ok(asked.changes <= 2, `the changes were read ${asked.changes} times`)
  assert.ok(peer.mostBuffered <= UNSENT + GATHERED + SLACK, `${peer.mostBuffered} bytes waited`)
  peer.readOn()
  await peer.hears(`* ${COUNT} FETCH`)
  assert.ok(peer.mostBuffered <= UNSENT + GATHERED + SLACK, `${peer.mostBuffered} bytes waited`)
  await leave()
})

test('a folder that is emptied: its EXPUNGE responses wait too', async () => {
  const mailbox = await filled()
  const { ref, inbox, uids } = mailbox
  const { peer, asked, leave } = await selected(mailbox)
  peer.say('c IDLE\r\n')
  await settled(asked)
  await imap.store.storeFlags(ref, inbox, uids, { mode: 'add', flags: 8, keywords: [] })
  await imap.store.expunge(ref, inbox)
  peer.readOn()
  await peer.hears('* 1 EXPUNGE')
  assert.ok(peer.mostWritten <= GATHERED + SLACK, `${peer.mostWritten} bytes in one write`)
  await leave()
})

/** Bytes that do not get smaller, as text. */
const appended = (size: number): AppendRequest => ({
  bytes: Buffer.from(`Subject: x\r\n\r\n${randomBytes(size / 2).toString('hex')}`),
  flags: 0,
  keywords: [],
  internalDate: 0,
})

test('over TLS, plain and compressed: readers that stop hold no connection of the database, whatever others do', async () => {
  let read = 0
  const slow = await withImap(
    { after },
    {
      store: (real) => ({
        async *read(...request) {
          for await (const piece of real.read(...request)) {
            read += piece.length
            yield piece
          }
        },
      }),
    },
  )
  const mailbox = await slow.mailbox()
  const size = 8 * PIECE
  const writer = await slow.login(mailbox)
  await slow.store.append(mailbox.ref, 'INBOX', [appended(size)])
  // More of them than there are connections to the database.
  const readers = []
  for (let n = 0; n < 20; n++) {
    const reader = await slow.login(mailbox, 'INBOX')
    if (n % 2 === 0) {
      await reader.ok('COMPRESS DEFLATE')
      reader.compress()
    }
    reader.pause()
    reader.write('a FETCH 1 BODY.PEEK[]\r\n'.repeat(5))
    readers.push(reader)
  }
  let last = -1
  for (let still = 0; still < 10; still = read === last ? still + 1 : 0) {
    last = read
    await writer.ok('STATUS INBOX (MESSAGES)')
  }
  assert.ok(read < 20 * 2 * size, `${read} bytes were read ahead for 20 clients`)
  for (const reader of readers) reader.destroy()
  writer.destroy()
})

test('who takes nothing for too long is cut off in the midst of an answer, and the text is let go of', async () => {
  const left = Promise.withResolvers<undefined>()
  let reading = 0
  const strict = await withImap(
    { after },
    {
      store: (real) => ({
        async *read(...request) {
          reading++
          try {
            yield* real.read(...request)
          } finally {
            reading--
          }
        },
        watch: (...request) => {
          const stop = real.watch(...request)
          return () => {
            stop()
            left.resolve(undefined)
          }
        },
      }),
    },
  )
  const { tlsPort } = await strict.serve({ idleTime: 2000 })
  const mailbox = await strict.mailbox()
  await strict.store.append(mailbox.ref, 'INBOX', [appended(8 * PIECE)])
  const reader = await strict.login(mailbox, 'INBOX', tlsPort)
  reader.pause()
  reader.write('a FETCH 1 BODY.PEEK[]\r\n'.repeat(5))
  await left.promise
  assert.equal(reading, 0)
  reader.resume()
  assert.equal((await reader.answer('never')).tagged, '')
})
