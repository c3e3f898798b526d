/** Hands in messages with swaks, as a holder's mail client would, and as another mail server would. */
import { execute, type Result } from './execute.ts'
import type { Account, Provider } from './provider.ts'

export interface Submission {
  readonly account: Account
  readonly recipients: readonly string[]
  /** the whole message, lines ended by CRLF */
  readonly message: string | Buffer
  /** reverse path, if another than the account's address */
  readonly sender?: string
}

/** Sends over the TLS port, byte for byte; swaks adds nothing. Its output is what the server answered. */
export function submit(
  provider: Provider,
  { account, recipients, message, sender = account.address }: Submission,
): Promise<Result> {
  const login = ['--auth', 'PLAIN', '--auth-user', account.address, '--auth-password', account.password]
  const server = [...serverAt(provider, provider.ports.submissions), '--tls-on-connect', ...login, '--helo', 'client.test']
  return execute('swaks', [...server, ...mailOf(sender, recipients)], { input: forTheWire(message) })
}

export interface Transfer {
  /** reverse path, '' for the null one */
  readonly from: string
  readonly recipients: readonly string[]
  readonly message: string | Buffer
}

/** Hands a message to the MX service, with STARTTLS, byte for byte. */
export function handOver(provider: Provider, { from, recipients, message }: Transfer): Promise<Result> {
  const server = [...serverAt(provider, provider.ports.mx), '--tls', '--helo', 'mx.ordinaria.test']
  return execute('swaks', [...server, ...mailOf(from || '<>', recipients)], { input: forTheWire(message) })
}

const serverAt = ({ ca }: Provider, port: number): string[] => [
  '--server',
  `localhost:${port}`,
  '--tls-verify',
  '--tls-ca-path',
  ca,
]

const mailOf = (from: string, recipients: readonly string[]): string[] => {
  return ['--from', from, '--to', recipients.join(','), '--data', '-', '--no-data-fixup', '--hide-send']
}

/** Dot-stuffed, with the final dot (RFC 5321 4.5.2), whose line break swaks adds. */
function forTheWire(message: string | Buffer): Buffer {
  const text = (typeof message === 'string' ? Buffer.from(message) : message).toString('latin1')
  return Buffer.from(`${text.replace(/^\./gm, '..')}${text.endsWith('\r\n') ? '' : '\r\n'}.`, 'latin1')
}

/** A plain message; more header lines go before the empty line. */
export function plainMessage(
  from: string,
  to: readonly string[],
  { headers = [], body = 'Buongiorno.\r\n' }: { headers?: string[]; body?: string } = {},
): string {
  return [`From: ${from}`, `To: ${to.join(',\r\n ')}`, ...headers, '', body].join('\r\n')
}
