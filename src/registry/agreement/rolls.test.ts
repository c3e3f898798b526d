/** Rolls on a real database: what imports change, and what they leave. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { auditReads } from '../../audit/queries.ts'
import { withTestDatabase } from '../../storage/test-database.ts'
import { checkCharacter } from '../people/tax-code.ts'
import { createOrders } from './orders.ts'
import { createRolls, type RollCursor, type RollImport } from './rolls.ts'

const { database } = await withTestDatabase({ after })
const clock = { now: Date.parse('2026-03-15T09:00:00Z') }
const now = (): number => clock.now
const orders = createOrders(database, now)
const rolls = createRolls({ database, orders, now })
const actor = { actor: 'host:root', role: 'host' } as const

let made = 0
async function newOrder(): Promise<string> {
  const code = `ORDINE-${++made}`
  await orders.add({ code, name: code, email: null }, actor)
  return code
}

const ROSSI = `RSSMRA80A01H501${checkCharacter('RSSMRA80A01H501')}`
const BIANCHI = `BNCLCU85T55F205${checkCharacter('BNCLCU85T55F205')}`
const TITLES = 'CF;Cognome;Nome;Numero iscrizione;Data iscrizione;Data cancellazione'
const file = (...lines: string[]): Buffer => Buffer.from([TITLES, ...lines].join('\n'))
const mario = `${ROSSI};Rossi;Mario;1;2010-01-01;`
const lucia = `${BIANCHI};Bianchi;Lucia;2;2011-01-01;`

test('an import adds and changes, and keeps what was', async () => {
  const order = await newOrder()
  const load = (bytes: Buffer, options?: RollImport) => rolls.importFile(order, bytes, actor, options)
  const first = await load(file(mario, lucia, 'x;y;z'))
  assert.deepEqual(
    { ...first, rejected: first.rejected.length },
    {
      version: 1,
      lines: 3,
      unchanged: 0,
      changes: { added: 2, changed: 0, 'struck-off': 0, restored: 0 },
      examples: [],
      revoked: 0,
      rejected: 1,
      doubtful: [],
    },
  )
  const second = await load(file(mario.replace(';1;', ';17;')))
  assert.deepEqual([second.version, second.unchanged, second.changes.changed], [2, 0, 1])
  assert.equal((await rolls.member(order, ROSSI))?.registerNumber, '17')
  assert.equal((await rolls.member(order, BIANCHI))?.struckOffOn, null, 'who is not in the file stays')
  const again = await load(file(mario.replace(';1;', ';17;'), lucia))
  assert.deepEqual([again.unchanged, again.changes], [2, { added: 0, changed: 0, 'struck-off': 0, restored: 0 }])
  await load(file(`${lucia}2026-03-01`))
  await load(file(lucia))
  assert.deepEqual(
    (await rolls.history(order, ROSSI)).map(({ version, change, before }) => [version, change, before?.registerNumber]),
    [
      [1, 'added', undefined],
      [2, 'changed', '1'],
    ],
  )
  assert.deepEqual(
    (await rolls.history(order, BIANCHI)).map(({ change, before }) => [change, before?.struckOffOn]),
    [
      ['added', undefined],
      ['struck-off', null],
      ['restored', '2026-03-01'],
    ],
  )
  const acts = (await auditReads(database.reader).list({ object: `order:${order}` })).map(({ act }) => act)
  assert.deepEqual(acts.toSorted(), ['order-added', ...Array.from({ length: 5 }, () => 'roll-imported')])
})

test('a whole roll strikes off who is not in it; many at a time only when that is said', async () => {
  const order = await newOrder()
  const many = Array.from({ length: 30 }, (_, index) => {
    const start = `RSSMRA80A01H${100 + index}`
    return `${start}${checkCharacter(start)};Rossi;Mario;${index};;`
  })
  await rolls.importFile(order, file(...many, mario, lucia), actor)
  const missing = await rolls.importFile(order, file(...many, mario), actor, { whole: true })
  assert.deepEqual([missing.changes['struck-off'], missing.unchanged], [1, 31])
  assert.equal((await rolls.member(order, BIANCHI))?.struckOffOn, '2026-03-15')
  await assert.rejects(rolls.importFile(order, file(lucia), actor, { whole: true }), { code: 'many-struck-off' })
  assert.equal((await rolls.member(order, BIANCHI))?.struckOffOn, '2026-03-15', 'nothing has changed')
  const meant = await rolls.importFile(order, file(lucia), actor, { whole: true, allowMany: true })
  assert.deepEqual(meant.changes, { added: 0, changed: 0, 'struck-off': 31, restored: 1 })
})

test('a dry run says what would change, and changes nothing', async () => {
  const order = await newOrder()
  const dry = await rolls.importFile(order, file(mario, lucia), actor, { dryRun: true })
  assert.deepEqual(dry.examples, [
    { change: 'added', taxCode: ROSSI, name: 'Rossi Mario' },
    { change: 'added', taxCode: BIANCHI, name: 'Bianchi Lucia' },
  ])
  assert.equal(await rolls.member(order, ROSSI), undefined)
  assert.equal((await rolls.importFile(order, file(mario), actor)).version, 1)
  await assert.rejects(rolls.importFile('NESSUNO', file(mario), actor), { code: 'no-such-order' })
})

test('two imports at once go one after the other', async () => {
  const order = await newOrder()
  const reports = await Promise.all([1, 2, 3].map(() => rolls.importFile(order, file(mario, lucia), actor)))
  assert.deepEqual(
    reports.map(({ version }) => version).sort((one, other) => one - other),
    [1, 2, 3],
  )
  assert.deepEqual(
    reports.map(({ changes }) => changes.added).sort((one, other) => one - other),
    [0, 0, 2],
  )
})

test('lists go page by page, by name, and miss nobody', async () => {
  const order = await newOrder()
  const lines = Array.from({ length: 25 }, (_, index) => {
    const start = `RSSMRA80A01H${100 + index}`
    return `${start}${checkCharacter(start)};${index % 2 ? 'Rossi' : 'Bianchi'};${index % 3 ? 'Anna' : 'Ugo'};;;${index === 7 ? '2026-01-01' : ''}`
  })
  await rolls.importFile(order, file(...lines), actor)
  const seen: string[] = []
  let pages = 0
  for (let after: RollCursor | null = null; pages === 0 || after; pages++) {
    const page = await rolls.list(order, { after, limit: 10 })
    seen.push(...page.members.map(({ surname, givenName, taxCode }) => `${surname} ${givenName} ${taxCode}`))
    after = page.next
  }
  assert.deepEqual([pages, seen.length, new Set(seen).size], [3, 25, 25])
  assert.deepEqual(seen, seen.toSorted())
  assert.equal((await rolls.list(order, { limit: 100, only: 'on-roll' })).members.length, 24)
  assert.equal((await rolls.list(order, { limit: 100, only: 'without-address' })).members.length, 24)
})
