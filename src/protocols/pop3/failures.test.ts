/** What a client sees when something fails. */
import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { CeralaccaError, clientError, temporaryError } from '../../base/errors.ts'
import type { Lease } from '../../mailbox/maildrop-lock.ts'
import { Flag } from '../../mailbox/types.ts'
import { sweepContents } from '../../mailbox/sweep.ts'
import { PASSWORD, withPop3 } from './test-pop3.ts'

const broken: {
  authenticate?: Error
  acquire?: Error
  open?: Error
  remove?: Error
  release?: Error
  read?: Error | 'short'
  readAfter?: number
} = {}
const held: { lease: Lease; lost: boolean }[] = []

const pop3 = await withPop3({ after }, ({ authenticate, store, lock }) => ({
  authenticate: (...request) => (broken.authenticate ? Promise.reject(broken.authenticate) : authenticate(...request)),
  store: {
    open: (...request) => (broken.open ? Promise.reject(broken.open) : store.open(...request)),
    remove: (...request) => (broken.remove ? Promise.reject(broken.remove) : store.remove(...request)),
    async *read(...request) {
      let pieces = 0
      for await (const piece of store.read(...request)) {
        if (broken.read !== undefined && pieces++ >= (broken.readAfter ?? 0)) {
          if (broken.read === 'short') return
          throw broken.read
        }
        yield piece
      }
    },
  },
  lock: {
    async acquire(mailbox) {
      if (broken.acquire) throw broken.acquire
      const lease = await lock.acquire(mailbox)
      if (!lease) return undefined
      const state = { lease, lost: false }
      held.push(state)
      return {
        mailbox,
        holder: lease.holder,
        get lost() {
          return state.lost
        },
        async release() {
          await lease.release()
          if (broken.release) throw broken.release
        },
      }
    },
  },
}))

beforeEach(() => {
  for (const key of Object.keys(broken) as (keyof typeof broken)[]) delete broken[key]
  held.splice(0)
})

const TEMPORARY = '-ERR [SYS/TEMP] Temporarily not available, try again later'
const pass = `PASS ${Buffer.from(PASSWORD).toString('latin1')}`

test('a login that fails says whether it is the credentials, us for a while, or us for good (RFC 3206)', async () => {
  const { address } = await pop3.filled()
  const client = await pop3.connect()
  const cases: [Error, string, number][] = [
    [clientError('bad-credentials', 'Wrong user name or password'), '-ERR [AUTH] Wrong user name or password', 0],
    [clientError('login-refused', 'This mailbox is disabled: à\r\n+OK'), '-ERR [AUTH] This mailbox is disabled: ?+OK', 0],
    [new CeralaccaError('login-throttled', 'temporary', 'Wait 5 seconds'), '-ERR [SYS/TEMP] Wait 5 seconds', 0],
    [temporaryError('database-unavailable', 'secret detail'), TEMPORARY, 1],
    [new Error('secret detail'), TEMPORARY, 1],
    [new CeralaccaError('x', 'bug', 'secret detail'), '-ERR [SYS/PERM] Internal error', 1],
    [new CeralaccaError('x', 'permanent', 'secret detail'), '-ERR [SYS/PERM] Internal error', 1],
  ]
  for (const [error, answer, reports] of cases) {
    broken.authenticate = error
    await client.ok(`USER ${address}`)
    assert.equal(await client.say(pass), answer)
    assert.deepEqual(pop3.reported.splice(0), reports === 0 ? [] : [error])
  }
  delete broken.authenticate
  broken.acquire = new Error('no connection')
  await client.ok(`USER ${address}`)
  assert.equal(await client.say(pass), TEMPORARY)
  assert.deepEqual(pop3.reported.splice(0), [broken.acquire])
  await client.ok('QUIT')
})

test('a maildrop that cannot be read is not kept locked', async () => {
  const mailbox = await pop3.filled()
  const client = await pop3.connect()
  broken.open = new Error('no connection')
  await client.ok(`USER ${mailbox.address}`)
  assert.equal(await client.say(pass), TEMPORARY)
  assert.deepEqual(pop3.reported.splice(0), [broken.open])
  assert.equal(await client.say('STAT'), '-ERR Log in first')
  delete broken.open
  const next = await pop3.login(mailbox)
  await next.ok('QUIT')
  client.destroy()
})

