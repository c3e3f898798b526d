/**
 * SCRAM-SHA-256 for smtp-server. The library looks its mechanisms up in a table, which it exports, and has no other way to add one; so ours
 * stands there too, and serves the sessions to which it was offered. SCRAM-SHA-256-PLUS is not to be had: the library announces the same
 * mechanisms to all clients, and not all connections can be bound to.
 */
import type { SMTPServerSession } from 'smtp-server'
import SASL from 'smtp-server/lib/sasl.js'
import type { SMTPConnection } from 'smtp-server/lib/smtp-connection.js'
import { asCeralaccaError, clientError } from '../../base/errors.ts'
import { runSasl, type SaslDialogue } from '../sasl/dialogue.ts'
import { saslSyntax, type SaslLogins } from '../sasl/mechanism.ts'
import { replyFor } from './replies.ts'

export const SCRAM = 'SCRAM-SHA-256'

/** Logs a session in; answers its user. */
type LogIn = (dialogue: SaslDialogue) => Promise<unknown>

const offers = new WeakMap<SMTPServerSession, LogIn>()

/** Offers it to a session of a server whose `authMethods` name it. `enter` answers what smtp-server's onAuth would. */
export function offerScram<Login>(
  session: SMTPServerSession,
  logins: SaslLogins<Login>,
  enter: (session: SMTPServerSession, attempt: Promise<Login>) => Promise<{ user: Login }>,
): void {
  offers.set(session, async (dialogue) => (await enter(session, runSasl(dialogue, logins))).user)
}

function authenticate(this: SMTPConnection, args: string[], done: () => void): void {
  const { session } = this
  let resume = done
  /** The next line is the answer to this challenge (RFC 4954 4). */
  const ask = (challenge: string): Promise<string> =>
    new Promise((resolve) => {
      const next: Pick<SMTPConnection, '_nextHandler'> = {
        _nextHandler(line, callback) {
          resume = callback
          resolve(line.toString().trim())
        },
      }
      Object.assign(this, next)
      this.send(334, challenge)
      resume()
    })

  async function exchange(): Promise<void> {
    const [initial, ...rest] = args
    if (rest.length > 0) throw saslSyntax(`Use AUTH ${SCRAM} and at most one response`)
    const logIn = offers.get(session)
    if (!logIn) throw clientError('sasl-unknown', `${SCRAM} is not offered`)
    const client = { clientAddress: session.remoteAddress, channelBinding: undefined }
    session.user = await logIn({ mechanism: SCRAM, initial, ask, ...client })
    // RFC 3848
    session.transmissionType += 'A'
  }

  exchange()
    .then(
      () => this.send(235, '2.7.0 Authentication successful'),
      (thrown: unknown) => {
        const { responseCode, message } = replyFor(asCeralaccaError(thrown))
        this.send(responseCode, message)
      },
    )
    .finally(() => resume())
}

Object.assign(SASL, { [`SASL_${SCRAM}`]: authenticate })
