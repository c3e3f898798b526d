/** The parts that keep the ledger, from the settings, for the commands and the worker. */
import { randomUUID } from 'node:crypto'
import { createAuditSealing } from '../audit/chain.ts'
import type { EventSink } from '../base/events.ts'
import { dataPaths, type Config } from '../config/config.ts'
import { createDayFiles } from '../ledger/day-files.ts'
import { createHolds } from '../ledger/holds.ts'
import { createKeeper } from '../ledger/keeper.ts'
import { createRetention } from '../ledger/retention.ts'
import { retentionQueries } from '../ledger/retention-queries.ts'
import { createSealing, LEASE_MS } from '../ledger/sealing.ts'
import { sealingQueries } from '../ledger/sealing-queries.ts'
import { createStamping } from '../ledger/stamping.ts'
import { verifyLedger, type VerifyRequest } from '../ledger/verify.ts'
import { certificatesOf } from '../seal/pem.ts'
import { ensureTestStampKeys } from '../seal/test-keys.ts'
import { createTestTimeStamps } from '../seal/test-time-stamps.ts'
import { createTimeStampClient, httpAuthority, type TimeStampAuthority, type TimeStampClient } from '../seal/time-stamp-client.ts'
import type { Installation } from './installation.ts'
import { readText, tlsRoots } from './keys.ts'

/** DER of the CA certificates that vouch for time-stamping authorities. */
export function stampRoots({ values, dataFolder }: Config): Buffer[] {
  return certificatesOf(readText(values.CERALACCA_TIMESTAMP_CA_FILE ?? dataPaths(dataFolder).testAuthority))
}

async function authoritiesOf(config: Config, now: () => number): Promise<TimeStampAuthority[]> {
  const urls = config.values.CERALACCA_TIMESTAMP_URLS
  const roots = tlsRoots(config)
  if (urls.length > 0) return urls.map((url) => httpAuthority({ url, ...(roots !== undefined && { tlsRoots: [roots] }) }))
  const { stamp } = await ensureTestStampKeys(dataPaths(config.dataFolder).keys, now())
  return [createTestTimeStamps(stamp, now)]
}

/** Who asks the authorities of the settings. */
export async function timeStampClient(config: Config, now: () => number): Promise<TimeStampClient> {
  const authorities = await authoritiesOf(config, now)
  return createTimeStampClient({ authorities, roots: stampRoots(config), policy: config.values.CERALACCA_TIMESTAMP_POLICY })
}

/** What seals, stamps, writes and drops. */
export async function openLedgerKeeper(config: Config, { database, now }: Installation, report: EventSink) {
  const holder = randomUUID()
  const queries = sealingQueries(database)
  const client = await timeStampClient(config, now)
  const files = createDayFiles({ queries, folder: dataPaths(config.dataFolder).ledger })
  const provider = config.values.CERALACCA_PROVIDER_NAME
  const retention = createRetention({ queries: retentionQueries(database), reads: queries, files, provider, report, now })
  const keeper = createKeeper({
    sealing: createSealing({ queries, holder, now }),
    audit: createAuditSealing({ database, provider, holder, now }),
    stamping: createStamping({ queries, client, report, now }),
    files,
    retention,
    isFirst: () => queries.claim(0, holder, { at: new Date(now()), until: new Date(now() + LEASE_MS) }),
    report,
    now,
  })
  return { keeper, retention }
}

export const verifyLedgerOf = (config: Config, { database, now }: Installation, request: VerifyRequest) =>
  verifyLedger({ reader: database.reader, folder: dataPaths(config.dataFolder).ledger, roots: stampRoots(config), now }, request)

export const holdsOf = ({ database, now }: Installation) => createHolds(retentionQueries(database), now)
