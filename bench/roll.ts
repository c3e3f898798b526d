/**
 * `node bench/roll.ts [MEMBERS]`: imports a roll into a database of its own, imports it again with a tenth changed, and lists it page by
 * page. Prints one line each.
 */
import { createOrders } from '../src/registry/agreement/orders.ts'
import { createRolls, type RollCursor } from '../src/registry/agreement/rolls.ts'
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

const cleaners: (() => Promise<void> | void)[] = []
const { database } = await withTestDatabase({ after: (clean) => void cleaners.push(clean) })
const orders = createOrders(database, Date.now)
const rolls = createRolls({ database, orders, now: Date.now })
const actor = { actor: 'host:bench', role: 'host' } as const
await orders.add({ code: 'BENCH', name: 'Bench', email: null })

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
  times.sort((one, other) => one - other)
  const at = (share: number): string => (times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(1)
  console.log(`pages of 100, ${only} (${times.length}): median ${at(0.5)} ms, 99 % ${at(0.99)} ms, most ${at(1)} ms`)
}
console.log(`added ${report.changes.added}, rejected ${report.rejected.length}`)
for (const clean of cleaners.reverse()) await clean()
