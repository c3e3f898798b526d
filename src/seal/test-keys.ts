/**
 * The keys of an installation that has none of its own: made at the first start, loaded at the next ones.
 *
 * A key is written first, once and for ever; its certificate after it, and anew when it no longer fits. Each file appears whole or not at
 * all, and whoever finds half of a set completes it: a crash, or two processes that start together, never leave a key without its certificate.
 */
import { X509Certificate, createPrivateKey, randomUUID } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { link, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { domainToASCII } from 'node:url'
import { CeralaccaError, hasCode } from '../base/errors.ts'
import { createTestAuthority, generateKey, openTestAuthority } from './test-authority.ts'
import { readCertificate } from './certificate.ts'

export interface StoredPair {
  /** PEM */
  readonly certificate: string
  readonly key: string
  readonly certificatePath: string
  readonly keyPath: string
}

export interface TestKeys {
  readonly ca: StoredPair
  readonly seal: StoredPair
  readonly tls: StoredPair
}

export interface TestKeysRequest {
  readonly providerName: string
  /** the address in the seal certificate */
  readonly address: string
  /** host names and IP addresses of the TLS certificate */
  readonly names: readonly string[]
  /** milliseconds since 1970 */
  readonly now: number
}

const RENEW_BEFORE = 30 * 86_400_000

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Writes a file whole and durably, then puts it in its place with `place`. */
async function writeAside(folder: string, text: string, mode: number, place: (aside: string) => Promise<void>): Promise<void> {
  const aside = join(folder, `.${randomUUID()}.tmp`)
  try {
    const handle = await open(aside, 'wx', mode)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await place(aside)
  } finally {
    await rm(aside, { force: true })
  }
  await syncFolder(folder)
}

/** The key of that file; made if there is none. The first one to write it wins, and all use that one. */
async function ensureKey(folder: string, path: string, type: 'rsa' | 'ec'): Promise<string> {
  const stored = await readIfThere(path)
  if (stored !== null) return stored
  await writeAside(folder, await generateKey(type), 0o600, async (aside) => {
    try {
      await link(aside, path)
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
    }
  })
  return readFile(path, 'utf8')
}

interface PairPlan {
  readonly name: string
  readonly type: 'rsa' | 'ec'
  readonly fits: (certificate: X509Certificate) => boolean
  readonly issue: (key: string) => Promise<{ certificate: string }>
}

function openPair(
  certificate: string,
  key: string,
  folder: string,
  name: string,
): { x509: X509Certificate; privateKey: KeyObject } {
  try {
    return { x509: new X509Certificate(certificate), privateKey: createPrivateKey(key) }
  } catch (cause) {
    const message = `${name}.pem or ${name}-key.pem in ${folder} is damaged; remove the damaged one to have it made anew`
    throw new CeralaccaError('key-file-damaged', 'permanent', message, { cause })
  }
}

async function ensurePair(folder: string, now: number, { name, type, fits, issue }: PairPlan): Promise<StoredPair> {
  const [certificatePath, keyPath] = [join(folder, `${name}.pem`), join(folder, `${name}-key.pem`)]
  const key = await ensureKey(folder, keyPath, type)
  const stored = await readIfThere(certificatePath)
  if (stored !== null) {
    const { x509, privateKey } = openPair(stored, key, folder, name)
    const fresh = readCertificate(x509.raw).notAfter - RENEW_BEFORE > now
    if (fresh && x509.checkPrivateKey(privateKey) && fits(x509)) {
      return { certificate: stored, key, certificatePath, keyPath }
    }
  }
  const { certificate } = await issue(key)
  await writeAside(folder, certificate, 0o644, (aside) => rename(aside, certificatePath))
  return { certificate, key, certificatePath, keyPath }
}

const covers = (x509: X509Certificate, name: string): boolean =>
  (isIP(name) === 0 ? x509.checkHost(domainToASCII(name)) : x509.checkIP(name)) !== undefined

async function ensureAuthority(folder: string, now: number) {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const ca = await ensurePair(folder, now, {
    name: 'ca',
    type: 'rsa',
    fits: () => true,
    issue: (key) => createTestAuthority({ name: 'Ceralacca', now, key }),
  })
  const root = new X509Certificate(ca.certificate)
  const issuedHere = (x509: X509Certificate): boolean => x509.checkIssued(root) && x509.verify(root.publicKey)
  return { ca, authority: openTestAuthority({ ...ca, now }), issuedHere }
}

/**
 * Makes or loads the key and the certificate of the test authority for time stamps (`stamp`), in the same way.
 * @param now milliseconds since 1970
 * @throws permanent error `key-file-damaged`
 */
export async function ensureTestStampKeys(folder: string, now: number): Promise<{ ca: StoredPair; stamp: StoredPair }> {
  const { ca, authority, issuedHere } = await ensureAuthority(folder, now)
  const stamp = await ensurePair(folder, now, {
    name: 'stamp',
    type: 'ec',
    fits: issuedHere,
    issue: (key) => authority.issueTimeStampCertificate({ key }),
  })
  return { ca, stamp }
}

/**
 * Makes or loads `ca`, `seal` and `tls` (each NAME.pem and NAME-key.pem) in `folder`, which is made with mode 0700 if it is not there.
 * A certificate is issued anew, for the same key, within 30 days of its end or when address, provider or names have changed.
 * @throws permanent error `key-file-damaged`
 */
export async function ensureTestKeys(folder: string, request: TestKeysRequest): Promise<TestKeys> {
  const { now, providerName, address, names } = request
  const { ca, authority, issuedHere } = await ensureAuthority(folder, now)
  const seal: PairPlan = {
    name: 'seal',
    type: 'rsa',
    fits: (x509) =>
      issuedHere(x509) && readCertificate(x509.raw).addresses[0] === address && x509.toLegacyObject().subject.O === providerName,
    issue: (key) => authority.issueSealCertificate({ providerName, address, key }),
  }
  const tls: PairPlan = {
    name: 'tls',
    type: 'ec',
    fits: (x509) => issuedHere(x509) && names.every((name) => covers(x509, name)),
    issue: (key) => authority.issueTlsCertificate({ names, key }),
  }
  const [sealPair, tlsPair] = await Promise.all([ensurePair(folder, now, seal), ensurePair(folder, now, tls)])
  return { ca, seal: sealPair, tls: tlsPair }
}
