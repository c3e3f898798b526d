/** Opens a connection to an SMTP server: TCP, greeting, EHLO, and TLS as far as it is required (RFC 6109 5.3, RFC 3207). Nothing here rejects. */
import { X509Certificate } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { getCACertificates, createSecureContext } from 'node:tls'
import type { SecureContext } from 'node:tls'
import SMTPConnection, { type SMTPError } from 'nodemailer/lib/smtp-connection'
import { certificatesOf } from '../seal/pem.ts'
import type { Destination } from './routes.ts'
import { deferred, verdictOfReply } from './verdict.ts'
import type { Verdict } from './verdict.ts'

/**
 * `verified`: no mail but over TLS with a certificate for the host from a known authority.
 * `opportunistic`: TLS where the server has it, whatever its certificate (RFC 7435).
 */
export type Security = 'verified' | 'opportunistic'

/** Milliseconds; those of RFC 5321 4.5.3.2 in production. */
export interface TimeBounds {
  /** for TCP */
  readonly connect: number
  /** from the connection to the end of EHLO, with TLS */
  readonly greeting: number
  /** for the replies to an envelope, and to any other command */
  readonly command: number
  /** more for each recipient of an envelope: servers without PIPELINING answer one by one */
  readonly recipient: number
  /** without progress while a message is sent */
  readonly data: number
  /** for the reply to the message */
  readonly final: number
}

export interface OpenDeps {
  /** said in EHLO */
  readonly serverName: string
  readonly secureContext: SecureContext
  readonly bounds: TimeBounds
}

/** After QUIT, for the server to close its side. */
const CLOSE_MS = 2000
/** To one address of several, before the next is tried as well. */
const ATTEMPT_MS = 3000
const MOST_REPLY_BYTES = 64 * 1024

/** Node's certification authorities and those of `roots` (PEM); TLS 1.2 or later. Made once: it parses them all. Throws on a bad one. */
export function createClientContext(roots: string | undefined): SecureContext {
  const more = roots === undefined ? [] : certificatesOf(roots).map((der) => new X509Certificate(der).toString())
  return createSecureContext({ minVersion: 'TLSv1.2', ca: [...getCACertificates('default'), ...more] })
}

/** @returns a connection that is ready for MAIL, or why there is none: always `deferred`, for another host or another time may do. */
export async function openConnection(
  deps: OpenDeps,
  to: Destination,
  security: Security,
  signal: AbortSignal,
): Promise<SMTPConnection | Verdict> {
  const opened = await attempt(deps, to, security === 'verified' ? 'required' : 'offered', signal)
  if ('outcome' in opened && opened.inTls && security === 'opportunistic') {
    // A server whose TLS does not work is reached as one that has none.
    const { inTls: _, ...verdict } = opened
    const inClear = await attempt(deps, to, 'none', signal)
    return 'outcome' in inClear ? verdict : inClear
  }
  if (!('outcome' in opened)) return opened
  const { inTls: _, ...verdict } = opened
  return verdict
}

type Attempt = SMTPConnection | (Verdict & { readonly inTls: boolean })

async function attempt(
  deps: OpenDeps,
  to: Destination,
  use: 'required' | 'offered' | 'none',
  signal: AbortSignal,
): Promise<Attempt> {
  const { bounds, serverName, secureContext } = deps
  const socket = await openSocket(to, bounds.connect, signal)
  if ('outcome' in socket) return { ...socket, inTls: false }
  const connection = new SMTPConnection({
    connection: socket,
    host: to.host,
    port: to.port,
    secure: false,
    name: serverName,
    requireTLS: use === 'required',
    opportunisticTLS: use === 'offered',
    ignoreTLS: use === 'none',
    tls: { secureContext, minVersion: 'TLSv1.2', rejectUnauthorized: use === 'required' },
    connectionTimeout: bounds.greeting,
    greetingTimeout: bounds.greeting,
    // The steps have bounds of their own; this one is behind them all.
    socketTimeout: bounds.final + bounds.command,
    socketCloseTimeout: CLOSE_MS,
    maxResponseSize: MOST_REPLY_BYTES,
  })
  return new Promise((resolve) => {
    const end = (verdict: Verdict): void => {
      clearTimeout(timer)
      resolve({ ...verdict, inTls: connection.upgrading === true })
      connection.close()
    }
    const timer = setTimeout(
      () => end(deferred('4.4.2', `${to.host}: no session within ${bounds.greeting / 1000} seconds`)),
      bounds.greeting,
    )
    connection.on('error', (error: SMTPError) => end(verdictOfOpening(to.host, error, connection)))
    connection.once('end', () => end(deferred('4.4.2', `${to.host}: connection closed before a session began`)))
    connection.connect((error) => {
      if (error) return end(verdictOfOpening(to.host, error, connection))
      if (use === 'required' && !connection.secure) return end(deferred('4.7.4', `${to.host}: no TLS`))
      clearTimeout(timer)
      connection.removeAllListeners('end')
      resolve(connection)
    })
  })
}

function openSocket(to: Destination, bound: number, signal: AbortSignal): Promise<Socket | Verdict> {
  return new Promise((resolve) => {
    const socket = connect({
      host: to.host,
      port: to.port,
      signal,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: Math.max(10, Math.min(ATTEMPT_MS, Math.floor(bound / 2))),
      ...(to.lookup ? { lookup: to.lookup } : {}),
    })
    const fail = (verdict: Verdict): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(verdict)
    }
    const timer = setTimeout(() => fail(deferred('4.4.1', `${to.host}: no connection within ${bound / 1000} seconds`)), bound)
    const onError = (error: NodeJS.ErrnoException): void => fail(verdictOfSocket(to, error))
    socket.once('error', onError)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', onError)
      // The connection takes errors over before any can come: it is made in this turn of the loop.
      resolve(socket)
    })
  })
}

const UNRESOLVED = new Set(['ENOTFOUND', 'ENODATA', 'EAI_AGAIN', 'ESERVFAIL', 'ETIMEOUT', 'EREFUSED'])

function verdictOfSocket({ host, port }: Destination, error: NodeJS.ErrnoException): Verdict {
  const code = error.code ?? error.message
  if (UNRESOLVED.has(code)) return deferred('4.4.4', `${host}: its address is not found (${code})`)
  return deferred('4.4.1', `${host}: no connection to port ${port} (${code})`)
}

/** A server that refuses the whole session, even with 5xx, does not speak of the mail: another host may take it, or this one later. */
function verdictOfOpening(host: string, error: SMTPError, connection: SMTPConnection): Verdict {
  if (error.command === 'STARTTLS') return deferred('4.7.4', `${host}: no TLS (${error.response ?? error.message})`)
  if (connection.upgrading === true) return deferred('4.7.5', `${host}: TLS failed: ${error.message}`)
  if (error.response === undefined || error.response === '') return deferred('4.4.2', `${host}: ${error.message}`)
  const { status, text } = verdictOfReply(host, error.response, 'CONN')
  return { outcome: 'deferred', status: `4${status.slice(1)}`, text }
}
