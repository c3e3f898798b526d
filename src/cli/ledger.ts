/** `ceralacca ledger`: verifies the sealed ledger, seals and stamps it on demand, and sets legal holds. */
import { clientError } from '../base/errors.ts'
import { createLog } from '../base/log.ts'
import type { VerifyReport } from '../ledger/verify.ts'
import { holdsOf, openLedgerKeeper, verifyLedgerOf } from '../wiring/ledger-parts.ts'
import { readDate, readEnd, table, type Command, type Invocation, type Option } from './command.ts'
import { withInstallation } from './connect.ts'

export const ledgerVerify: Command = {
  words: ['ledger', 'verify'],
  summary: 'Recompute all seals of the ledger, and name what is not as it was sealed.',
  options: {
    from: {
      type: 'string',
      value: 'DATE',
      help: 'only what was sealed since: 2026-03-15, or 2026-03-15T09:30:00Z; times are UTC',
    },
    to: { type: 'string', value: 'DATE', help: 'only what was sealed until then; a day is meant to its end' },
    files: { type: 'boolean', help: 'read the daily files too' },
  },
  details:
    'It may run beside a working provider. Exit code 1 if something is wrong. How to verify without this program: docs/guides/ledger.md.',
  run: ({ config, options: { from, to, files } }) =>
    withInstallation(config, async (installation) => {
      const started = { at: performance.now(), cpu: process.cpuUsage() }
      const report = await verifyLedgerOf(config, installation, {
        from: typeof from === 'string' ? readDate(from) : null,
        to: typeof to === 'string' ? readEnd(to) : null,
        files: files === true,
      })
      const seconds = (performance.now() - started.at) / 1000
      const { user, system } = process.cpuUsage(started.cpu)
      return shown(report, { seconds, cpuSeconds: (user + system) / 1e6 })
    }),
}

function shown(report: VerifyReport, time: { seconds: number; cpuSeconds: number }) {
  const { entries, deleted, waiting, segments, stamps, unstamped, files, problems } = report
  const perSecond = Math.round(entries / time.seconds)
  const perCpuSecond = Math.round(entries / time.cpuSeconds)
  const parts = [
    `${entries} entries in ${segments} segments`,
    ...(deleted > 0 ? [`${deleted} deleted after their time`] : []),
    ...(waiting > 0 ? [`${waiting} not sealed yet`] : []),
    `${stamps} stamps${unstamped > 0 ? ` (${unstamped} without their time stamp yet)` : ''}`,
    `${files} files`,
    `${time.seconds.toFixed(1)} s, ${perSecond} entries/s (${perCpuSecond} per second of its CPU)`,
  ]
  const summary = parts.join(', ')
  const json = {
    verified: problems.length === 0,
    ...report,
    ...time,
    entriesPerSecond: perSecond,
    entriesPerCpuSecond: perCpuSecond,
  }
  if (problems.length === 0) return { text: `Verified: ${summary}.`, json }
  const lines = problems.map(({ where, says }) => `${where}: ${says}`)
  return { text: `${lines.join('\n')}\nNOT as it was sealed: ${summary}.`, json, exitCode: 1 }
}

/** Reports of the keeper go to the log, as those of the server do. */
const reportOf = ({ config }: Pick<Invocation, 'config'>) => createLog(config.values.CERALACCA_LOG_LEVEL)

export const ledgerSeal: Command = {
  words: ['ledger', 'seal'],
  summary: 'Seal what waits now, and write the files of days that are over.',
  details: 'A running provider does it by itself every minute.',
  run: ({ config }) =>
    withInstallation(config, async (installation) => {
      const { keeper } = await openLedgerKeeper(config, installation, reportOf({ config }))
      const { segments, entries, files } = await keeper.sealNow()
      const days = files.map(({ day }) => day)
      const text = `${entries} entries sealed in ${segments} segments.${days.length > 0 ? ` Files written: ${days.join(' ')}.` : ''}`
      return { text, json: { segments, entries, files: days } }
    }),
}

export const ledgerStamp: Command = {
  words: ['ledger', 'stamp'],
  summary: 'Seal what waits now, and have everything stamped by the time-stamping authority.',
  details:
    'A running provider does it by itself once a day. Exit code 1 if no authority gave a stamp: the provider goes on asking.',
  run: ({ config }) =>
    withInstallation(config, async (installation) => {
      const { keeper } = await openLedgerKeeper(config, installation, reportOf({ config }))
      const { number, missing } = await keeper.stampNow()
      const json = { number, missing }
      if (missing === 0) return { text: `Stamp ${number}.`, json }
      return { text: `Stamp ${number}; ${missing} stamps wait for their authority.`, json, exitCode: 1 }
    }),
}

const HOLD_OPTIONS: Readonly<Record<string, Option>> = {
  mailbox: { type: 'string', value: 'ADDRESS', help: 'what the ledger says of this mailbox' },
  message: { type: 'string', value: 'ID', help: 'what it says of this message: its certified identifier' },
}

function heldThing(options: Invocation['options']): ['mailbox' | 'message', string] {
  const { mailbox, message } = options
  if (typeof mailbox === 'string' && message === undefined) return ['mailbox', mailbox]
  if (typeof message === 'string' && mailbox === undefined) return ['message', message]
  throw clientError('usage', 'say --mailbox ADDRESS or --message ID')
}

export const ledgerHoldAdd: Command = {
  words: ['ledger', 'hold', 'add'],
  summary: 'Keep what the ledger says of a mailbox or a message beyond its 30 months.',
  options: { ...HOLD_OPTIONS, reason: { type: 'string', value: 'TEXT', help: 'why: the authority and its reference' } },
  run: ({ config, options }) => {
    const [kind, value] = heldThing(options)
    const { reason } = options
    if (typeof reason !== 'string' || reason === '') throw clientError('usage', 'say why with --reason')
    return withInstallation(config, async (installation) => {
      const hold = await holdsOf(installation).add(kind, value, reason)
      return { text: `${kind} ${hold.value} is held.`, json: hold }
    })
  },
}

export const ledgerHoldList: Command = {
  words: ['ledger', 'hold', 'list'],
  summary: 'List the legal holds.',
  run: ({ config }) =>
    withInstallation(config, async (installation) => {
      const holds = await holdsOf(installation).list()
      const rows = holds.map(({ kind, value, since, reason }) => [kind, value, new Date(since).toISOString(), reason])
      return { text: table([['KIND', 'OF', 'SINCE', 'REASON'], ...rows]), json: holds }
    }),
}

export const ledgerHoldRemove: Command = {
  words: ['ledger', 'hold', 'remove'],
  summary: 'Remove a legal hold.',
  options: HOLD_OPTIONS,
  run: ({ config, options }) => {
    const [kind, value] = heldThing(options)
    return withInstallation(config, async (installation) => {
      await holdsOf(installation).remove(kind, value)
      return { text: `${kind} ${value} is not held any more.`, json: { kind, value } }
    })
  },
}
