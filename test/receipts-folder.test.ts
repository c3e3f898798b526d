/**
 * Receipts in a folder that the holder names: acceptances and delivery receipts go there, what failed or is late into the inbox; whatever
 * becomes of the folder, none is lost, not even in a full mailbox (I2, I10).
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createDomains } from '../src/directory/domains.ts'
import { createMailboxStore } from '../src/mailbox/store.ts'
import { createProfiles } from '../src/registry/profiles.ts'
import { registryQueries } from '../src/registry/queries.ts'
import type { Submission } from '../src/transport/types.ts'
import type { Holder } from './support/points.ts'
import { recipientsOf, withSendingSide } from './support/sending-side.ts'
import { openFolder } from '../src/mailbox/test-store.ts'

const side = await withSendingSide({ after })
const { database, clock, shared, remote, answers } = side
const now = (): number => clock.ms
const profiles = createProfiles({ database, domains: createDomains(database, now), now })
const store = createMailboxStore({ database, blobs: shared.blobs, bus: shared.bus, now })
answers.set('pec.remoto.test', 'sent')
const worker = side.sendingWorker()
const HOUR = 3_600_000
const [REMOTE, SECOND] = ['ufficio@pec.remoto.test', 'altri@pec.remoto.test']

let people = 0
async function sender(receiptsFolder: string | null, quota?: number): Promise<Holder> {
  const holder = await side.holder(`titolare${++people}`, quota)
  await profiles.set(holder.mailbox, { receiptsFolder })
  return holder
}

const names = async ({ mailbox }: Holder): Promise<string[]> => (await store.folders(mailbox)).map(({ name }) => name)

/** What kinds of messages a folder has, in their order: the first words of the subjects. */
async function kindsIn({ mailbox }: Holder, name: string): Promise<string[]> {
  const { folder, messages } = await openFolder(store, mailbox, name)
  const kinds: string[] = []
  const uids = messages.map(({ uid }) => uid)
  for await (const { content } of store.messages(mailbox, folder.id, uids))
    kinds.push((content.envelope?.subject ?? '').split(':')[0] ?? '')
  return kinds
}

/** A round of work, so many hours after the acceptance. */
async function pass(submission: Submission, hours: number): Promise<void> {
  clock.ms = submission.acceptedAt.ms + hours * HOUR
  await worker.round()
}

const delivered = async ({ data }: Submission, holder: Holder, recipient = REMOTE): Promise<void> =>
  worker.receive(remote, await remote.delivery(data, recipient), holder.address)
const undelivered = async ({ data }: Submission, holder: Holder, recipient = REMOTE): Promise<void> =>
  worker.receive(remote, await remote.nonDelivery(data, recipient), holder.address)

test('without a wish everything comes into the inbox, and no folder is made', async () => {
  const holder = await sender(null)
  const before = await names(holder)
  const submission = await side.accept(holder, [REMOTE])
  await delivered(submission, holder)
  assert.deepEqual(await kindsIn(holder, 'INBOX'), ['ACCETTAZIONE', 'CONSEGNA'])
  assert.deepEqual(await names(holder), before)
})

test('acceptances and delivery receipts go into the folder, which the first one makes; so do those of local recipients', async () => {
  const [holder, neighbour] = [await sender('Ricevute'), await sender(null)]
  assert.ok(!(await names(holder)).includes('Ricevute'))
  const submission = await side.accept(holder, [REMOTE, neighbour.address])
  const [folder] = (await store.folders(holder.mailbox)).filter(({ name }) => name === 'Ricevute')
  assert.deepEqual([folder?.total, folder?.unseen, folder?.subscribed, folder?.uidNext], [1, 1, true, 2])
  await pass(submission, 0.01)
  await delivered(submission, holder)
  assert.deepEqual(await kindsIn(holder, 'Ricevute'), ['ACCETTAZIONE', 'CONSEGNA', 'CONSEGNA'])
  assert.deepEqual(await kindsIn(holder, 'INBOX'), [])
  assert.deepEqual(await kindsIn(neighbour, 'INBOX'), ['POSTA CERTIFICATA'])
})

test('what failed or is late goes into the inbox', async () => {
  const holder = await sender('Ricevute')
  const submission = await side.accept(holder, [REMOTE, SECOND])
  await pass(submission, 1)
  await undelivered(submission, holder, SECOND)
  for (const hours of [12.1, 23.1]) await pass(submission, hours)
  assert.deepEqual(await kindsIn(holder, 'Ricevute'), ['ACCETTAZIONE'])
  assert.deepEqual(await kindsIn(holder, 'INBOX'), [
    'AVVISO DI MANCATA CONSEGNA',
    'AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO',
    'AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO',
  ])
  // The receipt that comes after all.
  await delivered(submission, holder)
  assert.deepEqual(await kindsIn(holder, 'Ricevute'), ['ACCETTAZIONE', 'CONSEGNA'])
})

