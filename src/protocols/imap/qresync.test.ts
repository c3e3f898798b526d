import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { forgetTombstones, sweepContents } from '../../mailbox/sweep.ts'
import { withImap } from './test-imap.ts'
import type { TestClient, TestMailbox } from './test-imap.ts'
import { Replica } from './test-replica.ts'
import type { Past } from './test-replica.ts'

const imap = await withImap({ after })

const message = (subject: string): string => `Subject: ${subject}\r\n\r\n${subject}\r\n`

async function login(mailbox: TestMailbox, ...selecting: string[]): Promise<TestClient> {
  const client = await imap.login(mailbox)
  await client.ok('ENABLE QRESYNC')
  for (const command of selecting) await client.ok(command)
  return client
}

async function filled(count: number): Promise<{ mailbox: TestMailbox; client: TestClient }> {
  const mailbox = await imap.mailbox()
  const client = await login(mailbox, 'SELECT INBOX')
  for (let n = 1; n <= count; n++) await client.append('INBOX', message(String(n)))
  return { mailbox, client }
}

/** All that was expunged is forgotten, whenever it was. */
async function forgetAll(): Promise<void> {
  const later = new Date(Date.now() + 60_000)
  await sweepContents(imap.database, later)
  await forgetTombstones(imap.database, later)
}

const valueIn = (lines: readonly string[], name: string): number =>
  Number(lines.flatMap((line) => new RegExp(`\\[${name} (\\d+)\\]`).exec(line)?.[1] ?? []).at(-1))

/** The UIDs of VANISHED (EARLIER), and the UIDs of FETCH. */
const heard = (lines: readonly string[]): [earlier: string, fetched: string] => [
  lines.flatMap((line) => /^\* VANISHED \(EARLIER\) (\S+)$/.exec(line)?.[1] ?? []).join('|'),
  lines.flatMap((line) => /FETCH .*UID (\d+)/.exec(line)?.[1] ?? []).join(),
]

test('RFC 7162 3.2.10: VANISHED takes the place of EXPUNGE, and removing answers the highest modseq', async () => {
  const { mailbox, client } = await filled(9)
  const other = await imap.login(mailbox, 'INBOX')
  await client.ok('STORE 2:4,7 +FLAGS.SILENT (\\Deleted)')
  const expunged = await client.command('EXPUNGE')
  assert.deepEqual(expunged.untagged, ['* VANISHED 2:4,7'])
  assert.match(expunged.tagged, /^OK \[HIGHESTMODSEQ \d+\] EXPUNGE/)
  assert.deepEqual((await other.ok('NOOP')).slice(0, 4), ['* 7 EXPUNGE', '* 4 EXPUNGE', '* 3 EXPUNGE', '* 2 EXPUNGE'])
  assert.match(await client.tagged('EXPUNGE'), /^OK EXPUNGE/)
  await client.ok('UID STORE 5 +FLAGS.SILENT (\\Deleted)')
  const byUid = await client.command('UID EXPUNGE 5')
  assert.deepEqual(byUid.untagged, ['* VANISHED 5'])
  assert.match(byUid.tagged, /^OK \[HIGHESTMODSEQ \d+\]/)
  const moved = await client.command('MOVE 1 Archivio')
  assert.match(moved.untagged[0] ?? '', /^\* OK \[COPYUID \d+ 1 1\]/)
  assert.deepEqual(moved.untagged.slice(1), ['* VANISHED 1'])
  assert.match(moved.tagged, /^OK \[HIGHESTMODSEQ \d+\]/)
  await other.ok('NOOP')
  await other.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
  await other.ok('EXPUNGE')
  assert.ok((await client.ok('NOOP')).includes('* VANISHED 6'))
  // RFC 7162 3.2.8: the client is not told what CLOSE removed, so it must not learn a modseq above it.
  await client.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
  assert.match((await client.command('CLOSE')).tagged, /^OK CLOSE/)
})

test('RFC 7162 3.2.10.2: no number changes with a UID SEARCH that searches for numbers', async () => {
  const { mailbox, client } = await filled(3)
  const other = await login(mailbox, 'SELECT INBOX')
  await other.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
  await other.ok('EXPUNGE')
  assert.deepEqual(await client.ok('UID SEARCH NOT (OR 3 1:2)'), ['* SEARCH'])
  assert.deepEqual(await client.ok('UID SEARCH 3'), ['* SEARCH 3'])
  assert.deepEqual(await client.ok('UID SEARCH UID 3'), ['* SEARCH 3', '* VANISHED 1'])
})

