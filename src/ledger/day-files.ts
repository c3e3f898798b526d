/**
 * The daily files of the ledger: one per day, with everything that was sealed on it, in lines that people can read and hash; and beside it
 * the time stamp. A file derives from what is stored and sealed, and from nothing else: written again it has the same bytes.
 * docs/reference/ledger.md describes the form.
 */
import { createHash } from 'node:crypto'
import { chmod, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CeralaccaError } from '../base/errors.ts'
import { makeFolderDurable, syncFolder, writeFileDurable } from '../storage/durable-file.ts'
import { entryBatches } from './entry-batches.ts'
import { rootOf } from './merkle.ts'
import { segmentLine, stampLines } from './sealed-lines.ts'
import { leavesOf } from './sealing.ts'
import type { SealingReads, StoredStamp } from './sealing-queries.ts'

export interface DayFilesDeps {
  readonly queries: SealingReads & { keepFileHash(number: number, sha256: Buffer): Promise<void> }
  /** made if it is not there */
  readonly folder: string
}

export interface WrittenDay {
  readonly day: string
  readonly entries: number
  readonly bytes: number
}

export interface DayFiles {
  /** Writes the files of a day that is closed, and notes their hash. @throws bug `ledger-damaged` if what is stored is not what was sealed */
  write(stamp: StoredStamp): Promise<WrittenDay>
  /** Writes what is missing: files of closed days, tokens that have come. */
  writeMissing(): Promise<WrittenDay[]>
  exists(day: string): Promise<boolean>
}

export const dayPaths = (folder: string, day: string) => {
  const base = join(folder, day.slice(0, 4), day)
  return { file: `${base}.jsonl`, token: `${base}.tst` }
}

export const fileLine = (day: string): string => JSON.stringify(['ceralacca-ledger-file', 1, day])
export const rootLine = (root: Buffer): string => JSON.stringify(['ceralacca-ledger-root', 1, root.toString('hex')])

/** The lines of a day, in pieces that end with a line. */
async function* linesOf(queries: SealingReads, stamp: StoredStamp & { day: string }) {
  yield { text: `${fileLine(stamp.day)}\n`, entries: 0 }
  const before = await queries.lastStamp(stamp.day)
  for (const { chain, number } of stamp.heads) {
    const after = before?.heads[chain]?.number ?? 0
    for await (const { segment, entries } of entryBatches(queries, chain, after, number)) {
      if (!rootOf(leavesOf(entries)).equals(segment.root)) {
        throw new CeralaccaError(
          'ledger-damaged',
          'bug',
          `the entries of chain ${chain}, segment ${segment.number} are not those sealed`,
        )
      }
      const lines = [segmentLine(segment), ...entries.map(({ line }) => line)]
      yield { text: `${lines.join('\n')}\n`, entries: entries.length }
    }
  }
  yield { text: `${[...stampLines(stamp), rootLine(stamp.root)].join('\n')}\n`, entries: 0 }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

export function createDayFiles({ queries, folder }: DayFilesDeps): DayFiles {
  async function writeLines(stamp: StoredStamp & { day: string }): Promise<WrittenDay> {
    const { file: path } = dayPaths(folder, stamp.day)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await makeFolderDurable(dirname(path), folder)
    const temporary = `${path}.new`
    await rm(temporary, { force: true })
    const hash = createHash('sha256')
    let [entries, bytes] = [0, 0]
    const file = await open(temporary, 'wx', 0o600)
    try {
      for await (const piece of linesOf(queries, stamp)) {
        const text = Buffer.from(piece.text)
        hash.update(text)
        await file.writeFile(text)
        entries += piece.entries
        bytes += text.length
      }
      await file.chmod(0o400)
      await file.sync()
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(dirname(path))
    await queries.keepFileHash(stamp.number, hash.digest())
    return { day: stamp.day, entries, bytes }
  }

  async function writeToken({ day, token }: StoredStamp): Promise<void> {
    if (day === null || token === null) return
    const { token: path } = dayPaths(folder, day)
    if (await isThere(path)) return
    const temporary = `${path}.new`
    await rm(temporary, { force: true })
    await writeFileDurable(path, temporary, token)
    await chmod(path, 0o400)
  }

  async function write(stamp: StoredStamp): Promise<WrittenDay> {
    const { day } = stamp
    if (day === null) throw new CeralaccaError('ledger-file', 'bug', 'only a day has a file')
    const written = await writeLines({ ...stamp, day })
    await writeToken(stamp)
    return written
  }

  return {
    write,
    async writeMissing() {
      const written: WrittenDay[] = []
      for (const stamp of await queries.withoutFile()) written.push(await write(stamp))
      for (const stamp of await queries.recentDays()) await writeToken(stamp)
      return written
    },
    async exists(day) {
      const { file, token } = dayPaths(folder, day)
      return (await isThere(file)) && (await isThere(token))
    },
  }
}
