/** What the parts of verifying a bundle share: whom they believe, what time it was, where their findings go. Pure. */
import type { CertificateCache, KnownCertificate } from '../seal/certificate-cache.ts'
import type { RevocationList } from '../seal/crl.ts'
import type { BundleFacts, BundleFiles } from './bundle-format.ts'
import type { Findings } from './bundle-findings.ts'

export interface Examination {
  readonly files: BundleFiles
  readonly facts: BundleFacts
  /** DER of the CA certificates that are believed; the same array all the time */
  readonly roots: readonly Buffer[]
  /** when all of it existed, milliseconds since 1970: the time of the bundle's stamp */
  readonly at: number
  readonly cache: CertificateCache
  readonly lists: readonly RevocationList[]
  readonly found: Findings
}

/** @param ders certificates that were verified: each is one */
export const openAll = (cache: CertificateCache, ders: readonly Buffer[]): KnownCertificate[] =>
  ders.flatMap((der) => cache.open(der) ?? [])

export const isoOf = (ms: number): string => new Date(ms).toISOString()

/** More than the clocks of two providers, or of a provider and an authority, differ by. */
export const CLOCKS_DIFFER_MS = 5 * 60_000