test('QRESYNC: what is not on, or not well formed, is refused, and the folder stays closed', async () => {
  const mailbox = await imap.mailbox()
  const plain = await imap.login(mailbox)
  assert.match(await plain.tagged('SELECT INBOX (QRESYNC (1 1))'), /^BAD/)
  const client = await login(mailbox)
  for (const wrong of [
    'QRESYNC',
    'QRESYNC ()',
    'QRESYNC (1)',
    'QRESYNC (1 0)',
    'QRESYNC (1 x)',
    'QRESYNC (1 1 *)',
    'QRESYNC (1 1 1:*)',
    'QRESYNC (1 1 $)',
    'QRESYNC (1 1 1 2)',
    'QRESYNC (1 1 (1 1) 1)',
    'QRESYNC (1 1 1 (1))',
    'QRESYNC (1 1 1 (1 *))',
    'QRESYNC (1 1 1 (1:3 1:2))',
    'QRESYNC (1 1 1 (3,1 1,2))',
    'QRESYNC (1 1 1 (1:2 2:1))',
    'QRESYNC (1 1 1',
  ]) {
    assert.match(await client.tagged(`SELECT INBOX (${wrong})`), /^BAD/, wrong)
    assert.match(await client.tagged('CHECK'), /^BAD/)
    await client.ok('NOOP')
  }
  await client.ok('SELECT INBOX (QRESYNC (1 1) CONDSTORE)')
})

test('QRESYNC: flags and removals since, of the UIDs that the client knows', async () => {
  const { mailbox, client } = await filled(10)
  const selected = await client.ok('SELECT INBOX')
  const [validity, modseq] = [valueIn(selected, 'UIDVALIDITY'), valueIn(selected, 'HIGHESTMODSEQ')]
  await client.ok('UID STORE 2,3,8 +FLAGS.SILENT (\\Deleted)')
  await client.ok('EXPUNGE')
  await client.ok('UID STORE 1,5 +FLAGS.SILENT (\\Flagged)')
  await client.append('INBOX', message('11'))
  const resync = async (parameters: string): Promise<string[]> => {
    const lines = await (await login(mailbox)).ok(`SELECT INBOX (QRESYNC (${parameters}))`)
    // Removals come before flags, and both behind what tells of the folder.
    const order = lines.map((line) => (line.includes('VANISHED') ? 2 : line.includes('FETCH') ? 3 : 1))
    assert.deepEqual(
      order,
      order.toSorted((a, b) => a - b),
    )
    assert.equal(lines.filter((line) => line.endsWith(' EXISTS')).join(), '* 8 EXISTS')
    return lines
  }
  assert.deepEqual(heard(await resync(`${validity} ${modseq}`)), ['2:3,8', '1,5,11'])
  assert.match(
    (await resync(`${validity} ${modseq} 1`)).at(-1) ?? '',
    /^\* 1 FETCH \(UID 1 FLAGS \(\\Flagged\) MODSEQ \(\d+\)\)$/,
  )
  assert.deepEqual(heard(await resync(`${validity} ${modseq} 3:6`)), ['3', '5'])
  assert.deepEqual(heard(await resync(`${validity} ${modseq} 4,6:7,9`)), ['', ''])
  // Another UIDVALIDITY: nothing of what the client knows is true any more.
  assert.deepEqual(heard(await resync(`${validity + 1} ${modseq}`)), ['', ''])
  const now = valueIn(await resync(`${validity} ${modseq}`), 'HIGHESTMODSEQ')
  assert.deepEqual(heard(await resync(`${validity} ${now}`)), ['', ''])
  // A modseq that was never given: that of a store which has been restored since.
  assert.deepEqual(heard(await resync(`${validity} 9223372036854775807`)), ['2:3,8', '1,4,5,6,7,9,10,11'])
  // Message 2 is UID 4: whoever knows that knows of 2 and 3.
  assert.deepEqual(heard(await resync(`${validity} ${modseq} 1:10 (1:2 1,4)`)), ['8', '1,5'])
  assert.deepEqual(heard(await resync(`${validity} ${modseq} (1:10 1:10)`)), ['2:3,8', '1,5,11'])
  assert.deepEqual(heard(await resync(`${validity} ${modseq} (1:4294967295 1:4294967295)`)), ['2:3,8', '1,5,11'])
})

