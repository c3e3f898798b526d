/**
 * `node bench/roll.ts [MEMBERS]`: imports a roll into a database of its own, imports it again with a tenth changed, and lists it page by
 * page, by the engine and by the API over HTTP. Prints one line each.
 */
import { fastify } from 'fastify'
import { registerApi } from '../src/protocols/http/api/api.ts'
import { openTestDesk } from '../src/registry/agreement/test-desk.ts'
import type { RollCursor } from '../src/registry/agreement/rolls.ts'
import { createIdempotencyKeys } from '../src/registry/idempotency-keys.ts'
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
const { orders, rolls } = desk
const actor = { actor: 'host:bench', role: 'host' } as const
await orders.add({ code: 'BENCH', name: 'Bench', email: null }, actor)

const [first, second] = [file(() => false), file((index) => index % 10 === 0)]
const report = await timed(`import of ${size} members`, () => rolls.importFile('BENCH', first, actor))
await timed('import again, a tenth changed', () => rolls.importFile('BENCH', second, actor))
await timed('dry run of a whole roll', () => rolls.importFile('BENCH', second, actor, { whole: true, dryRun: true }))
for (const only of ['all', 'without-address'] as const) {
  const times: number[] = []
  let after: RollCursor | null = null
  do {
    const start = performance.now()
    const page = await rolls.list('BENCH', { after, limit: 100, only })
    times.push(performance.now() - start)
    after = page.next
  } while (after)
  print(`pages of 100, ${only}`, times)
}

const app = fastify()
registerApi(app, {
  desk,
  accessesOf: desk.accessesOf,
  keys: createIdempotencyKeys(database, Date.now),
  waysIn: [async () => ({ kind: 'order', name: 'bench', order: 'BENCH' })],
  publicRate: 1,
  report: console.error,
})
const address = await app.listen({ port: 0 })
cleaners.push(() => app.close())
interface Page {
  readonly items: readonly { readonly surname: string; readonly taxCode: string }[]
  readonly next: string | null
}
async function ask(query: Record<string, string>, times: number[]): Promise<Page> {
  const start = performance.now()
  const answer = await fetch(`${address}/api/v1/orders/BENCH/members?${new URLSearchParams(query)}`)
  const page = (await answer.json()) as Page
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
console.log(`added ${report.changes.added}, rejected ${report.rejected.length}`)
for (const clean of cleaners.reverse()) await clean()
