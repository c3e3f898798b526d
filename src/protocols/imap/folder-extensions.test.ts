import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { instantOf } from '../../base/instant.ts'
import { uuidv7 } from '../../base/ids.ts'
import { arrivalItem, BytesPack } from '../../mailbox/content.ts'
import { contentOfParts } from '../../mailbox/test-store.ts'
import { withImap } from './test-imap.ts'
import type { TestMailbox } from './test-imap.ts'

const imap = await withImap({ after })

const message = (subject: string): string => `Subject: ${subject}\r\n\r\n${subject}\r\n`

/** A receipt comes in, of about so many bytes. */
async function receipt({ ref }: TestMailbox, size: number): Promise<void> {
  const pack = new BytesPack()
  const bytes = Buffer.from(`Subject: x\r\n\r\n${'x'.repeat(size)}`)
  const content = contentOfParts(bytes, null, Buffer.alloc(0), Buffer.alloc(0))
  await imap.database.transactor.call(ref.slot, 'select * from mailbox_append($1, $2, null, $3, $4, $5)', [
    ref.slot,
    ref.id,
    JSON.stringify([arrivalItem(pack, uuidv7(), content, instantOf(), true)]),
    pack.bytes(),
    new Date(),
  ])
}

test('STATUS SIZE, DELETED and DELETED-STORAGE, also for many folders at once', async () => {
  const client = await imap.login(await imap.mailbox())
  for (const subject of ['1', '22', '333']) await client.append('INBOX', message(subject))
  await client.append('Archivio', message('4444'), '(\\Deleted) ')
  const size = (...subjects: string[]): number => subjects.reduce((sum, subject) => sum + message(subject).length, 0)
  assert.deepEqual(await client.ok('STATUS INBOX (SIZE MESSAGES DELETED DELETED-STORAGE)'), [
    `* STATUS "INBOX" (SIZE ${size('1', '22', '333')} MESSAGES 3 DELETED 0 DELETED-STORAGE 0)`,
  ])
  const lines = await client.ok('LIST "" % RETURN (STATUS (SIZE DELETED DELETED-STORAGE))')
  assert.deepEqual(
    lines.filter((line) => line.startsWith('* STATUS')),
    [
      `* STATUS "INBOX" (SIZE ${size('1', '22', '333')} DELETED 0 DELETED-STORAGE 0)`,
      `* STATUS "Archivio" (SIZE ${size('4444')} DELETED 1 DELETED-STORAGE ${size('4444')})`,
      ...['Bozze', 'Cestino', 'Inviati', 'Posta indesiderata'].map(
        (name) => `* STATUS "${name}" (SIZE 0 DELETED 0 DELETED-STORAGE 0)`,
      ),
    ],
  )
})

test('CREATE with a special use: one that no other folder has', async () => {
  const client = await imap.login(await imap.mailbox())
  for (const refused of ['\\All', '\\Flagged', '\\Sent', '\\Nonsense', '\\Drafts \\Sent']) {
    assert.match(await client.tagged(`CREATE nuova (USE (${refused}))`), /^NO \[USEATTR\]/, refused)
  }
  assert.deepEqual(await client.ok('LIST "" nuova'), [])
  await client.ok('DELETE Inviati')
  await client.ok('CREATE "Posta inviata" (USE (\\sent))')
  assert.deepEqual(await client.ok('LIST (SPECIAL-USE) "" P*'), [
    '* LIST (\\HasNoChildren \\Junk) "/" "Posta indesiderata"',
    '* LIST (\\HasNoChildren \\Sent) "/" "Posta inviata"',
  ])
  await client.ok('CREATE senza (USE ())')
  for (const wrong of ['CREATE x (USE)', 'CREATE x (NOTHING (\\Sent))', 'CREATE x (USE (\\Sent)']) {
    assert.match(await client.tagged(wrong), /^BAD/, wrong)
  }
})

test('QUOTA: one root with the storage of the mailbox, in units of 1024 bytes', async () => {
  const client = await imap.login(await imap.mailbox(10_240))
  assert.deepEqual(await client.ok('GETQUOTAROOT INBOX'), ['* QUOTAROOT "INBOX" ""', '* QUOTA "" (STORAGE 0 10)'])
  await client.append('INBOX', message('x'.repeat(1000)))
  assert.deepEqual(await client.ok('GETQUOTA ""'), ['* QUOTA "" (STORAGE 2 10)'])
  assert.deepEqual(await client.ok('GETQUOTAROOT "non c&AOg-"'), ['* QUOTAROOT "non c&AOg-" ""', '* QUOTA "" (STORAGE 2 10)'])
  assert.match(await client.tagged('GETQUOTA other'), /^NO/)
  assert.match(await client.tagged('SETQUOTA "" (STORAGE 100000)'), /^NO \[NOPERM\]/)
  assert.deepEqual(await client.ok('GETQUOTA ""'), ['* QUOTA "" (STORAGE 2 10)'])
})

