/** `ceralacca mailbox`: certified mailboxes. */
import { clientError } from '../base/errors.ts'
import type { ProfileChange } from '../registry/profiles.ts'
import type { MailboxSummary } from '../registry/queries.ts'
import { STATUSES } from '../registry/status.ts'
import { choiceOf, table, type Command, type Invocation } from './command.ts'
import { withInstallation } from './connect.ts'
import { choosePassword, PASSWORD_OPTION } from './password.ts'

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`
const percent = (used: number, quota: number): string => `${Math.floor((used * 100) / quota)}%`

function quotaOf(value: string | boolean | undefined): number {
  const quota = Number(value)
  if (!Number.isSafeInteger(quota) || quota <= 0) throw clientError('usage', '--quota must be a number of bytes')
  return quota
}

export const mailboxCreate: Command = {
  words: ['mailbox', 'create'],
  summary: 'Make a mailbox with a password.',
  operands: ['ADDRESS'],
  options: {
    ...PASSWORD_OPTION,
    quota: { type: 'string', value: 'BYTES', help: 'size of the mailbox; default: CERALACCA_QUOTA' },
  },
  async run(invocation) {
    const { config, options, operands } = invocation
    const quota = options['quota'] === undefined ? config.values.CERALACCA_QUOTA : quotaOf(options['quota'])
    const { password, made } = await choosePassword(invocation)
    return withInstallation(config, async ({ mailboxes }) => {
      const mailbox = await mailboxes.create(operands[0] ?? '', password, quota)
      return {
        text: `Mailbox ${mailbox.address} is made.${made ? `\nPassword: ${password}` : ''}`,
        json: { ...mailbox, ...(made && { password }) },
      }
    })
  },
}

export const mailboxList: Command = {
  words: ['mailbox', 'list'],
  summary: 'List the mailboxes.',
  options: { domain: { type: 'string', value: 'DOMAIN', help: 'only those of this domain' } },
  run: ({ config, options }) =>
    withInstallation(config, async ({ mailboxes }) => {
      const { domain } = options
      const all = await mailboxes.list(typeof domain === 'string' ? domain : undefined)
      const rows = all.map(({ address, status, used, quota }) => [
        address,
        status,
        megabytes(used),
        megabytes(quota),
        percent(used, quota),
      ])
      return { text: table([['ADDRESS', 'STATUS', 'USED', 'QUOTA', 'FULL'], ...rows]), json: all }
    }),
}

export const mailboxShow: Command = {
  words: ['mailbox', 'show'],
  summary: 'Show a mailbox.',
  operands: ['ADDRESS'],
  run: ({ config, operands }) =>
    withInstallation(config, async ({ mailboxes }) => {
      const mailbox = await mailboxes.show(operands[0] ?? '')
      return { text: describe(mailbox), json: mailbox }
    }),
}

function describe({ address, used, quota, reserve, createdAt, ...profile }: MailboxSummary): string {
  const { status, incomingOrdinary, forwardTo, outgoingOrdinary, secondFactor, receiptsFolder, warning } = profile
  return table([
    ['Address', address],
    ['Status', status],
    ['Used', `${megabytes(used)}, ${percent(used, quota)} of the quota`],
    ['Quota', megabytes(quota)],
    ['Quota warning', warning ? `${warning.mark}% passed, noted ${warning.at.toISOString()}` : 'none'],
    ['Reserve', `${megabytes(reserve)} for receipts`],
    ['Ordinary mail in', forwardTo === null ? (incomingOrdinary ?? 'as the installation') : `forward to ${forwardTo}`],
    ['Ordinary mail out', outgoingOrdinary ?? 'as the domain'],
    ['Receipts', receiptsFolder ?? 'inbox'],
    ['Second factor', secondFactor ? 'on: mail programs need an app password' : 'off'],
    ['Made', createdAt.toISOString()],
  ])
}

export const mailboxSet: Command = {
  words: ['mailbox', 'set'],
  summary: 'Change the state of a mailbox, its size, what it does with ordinary mail and receipts, or what opens it.',
  operands: ['ADDRESS'],
  options: {
    status: { type: 'string', value: STATUSES.join('|'), help: 'may it be read, may it send and receive' },
    'incoming-ordinary': {
      type: 'string',
      value: 'accept|refuse|forward|default',
      help: 'what becomes of ordinary mail to it; default: as CERALACCA_ORDINARY_MAIL says',
    },
    'forward-to': { type: 'string', value: 'ADDRESS', help: 'where ordinary mail is forwarded to' },
    'outgoing-ordinary': {
      type: 'string',
      value: 'allow|refuse|default',
      help: 'may it write to ordinary addresses; default: as its domain',
    },
    'second-factor': {
      type: 'string',
      value: 'on|off',
      help: 'on: its password alone opens nothing to mail programs, which need an app password',
    },
    'receipts-folder': {
      type: 'string',
      value: 'NAME|inbox',
      help: 'where acceptances and delivery receipts go; notices of what failed or is late always go to the inbox',
    },
    quota: { type: 'string', value: 'BYTES', help: 'size of the mailbox' },
  },
  details: [
    'suspended: can be read, neither sends nor receives. disabled: closed to its holder too.',
    'revoked: as if it did not exist; the address is never given to anyone else.',
  ].join('\n'),
  async run(invocation) {
    const { config, operands, options } = invocation
    const change = changeOf(invocation)
    const quota = options['quota'] === undefined ? undefined : quotaOf(options['quota'])
    if (Object.keys(change).length === 0 && quota === undefined)
      throw clientError('usage', 'Say what to change: see "ceralacca mailbox set --help"')
    return withInstallation(config, async ({ mailboxes, profiles }) => {
      const { address } = await mailboxes.show(operands[0] ?? '')
      const mailbox = await mailboxes.find(address)
      if (mailbox && Object.keys(change).length > 0) await profiles.set(mailbox, change)
      if (quota !== undefined) await mailboxes.setQuota(address, quota)
      const changed = await mailboxes.show(address)
      return { text: describe(changed), json: changed }
    })
  },
}

function changeOf({ options }: Invocation): ProfileChange {
  const status = choiceOf(options, 'status', STATUSES)
  const incoming = choiceOf(options, 'incoming-ordinary', ['accept', 'refuse', 'forward', 'default'])
  const outgoing = choiceOf(options, 'outgoing-ordinary', ['allow', 'refuse', 'default'])
  const secondFactor = choiceOf(options, 'second-factor', ['on', 'off'])
  const forwardTo = options['forward-to']
  const folder = options['receipts-folder']
  return {
    ...(status && { status }),
    ...(incoming && { incomingOrdinary: incoming === 'default' ? null : incoming }),
    ...(typeof forwardTo === 'string' && { forwardTo }),
    ...(outgoing && { outgoingOrdinary: outgoing === 'default' ? null : outgoing }),
    ...(secondFactor && { secondFactor: secondFactor === 'on' }),
    ...(typeof folder === 'string' && { receiptsFolder: folder }),
  }
}

export const mailboxSetPassword: Command = {
  words: ['mailbox', 'set-password'],
  summary: 'Give a mailbox a new password.',
  operands: ['ADDRESS'],
  options: PASSWORD_OPTION,
  async run(invocation) {
    const { config, operands } = invocation
    const [address = ''] = operands
    const { password, made } = await choosePassword(invocation)
    return withInstallation(config, async ({ mailboxes }) => {
      await mailboxes.setPassword(address, password)
      return {
        text: made ? `New password of ${address}: ${password}` : `The password of ${address} is set.`,
        json: { address, ...(made && { password }) },
      }
    })
  },
}
