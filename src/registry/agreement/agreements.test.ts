/** Orders and agreements on a real database. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { auditReads } from '../../audit/queries.ts'
import { createDomains } from '../../directory/domains.ts'
import { withTestDatabase } from '../../storage/test-database.ts'
import { createAgreements } from './agreements.ts'
import { createOrders } from './orders.ts'

const { database } = await withTestDatabase({ after })
const clock = { now: Date.parse('2026-03-15T09:00:00Z') }
const actor = { actor: 'operator:anna', role: 'desk' } as const
const now = (): number => clock.now
const domains = createDomains(database, now)
await domains.add('pec.test')
const orders = createOrders(database, now)
const agreements = createAgreements({ database, domains, orders, now })
await orders.add({ code: 'OMCEO-XX', name: 'Ordine dei Medici', email: 'Ordine@example.it' }, actor)

let made = 0
const fresh = (): string => `OMCEO-XX-${String(++made).padStart(4, '0')}`
const base = () => ({ code: fresh(), order: 'OMCEO-XX', domain: 'pec.test' })

test('an order is recorded once', async () => {
  assert.deepEqual(await orders.get('OMCEO-XX'), { code: 'OMCEO-XX', name: 'Ordine dei Medici', email: 'ordine@example.it' })
  await assert.rejects(orders.add({ code: 'OMCEO-XX', name: 'Altro', email: null }, actor), { code: 'order-exists' })
  await assert.rejects(orders.add({ code: 'omceo', name: 'Altro', email: null }, actor), { code: 'bad-order-code' })
  await assert.rejects(orders.add({ code: 'ALTRO', name: 'Altro', email: 'no address' }, actor), { code: 'bad-address' })
  await assert.rejects(orders.get('ALTRO'), { code: 'no-such-order' })
})

test('an agreement has terms of its own, or the usual ones', async () => {
  const usual = base()
  await agreements.add(usual, actor)
  assert.deepEqual(await agreements.get(` ${usual.code.toLowerCase()} `), {
    ...usual,
    validFrom: '2026-03-15',
    validUntil: null,
    payer: 'member',
    centsPerYear: 0,
    durations: [1, 2, 3],
    addressRule: 'name.surname',
    quota: null,
    termsVersion: '1',
  })
  const own = { ...base(), payer: 'order' as const, durations: [3, 1], quota: 2e9, centsPerYear: 990, validUntil: '2027-01-01' }
  await agreements.add(own, actor)
  const { payer, durations, quota, centsPerYear } = await agreements.get(own.code)
  assert.deepEqual([payer, durations, quota, centsPerYear], ['order', [1, 3], 2e9, 990])
  await agreements.set(own.code, { centsPerYear: 1500, validUntil: null }, actor)
  assert.deepEqual(
    await agreements.get(own.code),
    { ...(await agreements.get(own.code)), centsPerYear: 1500, validUntil: null, payer: 'order' },
    'what is not named stays',
  )
})

test('wrong terms are refused with what is wrong, and nothing is recorded', async () => {
  const before = (await agreements.list()).length
  const cases = [
    [{ order: 'NESSUNO' }, 'no-such-order'],
    [{ domain: 'altro.test' }, 'no-such-domain'],
    [{ code: 'x y' }, 'bad-agreement-code'],
    [{ validFrom: '15/03/2026' }, 'bad-agreement'],
    [{ validUntil: '2026-03-14' }, 'bad-agreement'],
    [{ centsPerYear: -1 }, 'bad-agreement'],
    [{ centsPerYear: 9.9 }, 'bad-agreement'],
    [{ durations: [] }, 'bad-agreement'],
    [{ durations: [1, 1] }, 'bad-agreement'],
    [{ durations: [4] }, 'bad-agreement'],
    [{ addressRule: 'name' }, 'bad-agreement'],
    [{ quota: 5 }, 'bad-agreement'],
    [{ termsVersion: ' ' }, 'bad-agreement'],
  ] as const
  for (const [wrong, code] of cases)
    await assert.rejects(agreements.add({ ...base(), ...wrong }, actor), { code }, JSON.stringify(wrong))
  assert.equal((await agreements.list()).length, before)
  const one = base()
  await agreements.add(one, actor)
  await assert.rejects(agreements.add(one, actor), { code: 'agreement-exists' })
})

test('an agreement is in force from the first to the last day, in Italy', async () => {
  const one = { ...base(), validFrom: '2026-04-01', validUntil: '2026-04-30' }
  await agreements.add(one, actor)
  const at = async (time: string) => {
    clock.now = Date.parse(time)
    return agreements.inForce(one.code)
  }
  await assert.rejects(at('2026-03-31T21:59:59Z'), { code: 'agreement-not-in-force', message: /begins on 2026-04-01/ })
  assert.equal((await at('2026-03-31T22:00:00Z')).code, one.code)
  assert.equal((await at('2026-04-30T21:59:59Z')).code, one.code)
  await assert.rejects(at('2026-04-30T22:00:00Z'), { code: 'agreement-not-in-force', message: /ended on 2026-04-30/ })
  await assert.rejects(agreements.inForce('NONE-1'), { code: 'no-such-agreement' })
})

test('what is added and changed is an audit entry of its own', async () => {
  const one = base()
  await agreements.add(one, actor)
  await agreements.set(one.code, { centsPerYear: 700, durations: [1] }, actor)
  const entries = await auditReads(database.reader).list({ actor: actor.actor })
  const of = (object: string) => entries.filter((entry) => entry.object === object)
  assert.deepEqual(
    of('order:OMCEO-XX').map(({ act, details }) => [act, details]),
    [['order-added', { name: 'Ordine dei Medici', email: 'ordine@example.it' }]],
    'what was refused is none',
  )
  const [added, changed] = of(`agreement:${one.code}`).toSorted((a, b) => a.act.localeCompare(b.act))
  assert.deepEqual([added?.act, added?.details['order'], added?.details['durations']], ['agreement-added', 'OMCEO-XX', '1,2,3'])
  assert.deepEqual(
    [changed?.act, changed?.details],
    ['agreement-changed', { centsPerYear: 700, durations: '1' }],
    'what has changed',
  )
})
