/**
 * The wire before a provider's MX: a relay that hands each SMTP transaction on as it came, and answers what the MX answers. It shows what only
 * the dialogue knows, such as the reverse path; and it refuses recipients, as a peer might.
 */
import { readFileSync } from 'node:fs'
import SMTPConnection, { type SMTPError } from 'nodemailer/lib/smtp-connection'
import type { SMTPServerSession } from 'smtp-server'
import type { IssuedPair } from '../../src/seal/test-authority.ts'
import { startServer } from '../../src/transport/test-smtp.ts'
import { defer, type Owner } from './cleanup.ts'
import type { Provider } from './provider.ts'

/** One that the MX has taken. */
export interface Transaction {
  /** '' for the null reverse path */
  readonly from: string
  readonly to: readonly string[]
  readonly bytes: Buffer
  /** over TLS */
  readonly secure: boolean
}

export interface Wire {
  readonly port: number
  /** Where it leads; until then every message is deferred. */
  leadTo(provider: Provider): void
  /** Answers a 550 to this recipient from now on. */
  refuse(address: string, text: string): void
  /** Those taken whose message passes. */
  carried(wanted: (message: Buffer) => boolean): Transaction[]
  /** Those by which exactly these bytes came: one, or one for each domain of its recipients. */
  transactionsOf(message: Buffer): Transaction[]
}

interface Mail {
  readonly from: string
  readonly to: string[]
  readonly bytes: Buffer
}

export async function startWire(owner: Owner, pair: IssuedPair): Promise<Wire> {
  const taken = new Set<Transaction>()
  const refused = new Map<string, string>()
  let end: Provider | undefined
  const server = await startServer(pair, {
    onRcptTo({ address }, _session, callback) {
      const text = refused.get(address)
      callback(text === undefined ? null : answer(550, text))
    },
    onData(stream, session, callback) {
      const pieces: Buffer[] = []
      stream.on('data', (piece: Buffer) => pieces.push(piece))
      stream.on('end', () => {
        const mail = mailOf(session, Buffer.concat(pieces))
        if (!end) return callback(answer(451, '4.3.2 The wire leads nowhere'))
        // Noted before the answer: its recipient may read it before the MX has said so.
        const transaction = { ...mail, secure: session.secure }
        taken.add(transaction)
        handOn(end, mail).then(
          (reply) => callback(null, reply.replace(/^\d{3} /, '')),
          ({ responseCode = 451, response, message }: SMTPError) => {
            taken.delete(transaction)
            callback(answer(responseCode, response?.replace(/^\d{3} /, '') ?? message))
          },
        )
      })
    },
  })
  defer(owner, () => server.close())
  const carried: Wire['carried'] = (wanted) => [...taken].filter(({ bytes }) => wanted(bytes))
  return {
    port: server.port,
    leadTo: (provider) => void (end = provider),
    refuse: (address, text) => void refused.set(address, text),
    carried,
    transactionsOf: (message) => carried((bytes) => bytes.equals(message)),
  }
}

const answer = (responseCode: number, text: string): Error => Object.assign(new Error(text), { responseCode })

function mailOf({ envelope: { mailFrom, rcptTo } }: SMTPServerSession, bytes: Buffer): Mail {
  return { from: mailFrom === false ? '' : mailFrom.address, to: rcptTo.map(({ address }) => address), bytes }
}

/** Resolves with the reply to the message. */
function handOn({ ports, ca }: Provider, { from, to, bytes }: Mail): Promise<string> {
  return new Promise((resolve, reject) => {
    const connection = new SMTPConnection({
      host: 'localhost',
      port: ports.mx,
      requireTLS: true,
      tls: { ca: readFileSync(ca) },
      name: 'wire.test',
    })
    connection.once('error', reject)
    connection.connect((failed) => {
      if (failed) return reject(failed)
      connection.send({ from, to, use8BitMime: true }, bytes, (error, info) => {
        connection.quit()
        if (error) reject(error)
        else if (info.rejectedErrors?.[0]) reject(info.rejectedErrors[0])
        else resolve(info.response)
      })
    })
  })
}
