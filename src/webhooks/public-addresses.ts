/**
 * Which addresses a webhook may go to: those of the public Internet, and networks that the settings allow. It is asked of the very addresses
 * that a connection is made to, so that a name that leads elsewhere the second time leads nowhere.
 */
import { lookup as resolve, type LookupAddress } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { clientError } from '../base/errors.ts'

/** A network: its first address, and how many bits of it count. */
export interface Network {
  readonly address: string
  readonly prefix: number
}

/** What is not the public Internet: the special-purpose registries of IANA (RFC 6890), multicast, and ways from IPv6 to IPv4. */
const CLOSED = `0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
  192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4`
/** Of IPv6 only 2000::/3 is given out; of it these are not a host of the Internet. */
const CLOSED_6 = '2001::/23 2001:db8::/32 2002::/16 3fff::/20'

function listOf(networks: readonly Network[]): BlockList {
  const list = new BlockList()
  for (const { address, prefix } of networks) list.addSubnet(address, prefix, isIP(address) === 6 ? 'ipv6' : 'ipv4')
  return list
}

const parsed = (text: string): Network[] =>
  text.split(/\s+/).map((network) => {
    const [address = '', prefix] = network.split('/')
    return { address, prefix: Number(prefix) }
  })

const closed = listOf(parsed(`${CLOSED} ${CLOSED_6}`))
const given = listOf([{ address: '2000::', prefix: 3 }])

/** @param allowed networks besides the public Internet */
export function createAddressRule(allowed: readonly Network[]): (address: string) => boolean {
  const open = listOf(allowed)
  return (address) => {
    const family = isIP(address)
    if (family === 0) return false
    const kind = family === 6 ? 'ipv6' : 'ipv4'
    if (open.check(address, kind)) return true
    return !closed.check(address, kind) && (family === 4 || given.check(address, kind))
  }
}

const refused = (host: string) =>
  clientError('webhook-address', `${host} is not on the public Internet: see CERALACCA_WEBHOOK_NETWORKS`)

/** The names of hosts as `net.connect` asks for them, with what may not be reached left out. @throws (to its callback) `webhook-address` */
export function createGuardedLookup(isAllowed: (address: string) => boolean): LookupFunction {
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => {
      if (error) return callback(error, '')
      const allowed = found.filter(({ address }) => isAllowed(address))
      const [first] = allowed
      if (!first) return callback(refused(host), '')
      return options.all === true ? callback(null, allowed) : callback(null, first.address, first.family)
    })
  }
}

/** What `net.connect` takes without asking: a literal address. @throws `webhook-address` */
export function checkLiteral(host: string, isAllowed: (address: string) => boolean): void {
  const address = host.replace(/^\[(.*)\]$/, '$1')
  if (isIP(address) !== 0 && !isAllowed(address)) throw refused(address)
}