test('QRESYNC: where removals are forgotten every UID that is not there is told', async () => {
  const { mailbox, client } = await filled(6)
  const selected = await client.ok('SELECT INBOX')
  const [validity, modseq] = [valueIn(selected, 'UIDVALIDITY'), valueIn(selected, 'HIGHESTMODSEQ')]
  await client.ok('UID STORE 2,6 +FLAGS.SILENT (\\Deleted)')
  await client.ok('EXPUNGE')
  const later = valueIn(await client.ok('SELECT INBOX'), 'HIGHESTMODSEQ')
  await forgetAll()
  await client.ok('UID STORE 4 +FLAGS.SILENT (\\Deleted)')
  await client.ok('EXPUNGE')
  const resync = async (parameters: string): Promise<[string, string]> =>
    heard(await (await login(mailbox)).ok(`SELECT INBOX (QRESYNC (${validity} ${parameters}))`))
  assert.deepEqual(await resync(String(modseq)), ['2,4,6', ''])
  assert.deepEqual(await resync(`${modseq} 3:6`), ['4,6', ''])
  assert.deepEqual(await resync(`${modseq} 1:6 (2 3)`), ['4,6', ''])
  // Since then nothing is forgotten.
  assert.deepEqual(await resync(String(later)), ['4', ''])
  assert.deepEqual(heard(await client.ok(`UID FETCH 1:* (FLAGS) (CHANGEDSINCE ${modseq} VANISHED)`)), ['2,4,6', ''])
})

test('UID FETCH VANISHED: removals since, also those behind the last message, but none that the session still counts', async () => {
  const { mailbox, client } = await filled(6)
  const modseq = valueIn(await client.ok('SELECT INBOX'), 'HIGHESTMODSEQ')
  const other = await login(mailbox, 'SELECT INBOX')
  await client.ok('UID STORE 2,6 +FLAGS.SILENT (\\Deleted)')
  await client.ok('EXPUNGE')
  // To the other session these are news of its own messages, told when the command ends.
  const told = await other.ok(`UID FETCH 1:* (FLAGS) (CHANGEDSINCE ${modseq} VANISHED)`)
  assert.deepEqual(heard(told), ['', told.some((line) => line.includes('FETCH')) ? heard(told)[1] : ''])
  assert.ok(told.includes('* VANISHED 2,6'))
  assert.deepEqual(heard(await other.ok(`UID FETCH 1:* (FLAGS) (VANISHED CHANGEDSINCE ${modseq})`)), ['2,6', ''])
  assert.deepEqual(heard(await other.ok(`UID FETCH 3:* (FLAGS) (CHANGEDSINCE ${modseq} VANISHED)`)), ['6', ''])
  assert.match(await other.tagged(`FETCH 1:* (FLAGS) (CHANGEDSINCE ${modseq} VANISHED)`), /^BAD/)
  assert.match(await other.tagged('UID FETCH 1:* (FLAGS) (VANISHED)'), /^BAD/)
})

test('a session that was away while removals were forgotten learns of them all the same', async () => {
  const { mailbox, client } = await filled(5)
  const other = await login(mailbox, 'SELECT INBOX')
  await client.ok('UID STORE 2,5 +FLAGS.SILENT (\\Deleted)')
  await client.ok('EXPUNGE')
  await forgetAll()
  assert.deepEqual(await other.ok('NOOP'), ['* VANISHED 2,5'])
})

test('RFC 7162 6: who leaves the folder is not told of a modseq above removals that it does not hear of', async () => {
  for (const leaving of ['CLOSE', 'UNSELECT', 'SELECT Archivio', 'EXAMINE Archivio', 'LOGOUT']) {
    const { mailbox, client } = await filled(3)
    const other = await imap.login(mailbox, 'INBOX')
    await other.ok('UID STORE 1 +FLAGS.SILENT (\\Deleted)')
    await client.ok('NOOP')
    await other.ok('EXPUNGE')
    await other.ok('UID STORE 3 +FLAGS.SILENT (\\Flagged)')
    const told = await client.ok(leaving)
    assert.deepEqual(
      told.filter((line) => /FETCH|VANISHED/.test(line)),
      [],
      leaving,
    )
    client.destroy()
    other.destroy()
  }
})

