/** BODYSTRUCTURE of many messages is kept as it was shown: it is the same then, and without what was kept. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { withImap } from './test-imap.ts'

let failing = false
const imap = await withImap(
  { after },
  {
    store: (real) => ({
      keepShown: (...request) => (failing ? Promise.reject(new Error('not kept')) : real.keepShown(...request)),
    }),
  },
)

const COUNT = 120
/** Literals, quotes and bytes above 7F among what is shown. */
const message = (index: number): string =>
  `Subject: x\r\nContent-Type: multipart/mixed; boundary="b${index}"\r\n\r\n--b${index}\r\n` +
  `Content-Type: text/plain; name="a \\"${index}\\" \\\\"\r\nContent-Description: Citt\xe0 ${'x'.repeat(index % 3 === 0 ? 1200 : 3)}\r\n\r\ntext\r\n--b${index}--\r\n`

const kept = async (slot: number): Promise<number> => {
  const [row] = await imap.database.reader.read<{ count: number }>('select count(*) from content_shown where slot = $1', [slot])
  return row?.count ?? 0
}

async function filled() {
  const mailbox = await imap.mailbox()
  const bytes = Array.from({ length: COUNT }, (_, index) => Buffer.from(message(index), 'latin1'))
  await imap.store.append(
    mailbox.ref,
    'INBOX',
    bytes.map((one) => ({ bytes: one, flags: 0, keywords: [], internalDate: 0 })),
  )
  return { mailbox, client: await imap.login(mailbox, 'INBOX') }
}

test('what is kept is shown, and it is what the structure says', async () => {
  const { mailbox, client } = await filled()
  const few: string[] = []
  for (const seq of [1, 2, 3]) few.push(...(await client.ok(`FETCH ${seq} BODYSTRUCTURE`)))
  assert.equal(await kept(mailbox.ref.slot), 0, 'of a few nothing is kept')
  const first = await client.ok('FETCH 1:* BODYSTRUCTURE')
  assert.equal(await kept(mailbox.ref.slot), COUNT)
  const second = await client.ok('FETCH 1:* BODYSTRUCTURE')
  assert.equal(first.length, COUNT)
  assert.deepEqual(second, first)
  assert.deepEqual(first.slice(0, 3), few)
  // With BODY the structure is read.
  const both = await client.ok('FETCH 1:* (BODYSTRUCTURE BODY)')
  for (const [at, answer] of both.entries()) assert.ok(answer.startsWith(`${first[at]?.slice(0, -1)} BODY (`))
})

test('a text of another version is made anew', async () => {
  const { mailbox, client } = await filled()
  const { slot } = mailbox.ref
  const first = await client.ok('FETCH 1:* BODYSTRUCTURE')
  const spoil = (version: string) =>
    imap.database.transactor.call(slot, `update content_shown set shown = 'old', version = ${version} where slot = $1`, [slot])
  await spoil('version')
  assert.equal((await client.ok('FETCH 1:* BODYSTRUCTURE'))[0], '* 1 FETCH (BODYSTRUCTURE old)', 'what is kept is read')
  await spoil('version + 1')
  assert.deepEqual(await client.ok('FETCH 1:* BODYSTRUCTURE'), first)
  assert.deepEqual(await client.ok('FETCH 1:* BODYSTRUCTURE'), first)
})

test('that nothing can be kept is reported, and the client has its answer', async () => {
  const { mailbox, client } = await filled()
  failing = true
  const first = await client.ok('FETCH 1:* BODYSTRUCTURE')
  failing = false
  assert.match(String(imap.reported.splice(0)), /not kept/)
  assert.equal(await kept(mailbox.ref.slot), 0)
  assert.deepEqual(await client.ok('FETCH 1:* BODYSTRUCTURE'), first)
})
