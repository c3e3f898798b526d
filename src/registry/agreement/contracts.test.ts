/** What becomes of contracts in the course of years, by a clock that is moved: renewal, late renewal, expiry, ends. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { findViolations } from '../../storage/consistency.ts'
import { withTestDatabase } from '../../storage/test-database.ts'
import { profileQueries } from '../profile-queries.ts'
import { RIGHTS } from '../status.ts'
import { AGREEMENT_CHECKS } from './consistency.ts'
import { addDays, addYears } from './days.ts'
import { ANNA, BRUNO, openTestDesk, referenceOf, withMailbox, type TestMember } from './test-desk.ts'
import type { ContractRow } from './subjects.ts'

const { database } = await withTestDatabase({ after })
const desk = await openTestDesk(database)
const { contracts, payments } = desk
const HOLDER = { actor: 'holder:x', role: 'holder' } as const

const statusOf = async ({ mailboxSlot, mailbox }: ContractRow) =>
  (await profileQueries(database).profile({ slot: mailboxSlot, id: mailbox })).status

async function member(index = 0): Promise<{ code: string; order: string; mario: TestMember; contract: ContractRow }> {
  const { code, order, members } = await desk.newOrder()
  const mario = members[index]
  assert.ok(mario)
  return { code, order, mario, contract: await withMailbox(desk, code, mario) }
}

const pay = async (row: { slot: number; id: string }) =>
  (await payments.register(await referenceOf(desk, row), 'seen', ANNA)).outcome
const renewalRow = async (id: string) => contracts.getRenewal(id)

test('renewal in time adds years to the expiry; reminders come on their days', async () => {
  const { contract } = await member()
  const { id, expiresOn } = contract
  await assert.rejects(contracts.renew(id, { years: 1 }, HOLDER), {
    code: 'renewal-too-early',
    message: new RegExp(addDays(expiresOn, -90)),
  })
  await desk.goTo(addDays(expiresOn, -91))
  assert.equal((await contracts.get(id)).state, 'active')
  await desk.goTo(addDays(expiresOn, -90))
  assert.equal((await contracts.get(id)).state, 'expiring')
  await desk.goTo(addDays(expiresOn, -15))
  const reminders = (await desk.notices.of(contract.slot, id)).filter(({ kind }) => kind === 'reminder')
  assert.deepEqual(
    reminders.map(({ data, createdAt }) => [data['days'], createdAt.toISOString().slice(0, 10)]),
    [90, 60, 30, 20, 16].map((days) => [days, addDays(expiresOn, -days - 1)]),
    'each at midnight in Italy, which is the evening before in UTC',
  )
  await assert.rejects(contracts.renew(id, { years: 4 }, HOLDER), { code: 'bad-years' })
  const asked = await contracts.renew(id, { years: 2 }, HOLDER)
  assert.deepEqual([asked.state, asked.payment?.cents, asked.lastDay], ['awaiting-payment', 2000, addDays(expiresOn, -15)])
  await assert.rejects(contracts.renew(id, { years: 1 }, HOLDER), { code: 'renewal-open' })
  assert.equal(await pay(await renewalRow(asked.id)), 'registered')
  const renewed = await contracts.get(id)
  assert.deepEqual([renewed.state, renewed.expiresOn], ['active', addYears(expiresOn, 2)])
  assert.equal((await payments.register(await referenceOf(desk, await renewalRow(asked.id)), 'again', ANNA)).repeated, true)
  const [twice] = await payments.importBank(
    [{ day: '1', cents: 2000, note: await referenceOf(desk, await renewalRow(asked.id)), bankId: 'again' }],
    ANNA,
  )
  assert.equal(twice?.outcome, 'paid-already')
  assert.equal((await contracts.get(id)).expiresOn, addYears(expiresOn, 2), 'once')
  await desk.goTo(addDays(expiresOn, 5))
  assert.equal((await contracts.get(id)).state, 'active', 'the old expiry is past and does nothing')
})

test('14 days before the expiry it is late: said plainly; an operator decides, and it is recorded', async () => {
  const { contract } = await member()
  const { id, expiresOn } = contract
  await desk.goTo(addDays(expiresOn, -14))
  await assert.rejects(contracts.renew(id, { years: 1 }, HOLDER), {
    code: 'renewal-late',
    message: new RegExp(`by ${addDays(expiresOn, -15)}.*operator decides`),
  })
  assert.deepEqual(await contracts.renewalsOf(contract), [])
  const first = await contracts.renew(id, { years: 1, late: true }, HOLDER)
  assert.equal(first.state, 'late-pending')
  await assert.rejects(contracts.decideLate(first.id, true, 'please', HOLDER), { code: 'not-yours' })
  await assert.rejects(contracts.decideLate(first.id, true, ' ', ANNA), { code: 'no-reason' })
  assert.equal((await contracts.decideLate(first.id, false, 'too often', ANNA)).state, 'refused')
  assert.equal(await pay(await renewalRow(first.id)), 'too-late')
  const second = await contracts.renew(id, { years: 1, late: true }, HOLDER)
  const both = await Promise.allSettled([
    contracts.decideLate(second.id, true, 'was ill', ANNA),
    contracts.decideLate(second.id, true, 'was ill', BRUNO),
  ])
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  const decided = await renewalRow(second.id)
  assert.deepEqual([decided.state, decided.lateAccepted, decided.reason], ['awaiting-payment', true, 'was ill'])
  assert.equal(await pay(decided), 'registered')
  assert.equal((await contracts.get(id)).expiresOn, addYears(expiresOn, 1))
})

test('asked in time and paid late: it waits for the decision, and is concluded by it', async () => {
  const { contract } = await member()
  await desk.goTo(addDays(contract.expiresOn, -20))
  const { id } = await contracts.renew(contract.id, { years: 1 }, HOLDER)
  await desk.goTo(addDays(contract.expiresOn, -14))
  assert.equal(await pay(await renewalRow(id)), 'registered')
  assert.deepEqual(
    [(await renewalRow(id)).state, (await contracts.get(contract.id)).expiresOn],
    ['late-pending', contract.expiresOn],
  )
  assert.equal((await contracts.decideLate(id, true, 'the bank was slow', ANNA)).state, 'concluded')
  assert.equal((await contracts.get(contract.id)).expiresOn, addYears(contract.expiresOn, 1))
})

test('the last day in time is the 15th before the expiry', async () => {
  const { contract } = await member()
  await desk.goTo(addDays(contract.expiresOn, -16))
  const { id } = await contracts.renew(contract.id, { years: 1 }, HOLDER)
  await desk.goTo(addDays(contract.expiresOn, -15))
  await pay(await renewalRow(id))
  assert.equal((await renewalRow(id)).state, 'concluded')
})

test('expired: suspended 90 days, back with the same address; or ended, and the content goes on the day that was told', async () => {
  const [back, gone] = [await member(), await member(1)]
  const { expiresOn } = back.contract
  const refs = [back.contract, gone.contract]
  await desk.goTo(expiresOn)
  assert.deepEqual(await Promise.all(refs.map(statusOf)), ['active', 'active'], 'the last day counts whole')
  await desk.goTo(addDays(expiresOn, 1))
  assert.deepEqual(await Promise.all(refs.map(statusOf)), ['suspended', 'suspended'])
  assert.deepEqual(RIGHTS['suspended'], { logIn: true, send: false, refusal: '5.2.1' })
  const { deleteOn } = await contracts.get(gone.contract.id)
  assert.equal(deleteOn, addDays(expiresOn, 121))
  const told = (await desk.notices.of(gone.contract.slot, gone.contract.id)).find(({ kind }) => kind === 'service-suspended')
  assert.deepEqual([told?.data['endsOn'], told?.data['deleteOn']], [addDays(expiresOn, 91), deleteOn])

  await desk.goTo(addDays(expiresOn, 90))
  const renewal = await contracts.renew(back.contract.id, { years: 1 }, HOLDER)
  assert.equal(renewal.state, 'awaiting-payment')
  await pay(await renewalRow(renewal.id))
  const renewed = await contracts.get(back.contract.id)
  assert.deepEqual(
    [renewed.state, renewed.expiresOn, renewed.deleteOn, renewed.address],
    ['active', addYears(expiresOn, 1), null, back.contract.address],
  )
  assert.equal(await statusOf(renewed), 'active', 'at once')

  const hopeless = await contracts.renew(gone.contract.id, { years: 1 }, HOLDER)
  await desk.goTo(addDays(expiresOn, 91))
  const ended = await contracts.get(gone.contract.id)
  assert.deepEqual([ended.state, await statusOf(ended)], ['ended', 'revoked'])
  assert.equal((await renewalRow(hopeless.id)).state, 'lapsed')
  assert.equal(await pay(await renewalRow(hopeless.id)), 'too-late')
  await assert.rejects(contracts.renew(gone.contract.id, { years: 1 }, HOLDER), { code: 'contract-over' })
  await desk.goTo(addDays(expiresOn, 120))
  assert.equal((await contracts.get(gone.contract.id)).contentDeletedAt, null)
  await desk.goTo(addDays(expiresOn, 121))
  assert.ok((await contracts.get(gone.contract.id)).contentDeletedAt)
  assert.equal((await contracts.get(back.contract.id)).state, 'active')
  assert.deepEqual(desk.errors, [])
})

test('the order pays: renewed by itself 30 days before, not once the agreement is over', async () => {
  const { code, members } = await desk.newOrder({ payer: 'order', durations: [1] })
  const [mario, luca] = members
  assert.ok(mario && luca)
  const one = await withMailbox(desk, code, mario)
  await desk.goTo(addDays(one.expiresOn, -31))
  assert.equal((await contracts.get(one.id)).expiresOn, one.expiresOn)
  await desk.goTo(addDays(one.expiresOn, -30))
  const renewed = await contracts.get(one.id)
  assert.deepEqual([renewed.expiresOn, renewed.state], [addYears(one.expiresOn, 1), 'active'])
  assert.ok(!(await desk.noticesOf(one)).includes('reminder'))
  await desk.agreements.set(code, { validUntil: addDays(desk.today(), 100) }, ANNA)
  await desk.goTo(addDays(renewed.expiresOn, -15))
  assert.ok((await desk.noticesOf(one)).includes('reminder'), 'nobody pays any more: the member is told')
  assert.equal((await contracts.get(one.id)).expiresOn, renewed.expiresOn)
})

test('struck off the roll: revoked by the order, readable until the end', async () => {
  const { order, code, members, lines, roll } = await desk.newOrder()
  const [mario, luca] = members
  assert.ok(mario && luca)
  const [one, two] = [await withMailbox(desk, code, mario), await withMailbox(desk, code, luca)]
  const report = await desk.rolls.importFile(order, roll(lines.slice(1)), ANNA, { whole: true })
  assert.equal(report.revoked, 1)
  await desk.work()
  const revoked = await contracts.get(one.id)
  assert.deepEqual([revoked.state, revoked.cause, await statusOf(revoked)], ['revoked', 'revoke', 'suspended'])
  assert.equal((await contracts.get(two.id)).state, 'active')
  assert.deepEqual((await desk.noticesOf(one)).toSorted(), [
    'activation',
    'address-communicated',
    'address-communicated',
    'service-stopped',
  ])
  await assert.rejects(contracts.renew(one.id, { years: 1 }, HOLDER), { code: 'contract-over' })
  await desk.goTo(addDays(desk.today(), 90))
  assert.equal((await contracts.get(one.id)).state, 'ended')
})

test('withdrawal, transfer, death', async () => {
  const [one, two, three] = [(await member()).contract, (await member()).contract, (await member()).contract]
  assert.equal((await contracts.stop(one.id, 'withdraw', null, HOLDER)).state, 'withdrawn')
  await assert.rejects(contracts.stop(one.id, 'withdraw', null, HOLDER), { code: 'wrong-state' })
  const moved = await contracts.stop(two.id, 'transfer', 'to another provider', HOLDER)
  assert.deepEqual([moved.state, moved.cause], ['withdrawn', 'transfer'])
  await assert.rejects(contracts.stop(three.id, 'die', null, HOLDER), { code: 'not-yours' })
  const dead = await contracts.stop(three.id, 'die', null, { actor: 'order:X', role: 'order' })
  assert.deepEqual([dead.state, await statusOf(dead)], ['deceased', 'disabled'])
  const stopped = (await desk.notices.of(three.slot, three.id)).filter(({ data }) => data['event'] === 'die')
  assert.deepEqual(
    stopped.map(({ kind, data }) => [kind, data['to'], data['fact']]),
    [['address-communicated', 'order', 'stopped']],
    'the dead are told nothing',
  )
  const { deleteOn } = await contracts.get(one.id)
  await desk.goTo(addDays(desk.today(), 10))
  await contracts.stop(one.id, 'die', null, ANNA)
  assert.equal((await contracts.get(one.id)).deleteOn, deleteOn, 'the day that was told stays')
})

test('a stop of ours over months: one reminder too many is not sent, and everything comes in its order', async () => {
  const { contract } = await member()
  desk.clock.now = Date.parse(`${addDays(contract.expiresOn, -25)}T12:00:00Z`)
  await desk.work()
  const reminders = (await desk.notices.of(contract.slot, contract.id)).filter(({ kind }) => kind === 'reminder')
  assert.deepEqual(
    reminders.map(({ data }) => data['days']),
    [30],
  )
  desk.clock.now = Date.parse(`${addDays(contract.expiresOn, 300)}T12:00:00Z`)
  await desk.work()
  const { state, contentDeletedAt } = await contracts.get(contract.id)
  assert.equal(state, 'ended')
  assert.ok(contentDeletedAt)
  assert.deepEqual(desk.errors, [])
})

test('whoever an operator has blocked does not come back by a renewal', async () => {
  const { contract } = await member()
  await desk.goTo(addDays(contract.expiresOn, 10))
  const mailbox = { slot: contract.mailboxSlot, id: contract.mailbox }
  await desk.profiles.set(mailbox, { status: 'disabled' })
  const { id } = await contracts.renew(contract.id, { years: 1 }, HOLDER)
  await pay(await renewalRow(id))
  assert.equal((await contracts.get(contract.id)).state, 'active')
  assert.equal(await statusOf(contract), 'disabled')
})

test('an operator has suspended a mailbox against abuse: no renewal lifts it, before the expiry or after', async () => {
  const [before, after] = [await member(), await member(1)]
  const refOf = ({ mailboxSlot: slot, mailbox: id }: ContractRow) => ({ slot, id })
  await desk.profiles.set(refOf(before.contract), { status: 'suspended' })
  await desk.goTo(addDays(before.contract.expiresOn, -20))
  const early = await contracts.renew(before.contract.id, { years: 1 }, HOLDER)
  await pay(await renewalRow(early.id))
  assert.equal(await statusOf(before.contract), 'suspended')

  await desk.goTo(addDays(after.contract.expiresOn, 10))
  assert.equal(await statusOf(after.contract), 'suspended')
  await desk.profiles.set(refOf(after.contract), { status: 'suspended' })
  const late = await contracts.renew(after.contract.id, { years: 1 }, HOLDER)
  await pay(await renewalRow(late.id))
  assert.deepEqual(
    [(await contracts.get(after.contract.id)).state, await statusOf(after.contract)],
    ['active', 'suspended'],
    'also where it was suspended by the agreement already',
  )
  await desk.goTo(addDays(addYears(after.contract.expiresOn, 1), 92))
  assert.equal(await statusOf(after.contract), 'revoked', 'what is stricter still comes')
})

test('timers: two workers do a thing once; what fails is told and tried again later', async () => {
  const { contract } = await member()
  desk.clock.now = Date.parse(`${addDays(contract.expiresOn, -60)}T12:00:00Z`)
  const slots = await desk.timers.dueSlots(new Date(desk.clock.now))
  await Promise.all([...slots, ...slots].map((slot) => desk.timers.workOff(slot)))
  await desk.work()
  assert.equal((await desk.noticesOf(contract)).filter((kind) => kind === 'reminder').length, 1)

  const due = new Date(desk.clock.now)
  await database.transactor.call(
    contract.slot,
    `insert into agreement_timer (slot, subject, kind, due_at, attempts) values ($1, $2, 'expire', $3, 0)`,
    [contract.slot, '00000000-0000-7000-8000-000000000000', due],
  )
  await desk.work()
  assert.equal(desk.errors.length, 1)
  assert.deepEqual(await desk.timers.dueSlots(due), [])
  assert.deepEqual(await desk.timers.dueSlots(new Date(desk.clock.now + 3_600_000)), [contract.slot])
  await desk.timers.release(contract.slot, due)
})

test('what is done makes more due, and that is done in the same go', async () => {
  const { code, members } = await desk.newOrder()
  const [ugo] = members
  assert.ok(ugo)
  const contract = await withMailbox(desk, code, ugo)
  desk.clock.now = Date.parse(`${addDays(contract.expiresOn, 1)}T12:00:00Z`)
  while (await desk.timers.workOff(contract.slot));
  assert.deepEqual([(await contracts.get(contract.id)).state, await statusOf(contract)], ['suspended', 'suspended'])
})

test('all of it is consistent', async () => {
  assert.deepEqual(await findViolations(database.reader, AGREEMENT_CHECKS), [])
})
