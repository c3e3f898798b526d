/** Figures and probe on a real database. */
import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { Client } from 'pg'
import type { EventSink } from '../base/events.ts'
import type { LedgerEvent } from '../ledger/entry.ts'
import { findViolations } from '../storage/consistency.ts'
import { lastFirst, withTestDatabase } from '../storage/test-database.ts'
import { SERVICE_LEVEL_CHECKS } from './consistency.ts'
import { createDayCounts } from './day-counts.ts'
import { createProbe } from './probe.ts'
import { serviceLevelQueries } from './queries.ts'
import { createReporter, type Service } from './report.ts'
import { periodOf, startOfRomeDay } from './rome-time.ts'

const scope = lastFirst({ after })
const { database, connection } = await withTestDatabase(scope)
const raw = new Client(connection)
await raw.connect()
scope.after(() => raw.end())

const HOUR = 3_600_000
const MINUTE = 60_000
const clock = { at: 0 }
const now = (): number => clock.at
const queries = serviceLevelQueries(database)
const provider = { domain: 'pec.it', name: 'Noi' }
const deps = { queries, provider, service: 'ricevute@pec.it', now }
const days = createDayCounts(deps)
const report = createReporter(deps)

beforeEach(async () => {
  clock.at = Date.parse('2026-03-15T09:30:00Z')
  await raw.query(`truncate ledger_entry, ledger_head, statistics_day, mailbox_day, probe_state, service_outage, maintenance_window, refusal,
    address, mailbox_profile`)
})

async function append(event: LedgerEvent, facts: object = {}): Promise<void> {
  const entry = {
    at: clock.at,
    event,
    pecMsgid: 'a@pec.it',
    msgid: null,
    sender: 'mario@pec.it',
    recipients: ['x@y'],
    subject: 's',
  }
  const more = { related: ['b@pec.it'], provider: 'Noi', detail: null }
  await database.transactor.call(5, 'select ledger_append($1, $2)', [5, JSON.stringify([{ ...entry, ...more, ...facts }])])
}

/** One of everything; what is another provider's. */
async function aDay(): Promise<void> {
  await append('accepted', { recipients: ['a@pec.it', 'b@altro.it'] })
  await append('refused')
  await append('relayed', { recipients: ['b@altro.it', 'c@altro.it'], related: [] })
  await append('taken-in-charge', { pecMsgid: 'x@altro.it', provider: 'Altro' })
  await append('virus-found', { pecMsgid: 'y@altro.it', provider: 'Altro', related: ['n1@pec.it', 'n2@pec.it'] })
  await append('arrived', { pecMsgid: 'u1', provider: '', related: [], detail: 'posta ordinaria' })
  await append('arrived', { pecMsgid: 'u2', provider: 'Altro', related: [] })
  await append('delivered', { pecMsgid: 'u1', provider: '', related: [] })
  await append('delivered')
  await append('delivered', { pecMsgid: 'x@altro.it', provider: 'Altro' })
  await append('delivery-failed', { detail: '5.1.1' })
  await append('delivery-failed', { pecMsgid: 'x@altro.it', provider: 'Altro' })
  await append('timeout-notice')
  await append('receipt-received')
  await append('receipt-received', { provider: 'Altro' })
  await append('receipt-received', { provider: 'Altro', related: [] })
  await append('entries-deleted', { pecMsgid: 'deletion-0-1', related: [] })
}

const ONE_DAY = {
  accepted: 1,
  refused: 1,
  'refused-virus': 0,
  relayed: 2,
  'envelopes-received': 2,
  'taken-in-charge': 1,
  'virus-found': 2,
  anomalies: 1,
  'delivered-local': 1,
  'delivered-other': 1,
  'failed-local': 1,
  'failed-other': 1,
  timeouts: 1,
  'receipts-local': 1,
  'receipts-other': 1,
  'notices-received': 1,
}

