/** A connection of the real server that rests gives memory back, and its client notices nothing. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { withImap } from './test-imap.ts'

const asked = { loads: 0 }
const imap = await withImap(
  { after },
  {
    limits: { hibernate: 20 },
    store: (real) => ({
      states(...request) {
        asked.loads++
        return real.states(...request)
      },
    }),
  },
)

for (const compressed of [false, true]) {
  test(`a connection that rests${compressed ? ', compressed,' : ''} loads its list again when it is asked`, async () => {
    const mailbox = await imap.mailbox()
    const client = await imap.login(mailbox, 'INBOX')
    if (compressed) {
      await client.ok('COMPRESS DEFLATE')
      client.compress()
    }
    await client.append('INBOX', 'Subject: x\r\n\r\nx', '(\\Seen) ')
    asked.loads = 0
    assert.deepEqual(await client.ok('FETCH 1 FLAGS'), ['* 1 FETCH (FLAGS (\\Seen \\Recent))'])
    // The server's own timer decides when.
    for (let tries = 0; asked.loads < 3; tries++) {
      assert.ok(tries < 500, 'it never rested')
      await new Promise((resolve) => setTimeout(resolve, 20))
      assert.deepEqual(await client.ok('FETCH 1 FLAGS'), ['* 1 FETCH (FLAGS (\\Seen \\Recent))'])
    }
    // In IDLE too.
    client.write('a IDLE\r\n')
    assert.equal(await client.response(), '+ idling')
    const before = { ...asked }
    for (let tries = 0; asked.loads === before.loads; tries++) {
      assert.ok(tries < 500, 'it never rested')
      await new Promise((resolve) => setTimeout(resolve, 20))
      const folder = await imap.store.folder(mailbox.ref, 'INBOX')
      const change = { mode: tries % 2 === 0 ? 'remove' : 'add', flags: 1, keywords: [] } as const
      await imap.store.storeFlags(mailbox.ref, folder?.id ?? '', [1], change)
      assert.match(await client.response(), /^\* 1 FETCH \(UID 1 FLAGS/)
    }
    client.write('DONE\r\n')
    assert.match(await client.response(), /^a OK/)
  })
}
