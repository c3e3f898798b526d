/** What the providers' directory (IGPEC) says of a provider (RFC 6109 4.5), and what the house asks of it. */

/** A record: a provider's main environment, or a secondary one. */
export interface ProviderRecord {
  readonly name: string
  /** name of a secondary environment, null for the main one */
  readonly unit: string | null
  /** address of the service mailbox: take-in-charge and virus notices go there */
  readonly mailReceipt: string
  /** certified domains, lower case */
  readonly domains: readonly string[]
  /** DER of the certificates that it seals with; several around a renewal */
  readonly certificates: readonly Buffer[]
  /** where its own signed record is; secondary environments have none */
  readonly ldifUrl: string | null
  readonly description: string | null
}

/** Look-ups cost O(1) whatever the size of the directory. The own record is in it. */
export interface Directory {
  /** The provider that manages a domain, in any case. */
  providerOf(domain: string): Promise<ProviderRecord | undefined>
  /** The provider that seals with this certificate (DER). */
  providerOfCertificate(certificate: Buffer): Promise<ProviderRecord | undefined>
}
