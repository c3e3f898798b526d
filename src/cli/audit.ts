/** `ceralacca audit` and `ceralacca mailbox accesses`: who did what, and whose it was. */
import type { AuditEntry } from '../audit/queries.ts'
import { recordAudit } from '../audit/record.ts'
import { verifyAudit } from '../audit/verify.ts'
import { clientError } from '../base/errors.ts'
import { hostActor } from './host-actor.ts'
import { readDate, table, type Command } from './command.ts'
import { withInstallation } from './connect.ts'

export const auditVerify: Command = {
  words: ['audit', 'verify'],
  summary: 'Recompute all seals of the audit log, and name what is not as it was sealed.',
  details:
    'It may run beside a working provider. Exit code 1 if something is wrong. The ledger vouches for the audit log: whether the ledger is as\n' +
    'it was sealed and stamped, "ceralacca ledger verify" tells.',
  run: ({ config }) =>
    withInstallation(config, async ({ database }) => {
      const report = await verifyAudit(database.reader)
      const { entries, waiting, segments, beyondLedger, problems } = report
      const parts = [
        `${entries} entries in ${segments} segments`,
        ...(beyondLedger > 0 ? [`${beyondLedger} of them older than the ledger`] : []),
        ...(waiting > 0 ? [`${waiting} not sealed yet`] : []),
      ]
      const json = { verified: problems.length === 0, ...report }
      if (problems.length === 0) return { text: `Verified: ${parts.join(', ')}.`, json }
      const lines = problems.map(({ where, says }) => `${where}: ${says}`)
      return { text: `${lines.join('\n')}\nNOT as it was sealed: ${parts.join(', ')}.`, json, exitCode: 1 }
    }),
}

const shownDetails = ({ details }: Pick<AuditEntry, 'details'>): string =>
  Object.entries(details)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ')

export const auditList: Command = {
  words: ['audit', 'list'],
  summary: 'List the last entries of the audit log.',
  options: {
    from: { type: 'string', value: 'DATE', help: 'only since: 2026-03-15, or 2026-03-15T09:30:00Z; times are UTC' },
    to: { type: 'string', value: 'DATE', help: 'only until then' },
    actor: { type: 'string', value: 'ACTOR', help: 'only what this one did: operator:anna.verdi, host:root' },
    object: { type: 'string', value: 'OBJECT', help: 'only what was done to this: mailbox:mario@pec.it' },
  },
  run: ({ config, options: { from, to, actor, object } }) =>
    withInstallation(config, async ({ audit }) => {
      const entries = await audit.list({
        ...(typeof from === 'string' && { from: new Date(readDate(from)) }),
        ...(typeof to === 'string' && { to: new Date(readDate(to)) }),
        ...(typeof actor === 'string' && { actor }),
        ...(typeof object === 'string' && { object }),
      })
      const rows = entries.map((entry) => {
        const { at, role, act, withheld } = entry
        return [entry.entry, at.toISOString(), entry.actor, role, act, entry.object, withheld ? 'yes' : '', shownDetails(entry)]
      })
      const titles = ['ENTRY', 'AT', 'ACTOR', 'ROLE', 'ACT', 'OBJECT', 'WITHHELD', 'DETAILS']
      return { text: table([titles, ...rows]), json: entries }
    }),
}

export const auditDisclose: Command = {
  words: ['audit', 'disclose'],
  summary: 'Let the holders see an entry that was withheld from them by a judicial order.',
  operands: ['ENTRY'],
  options: { reason: { type: 'string', value: 'TEXT', help: 'why it may be shown now: the authority and its reference' } },
  details: 'ENTRY as "ceralacca audit list" shows it, such as 17/3.',
  run: ({ config, operands: [entry = ''], options: { reason } }) => {
    if (typeof reason !== 'string' || reason === '') throw clientError('usage', 'say why with --reason')
    return withInstallation(config, async ({ database, audit, now }) => {
      const known = await audit.entry(entry)
      if (known?.withheld !== true) throw clientError('not-withheld', `There is no entry ${entry} that is withheld`)
      await recordAudit(database, {
        ...hostActor(),
        act: 'access-disclosed',
        object: `audit:${entry}`,
        details: { reason },
        at: now(),
      })
      return { text: `${entry} may be seen by: ${known.holders.join(' ')}`, json: { entry, holders: known.holders } }
    })
  },
}

export const mailboxAccesses: Command = {
  words: ['mailbox', 'accesses'],
  summary: 'List the accesses of the provider to a mailbox and what is about it, as its holder may see them.',
  operands: ['ADDRESS'],
  details:
    'Without the names of who acted, and without what a judicial order withholds from the holder: for those see "ceralacca audit list".',
  run: ({ config, operands: [address = ''] }) =>
    withInstallation(config, async ({ audit }) => {
      const { accesses } = await audit.accessesOf(address)
      const rows = accesses.map((access) => [
        access.at.toISOString(),
        access.role,
        access.act,
        access.object,
        shownDetails(access),
      ])
      return { text: table([['AT', 'ROLE', 'ACT', 'OBJECT', 'DETAILS'], ...rows]), json: accesses }
    }),
}
