import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { encodeWords } from '../../mime/encoding.ts'
import { withImap } from './test-imap.ts'
import type { TestClient } from './test-imap.ts'

const imap = await withImap({ after })

/** Header fields of some messages; they arrive a minute after one another. */
async function filled(...headers: readonly string[]): Promise<TestClient> {
  const client = await imap.login(await imap.mailbox())
  for (const [index, header] of headers.entries()) {
    const date = `15-Mar-2026 10:${String(index).padStart(2, '0')}:00 +0100`
    await client.ok(
      `APPEND INBOX "${date}" {${Buffer.byteLength(header) + 4}+}\r\n${Buffer.from(header).toString('latin1')}\r\n\r\n`,
    )
  }
  await client.ok('SELECT INBOX')
  return client
}

const sorted = async (client: TestClient, program: string, search = 'ALL'): Promise<string> =>
  (await client.ok(`SORT ${program} UTF-8 ${search}`)).join('\n').replace('* SORT', '').trim()

test('SORT: each key, reversed and together, the sequence number last', async () => {
  const client = await filled(
    'Subject: Re: beta\r\nDate: Sun, 15 Mar 2026 12:00:00 +0100\r\nFrom: "Z" <anna@pec.test>\r\nTo: b@pec.test\r\nCc: x@pec.test',
    'Subject: alfa\r\nDate: Sun, 15 Mar 2026 11:30:00 +0000\r\nFrom: Bruno@pec.test\r\nTo: a@pec.test',
    'Subject: =?utf-8?Q?BETA_?=\r\nFrom: "A" <carla@pec.test>\r\nCc: "prova" <w@pec.test>',
    'Subject: [lista] gamma (fwd)\r\nDate: Sun, 15 Mar 2026 11:15:00 +0100\r\nFrom: gruppo: a@b, c@d;\r\nTo: c@pec.test',
  )
  const expected: Record<string, string> = {
    '(ARRIVAL)': '1 2 3 4',
    '(REVERSE ARRIVAL)': '4 3 2 1',
    // Without a Date field the internal date counts: 9:02 UTC.
    '(DATE)': '3 4 1 2',
    '(SUBJECT)': '2 1 3 4',
    '(REVERSE SUBJECT)': '4 1 3 2',
    '(SUBJECT REVERSE DATE)': '2 1 3 4',
    '(SUBJECT DATE)': '2 3 1 4',
    '(FROM)': '1 2 3 4',
    '(TO)': '3 2 1 4',
    '(CC)': '2 4 3 1',
    '(CC REVERSE DATE)': '2 4 3 1',
    '(REVERSE CC DATE)': '1 3 4 2',
    '(SIZE)': '3 2 4 1',
    '(SUBJECT SUBJECT REVERSE SUBJECT)': '2 1 3 4',
  }
  for (const [program, order] of Object.entries(expected)) assert.equal(await sorted(client, program), order, program)
  assert.equal(await sorted(client, '(REVERSE ARRIVAL)', 'NOT SUBJECT beta'), '4 2')
  assert.equal(await sorted(client, '(SUBJECT)', 'SUBJECT nessuno'), '')
  for (const wrong of ['()', '(REVERSE)', '(NONE)', 'ARRIVAL', '(ARRIVAL', '(REVERSE REVERSE DATE)'])
    assert.match(await client.tagged(`SORT ${wrong} UTF-8 ALL`), /^BAD/, wrong)
  assert.match(await client.tagged('SORT (DATE) UTF-8'), /^BAD/)
  assert.match(await client.tagged('SORT (DATE) KOI8-R ALL'), /^NO \[BADCHARSET/)
})

test('texts are sorted in any case and composition', async () => {
  const client = await filled(
    ...['Zoe', 'e\u0301lite', 'ÉLITE', 'elite', 'ELITA'].map((subject) => `Subject: ${encodeWords(subject)}`),
  )
  assert.equal(await sorted(client, '(SUBJECT)'), '5 4 2 3 1')
})

test('UID SORT answers UIDs, and says what is expunged where SORT waits', async () => {
  const mailbox = await imap.mailbox()
  const [client, other] = [await imap.login(mailbox, 'INBOX'), await imap.login(mailbox, 'INBOX')]
  for (const subject of ['c', 'b', 'a']) await client.append('INBOX', `Subject: ${subject}\r\n\r\n`)
  await client.ok('NOOP')
  await other.ok('NOOP')
  await other.ok('STORE 2 +FLAGS.SILENT (\\Deleted)')
  await other.ok('EXPUNGE')
  const first = await client.ok('SORT (SUBJECT) US-ASCII ALL')
  assert.ok(!first.some((line) => line.includes('EXPUNGE')), first.join('\n'))
  assert.ok((await client.ok('UID SORT (SUBJECT) US-ASCII ALL')).includes('* 2 EXPUNGE'))
  assert.deepEqual(await client.ok('UID SORT (SUBJECT) US-ASCII 1:*'), ['* SORT 3 1'])
})

test('SORT with MODSEQ answers the highest one (RFC 7162 3.1.9)', async () => {
  const client = await filled('Subject: b', 'Subject: a')
  assert.match((await client.ok('SORT (SUBJECT) UTF-8 MODSEQ 1')).at(-1) ?? '', /^\* SORT 2 1 \(MODSEQ \d+\)$/)
  assert.deepEqual(await client.ok('SORT (SUBJECT) UTF-8 MODSEQ 1000000'), ['* SORT'])
})

test('SORT=DISPLAY: by the names that are shown', async () => {
  const client = await filled(
    'From: "Zita" <a@pec.test>\r\nTo: z@pec.test',
    'From: =?utf-8?Q?=C3=80nna?= <z@pec.test>\r\nTo: "Ugo" <a@pec.test>',
    'From: m@pec.test\r\nTo: b@pec.test',
    'From: anna <q@pec.test>',
  )
  assert.equal(await sorted(client, '(DISPLAYFROM)'), '4 2 3 1')
  assert.equal(await sorted(client, '(REVERSE DISPLAYTO)'), '1 2 3 4')
})

test('ESORT: MIN, MAX, ALL and COUNT of what is sorted', async () => {
  const client = await filled('Subject: d', 'Subject: a', 'Subject: b', 'Subject: c', 'Subject: e')
  const answer = async (command: string): Promise<string> => (await client.ok(command)).join('\n').replace(/\(TAG "t\d+"\) ?/, '')
  assert.equal(await answer('SORT RETURN () (SUBJECT) UTF-8 ALL'), '* ESEARCH ALL 2:4,1,5')
  assert.equal(await answer('UID SORT RETURN (ALL) (REVERSE SUBJECT) UTF-8 ALL'), '* ESEARCH UID ALL 5,1,4,3,2')
  assert.equal(await answer('SORT RETURN (MIN MAX COUNT) (SUBJECT) UTF-8 1:4'), '* ESEARCH MIN 2 MAX 1 COUNT 4')
  assert.equal(await answer('SORT RETURN (COUNT ALL) (SUBJECT) UTF-8 DRAFT'), '* ESEARCH COUNT 0')
  assert.match(await client.tagged('SORT RETURN (SAVE) (SUBJECT) UTF-8 ALL'), /^BAD/)
})
