/** Who says that he has signed, before anything is verified: enough to look him up in a directory. */
import { CeralaccaError } from '../base/errors.ts'
import { readCertificate } from './certificate.ts'
import { timeOf } from './der.ts'
import { OID } from './oids.ts'
import { readAttributes, readSignedData } from './signed-data.ts'
import { isSigner } from './verify-cms.ts'

export interface NamedSigner {
  /** DER */
  readonly certificate: Buffer
  /** milliseconds since 1970, null where he does not say */
  readonly signingTime: number | null
}

/**
 * @param cms a CMS SignedData, DER or BER; any bytes, it never throws
 * @returns null where there is not one signer, or not his certificate
 */
export function findSigner(cms: Buffer): NamedSigner | null {
  return orNull(() => {
    const { signers, certificates } = readSignedData(cms)
    const [signer, ...more] = signers
    if (!signer || more.length > 0) return null
    const certificate = certificates.find((der) => orNull(() => isSigner({ fields: readCertificate(der) }, signer.by)) === true)
    if (!certificate) return null
    const time = signer.signedAttributes && readAttributes(signer.signedAttributes)?.get(OID.signingTime)
    return { certificate, signingTime: time ? timeOf(time) : null }
  })
}

/** What is malformed is not there. */
function orNull<Value>(read: () => Value): Value | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof CeralaccaError && error.fault === 'client') return null
    throw error
  }
}
