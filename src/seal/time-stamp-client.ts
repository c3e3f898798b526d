/**
 * Gets time stamps (RFC 3161): asks the first authority, and the next one where that fails. What is answered is verified before it is
 * believed, so a token that is kept verifies.
 */
import { randomBytes } from 'node:crypto'
import { request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { rootCertificates } from 'node:tls'
import { asCeralaccaError, temporaryError } from '../base/errors.ts'
import { createCertificateCache } from './certificate-cache.ts'
import { nonceOf, tokenOf, writeRequest } from './time-stamp-messages.ts'
import { verifyTimeStamp } from './time-stamp.ts'

/** Whoever answers requests: another server, or the test authority of this process. */
export interface TimeStampAuthority {
  /** what it is called in the ledger: its URL */
  readonly name: string
  /** @returns DER of the answer @throws anything */
  ask(request: Buffer): Promise<Buffer>
}

export interface TimeStamp {
  /** DER of the token */
  readonly token: Buffer
  readonly authority: string
  /** milliseconds since 1970, as the authority says */
  readonly time: number
}

export interface TimeStampClient {
  /**
   * @param digest SHA-256
   * @throws temporary error `time-stamp-unavailable` with what each authority has against it
   */
  stamp(digest: Buffer): Promise<TimeStamp>
}

export interface TimeStampClientOptions {
  /** in the order in which they are asked */
  readonly authorities: readonly TimeStampAuthority[]
  /** DER of the CA certificates that vouch for them */
  readonly roots: readonly Buffer[]
  /** the only policy that will do */
  readonly policy?: string | undefined
}

const NONCE_BYTES = 16

export function createTimeStampClient({ authorities, roots, policy }: TimeStampClientOptions): TimeStampClient {
  const cache = createCertificateCache()

  async function ask({ name, ask }: TimeStampAuthority, digest: Buffer): Promise<TimeStamp> {
    const nonce = nonceOf(randomBytes(NONCE_BYTES))
    const token = tokenOf(await ask(writeRequest({ digest, nonce, policy: policy ?? null })))
    const result = verifyTimeStamp(token, { digest, nonce, policy, roots }, cache)
    if (!result.ok) throw temporaryError('time-stamp-bad', `its token does not verify: ${result.reason}`)
    return { token, authority: name, time: result.time }
  }

  return {
    async stamp(digest) {
      const reasons: string[] = []
      for (const authority of authorities) {
        try {
          return await ask(authority, digest)
        } catch (thrown) {
          reasons.push(`${authority.name}: ${asCeralaccaError(thrown).message}`)
        }
      }
      throw temporaryError('time-stamp-unavailable', `no authority gave a time stamp: ${reasons.join('; ')}`)
    },
  }
}

export interface HttpAuthorityOptions {
  readonly url: string
  /** for the whole of it, milliseconds */
  readonly timeoutMs?: number
  readonly mostBytes?: number
  /** PEM of CA certificates that vouch for HTTPS servers, besides those that Node knows */
  readonly tlsRoots?: readonly string[]
}

const TIMEOUT_MS = 20_000
/** a token with a long chain has some ten thousand */
const MOST_BYTES = 256_000

/** An authority behind HTTP or HTTPS (RFC 3161 3.4): one POST, bounded in time and size. User name and password may stand in the URL. */
export function httpAuthority(options: HttpAuthorityOptions): TimeStampAuthority {
  const { url, timeoutMs = TIMEOUT_MS, mostBytes = MOST_BYTES, tlsRoots = [] } = options
  const target = new URL(url)
  const name = `${target.origin}${target.pathname}`
  const send = target.protocol === 'https:' ? requestSecure : requestPlain
  const ca = [...rootCertificates, ...tlsRoots]

  return {
    name,
    ask: (query) =>
      new Promise((resolve, reject) => {
        const headers = {
          'content-type': 'application/timestamp-query',
          'content-length': query.length,
          accept: 'application/timestamp-reply',
        }
        const signal = AbortSignal.timeout(timeoutMs)
        const request = send(target, { method: 'POST', agent: false, signal, ca, headers }, (response) => {
          const fail = (why: string): void => {
            reject(new Error(why))
            request.destroy()
          }
          if (response.statusCode !== 200) fail(`the server answered ${response.statusCode ?? 'nothing'}`)
          const chunks: Buffer[] = []
          let size = 0
          response.on('data', (chunk: Buffer) => {
            size += chunk.length
            if (size > mostBytes) fail(`the answer is longer than ${mostBytes} bytes`)
            chunks.push(chunk)
          })
          response.on('end', () => resolve(Buffer.concat(chunks)))
          response.on('error', reject)
        })
        request.on('error', reject)
        request.end(query)
      }),
  }
}
