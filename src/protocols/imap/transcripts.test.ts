import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { PASSWORD, withImap } from './test-imap.ts'
import type { TestMailbox } from './test-imap.ts'
import { ANY, fillIn, isAnswer, parseTranscript } from './test-transcript.ts'

const imap = await withImap({ after })
const folder = join(import.meta.dirname, 'transcripts')

const lines = (...texts: readonly string[]): Buffer => Buffer.from(texts.map((text) => `${text}\r\n`).join(''))

/** What each transcript finds in the inbox: a message that was seen, one with an attachment, one with characters of Italian. */
const MESSAGES: readonly { flags: number; bytes: Buffer }[] = [
  {
    flags: 1,
    bytes: lines('Date: Mon, 15 Jan 2024 10:00:00 +0100', 'From: a@example.org', 'Subject: one', '', 'First text.'),
  },
  {
    flags: 0,
    bytes: lines(
      'From: b@example.org',
      'Subject: two',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      'Second text.',
      '--b',
      'Content-Type: application/octet-stream; name=x.bin',
      'Content-Transfer-Encoding: base64',
      '',
      'AAEC',
      '--b--',
    ),
  },
  { flags: 0, bytes: lines('From: c@example.org', 'Subject: =?utf-8?Q?Caff=C3=A8?= al bar', '', 'Third text.') },
]

async function seeded(): Promise<TestMailbox> {
  const mailbox = await imap.mailbox()
  for (const message of MESSAGES)
    await imap.store.append(mailbox.ref, 'INBOX', [{ ...message, keywords: [], internalDate: Date.UTC(2024, 0, 15, 9) }])
  return mailbox
}

for (const file of readdirSync(folder)) {
  const { client: name, steps } = parseTranscript(readFileSync(join(folder, file), 'utf8'))
  test(`${file}: ${name}`, async () => {
    const { address } = await seeded()
    const client = await imap.connect()
    const heard: string[] = []
    for (const [index, { by, text, line }] of steps.entries()) {
      const filled = fillIn(text, address, PASSWORD)
      if (by === 'client') {
        client.write(`${filled}\r\n`)
        continue
      }
      if (text === ANY) continue
      let response = await client.response()
      heard.push(response)
      while (steps[index - 1]?.text === ANY && response !== '' && !isAnswer(filled, response)) {
        response = await client.response()
        heard.push(response)
      }
      assert.ok(isAnswer(filled, response), `${file}:${line}: wanted ${filled}\nheard\n${heard.slice(-5).join('\n')}`)
    }
    assert.equal(await client.response(), '', `${file}: more was said than is written`)
  })
}

test('a transcript is read line by line, and says what it is', () => {
  const { steps, client, why } = parseTranscript('# Client: x\n# Why: y\nC: a\\r\\n\\x20\n\nS: ...\nC:\n')
  assert.deepEqual([client, why], ['x', 'y'])
  assert.deepEqual(
    steps.map(({ by, text, line }) => [by, text, line]),
    [
      ['client', 'a\r\n ', 3],
      ['server', '...', 5],
      ['client', '', 6],
    ],
  )
  assert.throws(() => parseTranscript('# Client: x\nC: a\n'), /which client/)
  assert.throws(() => parseTranscript('# Client: x\n# Why: y\nK: a\n'), /line 3/)
  assert.ok(isAnswer('* OK [UIDNEXT ...] x', '* OK [UIDNEXT 7] x') && !isAnswer('* 1 FETCH (UID 1)', '* 1 FETCH (UID 11)'))
})
