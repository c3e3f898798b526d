/** What a client sees when the store fails. */
import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { CeralaccaError, clientError, temporaryError } from '../../base/errors.ts'
import { TornText } from './errors.ts'
import { withImap } from './test-imap.ts'

let attempts = 0
const broken: { read?: Error | 'later' | 'short'; search?: Error; changes?: Error; folders?: Error; append?: Error } = {}

const imap = await withImap(
  { after },
  {
    store: (real) => ({
      async *read(...request) {
        if (broken.read instanceof Error) throw broken.read
        let pieces = 0
        for await (const piece of real.read(...request)) {
          if (pieces++ === 1 && broken.read === 'later') throw temporaryError('blob-missing', 'gone')
          if (pieces > 1 && broken.read === 'short') return
          yield piece
        }
      },
      search: (...request) => (broken.search ? Promise.reject(broken.search) : real.search(...request)),
      changes(...request) {
        if (!broken.changes) return real.changes(...request)
        attempts++
        return Promise.reject(broken.changes)
      },
      folders: (...request) => (broken.folders ? Promise.reject(broken.folders) : real.folders(...request)),
      append: (...request) => (broken.append ? Promise.reject(broken.append) : real.append(...request)),
    }),
  },
)

beforeEach(() => {
  for (const key of Object.keys(broken) as (keyof typeof broken)[]) delete broken[key]
})

/** A mailbox with a message of 3 MB and a small one, selected. */
async function selected() {
  const client = await imap.login(await imap.mailbox())
  await client.append('INBOX', `Subject: large\r\n\r\n${'0123456789abcde\n'.repeat(200_000)}`)
  await client.append('INBOX', 'Subject: small\r\n\r\nsmall')
  await client.ok('SELECT INBOX')
  return client
}

test('temporary, unknown and own faults are answered each with its code; what nobody expected is reported', async () => {
  const client = await imap.login(await imap.mailbox())
  const cases: [Error, RegExp, number][] = [
    [temporaryError('database-down', 'secret detail'), /^NO \[UNAVAILABLE\] Temporarily not available/, 1],
    [new Error('secret detail'), /^NO \[UNAVAILABLE\] Temporarily not available/, 1],
    [new CeralaccaError('x', 'bug', 'secret detail'), /^NO \[SERVERBUG\] Internal error$/, 1],
    [clientError('over-quota', 'Full: à\r\n* BYE'), /^NO \[OVERQUOTA\] Full: \?\* BYE$/, 0],
    [clientError('something', 'Not so'), /^NO \[CANNOT\] Not so$/, 0],
    [clientError('no-such-folder', 'None'), /^NO \[NONEXISTENT\] None$/, 0],
  ]
  for (const [error, answer, reports] of cases) {
    broken.folders = error
    assert.match(await client.tagged('LIST "" *'), answer)
    assert.deepEqual(imap.reported.splice(0), reports === 0 ? [] : [error])
  }
  broken.append = clientError('no-such-folder', 'None')
  assert.match(await client.append('INBOX', 'x'), /^NO \[TRYCREATE\]/)
})

test('a text that cannot be read at all is answered with NO, and the connection goes on', async () => {
  const client = await selected()
  broken.read = temporaryError('blob-missing', 'gone')
  for (const seq of [1, 2]) {
    const { untagged, tagged } = await client.command(`FETCH ${seq} BODY.PEEK[]`)
    assert.deepEqual(untagged, [])
    assert.match(tagged, /^NO \[UNAVAILABLE\]/)
    assert.deepEqual(imap.reported.splice(0), [broken.read])
  }
  broken.read = new CeralaccaError('content-missing', 'temporary', 'removed')
  assert.match(await client.tagged('FETCH 1:2 BODY.PEEK[]'), /^NO \[EXPUNGEISSUED\]/)
})

test('a search that fails is answered with NO, and finds nothing by halves', async () => {
  const client = await selected()
  broken.search = temporaryError('blob-missing', 'gone')
  const { untagged, tagged } = await client.command('SEARCH OR ALL TEXT small')
  assert.deepEqual(untagged, ['* SEARCH 1 2'])
  assert.match(tagged, /^OK/)
  assert.match(await client.tagged('SEARCH TEXT small'), /^NO \[UNAVAILABLE\]/)
  assert.match(await client.tagged('SORT (SIZE) UTF-8 TEXT small'), /^NO \[UNAVAILABLE\]/)
  assert.deepEqual(imap.reported.splice(0), [broken.search, broken.search])
  delete broken.search
  assert.deepEqual(await client.ok('SEARCH TEXT small'), ['* SEARCH 2'])
})

test('a text that breaks off ends the connection: nothing may be taken for a part of it', async () => {
  for (const how of ['later', 'short'] as const) {
    const client = await selected()
    broken.read = how
    const { untagged, tagged } = await client.command('FETCH 1 BODY.PEEK[]')
    assert.equal(tagged, '')
    assert.ok((untagged[0] ?? '').length < 3_000_000)
    const [error, ...more] = imap.reported.splice(0)
    assert.ok(error instanceof TornText && more.length === 0)
    delete broken.read
  }
})

test('changes that cannot be read are reported, and told the next time', async () => {
  const client = await selected()
  await client.append('INBOX', 'x')
  await client.ok('NOOP')
  broken.changes = new Error('no connection')
  assert.deepEqual(await client.ok('APPEND INBOX {1+}\r\ny'), [])
  assert.ok(imap.reported.splice(0).every((error) => error === broken.changes))
  delete broken.changes
  assert.deepEqual(await client.ok('FETCH 4 UID'), ['* 4 EXISTS', '* 4 RECENT', '* 4 FETCH (UID 4)'])
})

test('in IDLE a folder that cannot be read is tried again in a while, not at once', async () => {
  const mailbox = await imap.mailbox()
  const idling = await imap.login(mailbox, 'INBOX')
  const other = await imap.login(mailbox)
  idling.write('a IDLE\r\n')
  assert.equal(await idling.response(), '+ idling')
  broken.changes = new Error('no connection')
  attempts = 0
  await other.append('INBOX', 'x')
  for (let times = 0; times < 100; times++) await other.ok('NOOP')
  assert.ok(attempts >= 1 && attempts < 10, `${attempts} attempts`)
  delete broken.changes
  assert.equal(await idling.response(), '* 1 EXISTS')
  assert.ok(imap.reported.splice(0).length < 10)
  idling.write('DONE\r\n')
  assert.equal((await idling.answer('a')).tagged, 'OK IDLE terminated')
})
