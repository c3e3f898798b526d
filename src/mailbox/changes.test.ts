/**
 * I8 among several writers at once: whoever follows the change log sees every change, no UID late, and arrives at what is there; at every
 * instant the counters are right.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { findViolations } from '../storage/consistency.ts'
import { MAILBOX_CHECKS } from './consistency.ts'
import { appended, contentOfParts, openFolder, withStore } from './test-store.ts'
import { Flag, type MailboxRef, type MailboxStore, type MessageState } from './types.ts'

const { store, database, another, mailbox, arrive, folderOf } = await withStore({ after })

const ROUNDS = 100
const FOLDERS = ['INBOX', 'Archivio'] as const
type FolderName = (typeof FOLDERS)[number]
const other = (name: FolderName): FolderName => (name === 'INBOX' ? 'Archivio' : 'INBOX')

/** Follows one folder by its cursor alone, as an IMAP session does, and checks each step. */
class Follower {
  readonly #owner: MailboxRef
  readonly #folder: string
  readonly #known = new Map<number, MessageState>()
  readonly #gone = new Set<number>()
  #cursor: number
  #uidNext: number

  private constructor(owner: MailboxRef, folder: string, cursor: number, uidNext: number) {
    this.#owner = owner
    this.#folder = folder
    this.#cursor = cursor
    this.#uidNext = uidNext
  }

  static async start(owner: MailboxRef, name: FolderName): Promise<Follower> {
    const { folder, messages } = await openFolder(store, owner, name)
    // The messages may be younger than the cursor, never older: what they have ahead is told once more.
    const uidNext = Math.max(folder.uidNext, ...messages.map(({ uid }) => uid + 1))
    const follower = new Follower(owner, folder.id, folder.modseq, uidNext)
    for (const message of messages) follower.#known.set(message.uid, message)
    return follower
  }

