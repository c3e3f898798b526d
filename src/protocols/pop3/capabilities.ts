/** What CAPA lists. A capability is told in both states (RFC 2449 5), and only where it can be used: no way to log in before TLS (RFC 2595 4). */
import { offeredMechanisms } from '../sasl/dialogue.ts'
import type { Session } from './session.ts'

interface Capability {
  readonly tag: string
  readonly rfc: number
  /** where it is told; both if not said */
  readonly only?: 'before TLS' | 'with TLS'
}

const CAPABILITIES: readonly Capability[] = [
  { tag: 'STLS', rfc: 2595, only: 'before TLS' },
  { tag: 'USER', rfc: 2449, only: 'with TLS' },
  { tag: 'SASL', rfc: 5034, only: 'with TLS' },
  { tag: 'TOP', rfc: 2449 },
  { tag: 'UIDL', rfc: 2449 },
  { tag: 'RESP-CODES', rfc: 2449 },
  { tag: 'AUTH-RESP-CODE', rfc: 3206 },
  { tag: 'PIPELINING', rfc: 2449 },
  { tag: 'EXPIRE NEVER', rfc: 2449 },
  { tag: 'IMPLEMENTATION Ceralacca', rfc: 2449 },
]

/** The lines of CAPA. */
export function capabilitiesOf({ link, deps }: Pick<Session, 'link' | 'deps'>): string[] {
  const here = link.secure ? 'with TLS' : 'before TLS'
  const tags = CAPABILITIES.filter(({ only = here }) => only === here).map(({ tag }) => tag)
  return tags.map((tag) => (tag === 'SASL' ? `SASL ${offeredMechanisms(link, deps).join(' ')}` : tag))
}
