import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { withImap } from './test-imap.ts'
import type { TestClient, TestMailbox } from './test-imap.ts'

const imap = await withImap({ after })

const message = (subject: string): string => `Subject: ${subject}\r\n\r\n${subject}\r\n`

/** UIDs 1, 3 to 6 and 8: numbers and UIDs differ. */
async function filled(): Promise<{ mailbox: TestMailbox; client: TestClient }> {
  const mailbox = await imap.mailbox()
  const client = await imap.login(mailbox)
  for (let n = 1; n <= 8; n++) await client.append('INBOX', message(`m${n}`))
  await client.ok('SELECT INBOX')
  await client.ok('UID STORE 2,7 +FLAGS.SILENT (\\Deleted)')
  await client.ok('EXPUNGE')
  await client.ok('UID STORE 3,4,6 +FLAGS.SILENT (\\Flagged)')
  return { mailbox, client }
}

const answer = async (client: TestClient, text: string): Promise<string> =>
  (await client.ok(text)).join('\n').replace(/\(TAG "t\d+"\)/, '(TAG "t")')

test('ESEARCH: MIN, MAX, ALL, COUNT, of numbers and of UIDs', async () => {
  const { client } = await filled()
  const expected: Record<string, string> = {
    'SEARCH RETURN (MIN COUNT) FLAGGED': 'MIN 2 COUNT 3',
    'SEARCH RETURN () FLAGGED': 'ALL 2:3,5',
    'search return (all max min count) flagged': 'MIN 2 MAX 5 ALL 2:3,5 COUNT 3',
    'UID SEARCH RETURN (MIN MAX) FLAGGED': 'UID MIN 3 MAX 6',
    'UID SEARCH RETURN (ALL) ALL': 'UID ALL 1,3:6,8',
    'UID SEARCH RETURN (ALL) CHARSET UTF-8 SUBJECT "m8"': 'UID ALL 8',
    'SEARCH RETURN (MIN MAX ALL) DRAFT': '',
    'SEARCH RETURN (COUNT) DRAFT': 'COUNT 0',
  }
  for (const [command, data] of Object.entries(expected)) {
    assert.equal(await answer(client, command), `* ESEARCH (TAG "t")${data === '' ? '' : ` ${data}`}`, command)
  }
  for (const wrong of ['SEARCH RETURN (X) ALL', 'SEARCH RETURN ALL', 'SEARCH RETURN (ALL)', 'SEARCH RETURN (ALL']) {
    assert.match(await client.tagged(wrong), /^BAD/, wrong)
  }
})

test('SEARCHRES: "$" stands for what was saved, as numbers and as UIDs, in every command that takes messages', async () => {
  const { client } = await filled()
  assert.equal(await answer(client, 'SEARCH $'), '* SEARCH')
  assert.equal(await answer(client, 'SEARCH RETURN (SAVE) FLAGGED'), '')
  assert.equal(await answer(client, 'FETCH $ (UID)'), '* 2 FETCH (UID 3)\n* 3 FETCH (UID 4)\n* 5 FETCH (UID 6)')
  assert.equal(await answer(client, 'UID SEARCH UID $ NOT UID 4'), '* SEARCH 3 6')
  assert.equal(await answer(client, 'SEARCH OR $ 1'), '* SEARCH 1 2 3 5')
  assert.equal(await answer(client, 'UID STORE $ +FLAGS.SILENT (\\Seen)'), '')
  assert.equal(await answer(client, 'SEARCH SEEN'), '* SEARCH 2 3 5')
  assert.match(await client.tagged('COPY $ Archivio'), /^OK \[COPYUID \d+ 3:4,6 1:2,3\]/)
  // A search within what was saved takes its place.
  assert.equal(await answer(client, 'UID SEARCH RETURN (SAVE COUNT) $ NOT SUBJECT m4'), '* ESEARCH (TAG "t") UID COUNT 2')
  assert.equal(await answer(client, 'UID FETCH $ (UID)'), '* 2 FETCH (UID 3)\n* 5 FETCH (UID 6)')
  // What is removed counts no more, and the others are what they were, whatever their numbers now.
  await client.ok('STORE 2 +FLAGS.SILENT (\\Deleted)')
  await client.ok('UID EXPUNGE $')
  assert.equal(await answer(client, 'FETCH $ (UID)'), '* 4 FETCH (UID 6)')
  assert.match((await client.ok('MOVE $ Archivio'))[0] ?? '', /COPYUID \d+ 6 4/)
  assert.equal(await answer(client, 'SEARCH $'), '* SEARCH')
  assert.match(await client.tagged('UID COPY $ Archivio'), /^OK Nothing/)
})

