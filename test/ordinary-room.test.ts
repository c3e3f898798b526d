/** I10: ordinary mail that comes all at once does not pass the quota, neither while it is taken nor while it waits to be put into the mailbox. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { withInnerProvider } from './support/inner-provider.ts'

const inner = await withInnerProvider({ after })
const { holder, handIn, inbox, mailboxOf, none, installation } = inner
const ORDINARY = 'qualcuno@ordinary.test'
const SIZE = 10_000

const message = (to: string): Buffer =>
  Buffer.from(`From: ${ORDINARY}\r\nTo: ${to}\r\nSubject: x\r\n\r\n`.padEnd(SIZE, 'riga di testo\r\n'))

/** How many were taken; the others are told that it is full, or to come again. */
async function taken(address: string, times: number): Promise<number> {
  const outcomes = await Promise.allSettled(Array.from({ length: times }, () => handIn(message(address), [address], ORDINARY)))
  const refused = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [(outcome.reason as { code?: string }).code] : outcome.value,
  )
  for (const code of refused) assert.match(String(code), /^mailbox-(?:full|busy)$/)
  return times - refused.length
}

const usageOf = async (address: string): Promise<{ used: number; quota: number }> => {
  const summary = await installation.credentials.summary(await mailboxOf(address))
  return summary ?? assert.fail()
}

const arrived = () => none('select * from arrival_recipient where done_at is null')

test('many at once: some come in, and the quota holds', async () => {
  const address = await holder('molti', 12 * SIZE)
  const count = await taken(address, 30)
  await arrived()
  assert.ok(count > 0 && count <= 12, `${count} were taken`)
  assert.equal((await inbox(address)).length, count)
  const { used, quota } = await usageOf(address)
  assert.ok(used <= quota, `${used} of ${quota}`)
})

test('what was taken and is not in the mailbox yet counts', async () => {
  const address = await holder('attesa', 6 * SIZE)
  await inner.hold()
  let count = 0
  for (let time = 0; time < 20; time++) count += await taken(address, 1)
  assert.ok(count > 0 && count <= 6, `${count} were taken`)
  assert.equal((await usageOf(address)).used, 0)
  await inner.takeUp()
  await arrived()
  const { used, quota } = await usageOf(address)
  assert.ok(used > 0 && used <= quota, `${used} of ${quota}`)
  assert.equal((await inbox(address)).length, count)
})
