import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { withImap } from './test-imap.ts'
import type { TestClient } from './test-imap.ts'

const deaf = { on: false }
const broken: { read?: Error; folders?: Error } = {}
const looks = { folders: 0 }

const imap = await withImap(
  { after },
  {
    limits: { notifyPause: 20 },
    store: (real) => ({
      watch: (mailbox, listener) => real.watch(mailbox, () => (deaf.on ? undefined : listener(1))),
      read: (...request) => {
        if (broken.read) throw broken.read
        return real.read(...request)
      },
      folders: (...request) => {
        looks.folders++
        return broken.folders ? Promise.reject(broken.folders) : real.folders(...request)
      },
    }),
  },
)

const message = (subject: string, size = 0): string => `Subject: ${subject}\r\n\r\n${subject}${'x'.repeat(size)}\r\n`

/** Somebody who is notified, and somebody who makes changes. */
async function two(folder?: string) {
  const mailbox = await imap.mailbox()
  const other = await imap.login(mailbox)
  for (const name of ['a', 'Lists', 'Lists/x']) await other.ok(`CREATE ${name}`)
  await other.ok('UNSUBSCRIBE a')
  const client = await imap.login(mailbox, folder)
  return { mailbox, client, other }
}

/** What the client is told next, without asking. */
async function told(client: TestClient, count: number): Promise<string[]> {
  const responses: string[] = []
  while (responses.length < count) responses.push((await client.response()).replace(/UIDVALIDITY \d+ /, ''))
  return responses
}

/** Nothing has been told, for what happens after it is what is told next. */
async function silent(client: TestClient, other: TestClient): Promise<void> {
  await other.ok('CREATE marker')
  assert.deepEqual(await told(client, 1), ['* LIST (\\HasNoChildren \\Subscribed) "/" "marker"'])
  await other.ok('DELETE marker')
  assert.deepEqual(await told(client, 1), ['* LIST (\\Noselect \\NonExistent \\HasNoChildren \\Subscribed) "/" "marker"'])
}

const MARKED = '(mailboxes marker (MailboxName))'
const ALL = '(MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange)'

test('NOTIFY: every event of every filter, from another session, while no command is at work', async () => {
  const filters: [filter: string, folders: readonly string[]][] = [
    ['inboxes', ['INBOX', 'a', 'Lists', 'Lists/x']],
    ['personal', ['INBOX', 'a', 'Lists', 'Lists/x']],
    ['subscribed', ['INBOX', 'Lists', 'Lists/x']],
    ['subtree Lists', ['Lists', 'Lists/x']],
    ['subtree (Lists a)', ['a', 'Lists', 'Lists/x']],
    ['mailboxes lists', []],
    ['mailboxes (inbox a)', ['INBOX', 'a']],
    ['mailboxes ("*" a)', ['a']],
  ]
  for (const [filter, watched] of filters) {
    const { client, other } = await two()
    await client.ok(`NOTIFY SET (${filter} ${ALL}) ${MARKED}`)
    for (const folder of ['INBOX', 'a', 'Lists', 'Lists/x']) {
      await other.append(folder, message('1'))
      const status = (items: string): string => `* STATUS "${folder}" (${items})`
      if (watched.includes(folder)) {
        assert.deepEqual(await told(client, 1), [status('MESSAGES 1 UIDNEXT 2 UNSEEN 1')])
        await other.ok(`SELECT ${folder}`)
        await other.ok('STORE 1 +FLAGS (\\Flagged)')
        await other.ok('STORE 1 +FLAGS (\\Seen)')
        assert.deepEqual(await told(client, 1), [status('UNSEEN 0')])
        await other.ok('STORE 1 +FLAGS (\\Deleted)')
        await other.ok('EXPUNGE')
        assert.deepEqual(await told(client, 1), [status('MESSAGES 0 UIDNEXT 2 UNSEEN 0')])
      } else await silent(client, other)
    }
  }
})

