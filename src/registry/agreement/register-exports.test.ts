/** The history of an order's addresses, and what is sent to the register from it, by a clock that is moved. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import { auditReads } from '../../audit/queries.ts'
import { findViolations } from '../../storage/consistency.ts'
import { withTestDatabase } from '../../storage/test-database.ts'
import { AGREEMENT_CHECKS } from './consistency.ts'
import { addDays } from './days.ts'
import { ANNA, BRUNO, openTestDesk, referenceOf, withMailbox } from './test-desk.ts'

const { database } = await withTestDatabase({ after })
const desk = await openTestDesk(database)
const { contracts, registerExports, rolls, payments } = desk
const HOLDER = { actor: 'holder:x', role: 'holder' } as const

/** The lines of a file, each as `address operation`, with the day of striking off. */
const linesOf = (file: Buffer): string[] =>
  file
    .toString()
    .split('\r\n')
    .slice(1, -1)
    .map((line) => line.split(';'))
    .map(([address, , , , , operation, , struckOff = '']) => [address, operation, struckOff].join(' ').trim())

async function exported(order: string): Promise<string[]> {
  const { file, receipt, again } = await registerExports.next(order, ANNA)
  assert.equal(again, false)
  await registerExports.confirm(order, receipt.number, [], ANNA)
  return linesOf(file)
}

const factsOf = (order: string) =>
  database.reader.read<{ number: number; what: string; registered: string | null }>(
    'select number, what, registered from address_fact where order_code = $1 order by number',
    [order],
  )

test('the way of addresses over years: each change is a fact, told to the order, and a line for the register', async () => {
  const { order, code, members, roll } = await desk.newOrder()
  const [mario, luca, ugo, pia] = members
  assert.ok(mario && luca && ugo && pia)
  await assert.rejects(registerExports.next(order, ANNA), { code: 'nothing-to-export' })
  const first = [await withMailbox(desk, code, mario), await withMailbox(desk, code, luca), await withMailbox(desk, code, ugo)]
  const [one, two, three] = first
  assert.ok(one && two && three)
  assert.deepEqual((await exported(order)).toSorted(), first.map(({ address }) => `${address} 2`).toSorted())

  // One renews late, one is struck off, one ends; one comes and goes between two exports.
  const between = await withMailbox(desk, code, pia)
  await contracts.stop(between.id, 'withdraw', null, HOLDER)
  await rolls.importFile(order, roll([`${luca.taxCode};${luca.surname};${luca.givenName}`]), ANNA)
  const struck = Buffer.from(`CF;Cognome;Nome;Data cancellazione\n${luca.taxCode};${luca.surname};${luca.givenName};2026-03-10`)
  await rolls.importFile(order, struck, ANNA)
  await desk.work()
  assert.deepEqual(await exported(order), [`${two.address} 3 10/03/2026`])

  await desk.goTo(addDays(one.expiresOn, 5))
  await assert.rejects(registerExports.next(order, ANNA), { code: 'nothing-to-export' }, 'suspended: it stays in the register')
  const { id } = await contracts.renew(one.id, { years: 1 }, HOLDER)
  await payments.register(await referenceOf(desk, await contracts.getRenewal(id)), 'seen', ANNA)
  await desk.goTo(addDays(one.expiresOn, 91))
  assert.deepEqual(await exported(order), [`${three.address} 3`])

  const again = await withMailbox(desk, code, ugo)
  assert.notEqual(again.address, three.address)
  await rolls.importFile(order, Buffer.from(`CF;Cognome;Nome\n${mario.taxCode};${mario.surname};Mario Ugo`), ANNA)
  assert.deepEqual((await exported(order)).toSorted(), [`${again.address} 2`, `${one.address} 1`].toSorted())
  await desk.goTo(addDays(desk.today(), 100))
  await assert.rejects(
    registerExports.next(order, ANNA),
    { code: 'nothing-to-export' },
    'older contracts end, nobody loses the new address',
  )

  const facts = await factsOf(order)
  assert.deepEqual(
    facts.map(({ number }) => number),
    facts.map((_, index) => index + 1),
  )
  const told = (await desk.notices.of(one.slot, one.id)).filter(({ kind }) => kind === 'address-communicated')
  assert.deepEqual(
    told.map(({ recipient, data }) => [recipient, data['fact'], data['address'], facts[Number(data['number']) - 1]?.what]),
    ['given', 'suspended', 'resumed'].map((fact) => ['ordine1@example.it', fact, one.address, fact]),
  )
  assert.equal((await rolls.list(order, { limit: 100 })).members.filter(({ address }) => address === one.address).length, 1)
})

