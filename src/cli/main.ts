/**
 * `ceralacca COMMAND`. Exit codes: 0 done; 1 it could not be done, or `check` found something; 2 wrong use or settings; 3 the
 * installation is not running or cannot be reached.
 */
import { parseArgs } from 'node:util'
import { CeralaccaError, asCeralaccaError, clientError } from '../base/errors.ts'
import { readConfig } from '../config/config.ts'
import { agreementAdd, agreementList, agreementSet } from './agreement.ts'
import { alertsCommands } from './alerts.ts'
import { appPasswordCreate, appPasswordList, appPasswordRevoke } from './app-password.ts'
import { auditDisclose, auditList, auditVerify, mailboxAccesses } from './audit.ts'
import { recordCommand, stanceOptions } from './audit-stance.ts'
import { check } from './check.ts'
import type { Command, Invocation } from './command.ts'
import { config } from './config.ts'
import { contractCommands } from './contract.ts'
import { directoryCheck, directoryExport, directoryImport, directoryRefresh, directoryShow } from './directory.ts'
import { domainAdd, domainList, domainSet } from './domain.ts'
import { elsewhereCommands } from './elsewhere.ts'
import { helpOf, overview } from './help.ts'
import { ledgerHoldAdd, ledgerHoldList, ledgerHoldRemove, ledgerSeal, ledgerStamp, ledgerVerify } from './ledger.ts'
import { ledgerExtract } from './ledger-extract.ts'
import { mailboxCreate, mailboxList, mailboxSet, mailboxSetPassword, mailboxShow } from './mailbox.ts'
import { maintenanceAdd, maintenanceList, maintenanceRemove } from './maintenance.ts'
import { messageShow } from './message.ts'
import { messageBundle } from './message-bundle.ts'
import { noticesCommands } from './notices.ts'
import {
  operatorAdd,
  operatorDisable,
  operatorEnable,
  operatorList,
  operatorResetSecondFactor,
  operatorRoles,
  operatorSessions,
  operatorSet,
} from './operator.ts'
import { orderAdd, orderList } from './order.ts'
import { quarantineExport, quarantineList, quarantineShow } from './quarantine.ts'
import { registerCommands } from './register.ts'
import { requestCommands } from './request.ts'
import { rollImport, rollList, rollShow } from './roll.ts'
import { sealCsr, sealRotate, sealStatus } from './seal.ts'
import { serve } from './serve.ts'
import { stats } from './stats.ts'
import { termsCommands } from './terms.ts'
import { tokenCommands } from './token.ts'
import { verify } from './verify.ts'
import { webhookCommands } from './webhook.ts'
import { withoutAddressCommands } from './without-address.ts'

const COMMANDS: readonly Command[] = [
  serve,
  config,
  domainAdd,
  domainList,
  domainSet,
  directoryShow,
  directoryRefresh,
  directoryImport,
  directoryCheck,
  directoryExport,
  mailboxCreate,
  mailboxList,
  mailboxSet,
  mailboxSetPassword,
  mailboxShow,
  mailboxAccesses,
  appPasswordCreate,
  appPasswordList,
  appPasswordRevoke,
  ...alertsCommands,
  messageShow,
  messageBundle,
  verify,
  quarantineList,
  quarantineShow,
  quarantineExport,
  sealStatus,
  sealCsr,
  sealRotate,
  ledgerVerify,
  ledgerSeal,
  ledgerStamp,
  ledgerExtract,
  ledgerHoldAdd,
  ledgerHoldList,
  ledgerHoldRemove,
  stats,
  maintenanceAdd,
  maintenanceList,
  maintenanceRemove,
  auditVerify,
  auditList,
  auditDisclose,
  orderAdd,
  orderList,
  agreementAdd,
  agreementSet,
  agreementList,
  ...termsCommands,
  operatorAdd,
  rollImport,
  rollList,
  rollShow,
  ...withoutAddressCommands,
  ...registerCommands,
  ...elsewhereCommands,
  ...requestCommands,
  ...contractCommands,
  ...noticesCommands,
  operatorSet,
  operatorRoles,
  operatorDisable,
  operatorEnable,
  operatorResetSecondFactor,
  operatorSessions,
  operatorList,
  ...tokenCommands,
  ...webhookCommands,
  check,
]

const EXIT_BY_CODE: Record<string, number> = { usage: 2, 'bad-config': 2, 'not-running': 3, 'database-unavailable': 3 }

function findCommand(words: readonly string[]): Command | undefined {
  const command = COMMANDS.find((one) => one.words.every((word, index) => words[index] === word))
  return command && { ...command, options: { ...command.options, ...stanceOptions(command) } }
}

function parse(command: Command, args: string[]): Omit<Invocation, 'config'> & { help: boolean; json: boolean } {
  const options = Object.fromEntries(Object.entries(command.options ?? {}).map(([name, { type }]) => [name, { type }]))
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...options, help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' } },
    })
    const { help = false, json = false, ...rest } = values
    const most = command.operands?.length ?? 0
    const least = command.operands?.filter((name) => !name.startsWith('[')).length ?? 0
    const fits = positionals.length >= least && positionals.length <= most
    if (!help && !fits) throw new TypeError(`expected ${command.operands?.join(' ') ?? 'no operand'}`)
    return { operands: positionals, options: rest, help, json }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw clientError('usage', `${error.message}\nSee "ceralacca ${command.words.join(' ')} --help".`)
  }
}

async function run(args: string[]): Promise<number> {
  const command = findCommand(args)
  if (!command) {
    const asked = args.length === 0 || args.includes('--help') || args.includes('-h')
    if (!asked) throw clientError('usage', `There is no command "${args.join(' ')}".\n\n${overview(COMMANDS)}`)
    process.stdout.write(`${overview(COMMANDS)}\n`)
    return 0
  }
  const { help, json, ...invocation } = parse(command, args.slice(command.words.length))
  if (help) {
    process.stdout.write(`${helpOf(command)}\n`)
    return 0
  }
  const whole = { ...invocation, config: readConfig(process.env) }
  await recordCommand(command, whole)
  const output = await command.run(whole)
  if (output) process.stdout.write(json ? `${JSON.stringify(output.json, null, 2)}\n` : `${output.text}\n`)
  return output?.exitCode ?? 0
}

function fail(error: CeralaccaError, json: boolean): number {
  const unexpected = error.code === 'unexpected' || error.fault === 'bug'
  if (json) process.stderr.write(`${JSON.stringify({ error: { code: error.code, message: error.message } })}\n`)
  else process.stderr.write(`${error.message}\n${unexpected ? `${error.stack ?? ''}\n` : ''}`)
  return EXIT_BY_CODE[error.code] ?? 1
}

const args = process.argv.slice(2)
process.exitCode = await run(args).catch((thrown: unknown) => fail(asCeralaccaError(thrown), args.includes('--json')))