test('messages that cannot be removed are all still there; the lock is given back', async () => {
  const mailbox = await pop3.filled('Subject: 1\r\n\r\n', 'Subject: 2\r\n\r\n')
  const client = await pop3.login(mailbox)
  await client.ok('DELE 1')
  broken.remove = new Error('no connection')
  assert.equal(await client.say('QUIT'), TEMPORARY)
  assert.equal(await client.line(), undefined)
  assert.deepEqual(pop3.reported.splice(0), [broken.remove])
  const next = await pop3.login(mailbox)
  assert.equal(await next.say('STAT'), '+OK 2 28')
  broken.release = new Error('no connection')
  assert.equal(await next.say('QUIT'), '+OK Good-bye')
  assert.deepEqual(pop3.reported.splice(0), [broken.release])
})

test('a session whose lease was lost ends, and removes nothing', async () => {
  const mailbox = await pop3.filled('Subject: 1\r\n\r\n')
  for (const line of ['STAT', 'QUIT']) {
    const client = await pop3.login(mailbox)
    await client.ok('DELE 1')
    const last = held.at(-1)
    assert.ok(last)
    last.lost = true
    assert.equal(await client.say(line), '-ERR [SYS/TEMP] Another session has taken the maildrop over')
    assert.equal(await client.line(), undefined)
  }
  // It does not know yet that it has lost it: the store does.
  const client = await pop3.login(mailbox)
  await client.ok('DELE 1')
  await held.at(-1)?.lease.release()
  assert.equal(await client.say('QUIT'), TEMPORARY)
  const [error] = pop3.reported.splice(0)
  assert.equal(error instanceof CeralaccaError && error.code, 'lease-lost')
  assert.equal((await pop3.folderOf(mailbox.ref, 'INBOX')).total, 1)
})

test('a message that cannot be read is answered with -ERR, and the session goes on', async () => {
  const mailbox = await pop3.filled('Subject: 1\r\n\r\n', `Subject: 2\r\n\r\n${'x'.repeat(70_000)}`)
  const client = await pop3.login(mailbox)
  for (const error of [temporaryError('blob-missing', 'secret detail'), 'short'] as const) {
    broken.read = error
    for (const line of ['RETR 1', 'RETR 2', 'TOP 2 5000']) {
      if (error === 'short' && line.startsWith('TOP')) continue
      assert.equal(await client.say(line), TEMPORARY)
      assert.equal(pop3.reported.splice(0).length, 1)
    }
  }
  delete broken.read
  const { id } = await pop3.folderOf(mailbox.ref, 'INBOX')
  await pop3.store.storeFlags(mailbox.ref, id, [1], { mode: 'add', flags: Flag.deleted, keywords: [] })
  await pop3.store.expunge(mailbox.ref, id)
  await sweepContents(pop3.database, new Date(Date.now() + 60_000))
  for (const line of ['RETR 1', 'TOP 1 0']) assert.equal(await client.say(line), '-ERR The message was removed')
  assert.equal((await client.body('RETR 2')).length, 70_016)
  await client.ok('QUIT')
})

test('a message that breaks off ends the connection: there is no final dot, and nothing is removed', async () => {
  const text = `Subject: large\r\n\r\n${'0123456789abcd\r\n'.repeat(200_000)}`
  const mailbox = await pop3.filled(text)
  for (const how of [temporaryError('blob-missing', 'gone'), 'short'] as const) {
    const client = await pop3.login(mailbox)
    await client.ok('DELE 1')
    await client.ok('RSET')
    broken.read = how
    broken.readAfter = 2
    client.write('RETR 1\r\nDELE 1\r\nQUIT\r\n')
    const answer = await client.all()
    assert.match(answer, /^\+OK 3200018 octets\r\nSubject: large\r\n/)
    assert.ok(!answer.includes('\r\n.\r\n') && answer.length < text.length)
    assert.equal(pop3.reported.splice(0).length, 1)
    delete broken.read
    assert.equal((await pop3.folderOf(mailbox.ref, 'INBOX')).total, 1)
  }
})
