/** `ceralacca check`: the consistency check over all rooms. */
import { ACCESS_CHECKS } from '../access/consistency.ts'
import { DELIVERY_CHECKS } from '../delivery/consistency.ts'
import { INCOMING_CHECKS } from '../incoming/consistency.ts'
import { LEDGER_CHECKS } from '../ledger/consistency.ts'
import { MAILBOX_CHECKS } from '../mailbox/consistency.ts'
import { QUARANTINE_CHECKS } from '../quarantine/consistency.ts'
import { REGISTRY_CHECKS } from '../registry/consistency.ts'
import { BLOB_CHECKS, findDamagedFiles, findViolations, type Violation } from '../storage/consistency.ts'
import { TRANSPORT_CHECKS } from '../transport/consistency.ts'
import type { Command } from './command.ts'
import { withInstallation } from './connect.ts'

/** Of all rooms. */
export const CHECKS = [
  ...BLOB_CHECKS,
  ...MAILBOX_CHECKS,
  ...LEDGER_CHECKS,
  ...REGISTRY_CHECKS,
  ...TRANSPORT_CHECKS,
  ...ACCESS_CHECKS,
  ...DELIVERY_CHECKS,
  ...INCOMING_CHECKS,
  ...QUARANTINE_CHECKS,
]

export const check: Command = {
  words: ['check'],
  summary: 'Check that what is stored is consistent: counters, bytes, receipts, ledger.',
  details: 'It may run beside a working provider. Exit code 1 if something is wrong.',
  run: ({ config }) =>
    withInstallation(config, async (installation) => {
      const { disk, transport } = installation
      const { reader } = installation.database
      const violations = [...(await findViolations(reader, CHECKS)), ...(await findDamagedFiles(reader, disk))]
      const counts = await transport.counts()
      const summary = `${counts.submissions} submissions (${counts.open} dispatches under way), ${counts.messages} messages, ${CHECKS.length + 1} checks`
      const json = { consistent: violations.length === 0, ...counts, violations }
      if (violations.length === 0) return { text: `Consistent: ${summary}.`, json }
      return { text: `${violations.map(describe).join('\n')}\nNOT consistent: ${summary}.`, json, exitCode: 1 }
    }),
}

function describe({ invariant, says, problems }: Violation): string {
  return [`${invariant}: ${says}. Violated by:`, ...problems.map((problem) => `  ${problem}`)].join('\n')
}