test('days are counted once they are over, each figure by its kind, and the present one beside them', async () => {
  await aDay()
  assert.equal(await days.closeDays(), 0)
  const period = periodOf('2026-1')
  assert.deepEqual((await report(period)).figures, ONE_DAY)
  clock.at = startOfRomeDay('2026-03-16') - 1
  await append('accepted')
  clock.at += HOUR
  assert.equal(await days.closeDays(), 0)
  clock.at += 1
  assert.equal(await days.closeDays(), 1)
  assert.equal(await days.closeDays(), 0)
  const counted = await queries.countedDays({ from: '2026-03-15', to: '2026-03-16' })
  assert.deepEqual(counted.get('2026-03-15'), { ...ONE_DAY, accepted: 2 })
  await append('accepted')
  const { figures, days: told } = await report(period)
  assert.deepEqual(figures, { ...ONE_DAY, accepted: 3 })
  assert.deepEqual(told, { first: '2026-03-15', counted: 1, wanted: 120 })
  // Days without anything are counted too.
  clock.at += 3 * 24 * HOUR
  assert.equal(await days.closeDays(), 3)
  assert.deepEqual((await report(period)).figures, { ...ONE_DAY, accepted: 3 })
  assert.deepEqual((await report(periodOf('2026-2'))).figures.accepted, 0)
})

test('what was counted is compared with the ledger, and counted again', async () => {
  await aDay()
  await raw.query(
    `insert into refusal values (1, 'r@pec.it', gen_random_uuid(), null, 'virus', 'x', gen_random_uuid(), $1),
    (1, 's@pec.it', gen_random_uuid(), null, 'form', 'x', gen_random_uuid(), $1)`,
    [new Date(clock.at)],
  )
  clock.at += 48 * HOUR
  assert.equal(await days.closeDays(), 2)
  assert.deepEqual(await days.differences(), [])
  await raw.query(`update statistics_day set count = 7 where day = '2026-03-15' and figure in ('accepted', 'refused-virus')`)
  await raw.query(`delete from statistics_day where day = '2026-03-15' and figure = 'timeouts'`)
  assert.deepEqual(await days.differences(), [
    { day: '2026-03-15', figure: 'accepted', counted: 7, ledger: 1 },
    { day: '2026-03-15', figure: 'refused-virus', counted: 7, ledger: 1 },
    { day: '2026-03-15', figure: 'timeouts', counted: 0, ledger: 1 },
  ])
  assert.equal(await days.recompute(), 2)
  assert.deepEqual(await days.differences(), [])
  assert.equal((await report(periodOf('2026-1'))).figures['refused-virus'], 1)
})

test('mailboxes: those of holders, as they were at the end of the period', async () => {
  const open = async (name: string, at: string): Promise<void> => {
    await raw.query('insert into address values (1, $1, 2, gen_random_uuid(), $2)', [`${name}@pec.it`, at])
  }
  await open('ricevute', '2026-01-01')
  await open('old', '2025-12-01')
  await open('new', '2026-02-01')
  await open('gone', '2026-02-02')
  await append('accepted')
  clock.at = Date.parse('2026-04-30T23:30:00Z')
  await days.closeDays()
  await raw.query(`alter table mailbox_profile drop constraint mailbox_profile_slot_mailbox_fkey`)
  await raw.query(
    `insert into mailbox_profile (slot, mailbox, status, changed_at)
    select mailbox_slot, mailbox, 'revoked', $1 from address where address = 'gone@pec.it'`,
    [new Date(clock.at)],
  )
  await open('later', '2026-05-02')
  clock.at = Date.parse('2026-05-03T00:00:00Z')
  await days.closeDays()
  assert.deepEqual((await report(periodOf('2026-1'))).mailboxes, { active: 3, suspended: 0, opened: 2, closed: 0 })
  assert.deepEqual((await report(periodOf('2026-2'))).mailboxes, { active: 3, suspended: 0, opened: 1, closed: 1 })
})

function openProbe(checks: Partial<Record<Service, () => Promise<void>>>) {
  const told: unknown[] = []
  const sink: EventSink = (name, data) =>
    void told.push([name, ...('service' in data ? [data.service] : []), ...('mark' in data ? [data.mark] : [])])
  return { told, probe: createProbe({ queries, checks, intervalMs: MINUTE, report: sink, now, secondLookMs: 0 }) }
}

const stateOf = async (service: string) => (await report(periodOf('2026-1'))).services.find((one) => one.service === service)
const minutesOut = async (service: string): Promise<number> => ((await stateOf(service))?.downMs ?? Number.NaN) / MINUTE

