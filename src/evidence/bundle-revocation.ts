/** Whether certificates were revoked when they were used, by the lists in the bundle. The rules are those of seal/revocation.ts. Pure. */
import { CeralaccaError } from '../base/errors.ts'
import type { CertificateCache, KnownCertificate } from '../seal/certificate-cache.ts'
import { readList, verifyList, type RevocationList } from '../seal/crl.ts'
import { countsAt, covers } from '../seal/revocation-rules.ts'
import { finding, type Findings } from './bundle-findings.ts'
import { pathsOf, type BundleFiles } from './bundle-format.ts'
import { isoOf, openAll, type Examination } from './bundle-trust.ts'

/** The lists of a bundle; one that is none is told of. */
export function readLists(files: BundleFiles, found: Findings): RevocationList[] {
  return pathsOf(files, 'list').flatMap((path) => {
    try {
      return readList(files.get(path) ?? Buffer.alloc(0))
    } catch (error) {
      if (!(error instanceof CeralaccaError) || error.fault !== 'client') throw error
      found.wrong.push(finding('list-wrong', path, { why: error.message }))
      return []
    }
  })
}

function isSignedBy(list: RevocationList, issuer: KnownCertificate): boolean {
  try {
    verifyList(list, issuer)
    return true
  } catch (error) {
    if (error instanceof CeralaccaError && error.fault === 'client') return false
    throw error
  }
}

type Answer = 'good' | 'revoked' | 'unknown' | 'no-lists'

/** A list tells of an instant if it was valid then, or was issued later: what was revoked before stands in it with its date. */
function answerOf(lists: readonly RevocationList[], certificate: KnownCertificate, issuer: KnownCertificate, at: number): Answer {
  const points = certificate.fields.distributionPoints
  if (points === null) return 'no-lists'
  const telling = lists.filter(
    (list) => list.nextUpdate > at && points.some((point) => covers(list, certificate, point)) && isSignedBy(list, issuer),
  )
  const revoked = telling.some((list) => {
    const entry = list.revoked.find(certificate.fields.serial)
    return entry !== null && countsAt(entry, list, at)
  })
  if (revoked) return 'revoked'
  return telling.length > 0 ? 'good' : 'unknown'
}

/**
 * Of a certificate and those above it, at the instant at which it was used.
 * @param chain as verifying has found it: the issuer first, the trusted root last
 * @param path the file that the certificate has sealed
 */
export function judgeRevocation(
  { lists, cache, found }: Pick<Examination, 'lists' | 'found'> & { cache: CertificateCache },
  path: string,
  { certificate, chain, at }: { certificate: Buffer; chain: readonly Buffer[]; at: number },
): void {
  const all = openAll(cache, [certificate, ...chain])
  const answers = all.slice(0, -1).map((one, below) => answerOf(lists, one, all[below + 1] ?? one, at))
  if (answers.includes('revoked')) found.wrong.push(finding('seal-revoked', path, { at: isoOf(at) }))
  else if (answers.includes('unknown')) found.open.push(finding('list-missing', path, { at: isoOf(at) }))
  else if (answers[0] === 'no-lists') found.open.push(finding('no-lists', path))
  else found.proved.push(finding('not-revoked', path, { at: isoOf(at) }))
}
