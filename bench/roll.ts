/**
 * `node bench/roll.ts [MEMBERS]`: imports a roll into a database of its own, imports it again with a tenth changed, lists it page by page, by the
 * engine and by the API over HTTP, gives all but each twentieth an address, lists who has none, and exports all to the register. Prints one line each.
 */
import { fastify } from 'fastify'
import { registerApi } from '../src/protocols/http/api/api.ts'
import { testApiParts } from '../src/protocols/http/api/test-api.ts'
import { writeFacts } from '../src/registry/agreement/address-facts.ts'
import { slotOfOrder } from '../src/registry/agreement/orders.ts'
import type { RollCursor } from '../src/registry/agreement/rolls.ts'
import { openTestDesk } from '../src/registry/agreement/test-desk.ts'
import { checkCharacter } from '../src/registry/people/tax-code.ts'
import { withTestDatabase } from '../src/storage/test-database.ts'

const size = Number(process.argv[2] ?? 100_000)
const LETTERS = 'BCDFGLMNPRSTVZ'
const letters = (number: number, length: number): string =>
  Array.from({ length }, (_, place) => LETTERS[Math.floor(number / LETTERS.length ** place) % LETTERS.length]).join('')

function line(index: number, number: number): string {
  const start = `${letters(index, 6)}${String(index % 90).padStart(2, '0')}A${String((index % 28) + 1).padStart(2, '0')}H501`
  return `${start}${checkCharacter(start)};${letters(index * 7, 3)}ROSSI;${letters(index * 3, 3)}MARIO;${number};01/02/2010;`
}

const file = (changed: (index: number) => boolean): Buffer =>
  Buffer.from(
    ['Codice fiscale;Cognome;Nome;Numero iscrizione;Data iscrizione;Data cancellazione']
      .concat(Array.from({ length: size }, (_, index) => line(index, changed(index) ? -index : index)))
      .join('\r\n'),
  )

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const result = await work()
  console.log(`${what}: ${((performance.now() - start) / 1000).toFixed(2)} s`)
  return result
}

function print(what: string, times: number[]): void {
  times.sort((one, other) => one - other)
  const at = (share: number): string => (times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(1)
  console.log(`${what} (${times.length}): median ${at(0.5)} ms, 99 % ${at(0.99)} ms, most ${at(1)} ms`)
}

const cleaners: (() => Promise<void> | void)[] = []
const { database } = await withTestDatabase({ after: (clean) => void cleaners.push(clean) })
const desk = await openTestDesk(database)
const { orders, rolls, missingAddresses: missing, registerExports } = desk
const actor = { actor: 'host:bench', role: 'host' } as const
await orders.add({ code: 'BENCH', name: 'Bench', email: null }, actor)

const [first, second] = [file(() => false), file((index) => index % 10 === 0)]
const report = await timed(`import of ${size} members`, () => rolls.importFile('BENCH', first, actor))
await timed('import again, a tenth changed', () => rolls.importFile('BENCH', second, actor))
await timed('dry run of a whole roll', () => rolls.importFile('BENCH', second, actor, { whole: true, dryRun: true }))

type Page = { readonly members: readonly { readonly taxCode: string }[]; readonly next: RollCursor | null }

async function pages(
  what: string,
  list: (page: { after: RollCursor | null; limit: number }) => Promise<Page>,
): Promise<string[]> {
  const times: number[] = []
  const seen: string[] = []
  let after: RollCursor | null = null
  do {
    const start = performance.now()
    const page = await list({ after, limit: 100 })
    times.push(performance.now() - start)
    seen.push(...page.members.map(({ taxCode }) => taxCode))
    after = page.next
  } while (after)
  print(`pages of 100, ${what}`, times)
  return seen
}

const all = await pages('all', (page) => rolls.list('BENCH', page))
await pages('without address, all', (page) => missing.list('BENCH', page))
const app = fastify()
registerApi(app, {
  ...testApiParts(desk),
  waysIn: [async () => ({ kind: 'order', name: 'bench', order: 'BENCH' })],
  publicRate: 1,
  report: console.error,
})
const address = await app.listen({ port: 0 })
cleaners.push(() => app.close())
interface HttpPage {
  readonly items: readonly { readonly surname: string; readonly taxCode: string }[]
  readonly next: string | null
}
async function ask(query: Record<string, string>, times: number[]): Promise<HttpPage> {
  const start = performance.now()
  const answer = await fetch(`${address}/api/v1/orders/BENCH/members?${new URLSearchParams(query)}`)
  const page = (await answer.json()) as HttpPage
  if (!answer.ok) throw new Error(JSON.stringify(page))
  times.push(performance.now() - start)
  return page
}
for (const only of ['all', 'without-address']) {
  const times: number[] = []
  for (let next: string | null = ''; next !== null;)
    next = (await ask({ only, limit: '100', ...(next !== '' && { cursor: next }) }, times)).next
  print(`pages of 100 by HTTP, ${only}`, times)
}
const [byName, byCode]: [number[], number[]] = [[], []]
for (let index = 0; index < 200; index++) {
  const { items } = await ask({ search: letters(index * 7, 2 + (index % 3)), limit: '50' }, byName)
  const [first] = items
  if (first) await ask({ search: first.taxCode }, byCode)
}
print('searches by HTTP, of a surname that begins so', byName)
print('searches by HTTP, of a codice fiscale', byCode)

const given = all.filter((_, index) => index % 20 !== 0)
await timed(`facts of ${given.length} addresses`, () =>
  database.transactor.transact(slotOfOrder('BENCH'), (tx) =>
    writeFacts(
      tx,
      'BENCH',
      new Date(),
      given.map((taxCode) => ({ what: 'given', taxCode, address: `${taxCode.toLowerCase()}@pec.test`, subject: null })),
    ),
  ),
)
await pages('without address, each 20th', (page) => missing.list('BENCH', page))
await missing.note('BENCH', { kind: 'warning', members: 'all', note: 'bench' }, actor)
await pages('without address, none to warn', (page) => missing.list('BENCH', { ...page, stage: 'to-warn' }))
const { receipt } = await timed('export to the register', () => registerExports.next('BENCH', actor))
console.log(`export: ${receipt.lines} lines, ${receipt.bytes} bytes`)
await timed('confirmed', () => registerExports.confirm('BENCH', receipt.number, [], actor))
await rolls.importFile('BENCH', first, actor)
const changed = await timed('next export, a tenth changed', () => registerExports.next('BENCH', actor))
console.log(`export: ${changed.receipt.lines} lines`)
console.log(`added ${report.changes.added}, rejected ${report.rejected.length}`)
for (const clean of cleaners.reverse()) await clean()