  async step(): Promise<void> {
    const { modseq, uidNext, changed, vanished } = await store.changes(this.#owner, this.#folder, this.#cursor)
    assert.ok(modseq > this.#cursor || (modseq === this.#cursor && changed.length + vanished.length === 0))
    for (const message of changed) {
      assert.ok(message.modseq > this.#cursor && message.modseq <= modseq, 'a change lies between the cursors')
      assert.ok(!this.#gone.has(message.uid), `UID ${message.uid} came back`)
      const late = !this.#known.has(message.uid) && message.uid < this.#uidNext
      assert.ok(!late, `UID ${message.uid} is late: ${this.#uidNext} was told to be the next`)
      assert.ok(message.uid < uidNext)
      this.#known.set(message.uid, message)
    }
    for (const uid of vanished) {
      this.#known.delete(uid)
      this.#gone.add(uid)
    }
    this.#cursor = modseq
    this.#uidNext = Math.max(uidNext, this.#uidNext)
  }

  /** What it believes to be there, by UID. */
  view(): MessageState[] {
    return [...this.#known.values()].sort((a, b) => a.uid - b.uid)
  }
}

/** What the writers were told. */
interface Told {
  /** UIDs given, by folder */
  readonly given: Record<FolderName, number[]>
  /** the modseq of each flag change */
  readonly modseqs: number[]
}

const small = contentOfParts(Buffer.from('Subject: x\r\n\r\nx\r\n'), null, Buffer.alloc(0), Buffer.alloc(0))

/** One turn of each kind of writer, on a folder that changes with the rounds. */
const WRITERS: ((owner: MailboxRef, store: MailboxStore, round: number, told: Told) => Promise<void>)[] = [
  async (owner, store, round, { given }) => {
    const name = FOLDERS[round % 2] as FolderName
    const messages = Array.from({ length: 1 + (round % 3) }, (_, index) => ({
      ...appended('Subject: a\r\n\r\n'),
      flags: index % 2,
    }))
    given[name].push(...(await store.append(owner, name, messages)).uids)
  },
  async (owner, _, round, { given }) => {
    const uids = await arrive(owner, Array<typeof small>(1 + (round % 2)).fill(small), round % 2 === 0)
    for (const uid of uids) given.INBOX.push(uid ?? 0)
  },
  async (owner, store, round, { modseqs }) => {
    const { id, uids } = await some(owner, store, FOLDERS[round % 2] as FolderName, 3)
    const change = { mode: 'add', flags: round % 3 === 0 ? Flag.seen : Flag.flagged, keywords: [`round${round}`] } as const
    const changed = await store.storeFlags(owner, id, uids, change)
    const [modseq] = new Set(changed.map(({ modseq }) => modseq))
    assert.ok(
      changed.every((state) => state.modseq === modseq),
      'one change, one modseq',
    )
    if (modseq !== undefined) modseqs.push(modseq)
  },
  async (owner, store, round, { modseqs }) => {
    const { id, uids } = await some(owner, store, FOLDERS[(round + 1) % 2] as FolderName, 2)
    const [state] = await store.storeFlags(owner, id, uids, { mode: 'replace', flags: 0, keywords: [`replaced${round}`] })
    if (state) modseqs.push(state.modseq)
  },
  async (owner, store, round, { given }) => {
    const from = FOLDERS[round % 2] as FolderName
    const to = round % 3 === 0 ? from : other(from)
    const { id, uids } = await some(owner, store, from, 2)
    for (const [, uid] of (await store.copy(owner, id, uids, to)).uids) given[to].push(uid)
  },
  async (owner, store, round, { given }) => {
    const from = FOLDERS[(round + 1) % 2] as FolderName
    const { id, uids } = await some(owner, store, from, 2)
    for (const [, uid] of (await store.move(owner, id, uids, other(from))).uids) given[other(from)].push(uid)
  },
  async (owner, store, round) => {
    const { id, uids } = await some(owner, store, FOLDERS[round % 2] as FolderName, 2)
    await store.storeFlags(owner, id, uids, { mode: 'add', flags: Flag.deleted, keywords: [] })
    await store.expunge(owner, id, round % 2 === 0 ? uids : undefined)
  },
]

/** A folder, and UIDs here and there in it; another writer may remove them before they are used. */
async function some(owner: MailboxRef, store: MailboxStore, name: FolderName, count: number) {
  const { folder, messages } = await openFolder(store, owner, name)
  const uids = messages.map(({ uid }) => uid).filter((_, index) => index % 5 === 0)
  return { id: folder.id, uids: uids.slice(-count) }
}

test('I8: several writers, and readers that follow by their cursors', async () => {
  const owner = await mailbox()
  const told: Told = { given: { INBOX: [], Archivio: [] }, modseqs: [] }
  const followers = await Promise.all(FOLDERS.map((name) => Follower.start(owner, name)))
  const written = new AbortController()

  const writers = WRITERS.map(async (write) => {
    const own = another()
    for (let round = 0; round < ROUNDS; round++) await write(owner, own, round, told)
  })
  const following = [0, 1].map(async (late) => {
    while (!written.signal.aborted) {
      if (late === 1 && followers.length < 8)
        followers.push(await Follower.start(owner, FOLDERS[followers.length % 2] as FolderName))
      await Promise.all(followers.filter((_, index) => index % 2 === late).map((follower) => follower.step()))
    }
  })
  const checking = (async () => {
    while (!written.signal.aborted) assert.deepEqual(await findViolations(database.reader, MAILBOX_CHECKS), [])
  })()
  const stop = (): void => written.abort()
  await Promise.all([Promise.all(writers).finally(stop), ...following.map((work) => work.finally(stop)), checking.finally(stop)])

  for (const [index, follower] of followers.entries()) {
    await follower.step()
    const { messages } = await openFolder(store, owner, FOLDERS[index % 2] as FolderName)
    assert.deepEqual(follower.view(), messages)
  }
  for (const name of FOLDERS) {
    const { uidNext, total } = await folderOf(owner, name)
    assert.deepEqual(
      told.given[name].sort((a, b) => a - b),
      Array.from({ length: uidNext - 1 }, (_, index) => index + 1),
      'each UID was given once, and none was left out',
    )
    assert.ok(total > 10)
  }
  assert.equal(new Set(told.modseqs).size, told.modseqs.length, 'no two changes share a modseq')
  const [{ deadlocks } = { deadlocks: -1 }] = await database.reader.read<{ deadlocks: number }>(
    'select deadlocks from pg_stat_database where datname = current_database()',
  )
  assert.equal(deadlocks, 0, 'all writers lock in the same order')
})
