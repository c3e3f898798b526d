/** The parts that seal, from the settings, for the servers and the commands. */
import { asCeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import type { Config } from '../config/config.ts'
import { sealingQueries } from '../ledger/sealing-queries.ts'
import { createCertificateCache, type CertificateCache } from '../seal/certificate-cache.ts'
import { readCertificate } from '../seal/certificate.ts'
import { findChain } from '../seal/chain.ts'
import type { Expiring } from '../seal/expiry-watch.ts'
import { createFetchList } from '../seal/fetch-list.ts'
import { findSigner } from '../seal/find-signer.ts'
import { createSealIdentities, type SealIdentities } from '../seal/identities.ts'
import { openIdentity, type OwnIdentity } from '../seal/identity.ts'
import { keptLists } from '../seal/kept-lists.ts'
import { certificatesOf } from '../seal/pem.ts'
import { identityQueries } from '../seal/queries.ts'
import { createRevocation, type Revocation, type RevocationStatus } from '../seal/revocation.ts'
import type { Database } from '../storage/database.ts'
import type { Installation } from './installation.ts'
import { identityRequest, keyStores, sealRoots, tlsRoots, type KeyStores } from './keys.ts'

export interface SealPartsDeps {
  readonly database: Database
  readonly own: OwnIdentity
  readonly stores: KeyStores
  readonly revocation: Revocation
  readonly certificates: CertificateCache
  readonly report: EventSink
  readonly now: () => number
}

export function sealIdentities(config: Config, deps: SealPartsDeps): SealIdentities {
  const { database, own, stores, revocation, certificates, report, now } = deps
  const roots = sealRoots(config)

  async function revocationOf(der: Buffer, chain: readonly Buffer[]): Promise<RevocationStatus | null> {
    const [certificate, ...others] = [der, ...chain].map((one) => certificates.open(one))
    if (!certificate) return null
    const above = others.filter((one) => one !== null && one !== undefined)
    const found = findChain({ certificate, others: above, roots: certificates.openList(roots), at: now() }, certificates)
    // Who is certified by nobody whom others believe is told so by others; here it only means that there is no list to ask.
    if (!found.ok) return null
    try {
      return await revocation.check(
        der,
        found.chain.map((one) => one.der),
        now(),
      )
    } catch (thrown) {
      const error = asCeralaccaError(thrown)
      if (error.fault !== 'temporary') throw error
      // The list cannot be had: `revocation-list-stale` says so, and what was known goes on counting.
      return null
    }
  }

  return createSealIdentities({ own, queries: identityQueries(database), stores, revocationOf, report, now })
}

/** All certificates of ours that end some day: those that seal, the one of the servers, and that of the last time stamp. */
export async function expiringCertificates(
  identities: SealIdentities,
  tls: { readonly cert: string },
  database: Database,
): Promise<Expiring[]> {
  const seals = identities.list().filter(isNeeded)
  const [server] = certificatesOf(tls.cert)
  const token = await sealingQueries(database).lastToken()
  const stamp = token && findSigner(token)?.certificate
  return [
    ...seals.map(({ name, notAfter }): Expiring => ({ what: 'seal', name, notAfter })),
    ...(server ? [{ what: 'tls', name: 'servers', notAfter: readCertificate(server).notAfter } as const] : []),
    ...(stamp ? [{ what: 'time-stamp', name: 'authority', notAfter: readCertificate(stamp).notAfter } as const] : []),
  ]
}

/** An old one that another has taken over from may end. */
const isNeeded = (identity: ReturnType<SealIdentities['list']>[number], _: number, all: ReturnType<SealIdentities['list']>) =>
  identity.sealsNow || identity.sealsFrom > (all.find(({ sealsNow }) => sealsNow)?.sealsFrom ?? Number.NEGATIVE_INFINITY)

/** What the commands need of it, read from the state once. @throws what opening the settings' identity throws */
export async function openSeal(config: Config, { database, now }: Installation, report: EventSink) {
  const stores = keyStores(config)
  const own = await openIdentity(identityRequest(config, stores))
  const roots = tlsRoots(config)
  const certificates = createCertificateCache()
  const fetchList = createFetchList(roots === undefined ? {} : { tlsRoots: [roots] })
  // Longer than a command lasts: each list is fetched once.
  const lists = keptLists(database)
  const revocation = createRevocation({ fetchList, refreshMs: 3_600_000, now, report, keep: lists.keep }, certificates)
  const identities = sealIdentities(config, { database, own, stores, revocation, certificates, report, now })
  await identities.refresh()
  return { stores, own, identities, revocation, lists, queries: identityQueries(database), now }
}
