/**
 * The names in a ZIP file, without unpacking it. Damaged files are no error, for other programs open what one refuses: so the names are read
 * from wherever a header of an entry stands, and from the directory as yauzl reads it, which also knows names in Unicode. Only ZIP files
 * within it are inflated, and no further than the caller allows.
 */
import { fromBufferPromise, getFileNameLowLevel } from 'yauzl'
import type { Entry, ZipFile } from 'yauzl'

/** More entries than this are not looked at. */
const MAX_ENTRIES = 50_000
/** Of a name the end is enough: there is the extension. */
const MAX_NAME = 512

/** The file hides more than may be looked at. */
export class TooMuchToExamine extends Error {}

const LOCAL = Buffer.from('PK\x03\x04', 'latin1')
const CENTRAL = Buffer.from('PK\x01\x02', 'latin1')
const END = Buffer.from('PK\x05\x06', 'latin1')
/** The end record with the longest comment. */
const MAX_END = 22 + 0xffff

/** Whether a program would take the bytes for a ZIP file, whatever stands before it. */
export function isZip(bytes: Buffer): boolean {
  return bytes.subarray(0, 4).equals(LOCAL) || bytes.subarray(-MAX_END).includes(END)
}

/** Counts the bytes that may still be inflated, over a whole message. */
export interface InflateBudget {
  left: number
}

/**
 * The names of the files in a ZIP file, and in the ZIP files in it (one level); a name may come more than once.
 * @throws TooMuchToExamine
 */
export async function* zipNames(bytes: Buffer, budget: InflateBudget): AsyncIterable<string> {
  // A name with a slash at its end is that of a folder, which may be called "www.example.com".
  for await (const name of allNames(bytes, budget)) if (!name.endsWith('/')) yield name
}

async function* allNames(bytes: Buffer, budget: InflateBudget): AsyncIterable<string> {
  yield* headerNames(bytes)
  for await (const { entry, file } of entries(bytes)) {
    const name = nameOf(entry)
    yield name
    if (!/\.zip[\s.]*$/i.test(name)) continue
    const inner = await inflate(file, entry, budget)
    if (inner) yield* innerNames(inner)
  }
}

async function* innerNames(bytes: Buffer): AsyncIterable<string> {
  yield* headerNames(bytes)
  for await (const { entry } of entries(bytes)) yield nameOf(entry)
}

/** Names at each signature of an entry's header, in the directory (APPNOTE 4.3.12) and before its data (4.3.7). */
function* headerNames(bytes: Buffer): Iterable<string> {
  let seen = 0
  for (const { signature, lengthAt, nameAt } of HEADERS) {
    for (let at = bytes.indexOf(signature); at >= 0; at = bytes.indexOf(signature, at + 4)) {
      if (at + nameAt > bytes.length) break
      if (++seen > 2 * MAX_ENTRIES) throw new TooMuchToExamine()
      const end = at + nameAt + bytes.readUInt16LE(at + lengthAt)
      const start = Math.max(at + nameAt, end - MAX_NAME)
      yield bytes.toString('latin1', start, end)
    }
  }
}

const HEADERS = [
  { signature: CENTRAL, lengthAt: 28, nameAt: 46 },
  { signature: LOCAL, lengthAt: 26, nameAt: 30 },
]

async function* entries(bytes: Buffer): AsyncIterable<{ entry: Entry; file: ZipFile }> {
  const file = await tolerate(() => fromBufferPromise(bytes, { decodeStrings: false, validateEntrySizes: false }))
  if (!file) return
  const iterator = file.eachEntry()
  for (let seen = 0; ; seen++) {
    const next = await tolerate(() => iterator.next())
    if (!next || next.done === true) return
    if (seen === MAX_ENTRIES) throw new TooMuchToExamine()
    yield { entry: next.value, file }
  }
}

/** undefined where the ZIP file is damaged: all that yauzl complains of, it reads from memory only. */
async function tolerate<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}

const nameOf = (entry: Entry): string =>
  getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, false)

/**
 * What a ZIP file within decodes to, undefined for one that is encrypted or damaged.
 * @throws TooMuchToExamine as soon as the budget is spent, whatever size the entry claims
 */
async function inflate(file: ZipFile, entry: Entry, budget: InflateBudget): Promise<Buffer | undefined> {
  if (!entry.canDecodeFileData()) return undefined
  const stream = await tolerate(() => file.openReadStreamPromise(entry))
  if (!stream) return undefined
  const pieces: Buffer[] = []
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      budget.left -= piece.length
      if (budget.left < 0) throw new TooMuchToExamine()
      pieces.push(piece)
    }
  } catch (error) {
    // What came before the damage may still hold names.
    if (error instanceof TooMuchToExamine || !(error instanceof Error)) throw error
  }
  return Buffer.concat(pieces)
}
