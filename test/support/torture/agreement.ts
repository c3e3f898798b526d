/** When all is quiet: what clients know is what a new one is told and what the database says, and whoever comes back from any state learns it too. */
import assert from 'node:assert/strict'
import { MAILBOX_CHECKS } from '../../../src/mailbox/consistency.ts'
import type { TestClient, TestImap, TestMailbox } from '../../../src/protocols/imap/test-imap.ts'
import { Replica } from '../../../src/protocols/imap/test-replica.ts'
import { BLOB_CHECKS, findViolations } from '../../../src/storage/consistency.ts'
import { readFetch } from './fetched.ts'
import type { Fetched } from './fetched.ts'
import { OTHER_FOLDER } from './message-commands.ts'
import { FLAGS } from './message-history.ts'
import type { Random } from './random.ts'
import { describePast } from './selecting.ts'
import type { Past, View } from './view.ts'
import type { World } from './world.ts'

interface Quiet {
  readonly imap: TestImap
  readonly mailbox: TestMailbox
  readonly world: World
  readonly views: readonly View[]
  readonly states: readonly Past[]
  readonly random: Random
}

export async function agree({ imap, mailbox, world, views, states, random }: Quiet): Promise<void> {
  const client = await imap.login(mailbox)
  await client.ok('ENABLE QRESYNC')
  const inbox = await readFolder(client, 'INBOX')
  const away = await readFolder(client, OTHER_FOLDER)
  agreeWithViews(inbox, views)
  agreeWithWorld(inbox, world)
  agreeAboutCopies(away, world)
  await agreeWithDatabase({ imap, mailbox }, inbox, away)
  await agreeWithPast(client, { inbox, states, random })
  client.destroy()
}

type Listing = ReadonlyMap<number, Fetched>

async function readFolder(client: TestClient, name: string): Promise<Listing> {
  await client.ok(`SELECT ${name}`)
  const messages = new Map<number, Fetched>()
  for (const line of await client.ok('UID FETCH 1:* (FLAGS MODSEQ RFC822.SIZE BODY.PEEK[])')) {
    const fetched = readFetch(line)
    if (fetched?.uid !== undefined) messages.set(fetched.uid, fetched)
  }
  return messages
}

const flagsOf = (flags: Iterable<string>): string =>
  [...flags]
    .filter((flag) => flag !== '\\Recent')
    .sort()
    .join(' ')

const listed = (listing: Listing): [number, string][] => [...listing].map(([uid, { flags }]) => [uid, flagsOf(flags ?? [])])

/** No client asks again: what it was told, and has reckoned, is what there is. */
function agreeWithViews(inbox: Listing, views: readonly View[]): void {
  for (const view of views) {
    assert.ok(view.complete, `session ${view.session} does not know all`)
    const known = view.uids.map((uid): [number, string] => [uid, flagsOf(view.flags.get(uid) ?? [])])
    assert.deepEqual(known, listed(inbox), `session ${view.session}`)
  }
}

function agreeWithWorld(inbox: Listing, world: World): void {
  const now = world.tick()
  for (const [uid, { flags = [], texts, size }] of inbox) {
    world.existed(uid, now)
    const content = world.contents.recognise(texts.get('BODY[]') ?? '')
    world.recognised(uid, content)
    assert.equal(size, world.contents.size(content))
    for (const flag of FLAGS) world.told(uid, { flag, value: flags.includes(flag), since: now, session: -1 })
  }
  // What is not there must have been removed by somebody.
  for (const uid of world.uids) if (!inbox.has(uid)) world.gone(uid, 'it is not there at the end')
  for (const [source, uid] of world.copies) agreeAboutContent(world, source, uid)
}

/** Where both were read once, they are the same. */
function agreeAboutContent(world: World, source: number, uid: number): void {
  const [one, other] = [world.message(source).content, world.message(uid).content]
  if (one !== undefined && other !== undefined) assert.equal(one, other, `UID ${uid} is no copy of ${source}`)
}

function agreeAboutCopies(away: Listing, world: World): void {
  for (const [uid, { source, first }] of world.sentAway) {
    const fetched = away.get(uid) ?? assert.fail(`UID ${uid} of the other folder is missing`)
    const content = world.contents.recognise(fetched.texts.get('BODY[]') ?? '')
    assert.equal(content, world.message(source).content ?? content, `UID ${uid} of the other folder is no copy of ${source}`)
    for (const flag of FLAGS) {
      const value = fetched.flags?.includes(flag) === true
      assert.equal(value, first.get(flag) ?? value, `${flag} of UID ${uid} of the other folder, a copy of ${source}`)
    }
  }
}

async function agreeWithDatabase(
  { imap: { store, database }, mailbox: { ref } }: Pick<Quiet, 'imap' | 'mailbox'>,
  inbox: Listing,
  away: Listing,
): Promise<void> {
  let used = 0
  for (const [name, listing] of [
    ['INBOX', inbox],
    [OTHER_FOLDER, away],
  ] as const) {
    const folder = await store.folder(ref, name)
    const unseen = [...listing.values()].filter(({ flags }) => flags?.includes('\\Seen') !== true).length
    assert.deepEqual([folder?.total, folder?.unseen], [listing.size, unseen], name)
    for (const [uid, { modseq }] of listing)
      assert.ok(uid < (folder?.uidNext ?? 0) && (modseq ?? Infinity) <= (folder?.modseq ?? 0))
    for (const { size } of listing.values()) used += size ?? 0
  }
  assert.equal((await store.usage(ref)).used, used)
  assert.deepEqual(await findViolations(database.reader, [...MAILBOX_CHECKS, ...BLOB_CHECKS]), [])
}

async function agreeWithPast(
  client: TestClient,
  { inbox, states, random }: { inbox: Listing } & Pick<Quiet, 'states' | 'random'>,
): Promise<void> {
  const now = listed(inbox)
  for (const past of states) {
    const parameters = describePast(random, past)
    const back = Replica.from(past)
    const selected = await client.command(`SELECT INBOX ${parameters}`)
    back.hear(selected)
    back.hear(await client.command(`UID FETCH ${Math.max(0, ...past.uids) + 1}:* (FLAGS)`))
    const known = [...back.flags]
      .sort(([a], [b]) => a - b)
      .map(([uid, flags]) => [uid, flagsOf(flags.split(' ').filter(Boolean))])
    assert.deepEqual(known, now, `${parameters}\n${selected.untagged.join('\n')}\n${past.transcript}`)
  }
}
