/**
 * Sends one event: an HTTPS POST that follows no redirect, bounded in time and in what it reads of the answer. Only the status counts; nothing
 * of what a receiver answers is kept.
 */
import type { IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { rootCertificates } from 'node:tls'
import { asCeralaccaError, CeralaccaError } from '../base/errors.ts'
import { checkLiteral, createAddressRule, createGuardedLookup, type Network } from './public-addresses.ts'

/** What became of an attempt. */
export interface Answer {
  readonly outcome: 'taken' | 'failed' | 'gone'
  /** a status, or what went wrong; for people */
  readonly text: string
}

/** Connections to one receiver, kept for a run of events. */
export interface Line {
  /** Never throws. */
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<Answer>
  close(): void
}

export interface PostOptions {
  /** networks that may be reached besides the public Internet */
  readonly networks: readonly Network[]
  /** PEM of authorities that vouch for receivers besides those that Node knows */
  readonly tlsRoots?: string | undefined
  /** for the whole of it; milliseconds */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 15_000
const MOST_ANSWER_BYTES = 65_536
const LONGEST_TEXT = 200

export function createPost({ networks, tlsRoots, timeoutMs = TIMEOUT_MS }: PostOptions): () => Line {
  const isAllowed = createAddressRule(networks)
  const lookup = createGuardedLookup(isAllowed)
  const ca = tlsRoots === undefined ? undefined : [...rootCertificates, tlsRoots]

  /** The status of the answer, once all of it, or as much as is read, is there. */
  function ask(agent: Agent, url: URL, headers: Readonly<Record<string, string>>, body: string): Promise<number> {
    return new Promise((settle, reject) => {
      const options = {
        method: 'POST',
        agent,
        lookup,
        ca,
        minVersion: 'TLSv1.2',
        signal: AbortSignal.timeout(timeoutMs),
      } as const
      const sent = request(url, { ...options, headers }, (answer) => {
        drain(answer).then(() => settle(answer.statusCode ?? 0), reject)
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }

  return () => {
    const agent = new Agent({ keepAlive: true, maxCachedSessions: 0 })
    return {
      async post(address, given, body) {
        try {
          const url = new URL(address)
          if (url.protocol !== 'https:') throw new CeralaccaError('webhook-url', 'client', 'it is no https URL')
          checkLiteral(url.hostname, isAllowed)
          const length = String(Buffer.byteLength(body))
          const headers = {
            'content-type': 'application/json',
            'content-length': length,
            'user-agent': 'Ceralacca-Webhooks',
            ...given,
          }
          const status = await ask(agent, url, headers, body)
          const outcome = status >= 200 && status < 300 ? 'taken' : status === 410 ? 'gone' : 'failed'
          return { outcome, text: String(status) }
        } catch (thrown) {
          return { outcome: 'failed', text: reasonOf(thrown) }
        }
      },
      close: () => agent.destroy(),
    }
  }
}

async function drain(answer: IncomingMessage): Promise<void> {
  let bytes = 0
  for await (const piece of answer as AsyncIterable<Buffer>) {
    bytes += piece.length
    // Leaving the loop closes the connection.
    if (bytes > MOST_ANSWER_BYTES) return
  }
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof Error && (thrown.name === 'TimeoutError' || thrown.name === 'AbortError')) return 'no answer in time'
  return asCeralaccaError(thrown).message.slice(0, LONGEST_TEXT)
}
