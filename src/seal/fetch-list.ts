/**
 * Fetches a revocation list by HTTP or HTTPS: one GET, bounded in time, size and redirects, without credentials or cookies. That a list comes
 * over plain HTTP is no harm: it is signed (RFC 5280 4.2.1.13 and section 8 advise against HTTPS, which needs a list itself).
 */
import { get as getPlain } from 'node:http'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { get as getSecure } from 'node:https'
import { rootCertificates } from 'node:tls'
import { temporaryError } from '../base/errors.ts'

export interface FetchOptions {
  /** for the whole of it, redirects included; milliseconds */
  readonly timeoutMs?: number
  readonly mostBytes?: number
  readonly mostRedirects?: number
  /** PEM of CA certificates that vouch for HTTPS servers, besides those that Node knows */
  readonly tlsRoots?: readonly string[]
}

const TIMEOUT_MS = 15_000
const MOST_BYTES = 32_000_000
const MOST_REDIRECTS = 3
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308]

/** The URL, if it is one to follow, without user name and password: Node would send them. */
function openUrl(text: string, base?: URL): URL {
  const url = new URL(text, base)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error(`${url.protocol} is not fetched`)
  url.username = ''
  url.password = ''
  return url
}

/** @throws whatever the connection throws */
function get(url: URL, options: RequestOptions & { ca: string[] }): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = url.protocol === 'https:' ? getSecure(url, options, resolve) : getPlain(url, options, resolve)
    request.on('error', reject)
  })
}

async function readBody(response: AsyncIterable<Buffer>, most: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    size += chunk.length
    if (size > most) throw new Error(`it is longer than ${most} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/**
 * @returns a function that fetches what a URL names
 * @throws (that function) temporary error `list-unfetchable`
 */
export function createFetchList(options: FetchOptions = {}): (url: string) => Promise<Buffer> {
  const { timeoutMs = TIMEOUT_MS, mostBytes = MOST_BYTES, mostRedirects = MOST_REDIRECTS, tlsRoots = [] } = options
  const ca = [...rootCertificates, ...tlsRoots]

  async function fetchBytes(text: string): Promise<Buffer> {
    const signal = AbortSignal.timeout(timeoutMs)
    // A connection of its own: lists are fetched once an hour, and nothing is to be kept open for that.
    const request = { agent: false, signal, ca, headers: { accept: 'application/pkix-crl, */*;q=0.1' } }
    let url = openUrl(text)
    for (let redirects = 0; redirects <= mostRedirects; redirects++) {
      const response = await get(url, request)
      const status = response.statusCode ?? 0
      if (status === 200) return readBody(response, mostBytes)
      response.destroy()
      if (!REDIRECTS.includes(status)) throw new Error(`the server answered ${status}`)
      url = openUrl(response.headers.location ?? '', url)
    }
    throw new Error(`more than ${mostRedirects} redirects`)
  }

  return async (url) => {
    try {
      return await fetchBytes(url)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw temporaryError('list-unfetchable', `${url} cannot be fetched: ${why}`, cause)
    }
  }
}