const step = fc.oneof(
  fc.constantFrom(
    'NOOP',
    'EXPUNGE',
    'SEARCH MODSEQ 1',
    'UID SEARCH ALL',
    'FETCH 1:* (UID FLAGS MODSEQ)',
    'UID FETCH 1:* (BODY[])',
  ),
  fc.constantFrom('APPEND INBOX {1+}\r\nx', 'APPEND INBOX (\\Seen word) {1+}\r\ny', 'STORE 1:* +FLAGS (\\Flagged)'),
  fc
    .tuple(
      fc.constantFrom('UID STORE', 'UID EXPUNGE', 'UID COPY', 'UID MOVE', 'STORE'),
      fc.nat(9),
      fc.nat(3),
      fc.constantFrom('+', '-'),
    )
    .map(([name, from, length, sign]) => {
      const set = `${from + 1}:${from + 1 + length}`
      if (name === 'STORE') return `STORE 1 ${sign}FLAGS.SILENT (k${from})`
      if (name === 'UID STORE') return `UID STORE ${set} ${sign}FLAGS.SILENT (\\Deleted)`
      return name === 'UID EXPUNGE' ? `UID EXPUNGE ${set}` : `${name} ${set} INBOX`
    }),
)

const scripts = fc.record({
  mine: fc.array(step, { minLength: 8, maxLength: 14 }),
  others: fc.tuple(fc.array(step, { minLength: 5, maxLength: 10 }), fc.array(step, { minLength: 5, maxLength: 10 })),
  /** after which of my own steps all is forgotten; beyond the last: never */
  forget: fc.nat(20),
})

/** What a client asks for that comes back; it fetches itself what is newer than all it knows. */
const RETURNS: readonly ((past: Past) => string)[] = [
  () => '',
  ({ flags }) => (flags.length > 0 ? ` ${flags.map(([uid]) => uid).join()}` : ''),
  ({ uids }) => (uids.length > 0 ? ` 1:${Math.max(...uids)} (1:${uids.length} ${uids.join()})` : ''),
]

test('a client that comes back from any past state knows what a new one does', async () => {
  await fc.assert(
    fc.asyncProperty(scripts, async ({ mine, others, forget }) => {
      const { mailbox, client } = await filled(4)
      const replica = new Replica()
      replica.hear(await client.command('SELECT INBOX'))
      /** What .SILENT leaves to it the replica does not reckon; new messages are asked for as soon as they are counted. */
      const play = async (text: string): Promise<void> => {
        replica.hear(await client.command(text.replace('.SILENT', '')))
        while (replica.uids.includes(0))
          replica.hear(await client.command(`FETCH ${replica.uids.indexOf(0) + 1}:* (UID FLAGS MODSEQ)`))
      }
      await play('NOOP')
      const past: Past[] = [replica.past()]
      const following = (async () => {
        for (const [index, text] of mine.entries()) {
          if (index === forget) await forgetAll()
          await play(text)
          past.push(replica.past())
        }
      })()
      await Promise.all([
        following,
        ...others.map(async (texts) => {
          const other = await imap.login(mailbox, 'INBOX')
          for (const text of texts) await other.command(text)
          other.destroy()
        }),
      ])
      client.destroy()
      const fresh = new Replica()
      const newcomer = await login(mailbox)
      fresh.hear(await newcomer.command('SELECT INBOX'))
      fresh.hear(await newcomer.command('UID FETCH 1:* (FLAGS)'))
      for (const [index, state] of past.entries()) {
        const known = RETURNS[index % RETURNS.length]?.(state) ?? ''
        const back = Replica.from(state)
        back.hear(await newcomer.command(`SELECT INBOX (QRESYNC (${state.uidValidity} ${state.modseq}${known}))`))
        const newest = Math.max(0, ...state.uids)
        back.hear(await newcomer.command(`UID FETCH ${newest + 1}:* (FLAGS)`))
        assert.deepEqual(
          [...back.flags].sort(([a], [b]) => a - b),
          [...fresh.flags].sort(([a], [b]) => a - b),
          `from modseq ${state.modseq}${known}`,
        )
      }
      newcomer.destroy()
    }),
    { numRuns: 15 },
  )
})
