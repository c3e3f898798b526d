/** The proofs of a bundle that the ledger had its entries when an authority stamped it, and what the entries say. Pure. */
import { readCanonicalForm, type NumberedEntry } from '../ledger/entry.ts'
import { verifyProof, type InclusionProof } from '../ledger/verify-proof.ts'
import { stampRoot } from '../ledger/sealed-lines.ts'
import { verifyTimeStamp } from '../seal/time-stamp.ts'
import { finding } from './bundle-findings.ts'
import { pathsOf, readObject } from './bundle-format.ts'
import type { CertifiedFile } from './bundle-messages.ts'
import { judgeRevocation } from './bundle-revocation.ts'
import { isoOf, type Examination } from './bundle-trust.ts'

const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every((one) => typeof one === 'string')

/** @returns null where it is none */
export function readProof(bytes: Buffer): InclusionProof | null {
  const { version, entry, path, segments, stamp, token } = readObject(bytes) ?? {}
  if (version !== 1 || typeof entry !== 'string' || typeof token !== 'string') return null
  if (!isTexts(path) || !isTexts(segments) || !isTexts(stamp)) return null
  return { version, entry, path, segments, stamp, token }
}

interface ProvedEntry {
  readonly path: string
  readonly entry: NumberedEntry
  readonly proof: InclusionProof
}

function openProof({ files, facts, roots, found }: Examination, path: string): ProvedEntry | null {
  const proof = readProof(files.get(path) ?? Buffer.alloc(0))
  const entry = proof && readCanonicalForm(proof.entry)
  if (!proof || !entry) {
    found.wrong.push(finding('proof-malformed', path))
    return null
  }
  const result = verifyProof(proof, roots)
  if (!result.ok) {
    found.wrong.push(finding('proof-wrong', path, { reason: result.reason }))
    return null
  }
  if (entry.pecMsgid !== facts.pecMsgid) {
    found.wrong.push(finding('proof-other-message', path, { found: entry.pecMsgid }))
    return null
  }
  const values = { event: entry.event, at: isoOf(entry.at), stampedAt: isoOf(result.stampedAt) }
  found.proved.push(finding('event-in-ledger', path, values))
  return { path, entry, proof }
}

/** The tokens and the roots stand beside the proofs once more, in the form that openssl reads. */
function judgeStamps(examination: Examination, proofs: readonly InclusionProof[]): void {
  const { files, roots, cache, found } = examination
  const known = new Map(proofs.map(({ token, stamp }) => [token, stampRoot(stamp)]))
  for (const path of pathsOf(files, 'token')) {
    const token = files.get(path) ?? Buffer.alloc(0)
    const digest = known.get(token.toString('base64'))
    const rootPath = path.replace(/tst$/, 'root')
    if (!digest) {
      found.wrong.push(finding('stamp-of-nothing', path))
      continue
    }
    if (files.get(rootPath)?.toString('latin1').trim() !== digest.toString('hex')) {
      found.wrong.push(finding('stamp-of-nothing', rootPath))
      continue
    }
    const stamp = verifyTimeStamp(token, { digest, roots }, cache)
    if (stamp.ok) judgeRevocation(examination, path, { ...stamp, at: stamp.time })
    else found.wrong.push(finding('stamp-of-nothing', path))
  }
}

/** Which event makes which message: their times are one (I7). */
const MADE_BY: Readonly<Record<string, readonly string[]>> = {
  accepted: ['accettazione', 'posta-certificata'],
  delivered: ['avvenuta-consegna'],
}

/** @param messages those that were verified */
export function judgeProofs(examination: Examination, messages: readonly CertifiedFile[]): NumberedEntry[] {
  const { files, facts, found } = examination
  const proved = pathsOf(files, 'proof').flatMap((path) => openProof(examination, path) ?? [])
  judgeStamps(
    examination,
    proved.map(({ proof }) => proof),
  )
  for (const { path, message, daticert } of messages) {
    const id = message.messageId ?? ''
    const about = proved.filter(({ entry }) => entry.related.includes(id))
    const isReceived = daticert.kind === 'posta-certificata' && facts.direction === 'received' && proved.length > 0
    if (about.length === 0 && !isReceived) found.open.push(finding('not-in-ledger', path))
    for (const { path: proofPath, entry } of about) {
      if (MADE_BY[entry.event]?.includes(daticert.kind) !== true || entry.at === daticert.at.ms) continue
      found.wrong.push(finding('proof-other-time', proofPath, { entry: isoOf(entry.at), message: isoOf(daticert.at.ms) }))
    }
  }
  return proved.map(({ entry }) => entry)
}
