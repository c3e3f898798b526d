/** I2: that there was an acceptance is asked for as long as it is remembered that its message was expunged, and no longer. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createMailboxStore } from '../src/mailbox/store.ts'
import { forgetTombstones, sweepContents, TOMBSTONE_DAYS } from '../src/mailbox/sweep.ts'
import { Flag } from '../src/mailbox/types.ts'
import { findViolations } from '../src/storage/consistency.ts'
import { TRANSPORT_CHECKS } from '../src/transport/consistency.ts'
import { withPoints } from './support/points.ts'

const { database, shared, holder, accept } = await withPoints({ after })
const store = createMailboxStore({ database, blobs: shared.blobs, bus: shared.bus, now: shared.now })
const DAY = 24 * 60 * 60_000

const problems = async (): Promise<string[]> =>
  (await findViolations(database.reader, TRANSPORT_CHECKS)).flatMap(({ invariant, problems }) => problems.map(() => invariant))

test('an acceptance that was expunged: proved by its tombstone, and not asked for when that is old enough to be gone', async () => {
  const [mario, anna] = [await holder('mario'), await holder('anna')]
  const { data } = await accept(mario, [anna.address])
  const inbox = (await store.folder(mario.mailbox, 'INBOX'))?.id ?? assert.fail()
  await store.storeFlags(mario.mailbox, inbox, [1], { mode: 'add', flags: Flag.deleted, keywords: [] })
  await store.expunge(mario.mailbox, inbox)
  const soon = new Date(shared.now() + DAY)
  assert.equal(await sweepContents(database, soon), 1)
  assert.deepEqual(await problems(), [])
  assert.equal(await forgetTombstones(database, soon), 1)
  assert.deepEqual(await problems(), ['I2'])
  await database.transactor.call(
    mario.mailbox.slot,
    'update submission set accepted_at = $2 where slot = $1 and pec_msgid = $3',
    [mario.mailbox.slot, new Date(shared.now() - (TOMBSTONE_DAYS + 1) * DAY), data.pecMsgid],
  )
  assert.deepEqual(await problems(), [])
})
