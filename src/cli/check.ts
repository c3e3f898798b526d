/** `ceralacca check`: the consistency check over all rooms. */
import { ACCESS_CHECKS } from '../access/consistency.ts'
import { AUDIT_CHECKS } from '../audit/consistency.ts'
import { DELIVERY_CHECKS } from '../delivery/consistency.ts'
import { INCOMING_CHECKS } from '../incoming/consistency.ts'
import { LEDGER_CHECKS } from '../ledger/consistency.ts'
import { MAILBOX_CHECKS } from '../mailbox/consistency.ts'
import { NOTICES_CHECKS } from '../notices/consistency.ts'
import { QUARANTINE_CHECKS } from '../quarantine/consistency.ts'
import { AGREEMENT_CHECKS } from '../registry/agreement/consistency.ts'
import { REGISTRY_CHECKS } from '../registry/consistency.ts'
import { BLOB_CHECKS, findDamagedFiles, findViolations, type Violation } from '../storage/consistency.ts'
import { TRANSPORT_CHECKS } from '../transport/consistency.ts'
import { SERVICE_LEVEL_CHECKS } from '../service-level/consistency.ts'
import { serviceLevelOf } from '../wiring/service-level-parts.ts'
import type { Installation } from '../wiring/installation.ts'
import type { Config } from '../config/config.ts'
import type { Command } from './command.ts'
import { withInstallation } from './connect.ts'

/** Of all rooms. */
export const CHECKS = [
  ...BLOB_CHECKS,
  ...MAILBOX_CHECKS,
  ...LEDGER_CHECKS,
  ...AUDIT_CHECKS,
  ...REGISTRY_CHECKS,
  ...AGREEMENT_CHECKS,
  ...TRANSPORT_CHECKS,
  ...ACCESS_CHECKS,
  ...DELIVERY_CHECKS,
  ...INCOMING_CHECKS,
  ...QUARANTINE_CHECKS,
  ...NOTICES_CHECKS,
  ...SERVICE_LEVEL_CHECKS,
]

export const check: Command = {
  words: ['check'],
  summary: 'Check that what is stored is consistent: counters, bytes, receipts, ledger.',
  details: 'It may run beside a working provider. Exit code 1 if something is wrong.',
  run: ({ config }) =>
    withInstallation(config, async (installation) => {
      const { disk, transport } = installation
      const { reader } = installation.database
      const violations = [
        ...(await findViolations(reader, CHECKS)),
        ...(await findDamagedFiles(reader, disk)),
        ...(await findWrongFigures(config, installation)),
      ]
      const counts = await transport.counts()
      const summary = `${counts.submissions} submissions (${counts.open} dispatches under way), ${counts.messages} messages, ${CHECKS.length + 2} checks`
      const json = { consistent: violations.length === 0, ...counts, violations }
      if (violations.length === 0) return { text: `Consistent: ${summary}.`, json }
      return { text: `${violations.map(describe).join('\n')}\nNOT consistent: ${summary}.`, json, exitCode: 1 }
    }),
}

const SHOWN = 20

/** The figures by day are those of the ledger. */
async function findWrongFigures(config: Config, installation: Installation): Promise<Violation[]> {
  const differences = await serviceLevelOf(config, installation).days.differences()
  const problems = differences
    .slice(0, SHOWN)
    .map(({ day, figure, counted, ledger }) => `${day}, ${figure}: ${counted}, and the ledger says ${ledger}`)
  return problems.length > 0 ? [{ invariant: 'service level', says: 'Figures of a day are those of the ledger', problems }] : []
}

function describe({ invariant, says, problems }: Violation): string {
  return [`${invariant}: ${says}. Violated by:`, ...problems.map((problem) => `  ${problem}`)].join('\n')
}
