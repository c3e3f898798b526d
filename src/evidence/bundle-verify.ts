/**
 * Verifies an evidence bundle, with nothing but its files and the certificates of the authorities: no database, no network, no clock. The time
 * stamp of the bundle proves when it existed, and every certificate is judged at the time of its use, so a bundle verifies after all of
 * them have ended. It looks on after the first wrong thing, so that all of them are told.
 */
import { hash } from 'node:crypto'
import { createCertificateCache, type CertificateCache } from '../seal/certificate-cache.ts'
import { CeralaccaError } from '../base/errors.ts'
import { certificatesOf } from '../seal/pem.ts'
import { verifyTimeStamp } from '../seal/time-stamp.ts'
import { verifyDetached } from '../seal/verify.ts'
import {
  finding,
  noFindings,
  type Finding,
  type Findings,
  type OpenCode,
  type ProvedCode,
  type WrongCode,
} from './bundle-findings.ts'
import { inManifest, isKnownPath, PATH, readFacts, readManifest, type BundleFacts, type BundleFiles } from './bundle-format.ts'
import { judgeMessages } from './bundle-messages.ts'
import { judgeProofs } from './bundle-proofs.ts'
import { judgeRevocation, readLists } from './bundle-revocation.ts'
import { timelineOf, type Contents, type TimelineEvent } from './bundle-timeline.ts'
import { CLOCKS_DIFFER_MS, isoOf, type Examination } from './bundle-trust.ts'

export interface BundleReport {
  readonly verified: boolean
  /** the first one is what went wrong first */
  readonly wrong: readonly Finding<WrongCode>[]
  readonly proved: readonly Finding<ProvedCode>[]
  readonly notProved: readonly Finding<OpenCode>[]
  readonly facts: BundleFacts | null
  /** milliseconds since 1970: when an authority saw the signed bundle; null where its stamp does not hold */
  readonly stampedAt: number | null
  /** what happened to the message; worth something only where all is verified */
  readonly timeline: readonly TimelineEvent[]
}

export function judgeContents(examination: Examination): Contents {
  const { facts, found } = examination
  const messages = judgeMessages(examination)
  const entries = judgeProofs(examination, messages)
  for (const { part, what } of facts.missing) found.open.push(finding(`missing-${part}`, null, { what }))
  found.open.push(finding('directory'), finding('summary'))
  return { messages, entries }
}

/** The CA certificates that the bundle has itself: nobody vouches for them. */
function ownRoots(files: BundleFiles, found: Findings): Buffer[] {
  const pem = files.get(PATH.authorities)?.toString('latin1') ?? ''
  try {
    const roots = certificatesOf(pem)
    const fingerprints = roots.map((der) => hash('sha256', der)).join(', ')
    found.open.push(finding('roots-of-the-bundle', PATH.authorities, { fingerprints }))
    return roots
  } catch (error) {
    if (error instanceof CeralaccaError) return []
    throw error
  }
}

function judgeFiles(files: BundleFiles, manifest: ReadonlyMap<string, string>, found: Findings): void {
  const before = found.wrong.length
  for (const [path, digest] of manifest) {
    const bytes = files.get(path)
    if (!bytes) found.wrong.push(finding('file-missing', path))
    else if (hash('sha256', bytes) !== digest) found.wrong.push(finding('file-changed', path))
  }
  for (const path of files.keys()) {
    if (!isKnownPath(path)) found.wrong.push(finding('unknown-file', path))
    else if (inManifest(path) && !manifest.has(path)) found.wrong.push(finding('file-not-listed', path))
  }
  if (found.wrong.length === before) found.proved.push(finding('files-whole', null, { count: String(manifest.size) }))
}

type Frame = Pick<Examination, 'files' | 'roots' | 'cache' | 'lists' | 'found'>