test('NOTIFY: names that are made, removed and renamed, and subscriptions (RFC 5465 5.4, 5.5)', async () => {
  const { client, other } = await two()
  await client.ok(`NOTIFY SET (personal (MailboxName SubscriptionChange))`)
  await other.append('a', message('not wanted'))
  await other.ok('CREATE Lists/y')
  assert.deepEqual(await told(client, 2), [
    '* LIST (\\HasNoChildren \\Subscribed) "/" "Lists/y"',
    '* LIST (\\HasChildren \\Subscribed) "/" "Lists"',
  ])
  // What is below a folder goes with it, and needs no word.
  await other.ok('RENAME Lists Liste')
  assert.deepEqual(await told(client, 1), ['* LIST (\\HasChildren \\Subscribed) "/" "Liste" ("OLDNAME" ("Lists"))'])
  await other.ok('UNSUBSCRIBE Liste/y')
  assert.deepEqual(await told(client, 1), ['* LIST (\\HasNoChildren) "/" "Liste/y"'])
  await other.ok('DELETE Liste')
  assert.deepEqual(await told(client, 1), ['* LIST (\\Noselect \\NonExistent \\HasChildren \\Subscribed) "/" "Liste"'])
  await other.ok('DELETE Liste/y')
  assert.deepEqual(await told(client, 2), [
    '* LIST (\\Noselect \\NonExistent \\HasNoChildren) "/" "Liste/y"',
    '* LIST (\\Noselect \\NonExistent \\HasChildren) "/" "Liste"',
  ])
  // What the client has done itself is not told to it.
  for (const own of ['CREATE own', 'UNSUBSCRIBE own', 'RENAME own ours', 'DELETE ours']) await client.ok(own)
  await silent(client, other)
})

test('NOTIFY: a folder that was made anew has other messages and another UIDVALIDITY', async () => {
  const { client, other } = await two()
  await client.ok('NOTIFY SET (mailboxes a (MessageNew MessageExpunge FlagChange MailboxName))')
  const before = /UIDVALIDITY (\d+)/.exec((await client.ok('STATUS a (UIDVALIDITY)')).join())?.[1] ?? ''
  deaf.on = true
  await other.ok('DELETE a')
  await other.ok('CREATE a')
  deaf.on = false
  await other.append('INBOX', message('a hint'))
  const lines = [await client.response(), await client.response(), await client.response()]
  assert.match(lines[0] ?? '', /^\* LIST \(\\Noselect \\NonExistent \\HasNoChildren\) "\/" "a"$/)
  assert.match(lines[1] ?? '', /^\* LIST \(\\HasNoChildren \\Subscribed\) "\/" "a"$/)
  assert.match(lines[2] ?? '', /^\* STATUS "a" \(UIDVALIDITY \d+ MESSAGES 0 UIDNEXT 1 UNSEEN 0\)$/)
  assert.ok(Number(/UIDVALIDITY (\d+)/.exec(lines[2] ?? '')?.[1]) > Number(before))
})

test('NOTIFY SET STATUS tells how the folders are; with CONDSTORE also their modseqs', async () => {
  const { client, other } = await two('INBOX')
  await other.append('a', message('1'))
  const status = await client.ok(`NOTIFY SET STATUS (mailboxes (INBOX a) ${ALL})`)
  assert.equal(status.length, 1)
  assert.match(status[0] ?? '', /^\* STATUS "a" \(UIDVALIDITY \d+ MESSAGES 1 UIDNEXT 2 UNSEEN 1 HIGHESTMODSEQ \d+\)$/)
  assert.deepEqual(await client.ok('NOTIFY SET STATUS (mailboxes a (MailboxName))'), [])
  assert.doesNotMatch((await client.ok('NOTIFY SET STATUS (mailboxes a (MessageNew MessageExpunge))')).join(), /HIGHESTMODSEQ/)
  await client.ok('UNSELECT')
  await client.ok('ENABLE CONDSTORE')
  await client.ok(`NOTIFY SET (mailboxes a ${ALL})`)
  await other.ok('SELECT a')
  await other.ok('STORE 1 +FLAGS (word)')
  assert.match((await told(client, 1)).join(), /^\* STATUS "a" \(HIGHESTMODSEQ \d+\)$/)
  await other.append('a', message('2'))
  assert.match((await told(client, 1)).join(), /^\* STATUS "a" \(MESSAGES 2 UIDNEXT 3 UNSEEN 2 HIGHESTMODSEQ \d+\)$/)
})

