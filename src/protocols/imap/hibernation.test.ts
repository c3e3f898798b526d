/** A session that gives its list back at any moment tells its client what one that never does tells, byte for byte. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { after, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import * as fc from 'fast-check'
import { createConnectionLimits } from '../../base/connection-limits.ts'
import { appended, openFolder, withStore } from '../../mailbox/test-store.ts'
import { Flag } from '../../mailbox/types.ts'
import type { MailboxRef, MailboxStore } from '../../mailbox/types.ts'
import { forgetTombstones } from '../../mailbox/sweep.ts'
import { Input } from '../wire/input.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import { Output } from '../wire/output.ts'
import type { Extension, Session } from './session.ts'
import { runSession } from './session-loop.ts'

const { store, another, database, mailbox, folderOf } = await withStore({ after })

const reported: unknown[] = []
after(() => assert.deepEqual(reported, []))

/** A session without a connection, that has logged in. */
class Client {
  readonly session: Session
  readonly owner: MailboxRef
  readonly #toServer = new PassThrough()
  readonly #finished: Promise<void>
  /** all that came */
  text = ''

  constructor(owner: MailboxRef, enabled: readonly Extension[] = [], using: MailboxStore = store) {
    this.owner = owner
    const input = new Input()
    input.attach(this.#toServer)
    const fromServer = new PassThrough()
    fromServer.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('latin1')
    })
    this.session = {
      deps: {
        store: using,
        authenticate: () => assert.fail(),
        connections: createConnectionLimits(),
        report: (error) => reported.push(error),
        serverName: 'imap.test',
        limits: { ...DEFAULT_LIMITS, badCommands: Infinity },
      },
      input,
      output: new Output(fromServer),
      clientAddress: '',
      secure: true,
      channelBinding: undefined,
      compressed: false,
      mailbox: owner,
      selected: undefined,
      notify: undefined,
      enabled: new Set(enabled),
      tag: '',
      ended: false,
      closing: undefined,
      busy: false,
      startTls: () => assert.fail(),
      startCompression: () => assert.fail(),
      loggedIn: () => assert.fail(),
    }
    this.#finished = runSession(this.session)
  }

  write(text: string): void {
    this.#toServer.write(text, 'latin1')
  }

  /** Sends a command and waits until it is answered; answers what came. */
  async command(text: string): Promise<string> {
    const from = this.text.length
    this.write(`a ${text}\r\n`)
    while (!/^a (OK|NO|BAD) .*\r\n$/m.test(this.text.slice(from)) && !this.session.ended) await nextTurn()
    await this.rested()
    return this.text.slice(from)
  }

  /** Waits until hints have been heard, and all is told that they bring. */
  async rested(): Promise<void> {
    do {
      await nextTurn()
      await nextTurn()
    } while (this.session.selected ? this.session.selected.restingSince === undefined : this.session.busy)
  }

  hibernate(): void {
    const { selected } = this.session
    if (selected?.restingSince !== undefined) selected.hibernate()
  }

  async close(): Promise<void> {
    if (this.session.ended) return
    this.write('a LOGOUT\r\n')
    await this.#finished
  }
}

/**
 * Without what differs between two mailboxes, and without the modseqs in answers to CHANGEDSINCE: of a message that is gone, and was not told of
 * yet, the cursor stands for it.
 */
const normal = (text: string): string =>
  text
    .replace(/(UIDVALIDITY|COPYUID|APPENDUID) \d+/g, '$1 n')
    .replace(/MAILBOXID \(\w+\)/g, 'MAILBOXID')
    .replace(/MODSEQ \(\d+\) FLAGS/g, 'MODSEQ FLAGS')

type Step = { readonly kind: 'command' | 'foreign' | 'idle' | 'done' | 'hibernate'; readonly text: string }

