/** Writes revocation lists (RFC 5280 5), for the test authority; `openssl` is the judge of them. */
import { SIGNATURE_ALGORITHM, extensionsDer, signDer } from './certificate-writer.ts'
import type { Extension, Issuer } from './certificate-writer.ts'
import { TAG, element, elementOf, generalizedTimeElement, sequence, smallInteger, timeElement } from './der.ts'
import { OID } from './oids.ts'

export interface RevokedCertificate {
  /** value of its serial number */
  readonly serial: Buffer
  /** milliseconds since 1970 */
  readonly date: number
  /** CRLReason (RFC 5280 5.3.1); 0, unspecified, is not written */
  readonly reason?: number
  /** milliseconds since 1970 */
  readonly invalidSince?: number
}

export interface ListRequest {
  readonly revoked: readonly RevokedCertificate[]
  /** milliseconds since 1970 */
  readonly thisUpdate: number
  readonly nextUpdate: number
  readonly extensions: readonly Extension[]
}

function entryDer({ serial, date, reason = 0, invalidSince }: RevokedCertificate): Buffer {
  const extensions = [
    ...(reason === 0 ? [] : [{ id: OID.reasonCode, value: element(TAG.enumerated, Buffer.from([reason])) }]),
    ...(invalidSince === undefined ? [] : [{ id: OID.invalidityDate, value: generalizedTimeElement(invalidSince) }]),
  ]
  const facts = extensions.length === 0 ? [] : [extensionsDer(extensions)]
  return sequence(element(TAG.integer, serial), timeElement(date), ...facts)
}

/** @returns DER of the list */
export function writeList({ revoked, thisUpdate, nextUpdate, extensions }: ListRequest, issuer: Issuer): Promise<Buffer> {
  const body = sequence(
    smallInteger(1),
    SIGNATURE_ALGORITHM,
    issuer.name,
    timeElement(thisUpdate),
    timeElement(nextUpdate),
    // RFC 5280 5.1.2.6: a list of nothing is left out.
    ...(revoked.length === 0 ? [] : [elementOf(TAG.sequence, revoked.map(entryDer))]),
    element(0xa0, extensionsDer(extensions)),
  )
  return signDer(body, issuer.key)
}
