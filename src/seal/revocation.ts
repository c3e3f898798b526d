/**
 * Whether a certificate, or an authority above it, was revoked (RFC 5280 6.3; RFC 6109 3.2.1 "signature validity").
 *
 * Every certificate below the root is looked for in the list of its own distribution point, which its issuer has signed. The rules:
 *
 * - A certificate without a distribution point is good: its authority publishes no list, as the demo's. One whose points are all of a kind
 *   that cannot be used (LDAP, lists of another issuer, lists for some reasons) is unknown, as is one whose lists cannot be had.
 * - Revoked is who is in the list and was revoked at `at` or before. For mail that arrives `at` is now. For old mail a later revocation does
 *   not count: the seal was good when it was made. Except where the key itself was compromised (keyCompromise, cACompromise, aACompromise)
 *   and the list says since when (invalidityDate): from then on nothing proves that the provider made the seal.
 * - On hold (certificateHold) counts as revoked.
 * - A list may leave out certificates that have expired: what it says of mail older than a certificate's end is what it still knows.
 */
import { CeralaccaError, asCeralaccaError, temporaryError } from '../base/errors.ts'
import { createCertificateCache } from './certificate-cache.ts'
import type { CertificateCache, KnownCertificate } from './certificate-cache.ts'
import type { DistributionPoint } from './certificate.ts'
import { createListStore } from './crl-store.ts'
import type { ListStoreDeps } from './crl-store.ts'
import { countsAt, covers } from './revocation-rules.ts'

export type RevocationDeps = ListStoreDeps

export type RevocationStatus = 'good' | 'revoked'

export interface Revocation {
  /**
   * @param certificate DER of the signer's certificate
   * @param chain DER of those above it, the issuer first and the trusted root last, as verifying has found them: their distribution points
   * are fetched, so they must be trusted already
   * @param at the instant that counts, milliseconds since 1970
   * @throws temporary error `revocation-unknown` where no valid list can be had
   */
  check(certificate: Buffer, chain: readonly Buffer[], at: number): Promise<RevocationStatus>
}

/** @param cache share the one that verifying uses: the certificates are open there already */
export function createRevocation(deps: RevocationDeps, cache: CertificateCache = createCertificateCache()): Revocation {
  const store = createListStore(deps)

  function open(der: Buffer): KnownCertificate {
    const known = cache.open(der)
    if (known) return known
    throw new CeralaccaError('revocation-chain', 'bug', 'the chain to check holds something that is no certificate')
  }

  async function listFor(certificate: KnownCertificate, points: DistributionPoint[], issuer: KnownCertificate) {
    let last: CeralaccaError | null = null
    for (const point of points) {
      for (const url of point.urls) {
        try {
          const list = await store.list(url, issuer)
          if (covers(list, certificate, point)) return list
        } catch (error) {
          // Another place may have it; if none has, this is the reason.
          last = asCeralaccaError(error)
        }
      }
    }
    throw last ?? temporaryError('revocation-unknown', 'a certificate has no distribution point whose list can be used')
  }

  async function checkOne(certificate: KnownCertificate, issuer: KnownCertificate, at: number): Promise<RevocationStatus> {
    const { distributionPoints, serial } = certificate.fields
    if (distributionPoints === null) return 'good'
    const list = await listFor(certificate, distributionPoints, issuer)
    const entry = list.revoked.find(serial)
    return entry && countsAt(entry, list, at) ? 'revoked' : 'good'
  }

  return {
    async check(certificate, chain, at) {
      const path = [certificate, ...chain].map(open)
      if (path.length < 2) throw new CeralaccaError('revocation-chain', 'bug', 'a chain to check ends with its root')
      const links = path.slice(1).map((issuer, below) => checkOne(path[below] ?? issuer, issuer, at))
      const answers = await Promise.allSettled(links)
      if (answers.some((answer) => answer.status === 'fulfilled' && answer.value === 'revoked')) return 'revoked'
      for (const answer of answers) if (answer.status === 'rejected') throw answer.reason
      return 'good'
    },
  }
}
