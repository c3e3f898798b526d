/** `ceralacca contract`, `renewal` and `payment`: mailboxes that members have by an agreement, for how long, and what is paid for. */
import { clientError } from '../base/errors.ts'
import { readBankFile } from '../registry/agreement/bank-file.ts'
import { STOP_EVENTS } from '../registry/agreement/contracts.ts'
import { STATES } from '../registry/agreement/states.ts'
import { generatePassword } from '../registry/passwords.ts'
import { choiceOf, table, textOf, wholeNumberOf, type Command } from './command.ts'
import { withInstallation } from './connect.ts'
import { hostActor } from './host-actor.ts'
import { readInput } from './roll.ts'

const contractShow: Command = {
  words: ['contract', 'show'],
  summary: 'The contract of a certified address, with its renewals and notices.',
  operands: ['ADDRESS'],
  run: ({ config, operands: [address = ''] }) =>
    withInstallation(config, async ({ contracts, notices }) => {
      const row = await contracts.of(address)
      const json = { ...row, renewals: await contracts.renewalsOf(row), notices: await notices.of(row.slot, row.id) }
      return { text: JSON.stringify(json, null, 2), json }
    }),
}

const contractList: Command = {
  words: ['contract', 'list'],
  summary: 'The contracts of an order, the oldest first.',
  operands: ['ORDER'],
  options: {
    state: { type: 'string', value: 'STATE', help: `only those that are: ${STATES.contract.join(', ')}` },
    after: { type: 'string', value: 'ID', help: 'begin behind this one' },
    limit: { type: 'string', value: 'NUMBER', help: 'at most so many; 100 unless given' },
  },
  run: ({ config, operands: [order = ''], options }) =>
    withInstallation(config, async ({ orders, contracts }) => {
      await orders.get(order)
      const all = await contracts.list(order, {
        state: choiceOf(options, 'state', STATES.contract) ?? null,
        after: textOf(options, 'after') ?? null,
        limit: wholeNumberOf(options, 'limit') ?? 100,
      })
      const rows = all.map((one) => [one.id, one.state, one.expiresOn, `${one.surname} ${one.givenName}`, one.address])
      return { text: table([['ID', 'STATE', 'EXPIRES', 'NAME', 'ADDRESS'], ...rows]), json: all }
    }),
}

const contractStop: Command = {
  words: ['contract', 'stop'],
  summary: 'Stop the service of an address: it neither sends nor receives, and ends 90 days later.',
  operands: ['ADDRESS'],
  options: {
    because: { type: 'string', value: 'EVENT', help: `one of: ${STOP_EVENTS.join(', ')}` },
    reason: { type: 'string', value: 'TEXT', help: 'what was said' },
  },
  run: ({ config, operands: [address = ''], options }) =>
    withInstallation(config, async ({ contracts }) => {
      const event = choiceOf(options, 'because', STOP_EVENTS)
      if (event === undefined) throw clientError('usage', `Say --because: ${STOP_EVENTS.join(', ')}`)
      const { id } = await contracts.of(address)
      const row = await contracts.stop(id, event, textOf(options, 'reason') ?? null, hostActor())
      return { text: `${row.address} is ${row.state}; its content is deleted on ${row.deleteOn}.`, json: row }
    }),
}

const contractActivate: Command = {
  words: ['contract', 'activate'],
  summary: 'Set a new first password with the token of a link, and print it.',
  operands: ['TOKEN'],
  run: ({ config, operands: [token = ''] }) =>
    withInstallation(config, async ({ contracts }) => {
      const password = generatePassword()
      const address = await contracts.activate(token, password)
      return { text: `${address}   password ${password}`, json: { address, password } }
    }),
}

const contractLink: Command = {
  words: ['contract', 'link'],
  summary: 'Make a new link with which the holder sets the first password; earlier ones are of no use then.',
  operands: ['ADDRESS'],
  run: ({ config, operands: [address = ''] }) =>
    withInstallation(config, async ({ contracts }) => {
      const { id } = await contracts.of(address)
      const token = await contracts.activationLink(id, hostActor())
      return { text: token, json: { token } }
    }),
}