const range = fc.tuple(fc.nat(9), fc.nat(3)).map(([from, length]) => `${from + 1}:${from + 1 + length}`)
const flags = fc.constantFrom('\\Seen', '\\Deleted', '\\Flagged', 'uno', 'Due $tre')
const clientCommand: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    'NOOP',
    'CHECK',
    'EXPUNGE',
    'FETCH 1:* FLAGS',
    'UID FETCH 1:* (UID FLAGS)',
    'FETCH 1:* (RFC822.SIZE FLAGS)',
    'UID FETCH 1:* BODY[]',
    'SEARCH RETURN (SAVE ALL) DELETED',
    'FETCH $ FLAGS',
    'SEARCH RECENT',
    'UID SEARCH KEYWORD uno',
    'STATUS INBOX (MESSAGES RECENT UIDNEXT HIGHESTMODSEQ UNSEEN)',
    'STATUS Archivio (MESSAGES)',
    'APPEND INBOX (\\Seen quattro) {1+}\r\nx',
    'UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1)',
    'STORE 2 (UNCHANGEDSINCE 1000000) +FLAGS (\\Answered)',
    'STORE 1:2 (UNCHANGEDSINCE 1) +FLAGS.SILENT (\\Answered)',
  ),
  fc
    .tuple(fc.constantFrom('STORE', 'UID STORE'), range, fc.constantFrom('+', '-', ''), fc.boolean(), flags)
    .map(([name, set, sign, silent, words]) => `${name} ${set} ${sign}FLAGS${silent ? '.SILENT' : ''} (${words})`),
  fc.tuple(fc.constantFrom('UID EXPUNGE', 'FETCH', 'UID FETCH', 'UID COPY', 'MOVE', 'SEARCH'), range).map(([name, set]) => {
    if (name === 'UID EXPUNGE' || name === 'SEARCH') return `${name} ${set}`
    return `${name} ${set} ${name.endsWith('FETCH') ? '(UID FLAGS)' : name === 'MOVE' ? 'Archivio' : 'INBOX'}`
  }),
)
const foreignChange = fc.tuple(fc.constantFrom('append', 'add', 'remove', 'expunge', 'move'), range, flags).map(String)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: clientCommand.map((text): Step => ({ kind: 'command', text })) },
  { weight: 5, arbitrary: foreignChange.map((text): Step => ({ kind: 'foreign', text })) },
  { weight: 4, arbitrary: fc.constant<Step>({ kind: 'hibernate', text: '' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'idle', text: '' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'done', text: '' }) },
)

/** What another session does. */
async function change(client: Client, text: string): Promise<void> {
  const { owner } = client
  const [kind, set = '', word = ''] = text.split(',')
  const [first = 1, last = 1] = set.split(':').map(Number)
  const uids = Array.from({ length: last - first + 1 }, (_, index) => first + index)
  const { id } = await folderOf(owner, 'INBOX')
  const bits = { '\\Seen': Flag.seen, '\\Deleted': Flag.deleted, '\\Flagged': Flag.flagged }[word]
  const named = { flags: bits ?? 0, keywords: bits === undefined ? word.split(' ') : [] }
  if (kind === 'append') await store.append(owner, 'INBOX', [{ ...appended('foreign'), ...named }])
  else if (kind === 'move') await store.move(owner, id, uids.slice(0, 1), 'Archivio')
  else if (kind === 'add' || kind === 'remove') await store.storeFlags(owner, id, uids, { mode: kind, ...named })
  else {
    await store.storeFlags(owner, id, uids.slice(0, 2), { mode: 'add', flags: Flag.deleted, keywords: [] })
    await client.rested()
    await store.expunge(owner, id, uids.slice(0, 2))
  }
}

async function filled(count: number): Promise<MailboxRef> {
  const owner = await mailbox()
  const messages = Array.from({ length: count }, (_, index) => ({
    ...appended(`message ${index}`),
    flags: index % 3,
    keywords: index % 4 === 1 ? ['uno'] : [],
  }))
  await store.append(owner, 'INBOX', messages)
  return owner
}

async function play(client: Client, steps: readonly Step[], hibernates: boolean): Promise<void> {
  let idling = false
  const done = async (): Promise<void> => {
    idling = false
    client.write('DONE\r\n')
    while (!client.text.endsWith('IDLE terminated\r\n')) await nextTurn()
    await client.rested()
  }
  for (const { kind, text } of steps) {
    if (idling && (kind === 'done' || kind === 'command')) await done()
    if (kind === 'command') await client.command(text)
    if (kind === 'foreign') {
      await change(client, text)
      await client.rested()
    }
    if (kind === 'idle' && !idling) {
      idling = true
      client.write('a IDLE\r\n')
      while (!client.session.selected?.restingSince || !client.text.includes('+ idling')) await nextTurn()
      await client.rested()
    }
    if (kind === 'hibernate' && hibernates) client.hibernate()
  }
  if (idling) await done()
  await client.command('NOOP')
}

