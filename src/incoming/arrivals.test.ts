/** How an arrival comes to its recipients. What it comes to is seen in test/arrivals.test.ts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instantOf } from '../base/instant.ts'
import type { DeliveryPoint } from '../delivery/delivery-point.ts'
import { createTasks } from '../transport/tasks.ts'
import type { SealedEnvelope } from '../transport/types.ts'
import type { ArrivalQueries } from './arrival-queries.ts'
import { createArrivals, type Arrival } from './arrivals.ts'

const RECIPIENTS = Array.from({ length: 40 }, (_, index) => `r${index}@pec.test`)

/** How many deliveries go on at the same time, of an envelope whose receipts hold so much of their own. */
async function mostAtOnce(bytes: number): Promise<number> {
  let [current, most] = [0, 0]
  const done: string[] = []
  const delivery: Partial<DeliveryPoint> = {
    async deliver() {
      most = Math.max(most, ++current)
      await new Promise(setImmediate)
      current--
      return undefined
    },
  }
  const queries: Partial<ArrivalQueries> = {
    done: (_slot, keys) => Promise.resolve(void done.push(...keys.map(({ recipient }) => recipient))),
  }
  const report = () => assert.fail()
  const arrivals = createArrivals({
    queries: queries as ArrivalQueries,
    contents: {} as never,
    delivery: delivery as DeliveryPoint,
    tasks: createTasks(report, 'test'),
    bringBack: () => assert.fail(),
    returnTo: () => assert.fail(),
    report,
    now: () => 0,
  })
  const original = { header: Buffer.alloc(bytes), bodyLength: 0, eightBit: false }
  const mail = { envelope: { original } as unknown as SealedEnvelope }
  const facts = { pecMsgid: 'a@test', msgid: null, sender: '', subject: '' }
  const arrival: Arrival = { slot: 1, id: 'a@test', at: instantOf(0), provider: '', facts, mail }
  await arrivals.attempt(arrival, RECIPIENTS)
  await arrivals.flush()
  assert.deepEqual(done, RECIPIENTS)
  return most
}

test('recipients get an envelope together, as far as the originals in their receipts do not hold too much memory', async () => {
  assert.equal(await mostAtOnce(1000), RECIPIENTS.length)
  assert.equal(await mostAtOnce(10 * 1024 * 1024), 3)
  assert.equal(await mostAtOnce(100 * 1024 * 1024), 1)
})
