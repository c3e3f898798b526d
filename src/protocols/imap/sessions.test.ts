import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { withImap } from './test-imap.ts'
import type { TestClient } from './test-imap.ts'

const imap = await withImap({ after })

const message = (subject: string): string => `Subject: ${subject}\r\n\r\n${subject}\r\n`

async function filled(
  count: number,
): Promise<{ mailbox: Awaited<ReturnType<typeof imap.mailbox>>; first: TestClient; second: TestClient }> {
  const mailbox = await imap.mailbox()
  const first = await imap.login(mailbox)
  for (let n = 1; n <= count; n++) await first.append('INBOX', message(String(n)))
  await first.ok('SELECT INBOX')
  return { mailbox, first, second: await imap.login(mailbox, 'INBOX') }
}

test('another session learns of new messages, flags and keywords', async () => {
  const { first, second } = await filled(2)
  await first.append('INBOX', message('3'))
  assert.deepEqual(await second.ok('NOOP'), ['* 3 EXISTS', '* 1 RECENT'])
  await first.ok('STORE 2 +FLAGS.SILENT (\\Seen)')
  assert.deepEqual(await second.ok('NOOP'), ['* 2 FETCH (UID 2 FLAGS (\\Seen))'])
  await first.ok('STORE 2 +FLAGS.SILENT (word)')
  const told = await second.ok('NOOP')
  assert.match(told[0] ?? '', /^\* FLAGS \(.* word\)$/)
  assert.deepEqual(told.slice(2), ['* 2 FETCH (UID 2 FLAGS (\\Seen word))'])
  // What a session has done itself is not told to it again.
  assert.deepEqual(await first.ok('NOOP'), [])
})

test('.SILENT tells flags that another session changed meanwhile', async () => {
  const { first, second } = await filled(1)
  await first.ok('STORE 1 +FLAGS.SILENT (\\Flagged)')
  const told = await second.ok('STORE 1 +FLAGS.SILENT (\\Seen)')
  assert.equal(told.length, 1)
  assert.match(told[0] ?? '', /^\* 1 FETCH \(.*FLAGS \(\\Flagged( \\Seen)?\)\)$/)
  assert.deepEqual(await second.ok('FETCH 1 FLAGS'), ['* 1 FETCH (FLAGS (\\Flagged \\Seen))'])
})