for (const enabled of [[], ['CONDSTORE'], ['CONDSTORE', 'QRESYNC']] as const) {
  test(`hibernating at any moment changes no byte (${enabled.join(', ') || 'nothing enabled'})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const texts: string[] = []
        for (const hibernates of [false, true]) {
          const client = new Client(await filled(6), enabled)
          const all = enabled.length > 0 ? 'FETCH 1:* (UID FLAGS MODSEQ)' : 'FETCH 1:* (UID FLAGS)'
          await client.command('SELECT INBOX')
          await client.command(all)
          await play(client, steps, hibernates)
          await client.command(all)
          await client.close()
          texts.push(normal(client.text))
        }
        assert.equal(texts[1], texts[0])
      }),
      { numRuns: 40 },
    )
  })
}

/** What a client knows by what it was told: UID (0: not told yet) and flags of each message. */
class View {
  messages: { uid: number; flags: string | undefined }[] = []
  #heard = 0

  hear({ text }: Client): void {
    for (const line of text.slice(this.#heard).split('\r\n')) {
      const [, number = '', what] = /^\* (\d+) (EXISTS|EXPUNGE|FETCH)/.exec(line) ?? []
      if (what === 'EXPUNGE') assert.equal(this.messages.splice(Number(number) - 1, 1).length, 1)
      if (what === 'EXISTS') {
        assert.ok(Number(number) >= this.messages.length)
        while (this.messages.length < Number(number)) this.messages.push({ uid: 0, flags: undefined })
      }
      if (what !== 'FETCH') continue
      const message = this.messages[Number(number) - 1] ?? assert.fail(line)
      const uid = Number(/UID (\d+)/.exec(line)?.[1] ?? message.uid)
      assert.ok(message.uid === 0 || message.uid === uid, line)
      message.uid = uid
      message.flags = /FLAGS \(([^)]*)\)/.exec(line)?.[1] ?? message.flags
    }
    this.#heard = text.length
  }
}

test('after SELECT others may change all before the first command: numbers fit, and at the end the client knows what is stored', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(foreignChange, { maxLength: 6 }),
      fc.array(step, { maxLength: 15 }),
      fc.boolean(),
      async (changes, steps, isCondstore) => {
        const client = new Client(await filled(6), isCondstore ? ['CONDSTORE'] : [])
        const view = new View()
        await client.command('SELECT INBOX')
        view.hear(client)
        for (const text of changes) await change(client, text)
        await client.command('FETCH 1:* (UID FLAGS)')
        view.hear(client)
        // With .SILENT the client would have to reckon; what stands behind a literal it does not read.
        const loud = steps.map(({ kind, text }) => ({ kind, text: text.replace('.SILENT', '').replace('BODY[]', 'BODY.PEEK[]') }))
        await play(client, loud, true)
        view.hear(client)
        await client.command('UID FETCH 1:* FLAGS')
        const known = structuredClone(view.messages)
        view.hear(client)
        await client.close()
        assert.deepEqual(
          view.messages.map(({ uid, flags: words = '' }) => ({ uid, flags: words.replace(/ ?\\Recent/, '').trim() })),
          (await openFolder(store, client.owner, 'INBOX')).messages.map(({ uid, flags: bits, keywords }) => ({
            uid,
            flags: flagNames(bits, keywords),
          })),
        )
        // What it was told of flags before it asked was right.
        for (const [index, { flags: words }] of known.entries())
          if (words !== undefined) assert.equal(words, view.messages[index]?.flags)
      },
    ),
    { numRuns: 60 },
  )
})

function flagNames(bits: number, keywords: readonly string[]): string {
  const names = { '\\Answered': 2, '\\Flagged': 4, '\\Deleted': 8, '\\Seen': 1, '\\Draft': 16 }
  const named = Object.entries(names).filter(([, bit]) => (bits & bit) !== 0)
  return [...named.map(([name]) => name), ...[...keywords].sort()].join(' ')
}

test('of a message that went between SELECT and the first FETCH no flags are told', async () => {
  const client = new Client(await filled(3))
  await client.command('SELECT INBOX')
  await change(client, 'move,2:2,')
  assert.match(await client.command('FETCH 1:* (UID FLAGS)'), /UID 1 .*\r\n.*UID 3 .*\r\na NO \[EXPUNGEISSUED\]/)
  assert.match(await client.command('NOOP'), /^\* 2 EXPUNGE\r\n/)
  await client.close()
})

test('SELECT, IDLE and CLOSE read no message, and new messages in IDLE are told without', async () => {
  let reads = 0
  const states: MailboxStore['states'] = (...request) => {
    reads++
    return store.states(...request)
  }
  const client = new Client(await filled(3), [], { ...store, states })
  await client.command('SELECT INBOX')
  client.write('a IDLE\r\n')
  await client.rested()
  await change(client, 'append,1:1,neu')
  await client.rested()
  assert.match(client.text, /Draft neu\)\r\n[^\n]*Flags kept\r\n$/)
  assert.match(client.text, /\* 4 EXISTS\r\n\* 4 RECENT\r\n/)
  client.write('DONE\r\n')
  await client.rested()
  await client.command('STATUS INBOX (RECENT)')
  await client.command('CHECK')
  await client.command('CLOSE')
  assert.equal(reads, 0)
  await client.close()
})

test('where it is forgotten what went while the list was not in memory, the session ends rather than tell a wrong number', async () => {
  const owner = await filled(4)
  // Nothing is kept in memory of the folder.
  const cold = { ...store, states: (...request: Parameters<MailboxStore['states']>) => another().states(...request) }
  const [sleeper, fresh] = [new Client(owner, [], cold), new Client(owner, [], cold)]
  await fresh.command('SELECT INBOX')
  await sleeper.command('SELECT INBOX')
  await sleeper.command('FETCH 1:* FLAGS')
  sleeper.hibernate()
  const { id } = await folderOf(owner, 'INBOX')
  await store.move(owner, id, [2], 'Archivio')
  await forgetTombstones(database, new Date(Date.now() + 1000))
  for (const client of [sleeper, fresh]) {
    assert.match(await client.command('FETCH 2 FLAGS'), /^\* BYE The selected folder has changed too much meanwhile\r\n/)
    assert.ok(client.session.ended)
  }
})

test('what is forgotten of what the client never counted does no harm', async () => {
  const owner = await filled(2)
  const client = new Client(owner)
  await client.command('SELECT INBOX')
  const { id } = await folderOf(owner, 'INBOX')
  await store.append(owner, 'INBOX', [appended('x'), appended('y')])
  await store.move(owner, id, [3], 'Archivio')
  await forgetTombstones(database, new Date(Date.now() + 1000))
  assert.match(await client.command('UID FETCH 1:* FLAGS'), /UID 2 [^\n]*\n\* 3 FETCH \(UID 4/)
  await client.close()
})

test('an error while the list is read fails the command, and the next one works', async () => {
  let broken = true
  const states: MailboxStore['states'] = (...request) =>
    broken ? Promise.reject(new Error('no database')) : store.states(...request)
  const client = new Client(await filled(2), [], { ...store, states })
  await client.command('SELECT INBOX')
  assert.match(await client.command('FETCH 1 UID'), /^a NO \[UNAVAILABLE\]/)
  await change(client, 'add,1:1,\\Seen')
  await client.rested()
  assert.match(await client.command('NOOP'), /^a OK/)
  assert.equal(reported.splice(0).length, 3)
  broken = false
  assert.match(await client.command('NOOP'), /^\* 1 FETCH \(UID 1 FLAGS \(\\Seen/m)
  await client.close()
})

test('what a session has changed itself is no news to it, though it was not read back before the list went', async () => {
  // Without hints, so that nothing is read back.
  const client = new Client(await filled(3), [], { ...store, watch: () => () => undefined })
  await client.command('SELECT INBOX')
  await client.command('FETCH 1:* FLAGS')
  await client.command('STORE 1 +FLAGS (\\Flagged)')
  client.hibernate()
  const told = await client.command('STORE 2 (UNCHANGEDSINCE 1000000) +FLAGS (\\Answered)')
  assert.match(told, /^\* 2 FETCH /m)
  assert.doesNotMatch(told, /^\* 1 FETCH /m)
  await client.close()
})
