/** Where the mail of a domain goes: a static route, that of `*`, or the mail exchangers of DNS in their order (RFC 5321 5.1). */
import type { LookupFunction } from 'node:net'
import { domainToASCII } from 'node:url'
import type { DnsClient } from './dns-client.ts'
import { deferred, failed } from './verdict.ts'
import type { Verdict } from './verdict.ts'

export interface Destination {
  /** the name that the certificate must have */
  readonly host: string
  readonly port: number
  /** finds the addresses of the host; the system's way where not given */
  readonly lookup?: LookupFunction
}

/** @property published found in DNS, so that a policy of the domain about its hosts applies (RFC 8461) */
export interface Routing {
  readonly destinations: readonly Destination[]
  readonly published: boolean
}

export interface RoutesDeps {
  /** by lower-case domain, or `*` */
  readonly routes: ReadonlyMap<string, { readonly host: string; readonly port: number }>
  readonly dns: DnsClient
  /** where mail exchangers listen: 25 */
  readonly port: number
}

const MOST_HOSTS = 10

/** @returns a function from a domain to its hosts, the first to try first; a verdict where there is none. */
export function createRoutes({ routes, dns, port }: RoutesDeps): (domain: string) => Promise<Routing | Verdict> {
  const lookup: LookupFunction = (host, _options, callback) => void lookUp(host, callback)

  async function lookUp(host: string, callback: Parameters<LookupFunction>[2]): Promise<void> {
    const answer = await dns.addresses(host)
    if ('found' in answer) return callback(null, [...answer.found])
    callback(Object.assign(new Error('no address'), { code: 'trouble' in answer ? answer.trouble : 'ENOTFOUND' }), [])
  }

  async function fromDns(domain: string): Promise<Routing | Verdict> {
    const answer = await dns.mailExchangers(domain)
    if ('trouble' in answer) return deferred('4.4.3', `The name servers of ${domain} do not answer (${answer.trouble})`)
    if ('missing' in answer) return answer.missing === 'name' ? failed('5.1.2', `No domain ${domain}`) : implicit(domain)
    const hosts = answer.found.filter(({ host }) => host !== '')
    if (hosts.length === 0) return failed('5.1.10', `${domain} takes no mail (null MX)`)
    const ordered = hosts.map((record) => ({ ...record, chance: Math.random() }))
    ordered.sort((a, b) => a.preference - b.preference || a.chance - b.chance)
    return { published: true, destinations: ordered.slice(0, MOST_HOSTS).map(({ host }) => ({ host, port, lookup })) }
  }

  /** Without MX records the domain itself is the host. */
  async function implicit(domain: string): Promise<Routing | Verdict> {
    const answer = await dns.addresses(domain)
    if ('trouble' in answer) return deferred('4.4.3', `The name servers of ${domain} do not answer (${answer.trouble})`)
    if ('missing' in answer) return failed('5.1.2', `${domain} has no mail server`)
    return { published: true, destinations: [{ host: domain, port, lookup }] }
  }

  return async (domain) => {
    const name = domain.toLowerCase()
    const route = routes.get(name) ?? routes.get('*')
    if (route) return { published: false, destinations: [route] }
    const ascii = domainToASCII(name)
    return ascii === '' ? failed('5.1.2', `No domain ${name}`) : fromDns(ascii)
  }
}
