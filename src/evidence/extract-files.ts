/**
 * The files of an extract for machines, written together in one pass over its entries. docs/reference/ledger-extract.md has their forms,
 * which are stable.
 */
import { open, mkdir, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { ExtractQueries } from '../ledger/extract-queries.ts'
import { stampLines } from '../ledger/sealed-lines.ts'
import { rootLine } from '../ledger/day-files.ts'
import type { StoredStamp } from '../ledger/sealing-queries.ts'
import type { ExtractEntry } from './extract-entries.ts'
import { requestFacts, type RecordedRequest } from './extract-request.ts'

export const FILES = { csv: 'extract.csv', json: 'extract.json', proofs: 'proofs.jsonl' } as const

const COLUMNS = [
  'at',
  'event',
  'pec_msgid',
  'msgid',
  'sender',
  'recipients',
  'subject',
  'related',
  'provider',
  'detail',
  'slot',
  'seq',
  'segment',
  'stamp',
] as const

/** RFC 4180; what a spreadsheet would take for a formula gets an apostrophe before it, for subjects come from anybody. */
function cell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const time = (at: number): string => new Date(at).toISOString()

function csvRow(entry: ExtractEntry): string {
  const { at, event, pecMsgid, msgid, sender, recipients, subject, related, provider, detail, slot, seq, seal } = entry
  const texts = [event, pecMsgid, msgid ?? '', sender, recipients.join(' '), subject, related.join(' '), provider, detail ?? '']
  const segment = seal ? `${seal.chain}/${seal.segment}` : ''
  return `${[time(at), ...texts, String(slot), String(seq), segment, String(seal?.stamp ?? '')].map(cell).join(',')}\r\n`
}

function jsonEntry(entry: ExtractEntry): string {
  const { slot, seq, at, event, pecMsgid, msgid, sender, recipients, subject, related, provider, detail, seal } = entry
  const sealed = seal && { chain: seal.chain, segment: seal.segment, stamp: seal.stamp }
  const facts = { event, pecMsgid, msgid, sender, recipients, subject, related, provider, detail }
  return JSON.stringify({ at: time(at), slot, seq, ...facts, sealed })
}

const proofLine = ({ line, seal }: ExtractEntry): string =>
  JSON.stringify([
    'ceralacca-extract-entry',
    1,
    line,
    ...(seal ? [seal.chain, seal.segment, seal.index, seal.size, seal.path, seal.stamp] : [null, null, null, null, [], null]),
  ])

export interface WrittenExtract {
  /** names of the files in the folder */
  readonly files: readonly string[]
  readonly entries: number
  readonly notSealed: number
  readonly notStamped: number
}

/** Of which segments lines are needed: of each chain and stamp from the first one with an entry to the stamped head. */
interface Span {
  readonly chain: number
  first: number
  last: number
}

function createSpans(stamps: readonly StoredStamp[]) {
  const heads = new Map(stamps.map((stamp) => [stamp.number, stamp.heads]))
  const spans = new Map<string, Span>()
  return {
    add({ chain, segment, stamp }: NonNullable<ExtractEntry['seal']>): void {
      const name = stamp === null ? `${chain}/-/${segment}` : `${chain}/${stamp}`
      const span = spans.get(name)
      const last = stamp === null ? segment : (heads.get(stamp)?.[chain]?.number ?? segment)
      if (span) span.first = Math.min(span.first, segment)
      else spans.set(name, { chain, first: segment, last })
    },
    inOrder: (): Span[] => [...spans.values()].toSorted((a, b) => a.chain - b.chain || a.first - b.first),
  }
}

/** Writes in pieces of some size, as many system calls for short texts would take most of the time. */
function createWriter(file: FileHandle) {
  const AT_ONCE = 64 * 1024
  let waiting: string[] = []
  let size = 0
  const flush = async (): Promise<void> => {
    if (size === 0) return
    const text = waiting.join('')
    waiting = []
    size = 0
    await file.writeFile(text)
  }
  return {
    async write(text: string): Promise<void> {
      waiting.push(text)
      size += text.length
      if (size >= AT_ONCE) await flush()
    },
    flush,
  }
}

export interface ExtractFilesDeps {
  readonly queries: Pick<ExtractQueries, 'segmentLines'>
  /** of their own: what is there is not looked at */
  readonly folder: string
  readonly provider: string
  readonly stamps: readonly StoredStamp[]
  /** is told of each entry */
  readonly see: (entry: ExtractEntry) => void
}

async function writeStamp(folder: string, stamp: StoredStamp): Promise<string[]> {
  const name = `stamps/${stamp.number}`
  const files = [
    [`${name}.jsonl`, Buffer.from([...stampLines(stamp), rootLine(stamp.root), ''].join('\n'))],
    [`${name}.tst`, stamp.token ?? Buffer.alloc(0)],
  ] as const
  for (const [path, bytes] of files) {
    const file = await open(join(folder, path), 'wx', 0o600)
    try {
      await file.writeFile(bytes)
    } finally {
      await file.close()
    }
  }
  return files.map(([path]) => path)
}

export async function writeExtractFiles(
  { queries, folder, provider, stamps, see }: ExtractFilesDeps,
  request: RecordedRequest,
  entries: AsyncIterable<ExtractEntry>,
): Promise<WrittenExtract> {
  const create = (name: string): Promise<FileHandle> => open(join(folder, name), 'wx', 0o600)
  const handles: FileHandle[] = []
  const writers = []
  for (const name of [FILES.csv, FILES.json, FILES.proofs]) {
    const handle = await create(name)
    handles.push(handle)
    writers.push(createWriter(handle))
  }
  const [csv, json, proofs] = writers
  if (!csv || !json || !proofs) throw new Error('three files have three writers')
  const spans = createSpans(stamps)
  const used = new Set<number>()
  let [count, notSealed, notStamped] = [0, 0, 0]
  try {
    const head = {
      format: 'ceralacca-ledger-extract',
      version: 1,
      extract: request.id,
      requestedAt: time(request.instant.ms),
      provider,
    }
    await csv.write(`${COLUMNS.join(',')}\r\n`)
    await json.write(`${JSON.stringify({ ...head, request: requestFacts(request) }).slice(0, -1)},"entries":[`)
    for await (const entry of entries) {
      const { seal } = entry
      see(entry)
      await csv.write(csvRow(entry))
      await json.write(`${count === 0 ? '' : ','}\n${jsonEntry(entry)}`)
      await proofs.write(`${proofLine(entry)}\n`)
      count++
      if (seal) spans.add(seal)
      else notSealed++
      if (seal && seal.stamp === null) notStamped++
      if (seal && seal.stamp !== null) used.add(seal.stamp)
    }
    await json.write(`\n],"counts":${JSON.stringify({ entries: count, notSealed, notStamped })}}\n`)
    for (const { chain, first, last } of spans.inOrder())
      for await (const line of queries.segmentLines(chain, first, last)) await proofs.write(`${line}\n`)
    for (const writer of writers) await writer.flush()
  } finally {
    for (const handle of handles) await handle.close()
  }
  const files: string[] = Object.values(FILES)
  if (used.size > 0) await mkdir(join(folder, 'stamps'))
  for (const stamp of stamps) if (used.has(stamp.number)) files.push(...(await writeStamp(folder, stamp)))
  return { files, entries: count, notSealed, notStamped }
}
