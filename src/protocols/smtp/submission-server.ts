/**
 * The submission service (RFC 6409): SMTP with login, on a TLS port and on a STARTTLS port (RFC 8314). Bytes to typed requests for the
 * Access Point; no rule of PEC here.
 */
import type { AddressInfo } from 'node:net'
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server'
import { asCeralaccaError } from '../../base/errors.ts'
import type { Login } from '../../registry/authenticator.ts'
import { createMemoryBudget } from './memory-budget.ts'
import { reply, replyFor } from './replies.ts'

export interface SubmissionServerDeps {
  readonly authenticate: (user: string, password: string, clientAddress: string) => Promise<Login>
  readonly accept: (request: {
    mailbox: Login['mailbox']
    sender: string
    recipients: string[]
    bytes: Buffer
    client: { address: string; protocol: string }
  }) => Promise<{ pecMsgid: string }>
  /** Whether certified mail can reach the domain of a recipient. */
  readonly isServed: (domain: string) => Promise<boolean>
  readonly tls: { readonly key: string; readonly cert: string }
  readonly serverName: string
  readonly limits: { readonly messageBytes: number; readonly recipients: number }
}

export interface SubmissionServer {
  /** Port 0 takes a free one. Answers the ports that are open. */
  listen(options: { host: string; tlsPort: number; starttlsPort: number }): Promise<{ tlsPort: number; starttlsPort: number }>
  /** Takes no more connections, lets those at work finish for some seconds. */
  close(): Promise<void>
}

/** Messages being received hold at most so much memory together; beyond it a client is asked to come back. */
const MEMORY_BUDGET = 256 * 1024 * 1024
const CLOSE_TIMEOUT_MS = 5000
const IDLE_TIMEOUT_MS = 5 * 60_000
const MOST_CLIENTS = 5000

export function createSubmissionServer(deps: SubmissionServerDeps): SubmissionServer {
  const { authenticate, accept, isServed, tls, serverName, limits } = deps
  const budget = createMemoryBudget(MEMORY_BUDGET)

  /** Runs a handler and answers its client; what it throws becomes an SMTP reply. */
  function answer<T>(work: () => Promise<T>, callback: (error: Error | null, result?: T) => void): void {
    work().then(
      (result) => callback(null, result),
      (thrown: unknown) => callback(replyFor(asCeralaccaError(thrown))),
    )
  }

  async function checkRecipient(address: string, session: SMTPServerSession): Promise<void> {
    if (session.envelope.rcptTo.length >= limits.recipients)
      throw reply(452, `4.5.3 At most ${limits.recipients} recipients at a time`)
    const domain = address.slice(address.lastIndexOf('@') + 1)
    if (!(await isServed(domain))) throw reply(550, `5.1.2 ${domain} cannot be reached from here by certified mail`)
  }

  async function receive(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<string> {
    const claim = budget.claim()
    try {
      const pieces: Buffer[] = []
      let refusal: Error | undefined
      // The message is read to its end also when it is refused: the client listens only then.
      for await (const piece of stream as AsyncIterable<Buffer>) {
        if (!refusal && stream.sizeExceeded) refusal = reply(552, `5.3.4 The message is larger than ${limits.messageBytes} bytes`)
        if (!refusal && !claim.add(piece.length)) refusal = reply(452, '4.3.1 Too many large messages at once: try again later')
        if (refusal) pieces.length = 0
        else pieces.push(piece)
      }
      if (stream.sizeExceeded) refusal = reply(552, `5.3.4 The message is larger than ${limits.messageBytes} bytes`)
      if (refusal) throw refusal
      const { mailbox, address } = session.user as Login
      const { pecMsgid } = await accept({
        mailbox,
        sender: address,
        recipients: distinct(session.envelope.rcptTo.map((recipient) => recipient.address)),
        bytes: Buffer.concat(pieces),
        client: { address: session.remoteAddress, protocol: session.transmissionType },
      })
      return `2.0.0 Accepted as certified mail, id ${pecMsgid}`
    } finally {
      claim.release()
    }
  }

  function createServer(secure: boolean): SMTPServer {
    const server = new SMTPServer({
      ...tls,
      secure,
      minVersion: 'TLSv1.2',
      name: serverName,
      banner: 'Ceralacca',
      heloResponse: '%s greets %s',
      size: limits.messageBytes,
      authMethods: ['PLAIN', 'LOGIN'],
      authRequiredMessage: 'Log in first: certified mail is sent by its holder only',
      hideSMTPUTF8: true,
      // The library knows one enhanced code per reply code; ours are exact and stand in the text, so the extension is not announced.
      hideENHANCEDSTATUSCODES: true,
      disableReverseLookup: true,
      socketTimeout: IDLE_TIMEOUT_MS,
      closeTimeout: CLOSE_TIMEOUT_MS,
      maxClients: MOST_CLIENTS,
      // Before TLS no login is offered, so that no client sends a password in clear.
      onConnect(session, callback) {
        if (!session.secure) session.disabledCommands = ['AUTH']
        callback()
      },
      onSecure(_socket, session, callback) {
        delete session.disabledCommands
        callback()
      },
      onAuth: ({ username, password }, session, callback) =>
        answer(async () => ({ user: await authenticate(username ?? '', password ?? '', session.remoteAddress) }), callback),
      onMailFrom: ({ address }, session, callback) =>
        answer(async () => {
          const login = session.user as Login | undefined
          if (!login) throw reply(530, '5.7.0 Use STARTTLS and log in first')
          const own = login.address
          if (address.toLowerCase() !== own) throw reply(553, `5.7.1 You are logged in as ${own}: MAIL FROM must be that address`)
        }, callback),
      onRcptTo: ({ address }, session, callback) => answer(() => checkRecipient(address, session), callback),
      onData: (stream, session, callback) => answer(() => receive(stream, session), callback),
    })
    // A client that breaks off, or speaks no TLS, is its own affair.
    server.on('error', () => undefined)
    return server
  }

  const [tlsServer, starttlsServer] = [createServer(true), createServer(false)]

  return {
    async listen({ host, tlsPort, starttlsPort }) {
      return { tlsPort: await open(tlsServer, host, tlsPort), starttlsPort: await open(starttlsServer, host, starttlsPort) }
    },
    async close() {
      await Promise.all([tlsServer, starttlsServer].map((server) => new Promise<void>((resolve) => server.close(resolve))))
    },
  }
}

function open(server: SMTPServer, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.server.once('error', reject)
    server.listen(port, host, () => {
      server.server.off('error', reject)
      resolve((server.server.address() as AddressInfo).port)
    })
  })
}

/** Each address once, compared in any case, as first written. */
function distinct(addresses: readonly string[]): string[] {
  const known = new Map<string, string>()
  for (const address of addresses) if (!known.has(address.toLowerCase())) known.set(address.toLowerCase(), address)
  return [...known.values()]
}