test('a service that does not answer is out until it does, and the mark of its budget is told once', async () => {
  const works = { imap: true }
  let asked = 0
  const { probe, told } = openProbe({
    access: async () => undefined,
    imap: async () => {
      asked++
      if (!works.imap) throw new Error('refused')
    },
  })
  const pass = async (minutes: number): Promise<void> => {
    for (let minute = 0; minute < minutes; minute++) {
      clock.at += MINUTE
      await probe.round()
    }
  }
  await probe.round()
  await pass(3)
  works.imap = false
  asked = 0
  await pass(1)
  assert.equal(asked, 2)
  await pass(9)
  assert.equal(await minutesOut('imap'), 9)
  assert.deepEqual(told, [['service-down', 'imap']])
  works.imap = true
  await pass(1)
  assert.deepEqual(told.splice(0), [
    ['service-down', 'imap'],
    ['service-restored', 'imap'],
  ])
  await pass(5)
  assert.deepEqual([await minutesOut('imap'), await minutesOut('access'), await minutesOut('all')], [10, 0, 10])
  assert.equal((await stateOf('imap'))?.watchedMs, 19 * MINUTE)
  // Half of what one outage may last: 86 of 172.8 minutes, in a period of 120 days with an hour less.
  works.imap = false
  await pass(88)
  assert.deepEqual(told, [
    ['service-down', 'imap'],
    ['availability-budget', 'imap', 50],
    ['availability-budget', 'all', 50],
  ])
  assert.deepEqual(await findViolations(database.reader, SERVICE_LEVEL_CHECKS), [])
})

test('a time in which the provider did not run is out for all services: after a crash, and exactly after an orderly end', async () => {
  const first = openProbe({})
  await first.probe.round()
  // Killed; a start half an hour later.
  clock.at += 30 * MINUTE
  const second = openProbe({})
  assert.equal(await second.probe.round(), true)
  assert.deepEqual(second.told, [['service-was-down']])
  assert.equal(await minutesOut('pop3'), 30)
  clock.at += MINUTE
  await second.probe.round()
  clock.at += 0.5 * MINUTE
  await second.probe.stop()
  // Too short to be seen from the rounds alone.
  clock.at += MINUTE
  const third = openProbe({})
  await third.probe.round()
  assert.equal(await minutesOut('pop3'), 31)
  const causes = (await report(periodOf('2026-1'))).outages.filter(({ service }) => service === 'web').map(({ cause }) => cause)
  assert.deepEqual(causes, ['not-running', 'stopped'])
  assert.equal((await stateOf('web'))?.longestMs, 30 * MINUTE)
})

test('of several processes one has the round, and the end of one is nothing to the other', async () => {
  const [one, other] = [openProbe({}), openProbe({})]
  assert.equal(await one.probe.round(), true)
  clock.at += MINUTE / 2
  assert.equal(await other.probe.round(), false)
  clock.at += MINUTE / 2
  assert.equal(await other.probe.round(), true)
  clock.at += MINUTE
  assert.equal(await one.probe.round(), true)
  await one.probe.stop()
  clock.at += MINUTE
  assert.equal(await other.probe.round(), true)
  assert.equal(await minutesOut('all'), 0)
})

test('maintenance that was declared counts apart, and is not told as used budget', async () => {
  const from = clock.at + MINUTE
  await queries.addMaintenance({
    id: '00000000-0000-7000-8000-000000000001',
    from,
    to: from + 60 * MINUTE,
    reason: 'x',
    declaredAt: clock.at,
  })
  await openProbe({}).probe.round()
  clock.at += 100 * MINUTE
  const { probe, told } = openProbe({})
  await probe.round()
  assert.deepEqual(told, [['service-was-down']])
  assert.equal(await minutesOut('web'), 40)
  assert.equal((await stateOf('web'))?.maintenanceMs, 60 * MINUTE)
  assert.equal(await queries.removeMaintenance('00000000-0000-7000-8000-000000000001', clock.at), false)
  assert.equal(await queries.removeMaintenance('00000000-0000-7000-8000-000000000001', from - 1), true)
})
