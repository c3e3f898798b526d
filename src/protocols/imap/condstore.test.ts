import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { withImap } from './test-imap.ts'
import type { TestClient } from './test-imap.ts'

const imap = await withImap({ after })

const message = (subject: string): string => `Subject: ${subject}\r\n\r\n${subject}\r\n`

/** Two sessions on a folder of so many messages; the first has done nothing that switches CONDSTORE on. */
async function filled(count: number): Promise<{ first: TestClient; second: TestClient; folder: string }> {
  const mailbox = await imap.mailbox()
  const first = await imap.login(mailbox)
  for (let n = 1; n <= count; n++) await first.append('INBOX', message(String(n)))
  await first.ok('SELECT INBOX')
  return { first, second: await imap.login(mailbox, 'INBOX'), folder: 'INBOX' }
}

const numberIn = (lines: readonly string[], pattern: RegExp): number => {
  const found = lines.flatMap((line) => pattern.exec(line)?.[1] ?? [])
  assert.equal(found.length, 1, `${pattern} in ${lines.join('\n')}`)
  return Number(found[0])
}

const highestIn = (lines: readonly string[]): number => numberIn(lines, /\[HIGHESTMODSEQ (\d+)\]/)

/** The modseq of each message, by number. */
async function modseqs(client: TestClient): Promise<number[]> {
  return (await client.ok('FETCH 1:* (MODSEQ)'))
    .filter((line) => line.includes(' FETCH '))
    .map((line) => Number(/MODSEQ \((\d+)\)/.exec(line)?.[1]))
}

test('ENABLE switches on what is known, and passes over the rest', async () => {
  const mailbox = await imap.mailbox()
  const client = await imap.login(mailbox)
  const before = await client.ok('CAPABILITY')
  assert.deepEqual(await client.ok('ENABLE condstore X-NOTHING constructor'), ['* ENABLED CONDSTORE'])
  assert.deepEqual(await client.ok('ENABLE X-NOTHING'), ['* ENABLED'])
  assert.deepEqual(await client.ok('ENABLE QRESYNC CONDSTORE'), ['* ENABLED QRESYNC CONDSTORE'])
  assert.deepEqual(await client.ok('CAPABILITY'), before)
  assert.match(await client.tagged('ENABLE'), /^BAD/)
  await client.ok('SELECT INBOX')
  assert.match(await client.tagged('ENABLE CONDSTORE'), /^BAD/)
  const stranger = await imap.connect()
  assert.match(await stranger.tagged('ENABLE CONDSTORE'), /^BAD/)
})

test('RFC 7162 3.1: each command that knows modseqs switches them on, and answers the highest', async () => {
  for (const enabling of [
    'FETCH 1 (MODSEQ)',
    'UID FETCH 1 (FLAGS MODSEQ)',
    'FETCH 1 FLAGS (CHANGEDSINCE 1)',
    'STORE 1 (UNCHANGEDSINCE 1) +FLAGS (\\Answered)',
    'SEARCH MODSEQ 1',
    'STATUS INBOX (HIGHESTMODSEQ)',
    'LIST "" INBOX RETURN (STATUS (HIGHESTMODSEQ))',
  ]) {
    const { first, second } = await filled(1)
    await second.ok('STORE 1 +FLAGS (\\Flagged)')
    assert.match((await first.ok('NOOP')).join(), /^\* 1 FETCH \(UID 1 FLAGS \([^M]*\)\)$/, enabling)
    const told = await first.ok(enabling)
    assert.ok(highestIn(told) > 1, enabling)
    await second.ok('STORE 1 -FLAGS (\\Flagged)')
    assert.match((await first.ok('NOOP')).join(), /^\* 1 FETCH \(UID 1 FLAGS \(.*\) MODSEQ \(\d+\)\)$/, enabling)
    // Only the first answers the highest.
    assert.ok(!(await first.ok('FETCH 1 (MODSEQ)')).some((line) => line.includes('HIGHESTMODSEQ')))
  }
})

