/**
 * The MX service: SMTP (RFC 5321) as other providers and ordinary servers speak it, on one port with STARTTLS announced and not required
 * (RFC 6109 5.3), without login. Bytes to typed requests for the Incoming Point; no rule of PEC here.
 *
 * A 250 to a message is answered only once `receive` has resolved; what it throws is answered so that a temporary fault is tried again.
 */
import { SMTPServer, type SMTPServerSession } from 'smtp-server'
import { canonicalPath } from '../../access/forward-path.ts'
import { createConnectionLimits } from '../../base/connection-limits.ts'
import { clientError } from '../../base/errors.ts'
import type { IncomingRequest } from '../../incoming/request.ts'
import { fieldsOf, parseHeader } from '../../mime/header.ts'
import { distinct } from './addresses.ts'
import { createMessageReader } from './message-reader.ts'
import { reply } from './replies.ts'
import { answer, close, open, serviceOptions, type TlsKeys } from './smtp-service.ts'

export interface MxLimits {
  /** largest message: the largest certified one is larger than what a holder may send */
  readonly messageBytes: number
  /** recipients of one message, at least 100 (RFC 5321 4.5.3.1.8) */
  readonly recipients: number
  /** connections of one client address at the same time */
  readonly connections: number
}

export interface MxServerDeps {
  /** Throws the error to answer for a recipient who cannot be written to from there: relaying denied, no such mailbox. */
  readonly checkRecipient: (address: string, reversePath: string, clientAddress: string) => Promise<void>
  readonly receive: (request: IncomingRequest) => Promise<void>
  /** the address that <postmaster> without a domain means (RFC 5321 4.5.1) */
  readonly postmaster: string
  readonly tls: TlsKeys
  readonly serverName: string
  readonly limits: MxLimits
  /** milliseconds that a client may be silent, and that a message may take */
  readonly timeouts?: { readonly idle: number; readonly message: number }
}

export interface MxServer {
  /** Port 0 takes a free one. Answers the port that is open. */
  listen(options: { host: string; port: number }): Promise<number>
  /** Takes no more connections, lets those at work finish for some seconds. */
  close(): Promise<void>
}

/** RFC 5321 6.3: a message that has come so often past servers goes round in circles. */
const MOST_RECEIVED = 50
/** More header than any mail has, and few enough fields to be read at once. */
const MOST_HEADER_BYTES = 1024 * 1024

export function createMxServer(deps: MxServerDeps): MxServer {
  const { checkRecipient, receive, postmaster, tls, serverName, limits, timeouts } = deps
  const { messageBytes } = limits
  const readMessage = createMessageReader({ messageBytes, ...(timeouts && { milliseconds: timeouts.message }) })
  const connections = createConnectionLimits({ perAddress: limits.connections, perAccount: 0 })

  const pathOf = (address: string): string => (address.toLowerCase() === 'postmaster' ? postmaster : canonicalPath(address))
  const reversePathOf = (address: string): string => (address === '' ? '' : canonicalPath(address))

  const sentFrom = ({ envelope }: SMTPServerSession): string => reversePathOf(envelope.mailFrom ? envelope.mailFrom.address : '')

  const requestOf = (session: SMTPServerSession, bytes: Buffer): IncomingRequest => ({
    reversePath: sentFrom(session),
    recipients: distinct(session.envelope.rcptTo.map(({ address }) => pathOf(address))),
    bytes,
    client: {
      address: session.remoteAddress,
      // It goes into the trace: nothing that would be a comment or another part there.
      name: session.hostNameAppearsAs.replace(/[^a-z0-9.:_[\]-]/g, '?'),
      protocol: session.transmissionType,
    },
  })

  const server = new SMTPServer({
    ...serviceOptions({ tls, serverName, messageBytes }),
    ...(timeouts && { socketTimeout: timeouts.idle }),
    disabledCommands: ['AUTH'],
    maxRecipients: limits.recipients,
    onConnect(session, callback) {
      const free = connections.connected(session, session.remoteAddress)
      callback(free ? null : reply(421, '4.7.0 Too many connections from your address'))
    },
    onClose: (session) => connections.closed(session),
    onMailFrom: ({ address }, _session, callback) => answer(async () => void reversePathOf(address), callback),
    onRcptTo: ({ address }, session, callback) =>
      answer(() => checkRecipient(pathOf(address), sentFrom(session), session.remoteAddress), callback),
    onData: (stream, session, callback) =>
      answer(
        () =>
          readMessage(stream, async (bytes) => {
            checkMessage(bytes)
            await receive(requestOf(session, bytes))
            return '2.0.0 Accepted'
          }),
        callback,
      ),
  })

  return {
    listen: ({ host, port }) => open(server, host, port),
    close: () => close(server),
  }
}

/** What no server on the way may let pass. */
function checkMessage(bytes: Buffer): void {
  // RFC 2045 2.7, 2.8: neither 7bit nor 8bit data has NULs, and no text column can keep one.
  if (bytes.includes(0)) throw clientError('nul-byte', 'The message contains NUL bytes')
  const header = parseHeader(bytes, 0, Math.min(bytes.length, MOST_HEADER_BYTES))
  if (header.bodyStart === MOST_HEADER_BYTES) throw reply(552, `5.3.4 The header is longer than ${MOST_HEADER_BYTES} bytes`)
  const passed = fieldsOf(header, 'Received').length
  if (passed > MOST_RECEIVED) throw reply(554, `5.4.6 The message goes round in circles: it has passed ${passed} servers`)
}
