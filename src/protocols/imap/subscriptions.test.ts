/** Subscriptions outlive their folders (RFC 3501 6.3.9, RFC 5258 3.1), and STATUS counts what is new without opening the folder. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { withImap } from './test-imap.ts'

let opened = 0
const imap = await withImap(
  { after },
  {
    store: (real) => ({
      enter: (...request) => {
        opened++
        return real.enter(...request)
      },
      states: (...request) => {
        opened++
        return real.states(...request)
      },
    }),
  },
)

test('a folder that is removed stays subscribed to, until the holder unsubscribes or makes it again', async () => {
  const client = await imap.login(await imap.mailbox())
  for (const name of ['gone/deep', 'kept', 'left']) await client.ok(`CREATE ${name}`)
  await client.ok('UNSUBSCRIBE left')
  for (const name of ['gone/deep', 'gone', 'left']) await client.ok(`DELETE ${name}`)
  assert.deepEqual(await client.ok('LSUB "" gone*'), ['* LSUB () "/" "gone"', '* LSUB () "/" "gone/deep"'])
  assert.deepEqual(await client.ok('LSUB "" left'), [])
  await client.ok('UNSUBSCRIBE gone')
  assert.deepEqual(await client.ok('LSUB "" gone*'), ['* LSUB () "/" "gone/deep"'])
  assert.deepEqual(await client.ok('LSUB "" g%'), ['* LSUB (\\Noselect) "/" "gone"'])
  // They are told only to who asks for subscriptions.
  assert.deepEqual(await client.ok('LIST "" g*'), [])
  assert.deepEqual(await client.ok('LIST "" g* RETURN (SUBSCRIBED)'), [])
  assert.deepEqual(await client.ok('LIST (SUBSCRIBED) "" (g* kept) RETURN (STATUS (MESSAGES))'), [
    '* LIST (\\Noselect \\NonExistent \\HasNoChildren \\Subscribed) "/" "gone/deep"',
    '* LIST (\\HasNoChildren \\Subscribed) "/" "kept"',
    '* STATUS "kept" (MESSAGES 0)',
  ])
  assert.deepEqual(await client.ok('LIST (SUBSCRIBED RECURSIVEMATCH) "" g%'), [
    '* LIST (\\Noselect \\NonExistent \\HasNoChildren) "/" "gone" ("CHILDINFO" ("SUBSCRIBED"))',
  ])
  assert.match(await client.tagged('SELECT gone/deep'), /^NO/)

  await client.ok('CREATE gone/deep')
  assert.deepEqual(await client.ok('LIST (SUBSCRIBED) "" gone/*'), ['* LIST (\\HasNoChildren \\Subscribed) "/" "gone/deep"'])
  await client.ok('UNSUBSCRIBE gone/deep')
  assert.deepEqual(await client.ok('LSUB "" gone/*'), [])
  await client.ok('DELETE gone/deep')
  assert.deepEqual(await client.ok('LSUB "" gone/*'), [])
  client.destroy()
})

test('a folder that takes the name of one that is gone takes its subscription', async () => {
  const client = await imap.login(await imap.mailbox())
  for (const name of ['old', 'new/below', 'old/below']) await client.ok(`CREATE ${name}`)
  await client.ok('UNSUBSCRIBE old/below')
  for (const name of ['new/below', 'new']) await client.ok(`DELETE ${name}`)
  await client.ok('RENAME old new')
  assert.deepEqual(await client.ok('LSUB "" *ew*'), ['* LSUB () "/" "new"', '* LSUB () "/" "new/below"'])
  client.destroy()
})

test('STATUS RECENT counts without opening the folder: also of many, also where some are gone', async () => {
  const mailbox = await imap.mailbox()
  const [client, other] = [await imap.login(mailbox), await imap.login(mailbox)]
  for (const text of ['1', '2', '3', '4']) await client.append('INBOX', text)
  await client.append('Archivio', '1')
  const recent = async (name: string): Promise<string | undefined> => (await client.ok(`STATUS ${name} (RECENT)`))[0]
  assert.equal(await recent('INBOX'), '* STATUS "INBOX" (RECENT 4)')
  await other.ok('EXAMINE INBOX')
  assert.equal(await recent('INBOX'), '* STATUS "INBOX" (RECENT 4)')
  await other.ok('SELECT INBOX')
  assert.equal(await recent('INBOX'), '* STATUS "INBOX" (RECENT 0)')
  await client.append('INBOX', '5')
  await client.append('INBOX', '6')
  await client.append('INBOX', '7')
  await client.ok('EXAMINE INBOX')
  // A message that goes before anybody was told of it is not recent any more.
  const inbox = await imap.store.folder(mailbox.ref, 'INBOX')
  await imap.store.storeFlags(mailbox.ref, inbox?.id ?? '', [6], { mode: 'add', flags: 8, keywords: [] })
  await imap.store.expunge(mailbox.ref, inbox?.id ?? '')
  // Its own folder the session has told of; another has not been opened.
  await client.ok('NOOP')
  assert.ok(opened > 0)
  opened = 0
  assert.equal(await recent('INBOX'), '* STATUS "INBOX" (RECENT 2)')
  assert.deepEqual(await client.ok('LIST "" (INBOX Archivio Bozze) RETURN (STATUS (RECENT MESSAGES))'), [
    '* LIST (\\HasNoChildren) "/" "INBOX"',
    '* STATUS "INBOX" (RECENT 2 MESSAGES 6)',
    '* LIST (\\HasNoChildren \\Archive) "/" "Archivio"',
    '* STATUS "Archivio" (RECENT 1 MESSAGES 1)',
    '* LIST (\\HasNoChildren \\Drafts) "/" "Bozze"',
    '* STATUS "Bozze" (RECENT 0 MESSAGES 0)',
  ])
  assert.equal(opened, 0)
  client.destroy()
  other.destroy()
})
