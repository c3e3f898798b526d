/** Adds the identity that seals next (`ceralacca seal rotate`): all that can be wrong with it is looked for before anybody depends on it. */
import { createPublicKey, X509Certificate } from 'node:crypto'
import { clientError } from '../base/errors.ts'
import { openSealer } from './cms-template.ts'
import { readCertificate } from './certificate.ts'
import { settingsName } from './identities.ts'
import type { OwnIdentity } from './identity.ts'
import type { SealKey } from './key-store.ts'
import type { IdentityQueries, StoredIdentity } from './queries.ts'

export interface RotationRequest {
  readonly name: string
  readonly store: 'file' | 'token'
  readonly key: SealKey
  /** DER: the certificate, and those above it */
  readonly certificate: Buffer
  readonly chain: readonly Buffer[]
  /** milliseconds since 1970: its first instant */
  readonly sealsFrom: number
  /** take over before others have fetched the record, and though somebody may not know the certificate yet */
  readonly force: boolean
}

/** Other providers fetch the directory daily (RFC 6109 4.5), and the directory our record. */
export const LEAST_NOTICE_MS = 24 * 3_600_000
/** What is usual: a fetch may fail once. */
export const USUAL_NOTICE_MS = 48 * 3_600_000
/** Every process must have read of it before it seals: several times what that takes. */
export const LEAST_LEAD_MS = 10_000

/**
 * @returns what was written
 * @throws client errors that say what is wrong: `rotation-too-soon`, `certificate-not-valid`, `seal-key-mismatch`, `seal-address-differs`,
 * `identity-exists`, and what a sealer of it throws
 */
export async function addIdentity(
  request: RotationRequest,
  { own, queries, now }: { own: OwnIdentity; queries: IdentityQueries; now: () => number },
): Promise<StoredIdentity> {
  const { name, store, key, certificate, chain, sealsFrom, force } = request
  const at = now()
  checkTime(sealsFrom - at, force)
  const { notBefore, notAfter } = readCertificate(certificate)
  if (sealsFrom < notBefore || sealsFrom > notAfter)
    throw clientError('certificate-not-valid', 'the certificate is not valid at the time from which it would seal')
  const certified = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' })
  if (
    !certified.equals(
      createPublicKey({ key: key.publicKey, type: 'spki', format: 'der' }).export({ type: 'spki', format: 'der' }),
    )
  )
    throw clientError('seal-key-mismatch', `the certificate is not one of the key "${name}"`)
  const { address } = await openSealer({ certificate, chain, sign: key.sign })
  if (address !== own.sealer.address)
    throw clientError(
      'seal-address-differs',
      `the certificate is for ${address}, and this provider seals as ${own.sealer.address}`,
    )
  const known = await queries.all()
  const next: StoredIdentity = { name, store, certificate, chain, sealsFrom: new Date(sealsFrom), addedAt: new Date(at) }
  const current = ownRow(own, at)
  // The one of the settings is written too, so that it stays published when the settings change.
  const missing = known.some((row) => row.certificate.equals(current.certificate)) ? [] : [current]
  if (known.some((row) => row.certificate.equals(certificate)) || own.sealer.certificate.equals(certificate))
    throw clientError('identity-exists', 'this certificate is one of the provider already: see "ceralacca seal status"')
  await queries.add([...missing, next])
  return next
}

function checkTime(lead: number, force: boolean): void {
  if (lead < LEAST_LEAD_MS)
    throw clientError('rotation-too-soon', 'every process must know it first: at least 10 seconds from now')
  if (lead >= LEAST_NOTICE_MS || force) return
  const why = 'other providers learn the certificate from the directory, which they fetch daily'
  throw clientError('rotation-too-soon', `${why}: give at least 24 hours, or --force if the old key must not seal any more`)
}

function ownRow({ sealer: { certificate }, chain }: OwnIdentity, at: number): StoredIdentity {
  const { notBefore } = readCertificate(certificate)
  const facts = { certificate, chain, sealsFrom: new Date(notBefore), addedAt: new Date(at) }
  return { name: settingsName(certificate), store: 'settings', ...facts }
}
