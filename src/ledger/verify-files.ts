/** Verifies the daily files: each line, each segment, the links between them, and the stamp at the end. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'
import { hasCode } from '../base/errors.ts'
import { daysOnDisk, openLines } from './day-file-reader.ts'
import { dayPaths, fileLine, rootLine } from './day-files.ts'
import { HASH_BYTES, hashAt, leafHash, rootOf } from './merkle.ts'
import type { LedgerProblem } from './problem.ts'
import { DAY_MS, entryAt, hashOfLine, NO_HASH, readSegmentLine, stampLines, startOf, type Segment } from './sealed-lines.ts'
import type { SealingReads, StoredStamp } from './sealing-queries.ts'

export interface FileVerifierDeps {
  readonly queries: Pick<SealingReads, 'stamps' | 'segments'>
  readonly folder: string
  /** what is older was deleted, and may be gone from the folder too */
  readonly deletedBefore: number
  readonly found: (problem: LedgerProblem) => void
}

/** A segment with what follows its line. */
interface OpenSegment extends Segment {
  readonly line: number
  readonly leaves: Buffer[]
}

const SEGMENT = '["ceralacca-ledger-segment",'
const ENTRY = '[1,'

export function createFileVerifier({ queries, folder, deletedBefore, found }: FileVerifierDeps) {
  /** @param before the stamp of the last day before it @returns whether it is there */
  async function verifyFile(stamp: StoredStamp & { day: string }, before: StoredStamp | null): Promise<boolean> {
    const { file: path, token } = dayPaths(folder, stamp.day)
    const name = relative(folder, path)
    const tell = (line: number, says: string): void => found({ kind: 'file', where: `${name}, line ${line}`, says })
    const whole = createHash('sha256')
    const lines = await openLines(path, (piece) => whole.update(piece))
    if (lines === null) {
      if (startOf(stamp.day) + DAY_MS > deletedBefore) found({ kind: 'file', where: name, says: 'is missing' })
      return false
    }
    const heads = stamp.heads.map(({ chain }) => before?.heads[chain]?.hash ?? NO_HASH)
    const tail = [...stampLines(stamp), rootLine(stamp.root)]
    let open: OpenSegment | null = null
    let [number, wrong, rest] = [0, false, 0]
    const fail = (line: number, says: string): void => {
      if (!wrong) tell(line, says)
      wrong = true
    }

    /** The first line of a segment that is not what was sealed. */
    async function finish(segment: OpenSegment | null): Promise<void> {
      if (segment === null || wrong) return
      const leaves = Buffer.concat(segment.leaves)
      if (rootOf(leaves).equals(segment.root)) return
      const [sealed] = await queries.segments(segment.chain, segment.number - 1, segment.number, 1)
      const count = Math.max(leaves.length, sealed?.leaves.length ?? 0) / HASH_BYTES
      for (let index = 0; index < count; index++) {
        if (sealed && hashAt(leaves, index).equals(hashAt(sealed.leaves, index))) continue
        const entry = entryAt(segment.ranges, index)
        fail(segment.line + 1 + index, entry ? `entry ${entry.slot}/${entry.seq} is not what was sealed` : 'was added')
        return
      }
      fail(segment.line, 'its root is not that of the entries below it')
    }

    for await (const text of lines) {
      number++
      if (wrong) continue
      if (number === 1) {
        if (text !== fileLine(stamp.day)) fail(number, 'is not the first line of this day')
      } else if (rest === 0 && text.startsWith(SEGMENT)) {
        await finish(open)
        const segment = readSegmentLine(text)
        const head = segment && heads[segment.chain]
        if (!segment || !head) fail(number, 'is no segment')
        else if (!segment.previous.equals(head)) {
          fail(number, `segment ${segment.number} of chain ${segment.chain} does not follow the one before it`)
        } else heads[segment.chain] = hashOfLine(text)
        open = segment && { ...segment, line: number, leaves: [] }
      } else if (rest === 0 && open && text.startsWith(ENTRY)) {
        open.leaves.push(leafHash(text))
      } else {
        await finish(open)
        open = null
        const different = stamp.heads.find(({ chain, hash }) => heads[chain]?.equals(hash) !== true)
        if (different) fail(number, `chain ${different.chain} does not end at its stamped head`)
        else if (text !== tail[rest]) fail(number, 'is not what was stamped')
        rest++
      }
    }
    if (rest !== tail.length) fail(number, 'the end is missing')
    if (stamp.fileSha256 && !stamp.fileSha256.equals(whole.digest())) fail(number, 'the file has other bytes than were written')
    if (stamp.token !== null) await verifyToken(token, stamp.token)
    return true
  }

  async function verifyToken(path: string, token: Buffer): Promise<void> {
    const name = relative(folder, path)
    try {
      if (!(await readFile(path)).equals(token))
        found({ kind: 'file', where: name, says: 'is not the time stamp that is stored' })
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error
      found({ kind: 'file', where: name, says: 'is missing' })
    }
  }

  /** Answers how many files there are. Days whose file was not written yet are left out. */
  return async function verifyFiles({ from, to }: { from: number | null; to: number | null }): Promise<number> {
    const unknown = new Set(await daysOnDisk(folder))
    let files = 0
    let before: StoredStamp | null = null
    for (let last = 0; ;) {
      const page = await queries.stamps(last, 100)
      for (const stamp of page) {
        last = stamp.number
        const { day } = stamp
        if (day === null) continue
        unknown.delete(day)
        const asked = (from === null || startOf(day) + DAY_MS > from) && (to === null || startOf(day) <= to)
        if (asked && stamp.fileSha256 !== null && (await verifyFile({ ...stamp, day }, before))) files++
        before = stamp
      }
      if (page.length < 100) break
    }
    for (const day of unknown) {
      found({ kind: 'file', where: relative(folder, dayPaths(folder, day).file), says: 'is of a day that is not stamped' })
    }
    return files
  }
}