test('NOTIFY SELECTED: messages of the selected folder as they come, go and change', async () => {
  const { client, other } = await two('INBOX')
  await other.ok('SELECT INBOX')
  await client.ok('NOTIFY SET (selected (MessageNew (FLAGS BODY[HEADER.FIELDS (Subject)]) MessageExpunge FlagChange))')
  await other.append('INBOX', message('1'))
  assert.deepEqual(await told(client, 3), [
    '* 1 EXISTS',
    '* 1 RECENT',
    '* 1 FETCH (UID 1 FLAGS (\\Recent) BODY[HEADER.FIELDS (Subject)] {14}\r\nSubject: 1\r\n\r\n)',
  ])
  await other.ok('STORE 1 +FLAGS (\\Flagged)')
  assert.deepEqual(await told(client, 1), ['* 1 FETCH (UID 1 FLAGS (\\Flagged \\Recent))'])
  await other.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
  assert.deepEqual(await told(client, 1), ['* 1 FETCH (UID 1 FLAGS (\\Flagged \\Deleted \\Recent))'])
  await other.ok('EXPUNGE')
  assert.deepEqual(await told(client, 1), ['* 1 EXPUNGE'])
  // What the client adds itself is counted, and not described (RFC 5465 5.2).
  const { untagged } = await client.command(`APPEND inbox {1+}\r\nx`)
  assert.deepEqual(untagged, ['* 1 EXISTS', '* 1 RECENT'])
  assert.deepEqual(await client.ok('UID COPY 2 INBOX'), ['* 2 EXISTS', '* 2 RECENT'])
  // The same in IDLE (RFC 5465 4).
  client.write('i IDLE\r\n')
  assert.equal(await client.response(), '+ idling')
  await other.append('INBOX', message('3'))
  assert.match((await told(client, 3))[2] ?? '', /^\* 3 FETCH \(UID 4 /)
  client.write('DONE\r\n')
  assert.deepEqual((await client.answer('i')).tagged, 'OK IDLE terminated')
})

test('NOTIFY SELECTED with QRESYNC: VANISHED at once', async () => {
  const { client, other } = await two()
  await other.append('INBOX', message('1'))
  await other.ok('SELECT INBOX')
  await client.ok('ENABLE QRESYNC')
  await client.ok('SELECT INBOX')
  await client.ok('NOTIFY SET (selected (MessageNew MessageExpunge))')
  await other.ok('STORE 1 +FLAGS (\\Deleted)')
  await other.ok('EXPUNGE')
  assert.deepEqual(await told(client, 1), ['* VANISHED 1'])
})

test('NOTIFY SELECTED-DELAYED: no sequence number moves before a command that allows it', async () => {
  const { client, other } = await two()
  for (const subject of ['1', '2']) await other.append('INBOX', message(subject))
  await other.ok('SELECT INBOX')
  await client.ok('SELECT INBOX')
  await client.ok('NOTIFY SET (selected-delayed (MessageNew (UID) MessageExpunge FlagChange))')
  await other.ok('STORE 1 +FLAGS (\\Deleted)')
  assert.match((await told(client, 1)).join(), /^\* 1 FETCH/)
  await other.ok('EXPUNGE')
  await other.append('INBOX', message('3'))
  // The message that is gone still counts.
  assert.deepEqual(await told(client, 3), ['* 3 EXISTS', '* 1 RECENT', '* 3 FETCH (UID 3)'])
  assert.deepEqual(await client.ok('FETCH 2 UID'), ['* 2 FETCH (UID 2)'])
  assert.deepEqual(await client.ok('NOOP'), ['* 1 EXPUNGE'])
  assert.deepEqual(await client.ok('FETCH 2 UID'), ['* 2 FETCH (UID 3)'])
})

test('who wants to hear of no messages keeps what it knows, and hears all when it wants to again', async () => {
  const { client, other } = await two()
  await other.append('INBOX', message('1'))
  await other.ok('SELECT INBOX')
  for (const deafening of ['NOTIFY NONE', `NOTIFY SET (personal ${ALL})`, 'NOTIFY SET (selected NONE)']) {
    await client.ok('SELECT INBOX')
    const [first = ''] = await client.ok('FETCH 1 UID')
    await client.ok(deafening)
    await other.append('INBOX', message('2'))
    await other.ok('STORE 1 +FLAGS (\\Deleted)')
    await other.ok('EXPUNGE')
    assert.deepEqual(await client.ok('NOOP'), [])
    assert.deepEqual(await client.ok('FETCH 1:* UID'), [first])
    // What it does itself it is told.
    const { untagged } = await client.command('APPEND INBOX {1+}\r\nx')
    assert.ok(untagged.includes('* 1 EXPUNGE') && untagged.some((line) => line.endsWith(' EXISTS')), untagged.join('\n'))
    await other.append('INBOX', message('3'))
    assert.ok((await client.ok('NOTIFY SET (selected (MessageNew MessageExpunge))')).some((line) => line.endsWith('EXISTS')))
    // Flags that it did not want to hear of come together.
    await other.ok('STORE 1:2 +FLAGS (word)')
    assert.deepEqual(
      (await client.ok('NOOP')).filter((line) => line.includes('FETCH')),
      [],
    )
    const later = await client.ok('NOTIFY SET (selected (MessageNew MessageExpunge FlagChange))')
    assert.equal(later.filter((line) => /^\* [12] FETCH \(UID \d+ FLAGS \(.*word\)\)/.test(line)).length, 2)
    await client.ok('UNSELECT')
    await other.ok('STORE 1:* +FLAGS (\\Deleted)')
    await other.ok('EXPUNGE')
    await other.append('INBOX', message('1'))
    await other.ok('NOOP')
  }
})

test('a folder that is left is told as others are, from where the client was told of it', async () => {
  const { client, other } = await two('INBOX')
  await client.ok(`NOTIFY SET (selected (MessageNew MessageExpunge)) (personal (MessageNew MessageExpunge)) ${MARKED}`)
  await other.append('INBOX', message('1'))
  assert.deepEqual(await told(client, 2), ['* 1 EXISTS', '* 1 RECENT'])
  await client.ok('UNSELECT')
  await silent(client, other)
  await other.append('INBOX', message('2'))
  assert.deepEqual(await told(client, 1), ['* STATUS "INBOX" (MESSAGES 2 UIDNEXT 3 UNSEEN 2)'])
})

test('groups add up, and NONE takes back what was said before', async () => {
  const { client, other } = await two()
  const events = '(MessageNew MessageExpunge)'
  for (const [groups, hears] of [
    [`(mailboxes a ${events}) (personal (SubscriptionChange))`, true],
    [`(personal ${events}) (mailboxes a NONE)`, false],
    [`(personal NONE) (mailboxes a ${events})`, true],
  ] as const) {
    await client.ok(`NOTIFY SET ${groups} ${MARKED}`)
    await other.append('a', message('1'))
    if (hears) assert.match((await told(client, 1)).join(), /^\* STATUS "a"/)
    else await silent(client, other)
  }
})

test('what NOTIFY refuses: unknown events with NO, what does not go together with BAD; then all stays as it was', async () => {
  const { client, other } = await two()
  await client.ok('NOTIFY SET (mailboxes a (MessageNew MessageExpunge))')
  for (const bad of [
    '',
    'SET',
    'NONE x',
    'SET (personal)',
    'SET (personal ())',
    'SET (personal (FlagChange))',
    'SET (personal (MessageNew))',
    'SET (personal (MessageExpunge FlagChange))',
    'SET (personal (MessageNew (UID) MessageExpunge))',
    'SET (selected (MailboxName))',
    'SET (selected (MessageNew (NOTHING) MessageExpunge))',
    'SET (selected (MessageNew MessageExpunge)) (selected-delayed (MessageNew MessageExpunge))',
    'SET (subtree () (MailboxName))',
    'SET (others (MailboxName))',
    'SET STATES (personal (MailboxName))',
  ]) {
    assert.match(await client.tagged(`NOTIFY ${bad}`.trim()), /^BAD /, bad)
    await client.ok('NOOP')
  }
  for (const event of ['AnnotationChange', 'MailboxMetadataChange', 'ServerMetadataChange', 'Comet', 'MessageNew Comet']) {
    assert.match(
      await client.tagged(`NOTIFY SET (personal (${event}))`),
      /^NO \[BADEVENT \(MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange\)\]/,
    )
  }
  const many = Array.from({ length: 101 }, () => '(personal (MailboxName))').join(' ')
  assert.match(await client.tagged(`NOTIFY SET ${many}`), /^NO \[NOTIFICATIONOVERFLOW\]/)
  await other.append('a', message('1'))
  assert.match((await told(client, 1)).join(), /^\* STATUS "a"/)
  // As the examples of RFC 5465 write it; in any case; folders that are not there count for nothing.
  await client.ok('notify set status (SELECTED messagenew (uid) MessageExpunge) (mailboxes none (MessageNew MessageExpunge))')
})

test('lost hints: everything is told all the same, at NOOP and from time to time', async () => {
  const { mailbox, client, other } = await two('INBOX')
  const { tlsPort } = await imap.serve({ idleReread: 30 })
  const watcher = await imap.login(mailbox, 'INBOX', tlsPort)
  const everything = `NOTIFY SET (selected (MessageNew MessageExpunge)) (personal (MessageNew MessageExpunge))`
  for (const session of [client, watcher]) await session.ok(everything)
  deaf.on = true
  try {
    await other.append('INBOX', message('1'))
    await other.append('a', message('1'))
    const heard: string[] = []
    while (!heard.some((line) => line.startsWith('* STATUS "a"')) || !heard.includes('* 1 EXISTS'))
      heard.push(...(await told(watcher, 1)))
    assert.ok((await client.ok('NOOP')).includes('* 1 EXISTS'))
    assert.match((await told(client, 1)).join(), /^\* STATUS "a"/)
  } finally {
    deaf.on = false
  }
})

test('NOTIFICATIONOVERFLOW: more folders than can be watched, and messages that cannot be read', async () => {
  const { mailbox, other } = await two()
  const { tlsPort } = await imap.serve({ notifyFolders: 9, notifyPause: 0 })
  const client = await imap.login(mailbox, 'INBOX', tlsPort)
  await client.ok('NOTIFY SET (personal (MailboxName))')
  await other.ok('CREATE more')
  assert.match((await told(client, 1)).join(), /^\* OK \[NOTIFICATIONOVERFLOW\]/)
  assert.match(await client.tagged('NOTIFY SET (personal (MailboxName))'), /^NO \[NOTIFICATIONOVERFLOW\]/)
  await client.ok('NOTIFY SET (selected (MessageNew (BODY.PEEK[]) MessageExpunge))')
  broken.read = new Error('no disk')
  await other.append('INBOX', message('1'))
  assert.match((await told(client, 3))[2] ?? '', /^\* OK \[NOTIFICATIONOVERFLOW\]/)
  assert.deepEqual(imap.reported.splice(0), [broken.read])
  delete broken.read
  await other.append('INBOX', message('2'))
  assert.deepEqual(await client.ok('NOOP'), [])
})

test('folders that cannot be read are told once they can', async () => {
  const { client, other } = await two()
  await client.ok('NOTIFY SET (personal (MessageNew MessageExpunge))')
  broken.folders = new Error('no connection')
  await other.append('a', message('1'))
  while (imap.reported.length === 0) await client.ok('CAPABILITY')
  assert.ok(imap.reported.splice(0).every((error) => error === broken.folders))
  delete broken.folders
  await other.append('INBOX', message('1'))
  const heard = await told(client, 2)
  assert.deepEqual(heard.map((line) => line.slice(0, 14)).sort(), ['* STATUS "INBO', '* STATUS "a" ('])
  imap.reported.splice(0)
})

test('nothing is told within a response, nor while a command is coming', async () => {
  const { mailbox, client, other } = await two()
  const large = message('large', 6_000_000)
  await other.append('INBOX', large)
  await client.ok('SELECT INBOX')
  await client.ok(`NOTIFY SET (selected (MessageNew (UID BODY.PEEK[]) MessageExpunge FlagChange)) (personal ${ALL})`)
  const witness = await imap.login(mailbox)
  await witness.ok(`NOTIFY SET (mailboxes a ${ALL})`)
  const disturb = async (): Promise<void> => {
    await other.append('a', message('1'))
    assert.match((await told(witness, 1)).join(), /^\* STATUS "a"/)
  }
  // A long text under way to a client that does not take it.
  client.pause()
  client.write('a UID FETCH 1 (BODY.PEEK[])\r\n')
  await disturb()
  await other.append('INBOX', message('second'))
  await disturb()
  client.resume()
  const { untagged } = await client.answer('a')
  assert.ok(untagged[0] === `* 1 FETCH (UID 1 BODY[] {${large.length}}\r\n${large})`, 'the text is not whole')
  const later = untagged.slice(1)
  while (!later.some((line) => line.startsWith('* STATUS "a"'))) later.push(await client.response())
  assert.ok(later.includes('* 2 EXISTS'))
  // And the same text as a notification, which a command does not cut either.
  client.pause()
  await other.append('INBOX', large)
  client.write('b NOOP\r\n')
  await disturb()
  client.resume()
  const notified = (await client.answer('b')).untagged.find((line) => line.startsWith('* 3 FETCH'))
  assert.ok(notified === `* 3 FETCH (UID 3 BODY[] {${large.length}}\r\n${large})`, 'the notification is not whole')
  // A command of which only a part has come.
  client.write('c APPEND INBOX {1}\r\n')
  while (!(await client.response()).startsWith('+ ')) continue
  await disturb()
  await disturb()
  assert.equal(client.pending, 0)
  client.write('x\r\n')
  assert.match((await client.answer('c')).tagged, /^OK/)
})

test('a slow reader is told the outcome, not every step; a busy mailbox is not looked at for every change', async () => {
  const { mailbox, client, other } = await two()
  await client.ok('SELECT INBOX')
  await client.ok(
    'NOTIFY SET (selected (MessageNew (BODY.PEEK[]) MessageExpunge FlagChange)) (personal (MessageNew MessageExpunge))',
  )
  client.pause()
  await other.append('INBOX', message('large', 16_000_000))
  await other.append('a', message('1'))
  await other.ok('SELECT INBOX')
  const before = looks.folders
  for (let n = 0; n < 150; n++) {
    await other.append('a', message(String(n)))
    await other.ok(`STORE 1 ${n % 2 === 0 ? '+' : '-'}FLAGS.SILENT (\\Flagged)`)
  }
  assert.ok(looks.folders - before < 60, `${looks.folders - before} looks at the folders`)
  client.resume()
  const heard: string[] = []
  while (!heard.some((line) => line.startsWith('* STATUS "a" (MESSAGES 151 '))) heard.push(...(await told(client, 1)))
  assert.ok(heard.length < 60, `${heard.length} responses`)
  // One who reads all is not told every step either.
  const reader = await imap.login(mailbox)
  await reader.ok('NOTIFY SET (personal (MessageNew MessageExpunge))')
  const start = performance.now()
  const first = looks.folders
  for (let n = 0; n < 100; n++) await other.append('a', message(String(n)))
  // The two who are notified look once in the pause of 20 ms, each.
  assert.ok(looks.folders - first <= 2 * ((performance.now() - start) / 20 + 2))
})

/** What a client knows that only listens: each message by its number. */
class Listener {
  readonly messages: { uid: string; flags: string }[] = []

  hear(line: string): void {
    const [, number, what] = /^\* (\d+) (EXPUNGE|EXISTS|FETCH)/.exec(line) ?? []
    const at = Number(number) - 1
    if (what === 'EXPUNGE') assert.equal(this.messages.splice(at, 1).length, 1)
    if (what === 'EXISTS') while (this.messages.length <= at) this.messages.push({ uid: '', flags: '' })
    if (what !== 'FETCH') return
    const [, uid = '', flags = ''] = /UID (\d+) FLAGS \((.*?)\)/.exec(line) ?? []
    const known = this.messages[at]
    assert.ok(known && (known.uid === '' || known.uid === uid), `${line}: was UID ${known?.uid}`)
    this.messages[at] = { uid, flags: flags.replace('\\Recent', '').trim() }
  }
}

test('RFC 5465 1: who only listens knows all, whatever others do at once', async () => {
  const act = fc.oneof(
    fc.constantFrom('APPEND INBOX {1+}\r\nx', 'APPEND INBOX (\\Seen word) {1+}\r\ny', 'EXPUNGE', 'UID MOVE 1:2 INBOX'),
    fc
      .tuple(fc.nat(9), fc.constantFrom('+FLAGS (\\Deleted)', '+FLAGS (\\Flagged)', '-FLAGS (\\Flagged word)'))
      .map(([uid, change]) => `UID STORE ${uid + 1} ${change}`),
  )
  const script = fc.array(act, { minLength: 4, maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(script, script, async (...scripts) => {
      const { mailbox, client, other } = await two('INBOX')
      await client.ok('NOTIFY SET (selected (MessageNew (UID FLAGS) MessageExpunge FlagChange))')
      const actors = [other, await imap.login(mailbox)]
      for (const actor of actors) await actor.ok('SELECT INBOX')
      const play = async (actor: TestClient, commands: readonly string[]): Promise<void> => {
        for (const command of commands) await actor.command(command)
      }
      await Promise.all(actors.map((actor, index) => play(actor, scripts[index] ?? [])))
      const listener = new Listener()
      await other.command('APPEND INBOX (last) {1+}\r\nz')
      while (listener.messages.at(-1)?.flags !== 'last') listener.hear(await client.response())
      const model = new Listener()
      model.hear(`* ${listener.messages.length} EXISTS`)
      for (const line of await other.ok('FETCH 1:* (UID FLAGS)')) model.hear(line)
      assert.deepEqual(listener.messages, model.messages)
      for (const one of [client, ...actors]) one.destroy()
    }),
    { numRuns: 15 },
  )
})

test('a thousand folders', async () => {
  const mailbox = await imap.mailbox()
  await imap.store.createFolder(mailbox.ref, 'many')
  await imap.database.transactor.transact(mailbox.ref.slot, (tx) =>
    tx.query(
      `insert into folder (slot, id, mailbox, name, uid_validity, uid_next, recent_uid, modseq, total, unseen, subscribed)
       select slot, gen_random_uuid(), mailbox, 'many/' || n, uid_validity, 1, 1, modseq, 0, 0, true
       from folder, generate_series(1, 1000) n where slot = $1 and mailbox = $2 and name = 'many'`,
      [mailbox.ref.slot, mailbox.ref.id],
    ),
  )
  const [client, other] = [await imap.login(mailbox), await imap.login(mailbox)]
  assert.equal((await client.ok(`NOTIFY SET STATUS (personal ${ALL})`)).length, 1007)
  await other.append('many/777', message('1'))
  assert.match((await told(client, 1)).join(), /^\* STATUS "many\/777"/)
  await other.ok('RENAME many much')
  assert.match((await told(client, 1)).join(), /"much" \("OLDNAME" \("many"\)\)$/)
})

test('names are told in the way that the client has chosen', async () => {
  const { client, other } = await two()
  await client.ok('ENABLE UTF8=ACCEPT')
  await client.ok('NOTIFY SET (mailboxes {6+}\r\nCaff\xc3\xa8 (MailboxName))')
  await other.ok('CREATE Caff&AOg-')
  assert.deepEqual(await told(client, 1), ['* LIST (\\HasNoChildren \\Subscribed) "/" "Caff\xc3\xa8"'])
})
