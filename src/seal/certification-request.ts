/**
 * The request by which an authority certifies a seal key (PKCS#10, RFC 2986), asking for the profile of RFC 6109 5.5: name, address and
 * purpose. `openssl req -verify` is its judge.
 */
import { extension, extensionsDer, keyIdentifier, nameDer, SIGNATURE_ALGORITHM } from './certificate-writer.ts'
import type { DistinguishedName } from './certificate-writer.ts'
import { TAG, element, objectIdentifier, sequence, smallInteger } from './der.ts'
import type { SealKey } from './key-store.ts'
import { OID } from './oids.ts'

/** keyUsage bits (RFC 5280 4.2.1.3): a seal key signs, and does nothing else */
const DIGITAL_SIGNATURE = 0x80
const LINE = /.{1,64}/g

export interface SealCertificationRequest {
  readonly subject: DistinguishedName
  /** the address that certified messages come from (RFC 6109 5.5.1) */
  readonly address: string
}

/**
 * @returns PEM
 * @throws what the key's `sign` throws
 */
export async function requestCertification({ subject, address }: SealCertificationRequest, key: SealKey): Promise<string> {
  const extensions = extensionsDer([
    extension.keyUsage(DIGITAL_SIGNATURE),
    extension.subjectKeyIdentifier(keyIdentifier(key.publicKey)),
    extension.rfc822Name(address),
  ])
  const wanted = sequence(objectIdentifier(OID.extensionRequest), element(TAG.set, extensions))
  const body = sequence(smallInteger(0), nameDer(subject), key.publicKey, element(0xa0, wanted))
  const signature = element(TAG.bitString, Buffer.from([0]), await key.sign(body))
  const lines = sequence(body, SIGNATURE_ALGORITHM, signature).toString('base64').match(LINE) ?? []
  return ['-----BEGIN CERTIFICATE REQUEST-----', ...lines, '-----END CERTIFICATE REQUEST-----', ''].join('\n')
}
