/**
 * Who vouches for an ordinary message: SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 7489), as one line for the anomaly envelope and the
 * ledger. It judges nothing: an answer that cannot be had is `temperror`, and the message goes on its way. Called by incoming-point.ts.
 */
import { Resolver } from 'node:dns/promises'
import { authenticate, type DNSResolver } from 'mailauth'
import { fieldsOf, parseHeader } from '../mime/header.ts'
import type { IncomingRequest } from './request.ts'

export interface MailAuthenticationDeps {
  /** IP addresses, with or without port; the system's where empty. Throws on others. */
  readonly dnsServers: readonly string[]
  /** name of this host: SPF policies may ask for it */
  readonly serverName: string
  /** so long the DNS is asked about one message, in milliseconds; default 15 s */
  readonly milliseconds?: number
}

/** Answers such as `spf=pass dkim=none dmarc=fail`: result words of RFC 8601 2.7. Never rejects. */
export type MailAuthentication = (request: IncomingRequest) => Promise<string>

const MILLISECONDS = 15_000
const QUESTION_MS = 3000
const TRIES = 2
/** RFC 6376 6.1 allows a limit: each signature may cost a look-up and a pass over the whole message. */
const MOST_SIGNATURES = 5
/** What comes behind so much header is taken for the body. */
const MOST_HEADER_BYTES = 1024 * 1024

export function createMailAuthentication(deps: MailAuthenticationDeps): MailAuthentication {
  const { dnsServers, serverName, milliseconds = MILLISECONDS } = deps
  const resolver = new Resolver({ timeout: Math.min(QUESTION_MS, milliseconds), tries: TRIES })
  if (dnsServers.length > 0) resolver.setServers(dnsServers)

  return async ({ reversePath, bytes, client }) => {
    try {
      const { spf, dkim, dmarc } = await authenticate(withFewSignatures(bytes), {
        sender: reversePath,
        ip: client.address,
        helo: client.name,
        mta: serverName,
        resolver: askingUntil(resolver, Date.now() + milliseconds),
        disableArc: true,
        disableBimi: true,
      })
      const signatures = dkim.results.map(({ status }) => status.result)
      // One signature that holds is enough (RFC 6376 6.1).
      const signed = signatures.includes('pass') ? 'pass' : (signatures[0] ?? 'none')
      return `spf=${spf ? spf.status.result : 'none'} dkim=${signed} dmarc=${dmarc ? dmarc.status.result : 'none'}`
    } catch {
      // Whatever the library stumbled on is a property of that message or of its sender's DNS: nothing is known of it, which is said.
      return 'spf=temperror dkim=temperror dmarc=temperror'
    }
  }
}

/** Questions are answered until the deadline; then each that is open or new has timed out, so that what is known by then stays. */
function askingUntil(resolver: Resolver, deadline: number): DNSResolver {
  return async (name, type) => {
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<never>((_resolve, reject) => {
      const late = Object.assign(new Error('the time for DNS questions is over'), { code: 'ETIMEOUT' })
      timer = setTimeout(() => reject(late), Math.max(0, deadline - Date.now()))
    })
    try {
      return await Promise.race([resolver.resolve(name, type) as Promise<string[] | string[][]>, timeout])
    } finally {
      clearTimeout(timer)
    }
  }
}

/** The message without the DKIM signatures behind the first few. */
function withFewSignatures(bytes: Buffer): Buffer {
  const header = parseHeader(bytes, 0, Math.min(bytes.length, MOST_HEADER_BYTES))
  const surplus = fieldsOf(header, 'DKIM-Signature').slice(MOST_SIGNATURES)
  if (surplus.length === 0) return bytes
  const kept: Buffer[] = []
  let from = 0
  for (const { start, end } of surplus) {
    kept.push(bytes.subarray(from, start))
    from = end
  }
  return Buffer.concat([...kept, bytes.subarray(from)])
}
