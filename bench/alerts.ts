/**
 * `node bench/alerts.ts [MAILBOXES]`: alerts of so many mailboxes in a database of its own. A look through all of them when nothing has come,
 * and when a message has come to one in twenty; then those are told. Prints one line each.
 */
import { slotOf, uuidv7 } from '../src/base/ids.ts'
import { createContents } from '../src/mailbox/contents.ts'
import { mailboxQueries } from '../src/mailbox/queries.ts'
import { contentOfParts, withStore } from '../src/mailbox/test-store.ts'
import type { MailboxRef } from '../src/mailbox/types.ts'
import { createArrivalReader } from '../src/notices/alerts/arrivals.ts'
import { createFinder } from '../src/notices/alerts/finder.ts'
import { alertQueries } from '../src/notices/alerts/queries.ts'
import { createAlertQueue } from '../src/notices/alerts/queue.ts'
import { envelopeOf } from '../src/notices/alerts/test-alerts.ts'
import { createBus } from '../src/storage/bus.ts'

const size = Number(process.argv[2] ?? 10_000)
const cleaners: (() => Promise<void> | void)[] = []
const { database, arrive, blobs } = await withStore({ after: (clean) => void cleaners.push(clean) })
const clock = { now: Date.now() }
const now = (): number => clock.now

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const result = await work()
  console.log(`${what}: ${Math.round(performance.now() - start)} ms`)
  return result
}

const mailboxes: MailboxRef[] = Array.from({ length: size }, () => {
  const id = uuidv7()
  return { slot: slotOf(id), id }
})
const MADE = [
  `insert into mailbox (slot, id, address, modseq, used, quota, reserve, uid_validity, created_at)
   select $1, id, id || '@pec.test', 1, 0, 1000000000, 100000000, 1, now() from unnest($2::uuid[]) id`,
  `insert into folder (slot, id, mailbox, name, uid_validity, uid_next, recent_uid, modseq, total, unseen, subscribed)
   select $1, id, id, 'INBOX', 1, 1, 1, 1, 0, 0, true from unnest($2::uuid[]) id`,
  `insert into alert (slot, mailbox, recipient, serial, confirmed_at, language, frequency, hour, details, kinds, modseq, looked, quota_told_at,
     attempts)
   select $1, id, 'x@home.test', 1, now(), 'it', 'at-once', 8, true, '{envelopes,quota}', 1, jsonb_build_object(id, 1), now(), 0
   from unnest($2::uuid[]) id`,
]
await timed(`made ${size} mailboxes with alerts`, () =>
  Promise.all(
    [...Map.groupBy(mailboxes, ({ slot }) => slot)].map(async ([slot, those]) => {
      const ids = those.map(({ id }) => id)
      for (const sql of MADE) await database.transactor.call(slot, sql, [slot, ids])
    }),
  ),
)

const queries = alertQueries(database)
const bus = createBus({ warn: console.warn })
const finder = createFinder({ queries, bus, expiring: async () => [], now })
const told: string[] = []
const queue = createAlertQueue({
  queries,
  finder,
  readArrivals: createArrivalReader(createContents(mailboxQueries(database), blobs)),
  tell: async ({ key }) => void told.push(key),
  report: (name, data) => console.log(name, data),
  now,
})

async function sweep(what: string): Promise<void> {
  clock.now += 60_000
  await timed(what, () => finder.find())
}
await sweep('look through all, nothing has come, first')
await sweep('look through all, nothing has come')
const content = contentOfParts(envelopeOf('a@b.test', 'x'), null, Buffer.alloc(0), Buffer.alloc(0))
const busy = mailboxes.filter((_, index) => index % 20 === 0)
for (const mailbox of busy) await arrive(mailbox, [content])
await sweep(`look through all, plan the ${busy.length} where a message has come`)
await sweep('look through all, those are planned')
await timed('which slots are due', () => queries.dueSlots(new Date(now())))
await timed('told', async () => {
  for (const slot of await queries.dueSlots(new Date(now()))) await queue.workOff(slot)
})
console.log(`alerts: ${told.length}`)
for (const mailbox of busy) await arrive(mailbox, [content])
for (const { id } of busy) bus.publish(id)
await timed(`${busy.length} hints`, () => finder.find())
for (const clean of cleaners.reverse()) await clean()
await bus.close()