test('RFC 5182 2.4: with MIN and MAX alone only these are saved', async () => {
  const { client } = await filled()
  for (const [options, saved] of [
    ['SAVE MIN', '2'],
    ['MAX SAVE', '5'],
    ['SAVE MIN MAX', '2 5'],
    ['SAVE MIN COUNT', '2 3 5'],
    ['ALL SAVE MAX', '2 3 5'],
    ['SAVE', '2 3 5'],
  ]) {
    await client.ok(`SEARCH RETURN (${options}) FLAGGED`)
    assert.equal(await answer(client, 'SEARCH $'), `* SEARCH ${saved}`, options)
  }
})

test('RFC 5182 2.1: what is saved outlasts other searches and BAD, not NO, and not another folder', async () => {
  const { client } = await filled()
  await client.ok('SEARCH RETURN (SAVE) FLAGGED')
  await client.ok('SEARCH RETURN (ALL) SEEN')
  await client.ok('SEARCH SEEN')
  assert.match(await client.tagged('SEARCH RETURN (SAVE) NONSENSE'), /^BAD/)
  assert.match(await client.tagged('SEARCH CHARSET KOI8-R TEXT x'), /^NO \[BADCHARSET/)
  assert.equal(await answer(client, 'SEARCH $'), '* SEARCH 2 3 5')
  assert.match(await client.tagged('SEARCH RETURN (SAVE) CHARSET KOI8-R TEXT x'), /^NO \[BADCHARSET/)
  assert.equal(await answer(client, 'SEARCH $'), '* SEARCH')
  await client.ok('SEARCH RETURN (SAVE) FLAGGED')
  await client.ok('SELECT INBOX')
  assert.equal(await answer(client, 'SEARCH $'), '* SEARCH')
  // In a pipeline the second command sees what the first has saved.
  client.write('a SEARCH RETURN (SAVE) FLAGGED\r\nb FETCH $ (UID)\r\n')
  assert.deepEqual((await client.answer('a')).untagged, [])
  assert.equal((await client.answer('b')).untagged.length, 3)
})

test('WITHIN: messages older and younger than so many seconds', async () => {
  const client = await imap.login(await imap.mailbox())
  const ago = (seconds: number): string => {
    const [, , day, month, year, time] =
      /^(\w+), (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(Date.now() - seconds * 1000).toUTCString()) ?? []
    return `"${day}-${month}-${year} ${time} +0000" `
  }
  await client.append('INBOX', message('old'), ago(100_000))
  await client.append('INBOX', message('hour'), ago(3600))
  await client.append('INBOX', message('new'))
  await client.ok('SELECT INBOX')
  assert.equal(await answer(client, 'SEARCH OLDER 1800'), '* SEARCH 1 2')
  assert.equal(await answer(client, 'SEARCH YOUNGER 7200'), '* SEARCH 2 3')
  assert.equal(await answer(client, 'SEARCH OLDER 1800 YOUNGER 7200'), '* SEARCH 2')
  assert.equal(await answer(client, 'SEARCH NOT OLDER 1000000'), '* SEARCH 1 2 3')
  for (const wrong of ['SEARCH OLDER 0', 'SEARCH YOUNGER', 'SEARCH OLDER x'])
    assert.match(await client.tagged(wrong), /^BAD/, wrong)
})
