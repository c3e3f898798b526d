/** The keys of a provider: its seal and its TLS certificate, from given files, else from the test authority. */
import { readFileSync } from 'node:fs'
import { openSealer, type Sealer } from './cms-template.ts'
import { identityOfFiles } from './pem.ts'
import { ensureTestKeys, type TestKeysRequest } from './test-keys.ts'

/** Paths of a PEM certificate, with the CA certificates above it after it, and of its key. */
export interface KeyFiles {
  readonly certificateFile: string
  readonly keyFile: string
  readonly passphrase?: string | undefined
}

export interface IdentityRequest {
  /** where the test authority keeps its keys, and what it certifies; not touched if both pairs of files are given */
  readonly test: { readonly folder: string; readonly request: TestKeysRequest }
  readonly seal?: KeyFiles | undefined
  readonly tls?: KeyFiles | undefined
}

export interface Identity {
  readonly sealer: Sealer
  readonly tls: { readonly key: string; readonly cert: string }
}

/** @throws permanent errors that name what is unfit (`certificate-unreadable`, `seal-key-unreadable`, `seal-key-mismatch`, ...) */
export async function openIdentity({ test, seal, tls }: IdentityRequest): Promise<Identity> {
  if (seal && tls) return { sealer: await openOwnSeal(seal), tls: readTls(tls) }
  const keys = await ensureTestKeys(test.folder, test.request)
  const testSeal = { certificate: keys.seal.certificate, chain: keys.ca.certificate, key: keys.seal.key }
  return {
    sealer: seal ? await openOwnSeal(seal) : await openSealer(identityOfFiles(testSeal)),
    tls: tls ? readTls(tls) : { key: keys.tls.key, cert: keys.tls.certificate },
  }
}

const openOwnSeal = ({ certificateFile, keyFile, passphrase }: KeyFiles): Promise<Sealer> =>
  openSealer(
    identityOfFiles({ certificate: readFileSync(certificateFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), passphrase }),
  )

const readTls = ({ certificateFile, keyFile }: KeyFiles): Identity['tls'] => ({
  cert: readFileSync(certificateFile, 'utf8'),
  key: readFileSync(keyFile, 'utf8'),
})
