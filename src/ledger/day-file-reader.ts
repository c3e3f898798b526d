/** Reads daily files, line by line, and never more than a line at a time. */
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { hasCode } from '../base/errors.ts'
import { dayPaths } from './day-files.ts'

const isMissing = (error: unknown): boolean => hasCode(error, 'ENOENT')

const LINE_FEED = 0x0a

/** Lines end with a line feed and nothing else: other characters that some take for line ends may stand in a subject. */
async function* splitLines(pieces: AsyncIterable<Buffer>, see: (piece: Buffer) => void): AsyncGenerator<string> {
  let rest: Buffer[] = []
  for await (const piece of pieces) {
    see(piece)
    let from = 0
    for (let end = piece.indexOf(LINE_FEED); end >= 0; end = piece.indexOf(LINE_FEED, from)) {
      const last = piece.subarray(from, end)
      yield (rest.length > 0 ? Buffer.concat([...rest, last]) : last).toString('utf8')
      rest = []
      from = end + 1
    }
    if (from < piece.length) rest.push(piece.subarray(from))
  }
  if (rest.length > 0) yield Buffer.concat(rest).toString('utf8')
}

/** The lines of a file; null where there is none. @param see is told of its bytes as they are read */
export async function openLines(
  path: string,
  see: (piece: Buffer) => void = () => undefined,
): Promise<AsyncIterable<string> | null> {
  const stream = createReadStream(path)
  return new Promise((resolve, reject) => {
    stream.once('open', () => resolve(splitLines(stream, see)))
    stream.once('error', (error) => (isMissing(error) ? resolve(null) : reject(error)))
  })
}

/** The line of an entry in the file of a day; null where there is none. */
export async function findEntryLine(folder: string, day: string, slot: number, seq: number): Promise<string | null> {
  const lines = await openLines(dayPaths(folder, day).file)
  if (lines === null) return null
  for await (const line of lines) if (line.startsWith(`[1,${slot},${seq},`)) return line
  return null
}

/** The days of all files that are there. */
export async function daysOnDisk(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder, { recursive: true })
    return names.flatMap((name) => /(\d{4}-\d\d-\d\d)\.jsonl$/.exec(name)?.[1] ?? []).toSorted()
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
