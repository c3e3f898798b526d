/** Members without an address: warned, given 30 days, proposed for suspension, by a clock that is moved. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { auditReads } from '../../audit/queries.ts'
import { findViolations } from '../../storage/consistency.ts'
import { withTestDatabase } from '../../storage/test-database.ts'
import { AGREEMENT_CHECKS } from './consistency.ts'
import { addDays } from './days.ts'
import type { MemberWithoutAddress, Stage } from './missing-addresses.ts'
import type { RollCursor } from './rolls.ts'
import { ANNA, openTestDesk, withMailbox } from './test-desk.ts'

const { database } = await withTestDatabase({ after })
const desk = await openTestDesk(database)
const { missingAddresses } = desk
const warn = { kind: 'warning', note: 'raccomandata 17' } as const
const propose = { kind: 'proposal', note: 'protocollo 3' } as const

const list = async (order: string, stage: Stage | null = null): Promise<MemberWithoutAddress[]> =>
  (await missingAddresses.list(order, { limit: 100, stage })).members

test('warned, 30 days, proposed; who gets an address meanwhile is out of it', async () => {
  const { order, code, members } = await desk.newOrder()
  const [mario, luca] = members
  assert.ok(mario && luca)
  assert.deepEqual(new Set((await list(order)).map(({ stage }) => stage)), new Set(['to-warn']))
  assert.equal(await missingAddresses.note(order, { ...warn, members: [mario.taxCode, luca.taxCode] }, ANNA), 2)
  const warnedOn = desk.today()
  assert.deepEqual(
    (await list(order, 'warned')).map((one) => `${one.taxCode} ${one.warnedOn} ${one.lastDay}`).toSorted(),
    [mario, luca].map(({ taxCode }) => `${taxCode} ${warnedOn} ${addDays(warnedOn, 30)}`).toSorted(),
  )
  await desk.goTo(addDays(warnedOn, 30))
  assert.deepEqual(await list(order, 'to-propose'), [], 'the last day counts whole')
  await withMailbox(desk, code, luca)
  await desk.goTo(addDays(warnedOn, 31))
  assert.deepEqual(
    (await list(order, 'to-propose')).map(({ taxCode }) => taxCode),
    [mario.taxCode],
  )
  assert.equal(await missingAddresses.note(order, { ...propose, members: 'all' }, ANNA), 1)
  assert.equal((await list(order, 'proposed'))[0]?.proposedOn, desk.today())
  assert.deepEqual(
    (await missingAddresses.sentTo(order, mario.taxCode)).map(({ kind, sentOn, note }) => [kind, sentOn, note]),
    [
      ['warning', warnedOn, 'raccomandata 17'],
      ['proposal', desk.today(), 'protocollo 3'],
    ],
  )
  const mailbox = await withMailbox(desk, code, mario)
  assert.ok((await list(order)).every(({ taxCode }) => taxCode !== mario.taxCode))
  await desk.contracts.stop(mailbox.id, 'withdraw', null, ANNA)
  const back = (await list(order)).find(({ taxCode }) => taxCode === mario.taxCode)
  assert.deepEqual([back?.stage, back?.since.getTime()], ['to-warn', desk.clock.now], 'begins anew')
  const last = (await auditReads(database.reader).list({ object: `order:${order}` })).filter(
    ({ act }) => act === 'members-warned',
  )
  assert.deepEqual(
    last.map(({ details }) => [details['kind'], details['members']]),
    [
      ['warning', 2],
      ['proposal', 1],
    ],
  )
})

test('what does not concern somebody is not noted, for nobody', async () => {
  const { order, members } = await desk.newOrder()
  const [mario, luca] = members
  assert.ok(mario && luca)
  await missingAddresses.note(order, { ...warn, members: [mario.taxCode] }, ANNA)
  const wrong = [
    [{ ...warn, members: [luca.taxCode, mario.taxCode] }, 'not-to-send'],
    [{ ...propose, members: [mario.taxCode] }, 'not-to-send'],
    [{ ...warn, members: ['NESSUNO'] }, 'not-to-send'],
    [{ ...warn, members: 'all', sentOn: addDays(desk.today(), 1) }, 'bad-day'],
    [{ ...warn, members: 'all', note: ' ' }, 'no-reason'],
  ] as const
  for (const [sending, code] of wrong) await assert.rejects(missingAddresses.note(order, sending, ANNA), { code })
  await assert.rejects(missingAddresses.note(order, { ...warn, members: 'all' }, { actor: 'holder:x', role: 'holder' }), {
    code: 'not-yours',
  })
  assert.equal((await list(order, 'to-warn')).length, 9)
  assert.equal(await missingAddresses.note(order, { ...warn, members: 'all' }, ANNA), 9, 'who was warned is not warned again')
  assert.equal(await missingAddresses.note(order, { ...warn, members: 'all' }, ANNA), 0)
})

test('who is struck off is not listed; who is restored begins anew', async () => {
  const { order, members, lines, roll } = await desk.newOrder()
  const [mario] = members
  assert.ok(mario)
  await missingAddresses.note(order, { ...warn, members: [mario.taxCode] }, ANNA)
  await desk.rolls.importFile(order, roll(lines.slice(1)), ANNA, { whole: true })
  assert.equal((await list(order)).length, 9)
  desk.clock.now += 86_400_000
  await desk.rolls.importFile(order, roll(lines), ANNA)
  const back = (await list(order)).find(({ taxCode }) => taxCode === mario.taxCode)
  assert.deepEqual([back?.stage, back?.since.getTime()], ['to-warn', desk.clock.now])
})

test('pages miss nobody', async () => {
  const { order } = await desk.newOrder()
  const seen: string[] = []
  let after: RollCursor | null = null
  do {
    const page = await missingAddresses.list(order, { after, limit: 3 })
    seen.push(...page.members.map(({ taxCode }) => taxCode))
    after = page.next
  } while (after)
  assert.deepEqual([seen.length, new Set(seen).size], [10, 10])
})

test('all of it is consistent', async () => {
  assert.deepEqual(await findViolations(database.reader, AGREEMENT_CHECKS), [])
})