test('until it is confirmed an export is given again byte for byte; the next one begins where it ended', async () => {
  const { order, code, members } = await desk.newOrder()
  const [mario, luca] = members
  assert.ok(mario && luca)
  await withMailbox(desk, code, mario)
  const made = await registerExports.next(order, ANNA)
  const two = await withMailbox(desk, code, luca)
  desk.clock.now += 86_400_000
  const repeated = await registerExports.next(order, BRUNO)
  assert.deepEqual([repeated.again, repeated.file, repeated.receipt], [true, made.file, made.receipt])
  assert.equal(made.receipt.sha256, createHash('sha256').update(made.file).digest('hex'))
  assert.deepEqual([made.receipt.madeBy, made.receipt.bytes, made.receipt.lines], ['operator:anna', made.file.length, 1])

  await assert.rejects(registerExports.confirm(order, 1, [{ line: 9, why: 'no' }], ANNA), { code: 'no-such-line' })
  await assert.rejects(registerExports.confirm(order, 2, [], ANNA), { code: 'no-such-export' })
  await assert.rejects(registerExports.confirm(order, 1, [], HOLDER), { code: 'not-yours' })
  const [open] = await registerExports.list(order)
  assert.equal(open?.confirmedAt, null, 'nothing has changed')
  await registerExports.confirm(order, 1, [], BRUNO)
  await assert.rejects(registerExports.confirm(order, 1, [], BRUNO), { code: 'export-confirmed' })
  const next = await registerExports.next(order, ANNA)
  assert.deepEqual(linesOf(next.file), [`${two.address} 2`])
  assert.deepEqual([next.receipt.number, next.receipt.afterFact], [2, made.receipt.toFact])
  assert.deepEqual((await registerExports.get(order, 1)).file, made.file)
  assert.deepEqual(
    (await registerExports.list(order)).map(({ number, confirmedBy }) => [number, confirmedBy]),
    [
      [2, null],
      [1, 'operator:bruno'],
    ],
  )
  const acts = (await auditReads(database.reader).list({ object: `order:${order}` })).map(({ act }) => act)
  assert.deepEqual(
    acts.filter((act) => act.startsWith('register-')),
    ['register-exported', 'register-exported', 'register-confirmed', 'register-exported'],
  )
})

test('two who export at once get the same file', async () => {
  const { order, code, members } = await desk.newOrder()
  assert.ok(members[0])
  await withMailbox(desk, code, members[0])
  const [one, other] = await Promise.all([registerExports.next(order, ANNA), registerExports.next(order, BRUNO)])
  assert.deepEqual(one.file, other.file)
  assert.equal((await registerExports.list(order)).length, 1)
})

test('what the register has rejected is said again, from what the register has', async () => {
  const { order, code, members } = await desk.newOrder()
  const [mario, luca] = members
  assert.ok(mario && luca)
  const [one, two] = [await withMailbox(desk, code, mario), await withMailbox(desk, code, luca)]
  const made = await registerExports.next(order, ANNA)
  const at = linesOf(made.file).indexOf(`${one.address} 2`)
  const rejected = { line: at + 2, why: 'CF errato' }
  assert.equal((await registerExports.confirm(order, 1, [rejected], ANNA)).rejected, 1)
  assert.deepEqual(await registerExports.rejections(order, 1), [{ ...rejected, taxCode: mario.taxCode }])
  await rolls.importFile(order, Buffer.from(`CF;Cognome;Nome\n${luca.taxCode};${luca.surname};Luca Ugo`), ANNA)
  const second = await registerExports.next(order, ANNA)
  assert.deepEqual(linesOf(second.file).toSorted(), [`${one.address} 2`, `${two.address} 1`].toSorted())
  await registerExports.confirm(order, 2, { all: 'not signed' }, ANNA)
  await contracts.stop(one.id, 'withdraw', null, HOLDER)
  assert.deepEqual(await exported(order), [`${two.address} 1`], 'the register never had the first one: nothing to delete')
})

test('all of it is consistent', async () => {
  assert.deepEqual(await findViolations(database.reader, AGREEMENT_CHECKS), [])
})