/** @returns when the authority saw the signature, or null where that is not proved */
function judgeStamp(frame: Frame): number | null {
  const { files, roots, cache, found } = frame
  const digest = hash('sha256', files.get(PATH.signature) ?? Buffer.alloc(0), 'buffer')
  const stamp = verifyTimeStamp(files.get(PATH.stamp) ?? Buffer.alloc(0), { digest, roots }, cache)
  if (!stamp.ok) {
    found.wrong.push(finding('stamp-wrong', PATH.stamp, { reason: stamp.reason }))
    return null
  }
  judgeRevocation(frame, PATH.stamp, { ...stamp, at: stamp.time })
  return stamp.time
}

/** @returns the address of who has signed, or null where the signature does not hold */
function judgeSignature(frame: Frame, stampedAt: number): string | null {
  const { files, roots, cache, found } = frame
  const [content, cms] = [PATH.manifest, PATH.signature].map((path) => files.get(path) ?? Buffer.alloc(0))
  if (!content || !cms) return null
  const signature = verifyDetached({ content, cms, roots, at: stampedAt }, cache)
  if (!signature.ok) {
    found.wrong.push(finding('signature-wrong', PATH.signature, { reason: signature.reason }))
    return null
  }
  if ((signature.signingTime ?? 0) > stampedAt + CLOCKS_DIFFER_MS) found.wrong.push(finding('sealed-after', PATH.signature))
  judgeRevocation(frame, PATH.signature, { ...signature, at: stampedAt })
  found.proved.unshift(finding('bundle-signed', null, { signer: signature.address, at: isoOf(stampedAt) }))
  return signature.address
}

/** What a provider seals itself must be sealed by who says that he has made the bundle. */
function judgeMaker({ facts, found }: Examination, { messages }: Contents, maker: string): void {
  const own = facts.direction === 'sent' ? ['accettazione', 'posta-certificata', 'non-accettazione'] : []
  for (const { path, daticert, signer } of messages) {
    if (own.includes(daticert.kind) && signer.toLowerCase() !== maker.toLowerCase())
      found.wrong.push(finding('other-maker', path, { maker }))
  }
}

/**
 * @param trusted DER of the CA certificates that are believed, for seals and for time stamps; null to believe those in the bundle, which is told
 */
export function verifyBundle(
  files: BundleFiles,
  trusted: readonly Buffer[] | null,
  cache: CertificateCache = createCertificateCache(),
): BundleReport {
  const found = noFindings()
  const report = (facts: BundleFacts | null, stampedAt: number | null, contents: Contents | null): BundleReport => {
    const { wrong, proved, open } = found
    const timeline = contents ? timelineOf(contents) : []
    return { verified: wrong.length === 0, wrong, proved, notProved: open, facts, stampedAt, timeline }
  }
  const missing = [PATH.manifest, PATH.signature, PATH.stamp, PATH.facts].find((path) => !files.has(path))
  if (missing !== undefined) {
    found.wrong.push(finding('not-a-bundle', missing, { why: 'missing' }))
    return report(null, null, null)
  }
  const manifest = readManifest(files.get(PATH.manifest) ?? Buffer.alloc(0))
  if (manifest) judgeFiles(files, manifest, found)
  else found.wrong.push(finding('manifest-malformed', PATH.manifest))
  const roots = trusted ?? ownRoots(files, found)
  const frame: Frame = { files, roots, cache, lists: readLists(files, found), found }
  const stampedAt = judgeStamp(frame)
  const maker = stampedAt === null ? null : judgeSignature(frame, stampedAt)
  const facts = readFacts(files.get(PATH.facts) ?? Buffer.alloc(0))
  if (!facts) found.wrong.push(finding('facts-malformed', PATH.facts))
  if (!facts || stampedAt === null) return report(facts, stampedAt, null)
  const examination = { ...frame, facts, at: stampedAt }
  const contents = judgeContents(examination)
  if (maker !== null) judgeMaker(examination, contents, maker)
  return report(facts, stampedAt, contents)
}
