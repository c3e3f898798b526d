/** The certified domains that this provider serves. */
import { clientError } from '../base/errors.ts'
import type { Database } from '../storage/database.ts'
import { isDomainName } from './domain-name.ts'

export interface Domains {
  /** Adds a domain; doing it twice changes nothing. @throws `bad-domain` */
  add(name: string): Promise<void>
  list(): Promise<string[]>
  /** As `list`, at most two seconds old; the same array as long as nothing changes, so whoever derives from it sees that. */
  current(): Promise<readonly string[]>
  /** Whether this provider serves the domain; in any case (RFC 6109 2.2.1). */
  isLocal(name: string): Promise<boolean>
}

/** How long an answer about a domain may be old: one added by another process is served after at most so many milliseconds. */
const KNOWN_FOR = 2000

export function createDomains({ reader, transactor }: Database, now: () => number): Domains {
  let known: readonly string[] = []
  let served = new Set<string>()
  let knownUntil = 0

  async function list(): Promise<string[]> {
    const rows = await reader.read<{ name: string }>('select name from domain order by name')
    return rows.map((row) => row.name)
  }

  async function current(): Promise<readonly string[]> {
    if (now() < knownUntil) return known
    const names = await list()
    knownUntil = now() + KNOWN_FOR
    if (names.length !== known.length || names.some((name, index) => name !== known[index])) {
      known = names
      served = new Set(names)
    }
    return known
  }

  return {
    async add(name) {
      const domain = name.toLowerCase()
      if (!isDomainName(domain)) throw clientError('bad-domain', `"${name}" is not a domain name such as pec.example.it`)
      await transactor.reference((tx) =>
        tx.query('insert into domain (name, created_at) values ($1, $2) on conflict do nothing', [domain, new Date(now())]),
      )
      knownUntil = 0
    },

    list,
    current,

    async isLocal(name) {
      await current()
      return served.has(name.toLowerCase())
    },
  }
}
