/**
 * The directory: which domains are certified mail, and whose. For now it knows the domains that this provider serves; other providers
 * come with the exchange between providers.
 */
import { clientError } from '../base/errors.ts'
import type { Database } from '../storage/database.ts'

export interface Domains {
  /** Adds a domain; doing it twice changes nothing. @throws `bad-domain` */
  add(name: string): Promise<void>
  list(): Promise<string[]>
  /** Whether this provider serves the domain; in any case (RFC 6109 2.2.1). */
  isLocal(name: string): Promise<boolean>
}

/** How long an answer about a domain may be old: one added by another process is served after at most so many milliseconds. */
const KNOWN_FOR = 2000

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
const DOMAIN = new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})+$`)

export function createDomains({ reader, transactor }: Database, now: () => number): Domains {
  let known = new Set<string>()
  let knownUntil = 0

  async function list(): Promise<string[]> {
    const rows = await reader.read<{ name: string }>('select name from domain order by name')
    return rows.map((row) => row.name)
  }

  return {
    async add(name) {
      const domain = name.toLowerCase()
      if (!DOMAIN.test(domain)) throw clientError('bad-domain', `"${name}" is not a domain name such as pec.example.it`)
      await transactor.reference((tx) =>
        tx.query('insert into domain (name, created_at) values ($1, $2) on conflict do nothing', [domain, new Date(now())]),
      )
      knownUntil = 0
    },

    list,

    async isLocal(name) {
      if (now() >= knownUntil) {
        known = new Set(await list())
        knownUntil = now() + KNOWN_FOR
      }
      return known.has(name.toLowerCase())
    },
  }
}