const renewalAsk: Command = {
  words: ['renewal', 'ask'],
  summary: 'Ask for the renewal of an address, from 90 days before its expiry on.',
  operands: ['ADDRESS', 'YEARS'],
  options: {
    late: { type: 'boolean', help: 'after the last day in time: an operator shall decide' },
    card: { type: 'boolean', help: 'paid by card; by bank transfer unless given' },
  },
  run: ({ config, operands: [address = '', years = ''], options }) =>
    withInstallation(config, async ({ contracts }) => {
      const { id } = await contracts.of(address)
      const method = options['card'] === true ? 'card' : 'bank-transfer'
      const asked = await contracts.renew(id, { years: Number(years), method, late: options['late'] === true }, hostActor())
      const due = asked.payment ? `; ${asked.payment.cents} cents are awaited, with the reference ${asked.payment.reference}` : ''
      const until = asked.lastDay === null ? '' : `, by ${asked.lastDay}`
      return { text: `The renewal ${asked.id} is ${asked.state}${due}${until}.`, json: asked }
    }),
}

const renewalDecide: Command = {
  words: ['renewal', 'decide'],
  summary: 'Decide on a late renewal; the decision and its reason are recorded.',
  operands: ['ID', 'DECISION'],
  options: { reason: { type: 'string', value: 'TEXT', help: 'why' } },
  details: 'DECISION is accept or refuse.',
  run: ({ config, operands: [id = '', decision = ''], options }) =>
    withInstallation(config, async ({ contracts }) => {
      if (decision !== 'accept' && decision !== 'refuse') throw clientError('usage', 'Say accept or refuse')
      const row = await contracts.decideLate(id, decision === 'accept', textOf(options, 'reason') ?? '', hostActor())
      return { text: `The renewal is ${row.state}.`, json: row }
    }),
}

const renewalCancel: Command = {
  words: ['renewal', 'cancel'],
  summary: 'Cancel a renewal that is not concluded.',
  operands: ['ID'],
  run: ({ config, operands: [id = ''] }) =>
    withInstallation(config, async ({ contracts }) => {
      await contracts.cancelRenewal(id, hostActor())
      return { text: 'The renewal is cancelled.', json: await contracts.getRenewal(id) }
    }),
}

const paymentRegister: Command = {
  words: ['payment', 'register'],
  summary: 'Register a payment that an operator has seen, by its reference.',
  operands: ['REFERENCE'],
  options: { note: { type: 'string', value: 'TEXT', help: 'where it was seen' } },
  run: ({ config, operands: [reference = ''], options }) =>
    withInstallation(config, async ({ payments }) => {
      const report = await payments.register(reference, textOf(options, 'note') ?? '', hostActor())
      return {
        text: `${report.reference}: ${report.outcome}${report.repeated ? ', as before' : ''}`,
        json: report,
        exitCode: report.outcome === 'registered' ? 0 : 1,
      }
    }),
}

const paymentImport: Command = {
  words: ['payment', 'import'],
  summary: "Import a bank's list of movements (CSV); what was imported before changes nothing.",
  operands: ['FILE'],
  run: ({ config, operands: [path = ''] }) =>
    withInstallation(config, async ({ payments }) => {
      const { movements, rejected } = readBankFile(readInput(path))
      const reports = await payments.importBank(movements, hostActor())
      const rows = reports.map((one) => [one.reference ?? '-', one.outcome, one.repeated ? 'as before' : ''])
      const lines = rejected.map(({ line, why }) => `line ${line}: ${why}`)
      return {
        text: [table([['REFERENCE', 'OUTCOME', ''], ...rows]), ...lines].join('\n'),
        json: { reports, rejected },
        exitCode: rejected.length > 0 ? 1 : 0,
      }
    }),
}

export const contractCommands: readonly Command[] = [
  contractShow,
  contractList,
  contractStop,
  contractLink,
  contractActivate,
  renewalAsk,
  renewalDecide,
  renewalCancel,
  paymentRegister,
  paymentImport,
]
