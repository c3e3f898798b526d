/**
 * Makes extracts of the ledger for holders and authorities: one ZIP that proves by itself what the ledger says (docs/guides/ledger-extract.md).
 *
 * Invariants: the request is in the ledger before anything is read for it, and the extract's hash before the file has its name; nothing but
 * what the ledger has goes in; where the seal or the time stamp cannot be had there is no file. Called by the CLI.
 */
import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { clientError } from '../base/errors.ts'
import { uuidv7 } from '../base/ids.ts'
import { instantOf } from '../base/instant.ts'
import type { ExtractQueries } from '../ledger/extract-queries.ts'
import type { SealingReads } from '../ledger/sealing-queries.ts'
import { syncFolder } from '../storage/durable-file.ts'
import { extractEntries, keysOf, readStamps } from './extract-entries.ts'
import { writeExtractFiles, type WrittenExtract } from './extract-files.ts'
import { collectForPdf, extractDocument } from './extract-pdf.ts'
import { readmeText } from './extract-readme.ts'
import { checkedRequest, madeEntry, requestEntry, type ExtractRequest, type RecordedRequest } from './extract-request.ts'
import { WORDS } from './extract-words.ts'
import { renderPdf } from './pdf.ts'
import { packFolder, signFolder, type ArchiveDeps } from './signed-archive.ts'

export interface ExtractDeps extends ArchiveDeps {
  readonly queries: ExtractQueries & Pick<SealingReads, 'entries' | 'stamps'>
  /** @throws `no-such-mailbox` */
  readonly expectMailbox: (address: string) => Promise<void>
  /** its name */
  readonly provider: string
  readonly now: () => number
}

export interface MadeExtract {
  readonly id: string
  readonly file: string
  readonly entries: number
  readonly notSealed: number
  readonly notStamped: number
  /** SHA-256 of the manifest, hexadecimal: the ledger has it too */
  readonly manifest: string
}

const PDF = 'extract.pdf'

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** The folder where a file is to be must be there, and the file not. */
async function expectFree(file: string): Promise<void> {
  if (await isThere(file)) throw clientError('file-there', `${file} is there already: give another name`)
  if (!(await isThere(dirname(file)))) throw clientError('no-such-folder', `${dirname(file)} is not there: make it first`)
}

/**
 * @param file path of the ZIP, which must not be there
 * @throws `extract-request`, `extract-empty`, `extract-too-large`, `no-such-mailbox`, `file-there`, `no-such-folder`; temporary errors of the
 * seal, and `time-stamp-unavailable`: try again then
 */
export async function makeExtract(deps: ExtractDeps, asked: ExtractRequest, file: string): Promise<MadeExtract> {
  const { queries, provider, now } = deps
  const at = now()
  const request = checkedRequest(asked, `extract-${uuidv7(at)}`, at)
  const path = resolve(file)
  await expectFree(path)
  if (request.mailbox !== null) await deps.expectMailbox(request.mailbox)
  await queries.record(requestEntry(request, provider))
  // Beside its place, so that it gets its name in one step; gone in any case afterwards.
  const work = await mkdtemp(join(dirname(path), `.${basename(path)}-`))
  try {
    const { entries, notSealed, notStamped, files } = await writeFolder(deps, request, work)
    const signedAt = instantOf(now())
    const signed = await signFolder(deps, work, files, signedAt)
    const packed = join(work, 'packed.zip')
    await packFolder(work, signed.files, packed, signedAt)
    await queries.record(madeEntry(request, now(), { entries, manifest: signed.manifest }, provider))
    await rename(packed, path)
    await syncFolder(dirname(path))
    return { id: request.id, file: path, entries, notSealed, notStamped, manifest: signed.manifest.toString('hex') }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function writeFolder(
  { queries, provider }: ExtractDeps,
  request: RecordedRequest,
  folder: string,
): Promise<WrittenExtract> {
  const keys = await keysOf(queries, request)
  const stamps = await readStamps(queries)
  const collected = collectForPdf()
  const written = await writeExtractFiles(
    { queries, folder, provider, stamps, see: collected.see },
    request,
    extractEntries(queries, keys, stamps),
  )
  const { readme } = WORDS[request.language]
  const options = { flag: 'wx', mode: 0o600 } as const
  await writeFile(join(folder, PDF), await renderPdf(extractDocument(request, provider, collected, written)), options)
  await writeFile(join(folder, readme), readmeText(request, provider), options)
  return { ...written, files: [PDF, readme, ...written.files] }
}