test('many at once, of both sorts: each comes where it belongs, once', async () => {
  const holder = await sender('Ricevute')
  const recipients = Array.from({ length: 12 }, (_, index) => `persona${index}@pec.remoto.test`)
  const submission = await side.accept(holder, recipients)
  const come = (): Promise<unknown> =>
    Promise.all(
      recipientsOf(submission).map((recipient, index) =>
        (index % 3 === 0 ? undelivered : delivered)(submission, holder, recipient),
      ),
    )
  await come()
  assert.equal((await kindsIn(holder, 'Ricevute')).length, 9)
  assert.deepEqual(new Set(await kindsIn(holder, 'INBOX')), new Set(['AVVISO DI MANCATA CONSEGNA']))
  assert.equal((await kindsIn(holder, 'INBOX')).length, 4)
})

test('the folder is renamed, removed, made by the holder himself: the next receipt finds or makes one of the name', async () => {
  const holder = await sender('Ricevute')
  const { mailbox } = holder
  await side.accept(holder, [REMOTE])
  await store.renameFolder(mailbox, 'Ricevute', 'Ricevute 2026')
  const second = await side.accept(holder, [REMOTE])
  assert.deepEqual(await kindsIn(holder, 'Ricevute 2026'), ['ACCETTAZIONE'])
  assert.deepEqual(await kindsIn(holder, 'Ricevute'), ['ACCETTAZIONE'])
  const [before] = (await store.folders(mailbox)).filter(({ name }) => name === 'Ricevute')
  await store.deleteFolder(mailbox, 'Ricevute')
  await delivered(second, holder)
  assert.deepEqual(await kindsIn(holder, 'Ricevute'), ['CONSEGNA'])
  const [again] = (await store.folders(mailbox)).filter(({ name }) => name === 'Ricevute')
  assert.ok(before && again && again.uidValidity > before.uidValidity, 'a client must not take it for the one that was removed')
  await store.deleteFolder(mailbox, 'Ricevute')
  const own = await store.createFolder(mailbox, 'ricevute')
  await profiles.set(mailbox, { receiptsFolder: 'ricevute' })
  await side.accept(holder, [REMOTE])
  assert.equal((await store.folder(mailbox, 'ricevute'))?.id, own.id)
  assert.deepEqual(await kindsIn(holder, 'ricevute'), ['ACCETTAZIONE'])
  await profiles.set(mailbox, { receiptsFolder: null })
  await side.accept(holder, [REMOTE])
  assert.deepEqual(await kindsIn(holder, 'INBOX'), ['ACCETTAZIONE'])
})

test('the folder is renamed over and over while receipts come: none is lost, and none fails', async () => {
  const holder = await sender('Ricevute')
  const { mailbox } = holder
  const recipients = Array.from({ length: 20 }, (_, index) => `persona${index}@pec.remoto.test`)
  const submission = await side.accept(holder, recipients)
  const coming = { yet: true }
  const renaming = (async (): Promise<void> => {
    while (coming.yet)
      if (await store.folder(mailbox, 'Ricevute')) await store.renameFolder(mailbox, 'Ricevute', `via ${people++}`)
  })()
  for (const recipient of recipients) await delivered(submission, holder, recipient)
  coming.yet = false
  await renaming
  const all: string[] = []
  for (const name of await names(holder)) all.push(...(await kindsIn(holder, name)))
  assert.deepEqual(all.sort(), ['ACCETTAZIONE', ...recipients.map(() => 'CONSEGNA')])
})

test('I10: a full mailbox takes them all the same', async () => {
  const holder = await sender('Ricevute', 1000)
  const filler = Buffer.from('Subject: x\r\n\r\n'.padEnd(1000, 'x'))
  await store.append(holder.mailbox, 'INBOX', [{ bytes: filler, flags: 0, keywords: [], internalDate: clock.ms }])
  const submission = await side.accept(holder, [REMOTE, SECOND])
  await delivered(submission, holder)
  await undelivered(submission, holder, SECOND)
  assert.deepEqual(await kindsIn(holder, 'Ricevute'), ['ACCETTAZIONE', 'CONSEGNA'])
  assert.equal((await kindsIn(holder, 'INBOX')).length, 2)
  const { used, quota } = await store.usage(holder.mailbox)
  assert.ok(used > quota)
  // COPY and APPEND may not use what the receipts did.
  const { id } = (await store.folder(holder.mailbox, 'Ricevute')) ?? assert.fail()
  await assert.rejects(store.copy(holder.mailbox, id, [1], 'Archivio'), { code: 'over-quota' })
  const summary = await registryQueries(database).summary(holder.mailbox)
  assert.equal(summary?.reserve, 50_000_000)
})
