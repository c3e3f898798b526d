/** `ceralacca mailbox`: certified mailboxes. */
import { clientError } from '../base/errors.ts'
import type { MailboxSummary } from '../registry/queries.ts'
import { table, type Command } from './command.ts'
import { withInstallation } from './connect.ts'
import { choosePassword, PASSWORD_OPTION } from './password.ts'

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`

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
    const quota = Number(options['quota'] ?? config.values.CERALACCA_QUOTA)
    if (!Number.isSafeInteger(quota) || quota <= 0) throw clientError('usage', '--quota must be a number of bytes')
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
      const rows = all.map(({ address, used, quota }) => [address, megabytes(used), megabytes(quota)])
      return { text: table([['ADDRESS', 'USED', 'QUOTA'], ...rows]), json: all }
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

function describe({ address, used, quota, reserve, createdAt }: MailboxSummary): string {
  return table([
    ['Address', address],
    ['Used', megabytes(used)],
    ['Quota', megabytes(quota)],
    ['Reserve', `${megabytes(reserve)} for receipts`],
    ['Made', createdAt.toISOString()],
  ])
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
