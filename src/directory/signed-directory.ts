/** The signed file of the whole directory (RFC 6109 4.5): the signature first, then what it says. */
import { createHash } from 'node:crypto'
import { CeralaccaError } from '../base/errors.ts'
import { readCertificate } from '../seal/certificate.ts'
import { openSignedFile } from '../seal/signed-file.ts'
import { readLdif } from './ldif.ts'
import { readRecords, type DirectoryContent } from './records.ts'
import type { ProviderRecord } from './types.ts'

export interface SignedDirectory extends DirectoryContent {
  /** of the signed file */
  readonly sha256: Buffer
  /** DER of the certificate that signed it */
  readonly signer: Buffer
  /** DER of the certificates above it, the trusted root last */
  readonly chain: readonly Buffer[]
  /** as the signer says */
  readonly signedAt: Date | null
}

/** How a signed file is opened. */
export interface Trust {
  /** DER of the CA certificates that vouch for who signs the directory */
  readonly roots: readonly Buffer[]
  /** milliseconds since 1970 at which the signer's certificate must be valid */
  readonly at: number
}

const refused = (code: string, message: string): CeralaccaError => new CeralaccaError(code, 'permanent', message)

/**
 * @param file .p7m, DER
 * @throws permanent error `directory-signature` if it is not signed by whom it must be; client errors of `readLdif`
 */
export function openSignedDirectory(file: Buffer, { roots, at }: Trust): SignedDirectory {
  const opened = openSignedFile(file, { roots, at })
  if (!opened.ok) throw refused('directory-signature', `the signature does not hold: ${opened.reason}`)
  const sha256 = createHash('sha256').update(file).digest()
  const signedAt = opened.signingTime === null ? null : new Date(opened.signingTime)
  const { content, certificate: signer, chain } = opened
  return { ...readRecords(readLdif(content)), sha256, signer, chain, signedAt }
}

/** What is in use now, for `checkPlausible`. */
export interface PresentCopy {
  readonly records: readonly ProviderRecord[]
  readonly signer: Buffer | null
  readonly signedAt: Date | null
}

/**
 * Whether a file whose signature holds may replace the present copy without anyone looking.
 * @throws permanent errors: `directory-empty`; `directory-shrunk` if more than half of the providers would be gone;
 * `directory-signer-changed` if another one than before has signed, for under the same CA others may have certificates too;
 * `directory-older` if it was signed before the present one, so that nobody brings back a provider or certificate that was taken out
 */
export function checkPlausible(next: SignedDirectory, present: PresentCopy): void {
  if (next.records.length === 0) throw refused('directory-empty', 'the file has no usable provider')
  const names = namesOf(next.records)
  const before = namesOf(present.records)
  const gone = [...before].filter((name) => !names.has(name))
  if (gone.length * 2 > before.size) {
    throw refused('directory-shrunk', `${gone.length} of ${before.size} providers are not in the file any more`)
  }
  if (present.signer && !subjectOf(present.signer).equals(subjectOf(next.signer))) {
    throw refused('directory-signer-changed', 'the file is signed by another one than the copy that is in use')
  }
  if (present.signedAt && next.signedAt && next.signedAt < present.signedAt) {
    throw refused('directory-older', 'the file was signed before the copy that is in use')
  }
}

const namesOf = (records: readonly ProviderRecord[]): Set<string> => new Set(records.map(({ name }) => name.toLowerCase()))
const subjectOf = (certificate: Buffer): Buffer => readCertificate(certificate).subject
