/**
 * Makes the rows that searches need, out of contents that have none yet: some messages at a time, so that memory does not grow with the folder.
 * What two sessions make at once is the same.
 */
import { CeralaccaError } from '../base/errors.ts'
import { decodeEnvelope } from '../mime/parsed-codec.ts'
import { decodeParsed } from '../mime/structure.ts'
import type { Contents } from './contents.ts'
import { columnTexts } from './folded-text.ts'
import { previewOf } from './preview.ts'
import { fieldsColumns, headerColumns } from './search-columns.ts'
import type { SearchQueries, SearchTable, SourceRow, Wanted } from './search-queries.ts'
import { bodyTexts, headerFields } from './search-texts.ts'
import type { ReadBytes } from './search-texts.ts'

/** Messages of one statement. */
const ROWS = 1000
/** Bytes that are read for the messages at work at the same time, if there is more than one. */
const BYTES = 2 * 1024 * 1024
/** A message up to this size is read at once: its header and its parts would each be a round trip. */
const SHORT = 64 * 1024

interface Source {
  readonly row: SourceRow
  readonly read: ReadBytes
}

/** What a row of each table is made of. */
const MAKERS: Readonly<Record<SearchTable, (source: Source) => object | Promise<object>>> = {
  content_header: ({ row }) => headerColumns(decodeEnvelope(row.parsed)),
  content_fields: async ({ row, read }) => fieldsColumns(await headerFields(decodeParsed(row.parsed).root, read)),
  content_text: async ({ row, read }) => ({ body: columnTexts(await bodyTexts(decodeParsed(row.parsed).root, read)) }),
  content_preview: async ({ row, read }) => ({ preview: await previewOf(decodeParsed(row.parsed).root, read) }),
}

export interface SearchRows {
  /** Makes the missing rows of a folder's messages, from a UID on. */
  complete(wanted: Wanted, table: SearchTable, from: number): Promise<void>
  /** Makes the previews of some contents. */
  preview(slot: number, contents: readonly string[]): Promise<void>
}

export function createSearchRows(queries: SearchQueries, contents: Pick<Contents, 'read'>): SearchRows {
  /** Reads ranges; of a message that is worked on whole, the message. */
  function reading(slot: number, { id, size }: SourceRow, whole: boolean): ReadBytes {
    const read: ReadBytes = async (from, to) => {
      const pieces: Buffer[] = []
      for await (const piece of contents.read(slot, id, from, to)) pieces.push(piece)
      const [only] = pieces
      return only && pieces.length === 1 ? only : Buffer.concat(pieces)
    }
    if (!whole || size > SHORT) return read
    let all: Promise<Buffer> | undefined
    return async (from, to) => (await (all ??= read(0, size))).subarray(from, to)
  }

  async function make(slot: number, table: SearchTable, sources: readonly SourceRow[]): Promise<void> {
    let adding: Promise<unknown> = Promise.resolve()
    for (const group of groupsOf(sources, table)) {
      const made = await Promise.all(
        group.map(async (row) => {
          try {
            return [{ content: row.id, ...(await MAKERS[table]({ row, read: reading(slot, row, table === 'content_text') })) }]
          } catch (error) {
            // Removed meanwhile: it needs no row.
            if (error instanceof CeralaccaError && error.code === 'content-missing') return []
            throw error
          }
        }),
      )
      await adding
      adding = queries.add(slot, table, made.flat())
      // It is waited for later, or never if the next ones fail: its error is told then.
      adding.catch(() => undefined)
    }
    await adding
  }

  return {
    async complete(wanted, table, from) {
      for (let next = from; ;) {
        const rows = await queries.sources(wanted, table, next, ROWS)
        await make(wanted.slot, table, distinct(rows))
        const last = rows.at(-1)
        if (!last || rows.length < ROWS) return
        next = last.uid + 1
      }
    },

    async preview(slot, ids) {
      await make(slot, 'content_preview', await queries.sourcesOf(slot, ids))
    },
  }
}

/** Copies of a message share its content. */
const distinct = (rows: readonly SourceRow[]): SourceRow[] => [...new Map(rows.map((row) => [row.id, row])).values()]

/** In pieces of so many bytes that are read, as far as single messages allow it. */
function groupsOf(rows: readonly SourceRow[], table: SearchTable): SourceRow[][] {
  const groups: SourceRow[][] = []
  let bytes = Infinity
  for (const row of rows) {
    const read = table === 'content_header' ? 0 : table === 'content_text' ? row.size : Math.min(row.size, SHORT)
    if (bytes + read > BYTES) {
      groups.push([])
      bytes = 0
    }
    groups.at(-1)?.push(row)
    bytes += read
  }
  return groups
}
