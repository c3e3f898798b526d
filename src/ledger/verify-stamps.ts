/** Verifies the stamps: that they follow one another, name the heads of the chains, and that an authority has stamped each. */
import { createCertificateCache } from '../seal/certificate-cache.ts'
import { verifyTimeStamp } from '../seal/time-stamp.ts'
import type { LedgerProblem } from './problem.ts'
import { CHAINS, DAY_MS, NO_HASH, stampLines, stampRoot, startOf } from './sealed-lines.ts'
import type { SealingReads, StoredStamp } from './sealing-queries.ts'

export interface StampVerifierDeps {
  readonly queries: Pick<SealingReads, 'stamps' | 'segmentHashes' | 'closedUntil'>
  /** DER of the CA certificates that vouch for the authorities */
  readonly roots: readonly Buffer[]
  readonly found: (problem: LedgerProblem) => void
  readonly now: () => number
}

export interface StampsResult {
  readonly stamps: number
  /** those whose token has not come yet */
  readonly unstamped: number
}

const PAGE = 100
/** between the closing of a day and its stamp */
const CLOSING_MS = 10 * 60_000

export async function verifyStamps(
  { queries, roots, found, now }: StampVerifierDeps,
  { from, to }: { from: number | null; to: number | null },
): Promise<StampsResult> {
  const cache = createCertificateCache()
  let [stamps, unstamped] = [0, 0]
  let before: { number: number; root: Buffer } = { number: 0, root: NO_HASH }
  let lastDay: string | null = null

  function judgeToken({ token, root, at }: StoredStamp): string | null {
    if (token === null) return now() - at > DAY_MS ? 'has no time stamp' : null
    const result = verifyTimeStamp(token, { digest: root, roots }, cache)
    return result.ok ? null : `its time stamp does not hold: ${result.reason}`
  }

  async function judge(stamp: StoredStamp): Promise<string | null> {
    if (!stampRoot(stampLines(stamp)).equals(stamp.root)) return 'its root is not that of its lines'
    if (!stamp.previous.equals(before.root)) return 'it does not follow the one before it'
    if (stamp.heads.length !== CHAINS) return 'it does not name every chain'
    const sealed = await queries.segmentHashes(stamp.heads)
    const wrong = stamp.heads.find(
      ({ number, hash }, at) => !hash.equals(number === 0 ? NO_HASH : (sealed[at] ?? Buffer.alloc(0))),
    )
    if (wrong) return `segment ${wrong.number} of chain ${wrong.chain} has another hash`
    return judgeToken(stamp)
  }

  for (let more = true; more;) {
    const page = await queries.stamps(before.number, PAGE)
    for (const stamp of page) {
      const where = `stamp ${stamp.number}${stamp.day === null ? '' : ` of ${stamp.day}`}`
      if (stamp.number !== before.number + 1) {
        found({ kind: 'stamp', where: `stamp ${before.number + 1}`, says: 'is missing' })
      } else if ((from === null || stamp.at >= from) && (to === null || stamp.at <= to + DAY_MS)) {
        const wrong = await judge(stamp)
        if (wrong !== null) found({ kind: 'stamp', where, says: wrong })
        stamps++
        if (stamp.token === null) unstamped++
      }
      before = { number: stamp.number, root: stamp.root }
      lastDay = stamp.day ?? lastDay
    }
    more = page.length === PAGE
  }
  const closed = await queries.closedUntil()
  if (closed > 0 && closed > (lastDay === null ? 0 : startOf(lastDay) + DAY_MS) && now() - closed > CLOSING_MS) {
    found({ kind: 'stamp', where: `stamp ${before.number + 1}`, says: 'is missing: a day is closed without one' })
  }
  return { stamps, unstamped }
}