test('SELECT and EXAMINE answer the highest modseq, which every change raises', async () => {
  const { first, second } = await filled(2)
  let last = highestIn(await second.ok('SELECT INBOX (CONDSTORE)'))
  const step = async (command: string): Promise<void> => {
    await first.ok(command)
    const highest = highestIn(await second.ok('EXAMINE INBOX'))
    assert.ok(highest > last, `${command}: ${highest} after ${last}`)
    last = highest
  }
  await step('STORE 1 +FLAGS (\\Deleted)')
  await step('EXPUNGE')
  await step('APPEND INBOX {1+}\r\nx')
  await step('UID COPY 2 INBOX')
  await step('UID MOVE 2 Archivio')
  // What changes nothing raises nothing (RFC 7162 3.1.11).
  await first.ok('STORE 1 +FLAGS (\\Seen)')
  last = highestIn(await second.ok('EXAMINE INBOX'))
  await first.ok('STORE 1 +FLAGS (\\Seen)')
  assert.equal(highestIn(await second.ok('EXAMINE INBOX')), last)
  assert.equal(numberIn(await second.ok('STATUS INBOX (HIGHESTMODSEQ)'), /HIGHESTMODSEQ (\d+)/), last)
  for (const wrong of ['SELECT INBOX (NONSENSE)', 'SELECT INBOX (CONDSTORE', 'SELECT INBOX CONDSTORE']) {
    assert.match(await second.tagged(wrong), /^BAD/, wrong)
  }
})

