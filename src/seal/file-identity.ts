/** Who seals, from files. */
import { CeralaccaError } from '../base/errors.ts'
import type { SealIdentity } from './cms-template.ts'
import { openFileKey } from './file-key.ts'
import { certificatesOf } from './pem.ts'

/**
 * The identity of an installation that keeps its seal key in a file.
 * @param files contents: the certificate (more after it count as chain), further CA certificates above it, the private key
 */
export function identityOfFiles(files: {
  certificate: string
  chain?: string
  key: string
  passphrase?: string | undefined
}): SealIdentity {
  const [certificate, ...chain] = certificatesOf(files.certificate)
  if (certificate === undefined) throw new CeralaccaError('certificate-unreadable', 'permanent', 'no certificate')
  return {
    certificate,
    chain: [...chain, ...(files.chain === undefined ? [] : certificatesOf(files.chain))],
    sign: openFileKey(files.key, files.passphrase).sign,
  }
}
