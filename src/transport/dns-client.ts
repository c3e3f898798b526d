/** The DNS questions of mail (RFC 5321 5.1), with answers that tell a name that is not there from a server that is not there. */
import { Resolver } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'
import { createBriefCache } from './brief-cache.ts'

/** `missing`: surely nothing there, of that kind or of that name at all. `trouble`: nobody knows for now; one word why. */
export type DnsAnswer<T> =
  | { readonly found: readonly T[] }
  | { readonly missing: 'name' | 'records' }
  | { readonly trouble: string }

export interface MailExchanger {
  /** '' in a null MX (RFC 7505) */
  readonly host: string
  readonly preference: number
}

export interface DnsClient {
  mailExchangers(domain: string): Promise<DnsAnswer<MailExchanger>>
  /** IPv4 first, then IPv6 */
  addresses(host: string): Promise<DnsAnswer<LookupAddress>>
  /** TXT, A or AAAA, not cached; rejects as node:dns does. */
  resolve(name: string, type: string): Promise<string[][] | string[]>
}

export interface DnsClientDeps {
  /** IP addresses, with or without port; the system's where empty. Throws on others. */
  readonly servers: readonly string[]
  /** for the whole of a question, in milliseconds */
  readonly timeoutMs: number
  /** milliseconds since 1970 */
  readonly now: () => number
}

const TRIES = 2
const MOST_NAMES = 10_000
const LIFETIME_MS = 60_000

export function createDnsClient({ servers, timeoutMs, now }: DnsClientDeps): DnsClient {
  const resolver = new Resolver({ timeout: Math.max(1, Math.floor(timeoutMs / TRIES)), tries: TRIES })
  if (servers.length > 0) resolver.setServers(servers)
  const lifetime = (answer: DnsAnswer<unknown>): number => ('trouble' in answer ? 0 : LIFETIME_MS)

  return {
    mailExchangers: createBriefCache<DnsAnswer<MailExchanger>>({
      load: async (domain) =>
        answerOf(
          resolver
            .resolveMx(domain)
            .then((records) => records.map(({ exchange, priority }) => ({ host: exchange, preference: priority }))),
        ),
      lifetime,
      most: MOST_NAMES,
      now,
    }),
    addresses: createBriefCache<DnsAnswer<LookupAddress>>({
      load: async (host) => {
        const [four, six] = await Promise.all([answerOf(resolver.resolve4(host)), answerOf(resolver.resolve6(host))])
        return merge(withFamily(four, 4), withFamily(six, 6))
      },
      lifetime,
      most: MOST_NAMES,
      now,
    }),
    async resolve(name, type) {
      if (type === 'TXT') return resolver.resolveTxt(name)
      return type === 'A' ? resolver.resolve4(name) : resolver.resolve6(name)
    },
  }
}

async function answerOf<T>(question: Promise<readonly T[]>): Promise<DnsAnswer<T>> {
  try {
    const found = await question
    return found.length > 0 ? { found } : { missing: 'records' }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    // EBADNAME: it can be no name of the DNS, so it is not there.
    if (code === 'ENOTFOUND' || code === 'EBADNAME') return { missing: 'name' }
    return code === 'ENODATA' ? { missing: 'records' } : { trouble: code }
  }
}

const withFamily = (answer: DnsAnswer<string>, family: 4 | 6): DnsAnswer<LookupAddress> =>
  'found' in answer ? { found: answer.found.map((address) => ({ address, family })) } : answer

/** One family is enough; where there is none, nothing is certain unless both say so. */
function merge(four: DnsAnswer<LookupAddress>, six: DnsAnswer<LookupAddress>): DnsAnswer<LookupAddress> {
  const found = [four, six].flatMap((answer) => ('found' in answer ? answer.found : []))
  if (found.length > 0) return { found }
  return 'trouble' in four ? four : six
}
