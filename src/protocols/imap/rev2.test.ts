import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { withImap } from './test-imap.ts'
import type { TestClient, TestMailbox } from './test-imap.ts'

const imap = await withImap({ after })

const utf8 = (text: string): string => Buffer.from(text).toString('latin1')
const message = (subject: string): string => `Subject: ${subject}\r\n\r\n${subject}\r\n`

async function rev2(mailbox: TestMailbox): Promise<TestClient> {
  const client = await imap.login(mailbox)
  assert.deepEqual(await client.ok('ENABLE IMAP4rev2'), ['* ENABLED IMAP4rev2'])
  return client
}

test('IMAP4rev2: what SELECT answers, and that nothing is recent', async () => {
  const mailbox = await imap.mailbox()
  const client = await rev2(mailbox)
  for (const subject of ['1', '2']) await client.append('INBOX', message(subject))
  const shown = (lines: readonly string[]): string[] =>
    lines.map((line) => line.replace(/(UIDVALIDITY|HIGHESTMODSEQ) \d+/, '$1 n').replace(/\(F[\da-f]+\)/, '(id)'))
  const expected = [
    '* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)',
    '* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags kept',
    '* 2 EXISTS',
    '* OK [UIDVALIDITY n] UIDs valid',
    '* OK [UIDNEXT 3] Next UID',
    '* OK [HIGHESTMODSEQ n] Highest',
    '* OK [MAILBOXID (id)] Ok',
    '* LIST (\\HasNoChildren \\Subscribed) "/" "INBOX"',
  ]
  assert.deepEqual(shown(await client.ok('SELECT INBOX')), expected)
  assert.deepEqual(shown(await client.ok('SELECT inbox')), ['* OK [CLOSED] Previous folder closed', ...expected])
  assert.deepEqual(await client.ok('FETCH 1:2 FLAGS'), ['* 1 FETCH (FLAGS ())', '* 2 FETCH (FLAGS ())'])
  const other = await imap.login(mailbox)
  await other.append('INBOX', message('3'))
  assert.deepEqual(await client.ok('NOOP'), ['* 3 EXISTS'])
  assert.deepEqual(await client.ok('FETCH 3 FLAGS'), ['* 3 FETCH (FLAGS ())'])
  // Who still knows \Recent finds what he has not seen yet.
  assert.ok((await other.ok('SELECT INBOX')).includes('* 3 RECENT'))
  await client.ok('SELECT Bozze')
  assert.match((await client.ok('EXAMINE Bozze')).join('\n'), /^\* LIST \(\\HasNoChildren \\Subscribed \\Drafts\) "\/" "Bozze"$/m)
})

test('IMAP4rev2: SEARCH always answers with ESEARCH', async () => {
  const client = await rev2(await imap.mailbox())
  for (const subject of ['1', '2', '3']) await client.append('INBOX', message(subject))
  await client.ok('SELECT INBOX')
  const answer = async (text: string): Promise<string> => (await client.ok(text)).join('|').replace(/\(TAG "t\d+"\)/, '(TAG "t")')
  assert.equal(await answer('SEARCH NOT SUBJECT 2'), '* ESEARCH (TAG "t") ALL 1,3')
  assert.equal(await answer('UID SEARCH ALL'), '* ESEARCH (TAG "t") UID ALL 1:3')
  assert.equal(await answer('SEARCH TEXT "not in there"'), '* ESEARCH (TAG "t")')
  assert.equal(await answer('SEARCH RETURN (COUNT) ALL'), '* ESEARCH (TAG "t") COUNT 3')
  assert.equal(await answer('SEARCH RETURN (SAVE) SUBJECT 2'), '')
  assert.equal(await answer('SEARCH CHARSET UTF-8 $'), '* ESEARCH (TAG "t") ALL 2')
})

test('IMAP4rev2: names and header fields are UTF-8, and a name in another form is told with OLDNAME', async () => {
  const client = await rev2(await imap.mailbox())
  const composed = `"${utf8('Entità')}"`
  const decomposed = `"${utf8('Entita\u0300')}"`
  const listed = (attributes: string, now = composed, before = decomposed): string =>
    `* LIST (${attributes}) "/" ${now} ("OLDNAME" (${before}))`
  assert.deepEqual(await client.ok(`CREATE ${decomposed}`), [listed('\\HasNoChildren \\Subscribed')])
  assert.deepEqual(await client.ok(`LIST "" "E*"`), [`* LIST (\\HasNoChildren) "/" ${composed}`])
  await client.ok(`CREATE "${utf8('Entità/due')}"`)
  assert.ok((await client.ok(`SELECT ${decomposed}`)).includes(listed('\\HasChildren \\Subscribed')))
  assert.ok((await client.ok(`SELECT ${composed}`)).includes(`* LIST (\\HasChildren \\Subscribed) "/" ${composed}`))
  await client.ok('UNSELECT')
  const eightBit = utf8('Subject: perché\r\n\r\nx\r\n')
  const { tagged, untagged } = await client.command(`APPEND ${decomposed} {${eightBit.length}+}\r\n${eightBit}`)
  assert.match(tagged, /^OK \[APPENDUID/)
  assert.deepEqual(untagged, [listed('\\HasChildren \\Subscribed')])
  const renamed = `"${utf8('Età')}"`
  assert.deepEqual(await client.ok(`RENAME ${decomposed} ${renamed}`), [listed('\\HasChildren \\Subscribed', renamed)])
  assert.deepEqual(await client.ok(`DELETE "${utf8('Eta\u0300')}"`), [
    listed('\\Noselect \\NonExistent \\HasChildren', renamed, `"${utf8('Eta\u0300')}"`),
  ])
  assert.deepEqual(await client.ok(`DELETE "${utf8('Età/due')}"`), [])
  assert.match(await client.tagged('CREATE "\xe8"'), /^BAD/)
})

test('IMAP4rev2: its commands that were extensions are there, and the old ones still are', async () => {
  const client = await rev2(await imap.mailbox())
  await client.append('INBOX', message('1'))
  assert.deepEqual(await client.ok('NAMESPACE'), ['* NAMESPACE (("" "/")) NIL NIL'])
  assert.deepEqual(
    await client
      .ok('STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE)')
      .then(([line]) => line?.replace(/UIDVALIDITY \d+/, 'v')),
    `* STATUS "INBOX" (MESSAGES 1 UIDNEXT 2 v UNSEEN 1 DELETED 0 SIZE ${message('1').length})`,
  )
  assert.match(
    (await client.ok('LIST (SUBSCRIBED) "" INBOX RETURN (CHILDREN STATUS (MESSAGES))')).join('|'),
    /^\* LIST \(\\HasNoChildren \\Subscribed\) "\/" "INBOX"\|\* STATUS/,
  )
  await client.ok('SELECT INBOX')
  assert.match(
    (await client.ok('FETCH 1 (BINARY.PEEK[1] BINARY.SIZE[1])')).join(),
    /BINARY\[1\] \{3\}\r\n1\r\n BINARY\.SIZE\[1\] 3\)$/,
  )
  assert.match((await client.command('MOVE 1 Archivio')).untagged.join('|'), /^\* OK \[COPYUID \d+ 1 1\] Moved\|\* 1 EXPUNGE$/)
  await client.ok('UNSELECT')
  await client.ok('SELECT Archivio')
  await client.ok('CHECK')
  await client.ok('LSUB "" *')
  await client.ok('FETCH 1 RFC822.HEADER')
})