test('RFC 3501 7.4.1: EXPUNGE is not told with FETCH, STORE and SEARCH, and the numbers stay', async () => {
  const { first, second } = await filled(4)
  await first.ok('STORE 2 +FLAGS.SILENT (\\Deleted)')
  await first.ok('EXPUNGE')
  assert.deepEqual(await second.ok('FETCH 4 (UID)'), ['* 4 FETCH (UID 4)'])
  const fetched = await second.command('FETCH 1:4 (UID RFC822.SIZE)')
  assert.equal(fetched.untagged.length, 3)
  assert.match(fetched.untagged[2] ?? '', /^\* 4 FETCH \(UID 4 /)
  assert.match(fetched.tagged, /^NO \[EXPUNGEISSUED\]/)
  assert.match((await second.command('FETCH 2 BODY[]')).tagged, /^NO \[EXPUNGEISSUED\]/)
  assert.deepEqual((await second.command('STORE 2:3 +FLAGS (\\Seen)')).untagged, ['* 3 FETCH (FLAGS (\\Seen))'])
  assert.deepEqual(await second.ok('SEARCH ALL'), ['* SEARCH 1 3 4'])
  assert.deepEqual(await second.ok('UID SEARCH SEEN'), ['* SEARCH 3', '* 2 EXPUNGE'])
  assert.deepEqual(await second.ok('SEARCH ALL'), ['* SEARCH 1 2 3'])
  assert.deepEqual(await second.ok('FETCH 3 UID'), ['* 3 FETCH (UID 4)'])
})

test('a message removed since the last look is left out, and the command says so', async () => {
  const { mailbox, second } = await filled(3)
  const { id } = (await imap.store.folder(mailbox.ref, 'INBOX')) ?? { id: '' }
  await imap.store.storeFlags(mailbox.ref, id, [2], { mode: 'add', flags: 8, keywords: [] })
  await second.ok('NOOP')
  // Both happen between the command's look at the hints and its work.
  second.write('a FETCH 1:3 (UID BODY.PEEK[])\r\n')
  await imap.store.expunge(mailbox.ref, id)
  const { untagged, tagged } = await second.answer('a')
  assert.ok(untagged.length === 2 ? /^(NO \[EXPUNGEISSUED\]|OK)/.test(tagged) : tagged.startsWith('OK'))
  assert.ok((await second.ok('NOOP')).includes('* 2 EXPUNGE'))
})

test('IDLE tells changes as they come', async () => {
  const { first, second } = await filled(1)
  second.write('a IDLE\r\n')
  assert.equal(await second.response(), '+ idling')
  await first.append('INBOX', message('2'))
  assert.equal(await second.response(), '* 2 EXISTS')
  assert.equal(await second.response(), '* 1 RECENT')
  await first.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
  assert.equal(await second.response(), '* 1 FETCH (UID 1 FLAGS (\\Deleted))')
  await first.ok('EXPUNGE')
  assert.equal(await second.response(), '* 1 EXPUNGE')
  second.write('DONE\r\n')
  assert.deepEqual(await second.answer('a'), { untagged: [], tagged: 'OK IDLE terminated' })
  second.write('b IDLE\r\n')
  assert.equal(await second.response(), '+ idling')
  second.write('c NOOP\r\n')
  assert.match((await second.answer('b')).tagged, /^BAD/)
  await second.ok('UNSELECT')
  second.write('d IDLE\r\nDONE\r\n')
  assert.deepEqual(await second.answer('d'), { untagged: ['+ idling'], tagged: 'OK IDLE terminated' })
})

test('the selected folder is removed by another session, or by the session itself', async () => {
  const mailbox = await imap.mailbox()
  const first = await imap.login(mailbox)
  await first.ok('CREATE gone')
  const second = await imap.login(mailbox, 'gone')
  await first.ok('SELECT gone')
  await first.ok('DELETE gone')
  await first.ok('NOOP')
  assert.match(await first.tagged('CHECK'), /^BAD/)
  const { untagged } = await second.command('NOOP')
  assert.deepEqual(untagged, ['* BYE The selected folder was removed'])
  assert.equal(await second.response(), '')
})

test('renaming the selected folder changes nothing for who has it selected; renaming INBOX empties it', async () => {
  const mailbox = await imap.mailbox()
  const client = await imap.login(mailbox)
  await client.ok('CREATE a')
  await client.append('a', message('1'))
  await client.ok('SELECT a')
  await client.ok('RENAME a b')
  assert.deepEqual(await client.ok('FETCH 1 UID'), ['* 1 FETCH (UID 1)'])
  await client.append('INBOX', message('x'))
  await client.ok('SELECT INBOX')
  assert.deepEqual(await client.ok('RENAME INBOX Vecchia'), ['* 1 EXPUNGE'])
  assert.ok((await client.ok('SELECT Vecchia')).includes('* 1 EXISTS'))
})

test('moving within one folder gives new messages', async () => {
  const { first } = await filled(2)
  const { untagged } = await first.command('UID MOVE 1 INBOX')
  assert.match(untagged[0] ?? '', /^\* OK \[COPYUID \d+ 1 3\]/)
  assert.deepEqual(untagged.slice(1), ['* 1 EXPUNGE', '* 2 EXISTS', '* 2 RECENT'])
  assert.deepEqual(await first.ok('UID SEARCH ALL'), ['* SEARCH 2 3'])
})

/** What a client believes that it was told: the UID of each message, 0 where it was not told yet. */
class View {
  readonly uids: number[] = []

  hear(lines: readonly string[]): void {
    for (const line of lines) {
      const [, number, what] = /^\* (\d+) (EXPUNGE|EXISTS|FETCH)/.exec(line) ?? []
      const uid = /[( ]UID (\d+)/.exec(line)?.[1]
      if (what === 'EXPUNGE') assert.equal(this.uids.splice(Number(number) - 1, 1).length, 1)
      if (what === 'EXISTS') {
        assert.ok(Number(number) >= this.uids.length, 'EXISTS must not take messages away')
        while (this.uids.length < Number(number)) this.uids.push(0)
      }
      if (what === 'FETCH' && uid !== undefined) {
        const known = this.uids[Number(number) - 1]
        assert.ok(known === 0 || known === Number(uid), `message ${number} was UID ${known}, now ${uid}`)
        this.uids[Number(number) - 1] = Number(uid)
      }
    }
  }
}

const command = fc.oneof(
  fc.constantFrom(
    'NOOP',
    'EXPUNGE',
    'FETCH 1:* (UID FLAGS)',
    'FETCH 1:* (UID RFC822.SIZE)',
    'UID FETCH 1:* (BODY[])',
    'UID SEARCH SEEN',
    'SEARCH TEXT x',
  ),
  fc.constantFrom('APPEND INBOX {1+}\r\nx', 'APPEND INBOX (\\Seen word) {1+}\r\ny', 'CHECK', 'STORE 1:* +FLAGS (\\Flagged)'),
  fc
    .tuple(
      fc.constantFrom('UID STORE', 'UID EXPUNGE', 'UID COPY', 'UID MOVE'),
      fc.nat(12),
      fc.nat(3),
      fc.constantFrom('+', '-', ''),
    )
    .map(([name, from, length, sign]) => {
      const set = `${from + 1}:${from + 1 + length}`
      if (name === 'UID STORE') return `UID STORE ${set} ${sign}FLAGS.SILENT (\\Deleted)`
      return name === 'UID EXPUNGE' ? `UID EXPUNGE ${set}` : `${name} ${set} INBOX`
    }),
)

test('any commands of three sessions at once: each client knows which number is which UID, and at the end all agree', async () => {
  await fc.assert(
    fc.asyncProperty(fc.tuple(...[0, 1, 2].map(() => fc.array(command, { minLength: 5, maxLength: 12 }))), async (scripts) => {
      const { mailbox, first, second } = await filled(4)
      const clients = [first, second, await imap.login(mailbox, 'INBOX')]
      const views = clients.map(() => new View())
      const play = async (index: number): Promise<void> => {
        const [client, view] = [clients[index], views[index]]
        if (!client || !view) return
        view.hear(['* 4 EXISTS'])
        for (const text of scripts[index] ?? []) view.hear((await client.command(text)).untagged)
      }
      await Promise.all(clients.map((_, index) => play(index)))
      const seen: string[] = []
      for (const [index, client] of clients.entries()) {
        const view = views[index] ?? assert.fail()
        view.hear(await client.ok('NOOP'))
        const fetched = await client.ok('FETCH 1:* (UID FLAGS)')
        view.hear(fetched)
        assert.ok(fetched.length === view.uids.length && !view.uids.includes(0))
        seen.push(fetched.map((line) => line.replace(/ ?\\Recent/, '').replace('( ', '(')).join('\n'))
        client.destroy()
      }
      assert.equal(seen[1], seen[0])
      assert.equal(seen[2], seen[0])
    }),
    { numRuns: 25 },
  )
})
