/** Fetches the signed directory over HTTPS, with a client certificate where one is asked for; bounded in size and time. */
import type { IncomingMessage } from 'node:http'
import { get, type RequestOptions } from 'node:https'
import { temporaryError, type CeralaccaError } from '../base/errors.ts'
import { MOST_LDIF_BYTES } from './ldif.ts'

export interface DownloadDeps {
  /** CA certificates, PEM, that vouch for the server; those that Node knows where not given */
  readonly ca?: readonly string[] | undefined
  /** the client's certificate and key, PEM */
  readonly client?: { readonly cert: string; readonly key: string } | undefined
  /** default: what readLdif takes */
  readonly mostBytes?: number
  /** default: 5 minutes for all of it */
  readonly timeoutMs?: number
}

/** @throws temporary error `directory-unreachable` */
export type Download = (url: string, signal?: AbortSignal) => Promise<Buffer>

export function createDownload({ ca, client, mostBytes = MOST_LDIF_BYTES, timeoutMs = 5 * 60_000 }: DownloadDeps): Download {
  async function fetch(url: string, signal: AbortSignal): Promise<Buffer> {
    // A connection of its own: there is one a day.
    const tls = { ...client, ...(ca ? { ca: [...ca] } : {}), minVersion: 'TLSv1.2', agent: false } as const
    const response = await ask(url, { ...tls, signal, headers: { accept: 'application/pkcs7-mime' } })
    if (response.statusCode !== 200) {
      response.destroy()
      throw new Error(`the server answered ${response.statusCode}`)
    }
    const pieces: Buffer[] = []
    let size = 0
    // A connection that breaks before the announced end is an error here.
    for await (const piece of response as AsyncIterable<Buffer>) {
      size += piece.length
      if (size > mostBytes) throw new Error(`the file has more than ${mostBytes} bytes`)
      pieces.push(piece)
    }
    return Buffer.concat(pieces)
  }

  return async (url, signal) => {
    const bound = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])])
    try {
      return await fetch(url, bound)
    } catch (error) {
      throw unreachable(url, bound.aborted ? bound.reason : error)
    }
  }
}

const ask = (url: string, options: RequestOptions): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(url, options, resolve).on('error', reject)
  })

const unreachable = (url: string, cause: unknown): CeralaccaError =>
  temporaryError('directory-unreachable', `${url}: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
