/**
 * The provider's identities over time, and the sealer that changes over from one to the next without a stop. One identity is that of the
 * settings; the others stand in the table `seal_identity`, which every process reads every two seconds. An identity is published and its
 * key opened when it is added; it seals from its time on, by the instant of each seal (I7), so all processes change over at the same one.
 *
 * The rule: of the identities whose time has come, the newest one that may seal does: key open, certificate valid at the instant of the
 * seal, not revoked. If none may, nothing is sealed: a temporary error, and whoever wanted it tries again. Made by `wiring`.
 */
import { hash } from 'node:crypto'
import { CeralaccaError, asCeralaccaError, temporaryError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { readCertificate } from './certificate.ts'
import { openSealer, type Sealer } from './cms-template.ts'
import type { OwnIdentity } from './identity.ts'
import type { KeyStore } from './key-store.ts'
import type { IdentityQueries, IdentityStore } from './queries.ts'
import type { RevocationStatus } from './revocation.ts'

export interface SealIdentitiesDeps {
  readonly own: OwnIdentity
  readonly queries: IdentityQueries
  /** null where the settings name none */
  readonly stores: { readonly file: KeyStore; readonly token: KeyStore | null }
  /** Whether it was revoked; null where that cannot be known now. */
  readonly revocationOf: (certificate: Buffer, chain: readonly Buffer[]) => Promise<RevocationStatus | null>
  readonly report: EventSink
  readonly now: () => number
}

export interface IdentityStatus {
  readonly name: string
  readonly store: IdentityStore
  /** DER */
  readonly certificate: Buffer
  readonly chain: readonly Buffer[]
  /** milliseconds since 1970; -Infinity for the one of the settings, which was always there */
  readonly sealsFrom: number
  readonly notBefore: number
  readonly notAfter: number
  readonly revoked: boolean
  /** why its key cannot be used, or null */
  readonly problem: string | null
  readonly sealsNow: boolean
}

export interface SealIdentities extends Pick<Sealer, 'seal' | 'address'> {
  /** DER of the certificates that the own record has: those in use, to come, and of before. The same array as long as nothing changes. */
  certificates(): readonly Buffer[]
  list(): IdentityStatus[]
  /** Reads the state now, and asks about revocation. @throws what the database throws */
  refresh(): Promise<void>
  /** Reads the state, asks about revocation, and goes on doing both until stopped. */
  start(): Promise<void>
  stop(): Promise<void>
}

const LOOK_MS = 2000
const REVOCATION_MS = 60_000

interface Known {
  readonly name: string
  readonly store: IdentityStore
  readonly certificate: Buffer
  readonly chain: readonly Buffer[]
  readonly sealsFrom: number
  readonly notBefore: number
  readonly notAfter: number
  sealer: Sealer | null
  revoked: boolean
  problem: string | null
}

/** The name of the identity of the settings, which changes with its certificate. */
export const settingsName = (certificate: Buffer): string => `settings-${hash('sha256', certificate).slice(0, 12)}`

function validityOf(certificate: Buffer): { notBefore: number; notAfter: number } {
  const { notBefore, notAfter } = readCertificate(certificate)
  return { notBefore, notAfter }
}

export function createSealIdentities(deps: SealIdentitiesDeps): SealIdentities {
  const { own, queries, stores, revocationOf, report, now } = deps
  const ownCertificate = own.sealer.certificate
  let identities: readonly Known[] = [
    {
      name: settingsName(ownCertificate),
      store: 'settings',
      certificate: ownCertificate,
      chain: own.chain,
      sealsFrom: Number.NEGATIVE_INFINITY,
      ...validityOf(ownCertificate),
      sealer: own.sealer,
      revoked: false,
      problem: null,
    },
  ]
  let published: readonly Buffer[] = [ownCertificate]
  let sealing: string | null | undefined
  let revocationAt = Number.NEGATIVE_INFINITY
  let timer: NodeJS.Timeout | undefined
  let round: Promise<void> = Promise.resolve()
  let stopped = false

  /** Newest first. */
  const inTime = (at: number): Known[] => identities.filter(({ sealsFrom }) => sealsFrom <= at)
  const validAt = ({ notBefore, notAfter }: Known, at: number): boolean => at >= notBefore && at <= notAfter
  const sealerAt = (at: number): Known | undefined =>
    inTime(at).find((one) => one.sealer !== null && !one.revoked && validAt(one, at))

  function refusal(at: number): CeralaccaError {
    const [newest] = inTime(at)
    if (newest?.revoked === true) return temporaryError('seal-certificate-revoked', 'the certificate of the provider was revoked')
    if (newest && !validAt(newest, at))
      return temporaryError('seal-certificate-expired', 'the certificate of the provider is not valid at this time')
    return temporaryError('seal-key-unavailable', 'the seal key of the provider cannot be used')
  }

  async function openKey({ name, store, certificate, chain }: Known): Promise<Sealer> {
    const from = store === 'token' ? stores.token : stores.file
    if (!from) throw new CeralaccaError('seal-key-missing', 'permanent', 'the settings name no token')
    const { sign } = await from.open(name)
    const sealer = await openSealer({ certificate, chain, sign })
    // Receipts and envelopes come from one address, whoever seals them.
    if (sealer.address === own.sealer.address) return sealer
    throw new CeralaccaError('seal-address-differs', 'permanent', `its address is ${sealer.address}, not ${own.sealer.address}`)
  }

  /** Opens what is not open yet; what fails is said once for each reason, and tried again. */
  async function openMissing(identity: Known): Promise<void> {
    if (identity.sealer || identity.store === 'settings' || identity.notAfter < now()) return
    try {
      identity.sealer = await openKey(identity)
      identity.problem = null
    } catch (thrown) {
      const error = asCeralaccaError(thrown)
      const problem = `${error.code}: ${error.message}`
      if (problem !== identity.problem) report('seal-identity-unusable', { name: identity.name, error })
      identity.problem = problem
    }
  }

  async function read(): Promise<void> {
    const rows = await queries.all()
    const next = rows.map((row): Known => {
      const known = identities.find(({ name, certificate }) => name === row.name && certificate.equals(row.certificate))
      const isOwn = row.certificate.equals(ownCertificate)
      const { name, store, certificate, chain } = row
      const facts = { name, store, certificate, chain, sealsFrom: row.sealsFrom.getTime(), ...validityOf(certificate) }
      if (known) return Object.assign(known, { ...facts, sealer: known.sealer ?? (isOwn ? own.sealer : null) })
      const problem = store === 'settings' && !isOwn ? 'the settings do not name its key any more' : null
      return { ...facts, sealer: isOwn ? own.sealer : null, revoked: false, problem }
    })
    // What the table does not have of it, the settings say.
    const ownOnly = identities.find(({ certificate }) => certificate.equals(ownCertificate))
    if (ownOnly && !rows.some(({ certificate }) => certificate.equals(ownCertificate)))
      next.push(Object.assign(ownOnly, { sealsFrom: Number.NEGATIVE_INFINITY }))
    await Promise.all(next.map(openMissing))
    identities = next.sort((a, b) => (a.sealsFrom === b.sealsFrom ? 0 : b.sealsFrom - a.sealsFrom))
    publish()
  }

  /** An expired one, or a revoked one, is of no more use in the record: nothing new can bear its seal. */
  function publish(): void {
    const useful = identities.filter(({ notAfter, revoked }) => notAfter >= now() && !revoked)
    const certificates = useful.map(({ certificate }) => certificate)
    // A record must have a certificate (RFC 6109 4.5).
    const wanted = certificates.length > 0 ? certificates : identities.slice(0, 1).map(({ certificate }) => certificate)
    const same = wanted.length === published.length && wanted.every((der, index) => published[index]?.equals(der) === true)
    if (!same) published = wanted
  }

  async function checkRevocation(): Promise<void> {
    if (now() - revocationAt < REVOCATION_MS) return
    revocationAt = now()
    for (const identity of identities) {
      if (!identity.sealer || identity.notAfter < now()) continue
      const status = await revocationOf(identity.certificate, identity.chain)
      if (status === null) continue
      const revoked = status === 'revoked'
      if (revoked && !identity.revoked) report('seal-certificate-revoked', { name: identity.name })
      identity.revoked = revoked
    }
    publish()
  }

  async function refresh(): Promise<void> {
    await read()
    await checkRevocation()
  }

  /** Says who seals from now on, when that changes. */
  function tell(): void {
    const at = now()
    const name = sealerAt(at)?.name ?? null
    if (name === sealing) return
    if (name === null) report('seal-stopped', { error: refusal(at) })
    else report('seal-identity', { name })
    sealing = name
  }

  async function look(): Promise<void> {
    try {
      await refresh()
    } catch (thrown) {
      report('unexpected-error', { where: 'seal identities', error: asCeralaccaError(thrown) })
    }
    tell()
    if (!stopped) timer = setTimeout(() => void (round = look()), LOOK_MS)
  }

  return {
    address: own.sealer.address,
    async seal(digest, at) {
      const identity = sealerAt(Number(at))
      if (!identity?.sealer) throw refusal(Number(at))
      return identity.sealer.seal(digest, at)
    },
    certificates: () => published,
    list() {
      const sealsNow = sealerAt(now())
      return identities.map((identity) => {
        const { sealer: _, ...facts } = identity
        return { ...facts, sealsNow: identity === sealsNow }
      })
    },
    refresh,
    async start() {
      await (round = look())
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      await round
    },
  }
}
