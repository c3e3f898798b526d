/** For the tests of this room: a ledger with a test authority and a clock of its own, on a database of its own. */
import { join } from 'node:path'
import type { Events, EventSink } from '../base/events.ts'
import { openDatabase, type Database } from '../storage/database.ts'
import { Client } from 'pg'
import type { ConnectionSettings } from '../storage/connection.ts'
import { certificatesOf } from '../seal/pem.ts'
import { createTestAuthority } from '../seal/test-authority.ts'
import { createTestTimeStamps } from '../seal/test-time-stamps.ts'
import { createTimeStampClient, type TimeStampAuthority } from '../seal/time-stamp-client.ts'
import type { TestScope } from '../storage/test-database.ts'
import { createDayFiles } from './day-files.ts'
import type { LedgerEntry } from './entry.ts'
import { createHolds } from './holds.ts'
import { createKeeper } from './keeper.ts'
import { createRetention } from './retention.ts'
import { retentionQueries } from './retention-queries.ts'
import { createSealing } from './sealing.ts'
import { sealingQueries } from './sealing-queries.ts'
import { createStamping } from './stamping.ts'
import { verifyLedger, type VerifyRequest } from './verify.ts'

/** One authority for all: making keys takes a while. */
const START = Date.UTC(2026, 2, 15, 9, 30)
const authority = await createTestAuthority({ name: 'Prova', now: START })
const stampPair = await authority.issueTimeStampCertificate()

export const TEST_CA = authority.certificate
export const TEST_ROOTS = certificatesOf(authority.certificate)

const ENTRY: Omit<LedgerEntry, 'at'> = {
  event: 'accepted',
  pecMsgid: 'uno@pec.it',
  msgid: '<uno@x>',
  sender: 'mario@pec.it',
  recipients: ['lucia@pec.it'],
  subject: 'Perché "no"\t\u2028?',
  related: ['due@pec.it', 'tre@pec.it'],
  provider: 'Prova',
  detail: null,
}

export interface LedgerEvent<Name extends keyof Events = keyof Events> {
  readonly name: Name
  readonly data: Events[Name]
}

let made = 0

const EMPTY = `truncate ledger_entry, ledger_head, ledger_segment, ledger_stamp, ledger_deletion, ledger_hold;
  update ledger_chain set number = 0, hash = decode(repeat('00', 32), 'hex'), sealed_at = '-infinity', closed_until = '-infinity',
    sealed = array_fill(1::bigint, array[256]), leased_until = '-infinity'`

/** @param connection of a migrated database: its ledger is emptied first; files lie in a folder of their own in `folder` */
export async function openTestLedger(scope: TestScope, connection: ConnectionSettings, folder: string) {
  const name = `ledger-${++made}`
  const database: Database = openDatabase(connection, { max: 4 })
  const raw = new Client(connection)
  await raw.connect()
  scope.after(() => raw.end())
  scope.after(() => database.close())
  await raw.query(EMPTY)

  const clock = { at: START }
  const now = (): number => clock.at
  const events: LedgerEvent[] = []
  const report: EventSink = (event, data) => void events.push({ name: event, data })
  const working = createTestTimeStamps(stampPair, now)
  const line = { broken: false }
  const stamper: TimeStampAuthority = {
    name: 'test',
    ask: (request) => (line.broken ? Promise.reject(new Error('no route')) : working.ask(request)),
  }
  const queries = sealingQueries(database)
  const files = createDayFiles({ queries, folder: join(folder, name) })
  const retained = retentionQueries(database)
  const retention = createRetention({ queries: retained, reads: queries, files, provider: 'Prova', report, now })
  const sealing = createSealing({ queries, holder: '00000000-0000-7000-8000-000000000001', now })
  const client = createTimeStampClient({ authorities: [stamper], roots: TEST_ROOTS })
  const stamping = createStamping({ queries, client, report, now })
  const keeper = createKeeper({ sealing, stamping, files, retention, isFirst: async () => true, report, now })

  return {
    database,
    queries,
    sealing,
    stamping,
    client,
    keeper,
    retention,
    retained,
    files,
    holds: createHolds(retained, now),
    folder: join(folder, name),
    clock,
    events,
    line,
    /** Appends entries to a slot, as the rooms do. */
    async append(slot: number, count = 1, facts: Partial<LedgerEntry> = {}): Promise<void> {
      const entries = Array.from({ length: count }, (_, index) => ({
        ...ENTRY,
        at: clock.at,
        subject: `${ENTRY.subject} ${index}`,
        ...facts,
      }))
      await database.transactor.call(slot, 'select ledger_append($1, $2)', [slot, JSON.stringify(entries)])
    },
    /** Does what nobody may do. Answers how many rows were changed. */
    async tamper(sql: string): Promise<number> {
      const results = [await raw.query(sql)].flat()
      return results.reduce((sum, { rowCount }) => sum + (rowCount ?? 0), 0)
    },
    verify: (request: Partial<VerifyRequest> = {}) =>
      verifyLedger(
        { reader: database.reader, folder: join(folder, name), roots: TEST_ROOTS, now },
        { from: null, to: null, files: true, ...request },
      ),
  }
}

export type TestLedger = Awaited<ReturnType<typeof openTestLedger>>