test('CHANGEDSINCE answers what has changed since, with its modseq', async () => {
  const { first, second } = await filled(3)
  const since = Math.max(...(await modseqs(second)))
  await first.ok('STORE 2 +FLAGS.SILENT (\\Flagged)')
  const told = await second.ok(`FETCH 1:* (FLAGS) (CHANGEDSINCE ${since})`)
  assert.match(told.filter((line) => !line.includes('UID')).join(), /^\* 2 FETCH \(MODSEQ \(\d+\) FLAGS \(\\Flagged\)\)$/)
  assert.deepEqual(await second.ok(`UID FETCH 1 FLAGS (CHANGEDSINCE ${since})`), [])
  assert.deepEqual(await second.ok('FETCH 1:* (UID) (CHANGEDSINCE 9223372036854775807)'), [])
  assert.match((await second.ok('UID FETCH 1:* FAST (CHANGEDSINCE 1)')).at(-1) ?? '', /^\* 3 FETCH \(UID 3 MODSEQ \(\d+\) FLAGS /)
  for (const wrong of [
    'FETCH 1 FLAGS (CHANGEDSINCE)',
    'FETCH 1 FLAGS (CHANGEDSINCE x)',
    'FETCH 1 FLAGS (CHANGEDSINCE 1',
    'FETCH 1 FLAGS (VANISHED)',
    'FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)',
    'UID FETCH 1 FLAGS (VANISHED)',
    // QRESYNC is not on.
    'UID FETCH 1 FLAGS (CHANGEDSINCE 1 VANISHED)',
    'FETCH 1 FLAGS (X)',
  ]) {
    assert.match(await second.tagged(wrong), /^BAD/, wrong)
  }
})

test('UNCHANGEDSINCE changes only what has not changed', async () => {
  const { first, second } = await filled(4)
  const known = Math.max(...(await modseqs(second)))
  await first.ok('STORE 2 +FLAGS.SILENT (\\Flagged)')
  // .SILENT does not keep the modseqs back; the one that has changed is left, and its state told.
  const { untagged, tagged } = await second.command(`STORE 1:3 (UNCHANGEDSINCE ${known}) FLAGS.SILENT (\\Seen)`)
  assert.match(tagged, /^OK \[MODIFIED 2\]/)
  const of = (number: number): string => untagged.find((line) => line.startsWith(`* ${number} FETCH`)) ?? ''
  const [one, two, three] = [of(1), of(2), of(3)]
  assert.equal(untagged.length, 3)
  assert.match(two, /^\* 2 FETCH \(UID 2 FLAGS \(\\Flagged\) MODSEQ \(\d+\)\)$/)
  assert.match(one, /^\* 1 FETCH \(UID 1 MODSEQ \(\d+\)\)$/)
  assert.match(three, /^\* 3 FETCH \(UID 3 MODSEQ \(\d+\)\)$/)
  assert.deepEqual(await second.ok('FETCH 1:3 (FLAGS)'), [
    '* 1 FETCH (FLAGS (\\Seen))',
    '* 2 FETCH (FLAGS (\\Flagged))',
    '* 3 FETCH (FLAGS (\\Seen))',
  ])
  // With the modseq that was told it works; a message named twice is changed once.
  const told = numberIn([two], /MODSEQ \((\d+)\)/)
  assert.match(await second.tagged(`UID STORE 2,1:2 (UNCHANGEDSINCE ${told}) +FLAGS (\\Seen)`), /^OK \[MODIFIED 1\]/)
  assert.match((await second.command('STORE 4 (UNCHANGEDSINCE 0) +FLAGS (x)')).tagged, /^OK \[MODIFIED 4\]/)
  assert.deepEqual(await second.ok('FETCH 2,4 (FLAGS)'), ['* 2 FETCH (FLAGS (\\Flagged \\Seen))', '* 4 FETCH (FLAGS ())'])
  for (const wrong of [
    'STORE 1 (UNCHANGEDSINCE) FLAGS ()',
    'STORE 1 (X 1) FLAGS ()',
    'STORE 1 () FLAGS ()',
    'STORE 1 (UNCHANGEDSINCE 1)',
  ]) {
    assert.match(await second.tagged(wrong), /^BAD/, wrong)
  }
})

test('RFC 7162 3.1.12: other flags that have changed do not hinder one that is added or removed', async () => {
  const { first, second } = await filled(3)
  const known = Math.max(...(await modseqs(second)))
  await first.ok('STORE 1 +FLAGS.SILENT (\\Deleted other)')
  await first.ok('STORE 2 +FLAGS.SILENT ($Processed)')
  const { untagged, tagged } = await second.command(`STORE 1:3 (UNCHANGEDSINCE ${known}) +FLAGS.SILENT ($Processed)`)
  assert.match(tagged, /^OK \[MODIFIED 2\]/)
  assert.match(untagged.find((line) => line.startsWith('* 1 FETCH')) ?? '', /FLAGS \(\\Deleted \$Processed other\) MODSEQ/)
  assert.match(untagged.find((line) => line.startsWith('* 2 FETCH')) ?? '', /FLAGS \(\$Processed\) MODSEQ/)
  // Who was told of the flag meanwhile cannot say that he has not seen it: only one of two sessions gets the message.
  assert.match(await second.tagged(`STORE 2 (UNCHANGEDSINCE ${known}) +FLAGS.SILENT ($Processed)`), /^OK \[MODIFIED 2\]/)
})

test('of two sessions that take a message with UNCHANGEDSINCE one gets it', async () => {
  const { first, second } = await filled(20)
  const known = Math.max(...(await modseqs(second)))
  await first.ok('FETCH 1 (MODSEQ)')
  const taking = `STORE 1:20 (UNCHANGEDSINCE ${known}) +FLAGS.SILENT (taken)`
  const [one, two] = await Promise.all([first.command(taking), second.command(taking)])
  const failed = [one, two].map(({ tagged }) => /MODIFIED ([\d:,]+)/.exec(tagged)?.[1])
  assert.deepEqual(
    failed.filter((set) => set !== undefined),
    ['1:20'],
  )
})

test('SEARCH MODSEQ, and the highest modseq of what it finds', async () => {
  const { first, second } = await filled(3)
  const before = Math.max(...(await modseqs(second)))
  await first.ok('STORE 2 +FLAGS.SILENT (\\Flagged)')
  await second.ok('NOOP')
  const highest = Math.max(...(await modseqs(second)))
  const search = async (text: string): Promise<string> => (await second.ok(text)).at(-1)?.replace(/"t\d+"/, '"t"') ?? ''
  assert.equal(await search(`SEARCH MODSEQ ${before + 1}`), `* SEARCH 2 (MODSEQ ${highest})`)
  assert.equal(await search(`UID SEARCH MODSEQ "/flags/\\\\draft" all 1`), `* SEARCH 1 2 3 (MODSEQ ${highest})`)
  assert.equal(await search(`SEARCH MODSEQ ${highest + 1}`), '* SEARCH')
  assert.equal(await search(`SEARCH NOT MODSEQ ${highest}`), `* SEARCH 1 3 (MODSEQ ${before})`)
  assert.equal(await search(`SEARCH RETURN (ALL) MODSEQ 1`), `* ESEARCH (TAG "t") ALL 1:3 MODSEQ ${highest}`)
  assert.equal(await search(`SEARCH RETURN (MAX) MODSEQ 1`), `* ESEARCH (TAG "t") MAX 3 MODSEQ ${before}`)
  assert.equal(await search(`SEARCH RETURN (MIN COUNT) MODSEQ 1`), `* ESEARCH (TAG "t") MIN 1 COUNT 3 MODSEQ ${highest}`)
  assert.equal(await search(`SEARCH RETURN (MIN) MODSEQ ${highest + 1}`), '* ESEARCH (TAG "t")')
  for (const wrong of ['SEARCH MODSEQ', 'SEARCH MODSEQ x', 'SEARCH MODSEQ "/flags/x" 5']) {
    assert.match(await second.tagged(wrong), /^BAD/, wrong)
  }
})

test('RFC 7162 3.2.4: what a session changes itself is told with UID and modseq', async () => {
  const { first } = await filled(2)
  await first.ok('SELECT INBOX (CONDSTORE)')
  assert.match((await first.ok('STORE 1 +FLAGS (\\Flagged)')).join(), /^\* 1 FETCH \(UID 1 FLAGS \(\\Flagged\) MODSEQ \(\d+\)\)$/)
  assert.match((await first.ok('STORE 1 -FLAGS.SILENT (\\Flagged)')).join(), /^\* 1 FETCH \(UID 1 MODSEQ \(\d+\)\)$/)
  assert.deepEqual(await first.ok('STORE 1 -FLAGS.SILENT (\\Flagged)'), [])
  assert.match((await first.ok('FETCH 2 BODY[TEXT]')).join(), / UID 2 FLAGS \(\\Seen\) MODSEQ \(\d+\)\)$/)
  assert.doesNotMatch((await first.ok('FETCH 2 BODY[TEXT]')).join(), /UID|MODSEQ/)
})

test('RFC 7162 6: the highest modseq that a client reckons with stays below removals that it is not told of yet', async () => {
  const { first, second } = await filled(4)
  const before = highestIn(await second.ok('SELECT INBOX (CONDSTORE)'))
  await first.ok('STORE 2 +FLAGS.SILENT (\\Deleted)')
  await first.ok('EXPUNGE')
  // The removal has a lower modseq than what STORE makes; EXPUNGE may not be told with it.
  const stored = await second.ok('STORE 3 +FLAGS (\\Seen)')
  assert.ok(numberIn(stored, /^\* 3 FETCH .*MODSEQ \((\d+)\)/) > before)
  assert.ok(highestIn(stored) <= before + 1)
  assert.ok(highestIn(await second.ok('FETCH 4 (MODSEQ)')) <= before + 1)
  const caughtUp = await second.ok('NOOP')
  assert.ok(caughtUp.includes('* 2 EXPUNGE'))
  assert.ok(highestIn(caughtUp) >= numberIn(stored, /MODSEQ \((\d+)\)\)/))
  assert.deepEqual(await second.ok('NOOP'), [])
})
