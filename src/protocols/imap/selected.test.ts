import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBus } from '../../storage/bus.ts'
import { FolderWatch, Selected } from './selected.ts'

const folder = {
  id: 'folder',
  name: 'INBOX',
  specialUse: null,
  uidValidity: 1,
  uidNext: 1,
  modseq: 1,
  total: 0,
  unseen: 0,
  subscribed: true,
}

/** How many hints come between a change of the session's own and the moment that it has taken it over. */
async function afterOwnChange(hints: number): Promise<boolean> {
  const bus = createBus({ warn: assert.fail })
  const watch = new FolderWatch((listener) => bus.subscribe('mailbox', listener))
  const selected = new Selected({ folder, firstRecentUid: 1, recent: 0 }, false, watch)
  const { mark } = selected
  for (let given = 0; given < hints; given++) bus.publish('mailbox')
  await selected.forgetOwnHint(mark)
  const hinted = selected.takeHint()
  selected.close()
  await bus.close()
  return hinted
}

test('the hint of an own change is forgotten, but not together with one of another session, also in the same turn', async () => {
  assert.deepEqual(await Promise.all([0, 1, 2, 3].map(afterOwnChange)), [false, false, true, true])
})
