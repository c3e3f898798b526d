/**
 * The submission service (RFC 6409): SMTP with login, on a TLS port and on a STARTTLS port (RFC 8314). Bytes to typed requests for the
 * Access Point; no rule of PEC here.
 */
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'
import { canonicalPath } from '../../access/forward-path.ts'
import type { Answer } from '../../access/types.ts'
import { createConnectionLimits, tooManyConnections, type ConnectionLimits } from '../../base/connection-limits.ts'
import type { Login } from '../../registry/authenticator.ts'
import type { SaslLogins } from '../sasl/mechanism.ts'
import { distinct } from './addresses.ts'
import { createMessageReader } from './message-reader.ts'
import { reply } from './replies.ts'
import { offerScram, SCRAM } from './scram-auth.ts'
import { answer, close, open, serviceOptions, type TlsKeys } from './smtp-service.ts'

export interface SubmissionServerDeps extends SaslLogins<Login> {
  readonly accept: (request: {
    mailbox: Login['mailbox']
    sender: string
    recipients: string[]
    bytes: Buffer
    client: { address: string; protocol: string }
  }) => Promise<Answer>
  readonly tls: TlsKeys
  readonly serverName: string
  readonly limits: { readonly messageBytes: number; readonly recipients: number }
  /** shared with other services; default: its own */
  readonly connections?: ConnectionLimits
}

export interface SubmissionServer {
  /** Port 0 takes a free one. Answers the ports that are open. */
  listen(options: { host: string; tlsPort: number; starttlsPort: number }): Promise<{ tlsPort: number; starttlsPort: number }>
  /** Takes no more connections, lets those at work finish for some seconds. */
  close(): Promise<void>
}

export function createSubmissionServer(deps: SubmissionServerDeps): SubmissionServer {
  const { accept, tls, serverName, limits, connections = createConnectionLimits() } = deps
  const readMessage = createMessageReader(limits)

  async function checkSender(address: string, session: SMTPServerSession): Promise<void> {
    const login = session.user as Login | undefined
    if (!login) throw reply(530, '5.7.0 Use STARTTLS and log in first')
    const own = login.address
    if (address === '' || canonicalPath(address).toLowerCase() !== own)
      throw reply(553, `5.7.1 You are logged in as ${own}: MAIL FROM must be that address`)
    await login.checkMaySend()
  }

  async function checkRecipient(written: string, session: SMTPServerSession): Promise<void> {
    if (session.envelope.rcptTo.length >= limits.recipients)
      throw reply(452, `4.5.3 At most ${limits.recipients} recipients at a time`)
    // It throws for what is no address: whose it is decides the Access Point.
    canonicalPath(written)
  }

  const receive = (stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string> =>
    readMessage(stream, async (bytes) => {
      const { mailbox, address } = session.user as Login
      const given = await accept({
        mailbox,
        sender: address,
        recipients: distinct(session.envelope.rcptTo.map((recipient) => canonicalPath(recipient.address))),
        bytes,
        client: { address: session.remoteAddress, protocol: session.transmissionType },
      })
      return told(given)
    })

  async function logIn(session: SMTPServerSession, attempt: Promise<Login>): Promise<{ user: Login }> {
    const login = await attempt
    if (!connections.loggedIn(session, login.mailbox.id)) throw tooManyConnections()
    return { user: login }
  }

  const createServer = (secure: boolean): SMTPServer =>
    new SMTPServer({
      ...serviceOptions({ tls, serverName, messageBytes: limits.messageBytes }),
      secure,
      authMethods: [...(deps.beginScram ? [SCRAM] : []), 'PLAIN', 'LOGIN'],
      authRequiredMessage: 'Log in first: certified mail is sent by its holder only',
      onConnect(session, callback) {
        // Before TLS no login is offered, so that no client sends a password in clear.
        if (!session.secure) session.disabledCommands = ['AUTH']
        if (deps.beginScram) offerScram(session, deps, logIn)
        const free = connections.connected(session, session.remoteAddress)
        callback(free ? null : reply(421, '4.7.0 Too many connections from your address'))
      },
      onClose: (session) => connections.closed(session),
      onSecure(_socket, session, callback) {
        delete session.disabledCommands
        callback()
      },
      onAuth: ({ username, password }, session, callback) =>
        answer(() => logIn(session, deps.authenticate(username ?? '', password ?? '', session.remoteAddress)), callback),
      onMailFrom: ({ address }, session, callback) => answer(() => checkSender(address, session), callback),
      onRcptTo: ({ address }, session, callback) => answer(() => checkRecipient(address, session), callback),
      onData: (stream, session, callback) => answer(() => receive(stream, session), callback),
    })

  const [tlsServer, starttlsServer] = [createServer(true), createServer(false)]

  return {
    async listen({ host, tlsPort, starttlsPort }) {
      return { tlsPort: await open(tlsServer, host, tlsPort), starttlsPort: await open(starttlsServer, host, starttlsPort) }
    },
    async close() {
      await Promise.all([close(tlsServer), close(starttlsServer)])
    },
  }
}

/** A refusal is a 250 too: the notice is the answer, and an error would be a second one (decision 0011). */
function told(given: Answer): string {
  if (given.outcome === 'accepted') return `2.0.0 Accepted as certified mail, id ${given.pecMsgid}`
  return `2.0.0 NOT accepted (${given.code}): the non-acceptance notice is in your mailbox, id ${given.pecMsgid}`
}
