/** `ceralacca app-password`: passwords of single mail programs and devices. */
import { clientError } from '../base/errors.ts'
import type { AppPassword } from '../registry/app-password-queries.ts'
import { PROTOCOLS, type Protocol } from '../registry/protocols.ts'
import { table, type Command, type Invocation } from './command.ts'
import { withInstallation } from './connect.ts'

const NAME = { type: 'string', value: 'NAME', help: 'what it is called, such as the device that uses it' } as const

const day = (date: Date): string => date.toISOString().slice(0, 10)

export const appPasswordCreate: Command = {
  words: ['app-password', 'create'],
  summary: 'Make a password for one mail program; it is shown once.',
  operands: ['ADDRESS'],
  options: {
    name: NAME,
    protocols: { type: 'string', value: 'LIST', help: `what it opens, of ${PROTOCOLS.join(',')}; default: imap,pop3,smtp` },
  },
  details: [
    'It opens the mailbox beside its own password, and is not kept: who loses it makes another.',
    'With "ceralacca mailbox set ADDRESS --second-factor on" only app passwords open the mailbox to mail programs.',
  ].join('\n'),
  async run(invocation) {
    const { config, operands } = invocation
    const [wanted, protocols] = [nameOf(invocation), protocolsOf(invocation)]
    return withInstallation(config, async ({ appPasswords }) => {
      const made = await appPasswords.create(operands[0] ?? '', { name: wanted, protocols })
      return { text: `App password "${made.name}" for ${made.protocols.join(', ')}: ${made.secret}`, json: made }
    })
  },
}

export const appPasswordList: Command = {
  words: ['app-password', 'list'],
  summary: 'List the app passwords of a mailbox.',
  operands: ['ADDRESS'],
  run: ({ config, operands }) =>
    withInstallation(config, async ({ appPasswords }) => {
      const all = await appPasswords.list(operands[0] ?? '')
      return { text: table([['NAME', 'OPENS', 'MADE', 'LAST USED'], ...all.map(row)]), json: all }
    }),
}

const row = ({ name, protocols, createdAt, lastUsedAt }: AppPassword): string[] => [
  name,
  protocols.join(','),
  day(createdAt),
  lastUsedAt === null ? 'never' : `${lastUsedAt.toISOString().slice(0, 16)}Z`,
]

export const appPasswordRevoke: Command = {
  words: ['app-password', 'revoke'],
  summary: 'Take an app password away.',
  operands: ['ADDRESS'],
  options: { name: NAME, all: { type: 'boolean', help: 'all that the mailbox has' } },
  details: 'It opens nothing from then on. What it has opened sends no more at once, and is closed within minutes.',
  async run(invocation) {
    const { config, operands, options } = invocation
    const [address = ''] = operands
    const all = options['all'] === true
    if (all && options['name'] !== undefined) throw clientError('usage', 'Say --name NAME or --all')
    const name = all ? '' : nameOf(invocation)
    return withInstallation(config, async ({ appPasswords }) => {
      const revoked = all ? await appPasswords.revokeAll(address) : [name]
      if (!all) await appPasswords.revoke(address, name)
      return { text: `Revoked of ${address}: ${revoked.join(', ') || 'nothing'}`, json: { address, revoked } }
    })
  },
}

function nameOf({ options }: Invocation): string {
  const { name } = options
  if (typeof name !== 'string') throw clientError('usage', 'Say which one with --name NAME')
  return name
}

/** @throws `usage` */
function protocolsOf({ options }: Invocation): Protocol[] {
  const written = options['protocols'] ?? 'imap,pop3,smtp'
  return String(written)
    .split(',')
    .map((word) => {
      const protocol = PROTOCOLS.find((one) => one === word.trim().toLowerCase())
      if (!protocol) throw clientError('usage', `--protocols is a list of: ${PROTOCOLS.join(', ')}`)
      return protocol
    })
}
