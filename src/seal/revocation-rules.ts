/** What a list says of a certificate at an instant, without fetching anything: the rules that revocation.ts explains. Pure. */
import type { KnownCertificate } from './certificate-cache.ts'
import type { DistributionPoint } from './certificate.ts'
import type { RevocationList } from './crl.ts'
import { REASON } from './crl-entries.ts'
import type { RevokedEntry } from './crl-entries.ts'

const COMPROMISED: readonly number[] = [REASON.keyCompromise, REASON.caCompromise, REASON.aaCompromise]

/** Whether a list is meant for a certificate: its kind, and the distribution point that led to it (RFC 5280 6.3.3 (b)(2)). */
export function covers({ scope }: RevocationList, { fields }: KnownCertificate, point: DistributionPoint): boolean {
  const authority = fields.basicConstraints?.ca === true
  if (scope.of !== 'all' && (scope.of === 'authorities') !== authority) return false
  return scope.names === null || scope.names.some((name) => point.names.some((known) => known.equals(name)))
}

/** Whether it counts at an instant. What a list names is revoked at the list's own time, whatever date stands with it. */
export function countsAt({ date, reason, invalidSince }: RevokedEntry, { thisUpdate }: RevocationList, at: number): boolean {
  return at >= Math.min(date, thisUpdate) || (COMPROMISED.includes(reason) && invalidSince !== null && at >= invalidSince)
}
