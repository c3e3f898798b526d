/** The keys that the settings name: seal and TLS certificate, from what they give, else from the test authority. */
import { readFileSync } from 'node:fs'
import { openSealer, type Sealer } from './cms-template.ts'
import { openFileKey } from './file-key.ts'
import type { SealKey } from './key-store.ts'
import { certificatesOf } from './pem.ts'
import { ensureTestKeys, type TestKeysRequest } from './test-keys.ts'

/** Paths of a PEM certificate, with the CA certificates above it after it, and of its key. */
export interface KeyFiles {
  readonly certificateFile: string
  readonly keyFile: string
}

/** A PEM certificate, with the CA certificates above it after it, and its key, wherever that is. */
export interface SealSource {
  readonly certificateFile: string
  readonly open: () => Promise<SealKey>
}

/** The identity that the settings name; others may take over from it (identities.ts). */
export interface OwnIdentity {
  readonly sealer: Sealer
  /** DER of those above its certificate */
  readonly chain: readonly Buffer[]
}

export interface IdentityRequest {
  /** where the test authority keeps its keys, and what it certifies; not touched if both pairs of files are given */
  readonly test: { readonly folder: string; readonly request: TestKeysRequest }
  readonly seal?: SealSource | undefined
  readonly tls?: KeyFiles | undefined
}

export interface Identity extends OwnIdentity {
  readonly tls: { readonly key: string; readonly cert: string }
}

/** @throws permanent errors that name what is unfit (`certificate-unreadable`, `seal-key-unreadable`, `seal-key-mismatch`, ...) */
export async function openIdentity({ test, seal, tls }: IdentityRequest): Promise<Identity> {
  if (seal && tls) return { ...(await openOwnSeal(seal)), tls: readTls(tls) }
  const keys = await ensureTestKeys(test.folder, test.request)
  const open = (): Promise<SealKey> => Promise.resolve(openFileKey(keys.seal.key))
  return {
    ...(seal ? await openOwnSeal(seal) : await openSeal(`${keys.seal.certificate}${keys.ca.certificate}`, open)),
    tls: tls ? readTls(tls) : { key: keys.tls.key, cert: keys.tls.certificate },
  }
}

const openOwnSeal = ({ certificateFile, open }: SealSource): Promise<OwnIdentity> =>
  openSeal(readFileSync(certificateFile, 'utf8'), open)

async function openSeal(pem: string, open: SealSource['open']): Promise<OwnIdentity> {
  const [certificate = Buffer.alloc(0), ...chain] = certificatesOf(pem)
  const { sign } = await open()
  return { sealer: await openSealer({ certificate, chain, sign }), chain }
}

const readTls = ({ certificateFile, keyFile }: KeyFiles): Identity['tls'] => ({
  cert: readFileSync(certificateFile, 'utf8'),
  key: readFileSync(keyFile, 'utf8'),
})
