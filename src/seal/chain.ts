/**
 * From a certificate up to a trusted root (RFC 5280 6, as far as a seal needs it): issuer, signature, validity, CA basic constraints,
 * path length, key usage; a critical extension that is not processed here is a no. Whether something was revoked is not asked here.
 */
import type { CertificateCache, KnownCertificate } from './certificate-cache.ts'

export type ChainResult =
  | { readonly ok: true; /** issuer first, trusted root last */ readonly chain: KnownCertificate[] }
  | { readonly ok: false; readonly reason: 'untrusted-chain' | 'expired' }

export interface ChainInput {
  readonly certificate: KnownCertificate
  /** certificates that came along and are believed only as far as the roots vouch for them */
  readonly others: readonly KnownCertificate[]
  readonly roots: readonly KnownCertificate[]
  /** milliseconds since 1970 at which all of them must be valid */
  readonly at: number
}

/** longer paths do not occur, and the number of looks is bounded whatever comes along */
const MOST_CERTIFICATES = 8
const MOST_LOOKS = 100

const validAt = ({ fields }: KnownCertificate, at: number): boolean => fields.notBefore <= at && at <= fields.notAfter

/** Whether a certificate may stand above a path with `below` CA certificates between it and the end (RFC 5280 4.2.1.9). */
function mayIssue({ fields }: KnownCertificate, below: number): boolean {
  const { basicConstraints, unknownCritical } = fields
  if (basicConstraints?.ca !== true || unknownCritical !== null) return false
  return basicConstraints.pathLength === null || basicConstraints.pathLength >= below
}

/** @returns the first path that is good, or why there is none: `expired` if only the time is wrong */
export function findChain(input: ChainInput, cache: CertificateCache): ChainResult {
  const { certificate, at } = input
  if (certificate.fields.unknownCritical !== null) return { ok: false, reason: 'untrusted-chain' }
  const trusted = new Set(input.roots.map((root) => root.id))
  const candidates = [...input.roots, ...input.others.filter((other) => !trusted.has(other.id))]
  let looks = 0
  let expired = false

  function climb(path: readonly KnownCertificate[]): KnownCertificate[] | null {
    const top = path.at(-1) ?? certificate
    for (const issuer of candidates) {
      // The names first: they cost nothing, and most pairs differ in them.
      if (!top.fields.issuer.equals(issuer.fields.subject) || issuer.id === certificate.id || path.includes(issuer)) continue
      if (path.length >= MOST_CERTIFICATES || ++looks > MOST_LOOKS) return null
      if (!mayIssue(issuer, path.length) || !cache.issued(top, issuer)) continue
      const higher = [...path, issuer]
      if (!trusted.has(issuer.id)) {
        const found = climb(higher)
        if (found) return found
      } else if ([certificate, ...higher].every((one) => validAt(one, at))) return higher
      else expired = true
    }
    return null
  }

  const chain = climb([])
  if (chain) return { ok: true, chain }
  return { ok: false, reason: expired ? 'expired' : 'untrusted-chain' }
}
