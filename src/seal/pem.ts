/** PEM (RFC 7468) to DER and back, for certificates: files hold one or several. */
import { X509Certificate } from 'node:crypto'
import { CeralaccaError } from '../base/errors.ts'

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/**
 * @param pem any text with certificates in it, in order
 * @returns their DER
 * @throws permanent error `certificate-unreadable` if one of them is none, or if there is none at all
 */
export function certificatesOf(pem: string): Buffer[] {
  try {
    const certificates = [...pem.matchAll(CERTIFICATE)].map(([one]) => new X509Certificate(one).raw)
    if (certificates.length === 0) throw new Error('no certificate found')
    return certificates
  } catch (cause) {
    throw new CeralaccaError('certificate-unreadable', 'permanent', 'no PEM certificate, or a damaged one', { cause })
  }
}

/** @param certificates DER */
export const pemOf = (certificates: readonly Buffer[]): string =>
  certificates.map((der) => new X509Certificate(der).toString()).join('')