test("I10: the receipts' reserve is no quota of the holder's", async () => {
  const mailbox = await imap.mailbox(10_240)
  const client = await imap.login(mailbox)
  for (let n = 0; n < 12; n++) await receipt(mailbox, 1024)
  assert.deepEqual(await client.ok('GETQUOTA ""'), ['* QUOTA "" (STORAGE 10 10)'])
  assert.match(await client.append('INBOX', message('x')), /^NO \[OVERQUOTA\]/)
})

test('OBJECTID: folders and messages keep their identifiers when they are renamed, copied and moved', async () => {
  const mailbox = await imap.mailbox()
  const client = await imap.login(mailbox)
  const idIn = (text: string | undefined): string => {
    const id = /\(([FM][\da-f]{32})\)/.exec(text ?? '')?.[1]
    assert.ok(id !== undefined, text)
    return id
  }
  const created = idIn(await client.tagged('CREATE prima'))
  await client.ok('RENAME prima seconda')
  assert.equal(idIn((await client.ok('STATUS seconda (MAILBOXID MESSAGES)'))[0]), created)
  assert.equal(idIn((await client.ok('LIST "" seconda RETURN (STATUS (MAILBOXID))')).at(-1)), created)
  assert.equal(idIn((await client.ok('SELECT seconda')).find((line) => line.includes('MAILBOXID'))), created)
  assert.notEqual(idIn(await client.tagged('CREATE prima')), created)
  await client.append('seconda', message('1'))
  await client.append('seconda', message('1'))
  const ids = (await client.ok('FETCH 1:2 (EMAILID THREADID)')).slice(-2).map((line) => {
    assert.match(line, / THREADID NIL\)$/)
    return idIn(line)
  })
  assert.notEqual(ids[0], ids[1])
  await client.ok('COPY 1 prima')
  await client.ok('MOVE 2 prima')
  assert.deepEqual(await client.ok(`SEARCH EMAILID ${ids[1]}`), ['* SEARCH'])
  assert.deepEqual(await client.ok(`SEARCH OR EMAILID ${ids[1]} EMAILID ${ids[0]}`), ['* SEARCH 1'])
  await client.ok('SELECT prima')
  assert.deepEqual((await client.ok('FETCH 1:2 (EMAILID)')).map(idIn), ids)
  assert.deepEqual(await client.ok(`SEARCH EMAILID ${ids[1]}`), ['* SEARCH 2'])
  assert.deepEqual(await client.ok(`SEARCH THREADID ${ids[1]}`), ['* SEARCH'])
  // Identifiers tell upper from lower case (RFC 8474 7).
  assert.deepEqual(await client.ok(`SEARCH EMAILID ${ids[1]?.toLowerCase()}`), ['* SEARCH'])
})

test('SAVEDATE: when a message came into its folder, whatever date it was given', async () => {
  const client = await imap.login(await imap.mailbox(), 'INBOX')
  await client.append('INBOX', message('1'), '"15-Jan-2024 10:00:00 +0100" ')
  const dateIn = (lines: readonly string[]): number => {
    const [, text] = /SAVEDATE "([^"]*)"/.exec(lines.at(-1) ?? '') ?? []
    return Date.parse((text ?? '').replace(/(\d+)-(\w+)-(\d+)/, '$1 $2 $3'))
  }
  const saved = dateIn(await client.ok('FETCH 1 (INTERNALDATE SAVEDATE)'))
  assert.ok(Math.abs(Date.now() - saved) < 60_000)
  const day = (ms: number): string => {
    const parts = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Rome', day: 'numeric', month: 'short', year: 'numeric' })
      .format(ms)
      .replace('Sept', 'Sep')
    return parts.replaceAll(' ', '-')
  }
  const [today, tomorrow] = [day(Date.now()), day(Date.now() + 24 * 3600_000)]
  assert.deepEqual(await client.ok(`SEARCH SAVEDSINCE ${today}`), ['* SEARCH 1'])
  assert.deepEqual(await client.ok(`SEARCH SAVEDON ${today} SAVEDBEFORE ${tomorrow}`), ['* SEARCH 1'])
  assert.deepEqual(await client.ok('SEARCH SAVEDBEFORE 16-Jan-2024'), ['* SEARCH'])
  assert.deepEqual(await client.ok('SEARCH BEFORE 16-Jan-2024 SAVEDATESUPPORTED'), ['* SEARCH 1'])
})

test('SAVEDATE: a message from before that was noted has none, and goes by its internal date', async () => {
  const mailbox = await imap.mailbox()
  const client = await imap.login(mailbox)
  await client.append('INBOX', message('1'), '"15-Jan-2024 10:00:00 +0100" ')
  const { id } = (await imap.store.folder(mailbox.ref, 'INBOX')) ?? assert.fail()
  await imap.database.transactor.call(mailbox.ref.slot, 'update message set saved_at = null where slot = $1 and folder = $2', [
    mailbox.ref.slot,
    id,
  ])
  await client.ok('SELECT INBOX')
  assert.deepEqual(await client.ok('FETCH 1 (SAVEDATE)'), ['* 1 FETCH (SAVEDATE NIL)'])
  assert.deepEqual(await client.ok('SEARCH SAVEDON 15-Jan-2024'), ['* SEARCH 1'])
})
