/** Verifies a bundle in a browser: the code is that of `ceralacca verify`. */
import { verifyBundle, type BundleReport } from '../../src/evidence/bundle-verify.ts'
import { unzipBundle } from '../../src/evidence/bundle-zip.ts'
import { certificatesOf } from '../../src/seal/pem.ts'
import { Buffer } from '../platform/buffer.ts'
import { inRounds } from '../platform/signatures.ts'

/**
 * @param zip a bundle; any bytes
 * @param authorities the CA certificates that are believed, PEM; null to believe those in the bundle, which is told
 * @throws client error `not-a-bundle`; permanent error `certificate-unreadable`; CannotJudge
 */
export async function verifyFile(zip: ArrayBuffer, authorities: string | null): Promise<BundleReport> {
  const files = unzipBundle(Buffer.from(zip))
  const trusted = authorities === null ? null : certificatesOf(authorities)
  return inRounds(() => verifyBundle(files, trusted))
}
