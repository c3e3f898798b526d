/** Provider records by domain and by certificate, in memory: a look-up costs the same whatever the size of the directory. */
import { hash } from 'node:crypto'
import type { ProviderRecord } from './types.ts'

/** Something that two different providers claim. */
export interface Conflict {
  /** a domain, or the SHA-256 of a certificate */
  readonly claimed: string
  /** the provider that has it */
  readonly kept: string
  readonly refused: string
}

export interface DirectoryIndex {
  readonly records: readonly ProviderRecord[]
  /** in any case */
  byDomain(domain: string): ProviderRecord | undefined
  /** DER */
  byCertificate(certificate: Buffer): ProviderRecord | undefined
  readonly conflicts: readonly Conflict[]
}

const keyOf = (certificate: Buffer): string => hash('sha256', certificate)

/** @param records of two that claim the same, the first one has it */
export function indexRecords(records: readonly ProviderRecord[]): DirectoryIndex {
  const domains = new Map<string, ProviderRecord>()
  const certificates = new Map<string, ProviderRecord>()
  const conflicts: Conflict[] = []

  function claim(known: Map<string, ProviderRecord>, claimed: string, record: ProviderRecord): void {
    const first = known.get(claimed)
    if (!first) known.set(claimed, record)
    // Environments of one provider may share a certificate (RFC 6109 4.5.10), and the own record stands in the directory too.
    else if (first.name.toLowerCase() !== record.name.toLowerCase()) {
      conflicts.push({ claimed, kept: first.name, refused: record.name })
    }
  }

  for (const record of records) {
    for (const domain of record.domains) claim(domains, domain.toLowerCase(), record)
    for (const certificate of record.certificates) claim(certificates, keyOf(certificate), record)
  }
  return {
    records,
    conflicts,
    byDomain: (domain) => domains.get(domain.toLowerCase()),
    byCertificate: (certificate) => certificates.get(keyOf(certificate)),
  }
}
