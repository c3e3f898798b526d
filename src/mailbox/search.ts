/**
 * Searches, sorts and threads the messages of a folder, and shows their first words, by rows that are made when they are first needed: a search
 * reads columns, and of texts only those that it looks into. (docs/decisions: how texts are searched.)
 */
import { createBatcher } from '../base/batcher.ts'
import type { Database } from '../storage/database.ts'
import type { Contents } from './contents.ts'
import { searchQueries, tableOf } from './search-queries.ts'
import type { FoundRow, HeaderFactsRow, SearchTable, ThreadIdsRow, Wanted } from './search-queries.ts'
import { createSearchCache } from './search-cache.ts'
import { createSearchRows } from './search-rows.ts'
import type { Criterion, Ranks, SortKey, ThreadFacts } from './search-types.ts'
import { numbersOf } from './state-columns.ts'
import type { MailboxRef } from './types.ts'

/** One in so many messages from the first to the last, or so many at all: then all of them are looked at, which costs less than to name each. */
const DENSE = { oneIn: 16, most: 20_000 }

/** Bytes of columns that are kept for sorting and threading again. */
const MOST_KEPT = 16 * 1024 * 1024

export interface Searches {
  search(mailbox: MailboxRef, folderId: string, uids: readonly number[], criterion: Criterion): Promise<number[]>
  ranks(mailbox: MailboxRef, folderId: string, uids: readonly number[], key: SortKey): Promise<Ranks>
  threadFacts(mailbox: MailboxRef, folderId: string, uids: readonly number[]): Promise<ThreadFacts>
  preview(mailbox: MailboxRef, contentId: string, lazy: boolean): Promise<string | null>
}

export function createSearches(database: Database, contents: Pick<Contents, 'read'>): Searches {
  const queries = searchQueries(database)
  const rows = createSearchRows(queries, contents)
  const cache = createSearchCache(MOST_KEPT)

  /** Asks once; where rows are missing, makes them and asks again. */
  async function complete<Row extends FoundRow>(
    wanted: Wanted,
    table: SearchTable | undefined,
    ask: () => Promise<Row | undefined>,
  ): Promise<Row | undefined> {
    const row = await ask()
    if (table === undefined || typeof row?.missing !== 'number') return row
    await rows.complete(wanted, table, row.missing)
    return ask()
  }

  const previews = createBatcher<{ content: string; lazy: boolean }, string | null>(async (key, items) => {
    const slot = Number(key)
    const known = new Map<string, string>()
    const look = async (ids: readonly string[]): Promise<void> => {
      for (const { content, preview } of await queries.previews(slot, ids)) known.set(content, preview)
    }
    await look(items.map(({ content }) => content))
    const open = [...new Set(items.filter(({ content, lazy }) => !lazy && !known.has(content)).map(({ content }) => content))]
    if (open.length > 0) {
      await rows.preview(slot, open)
      await look(open)
    }
    return items.map(({ content }) => known.get(content) ?? null)
  })

  return {
    async search({ slot }, folder, uids, criterion) {
      const wanted = wantedOf(slot, folder, uids)
      const row = await complete(wanted, tableOf(criterion), () => queries.find(wanted, criterion))
      const found = numbersOf(row?.uids ?? '{}').sort((a, b) => a - b)
      return wanted.dense ? common(found, uids) : found
    },

    ranks: ({ slot }, folder, uids, key) =>
      cache.of(`${folder} ${key}`, uids, async () => {
        const wanted = wantedOf(slot, folder, uids)
        const row = await complete(wanted, 'content_header', () => queries.ranks(wanted, key))
        return { uids: Uint32Array.from(numbersOf(row?.uids ?? '{}')), ranks: Uint32Array.from(numbersOf(row?.ranks ?? '{}')) }
      }),

    threadFacts: ({ slot }, folder, uids) =>
      cache.of(`${folder} threads`, uids, async () => {
        const wanted = wantedOf(slot, folder, uids)
        const header = await complete(wanted, 'content_header', () => queries.headerFacts(wanted))
        const threads = await complete(wanted, 'content_fields', () => queries.threadIds(wanted))
        return threadColumns(header, threads)
      }),

    preview: ({ slot }, content, lazy) => previews(String(slot), { content, lazy }),
  }
}

/** What has come between the two questions has larger UIDs, and is left out; what has gone has no ids any more. */
function threadColumns(header: HeaderFactsRow | undefined, threads: ThreadIdsRow | undefined): ThreadFacts {
  const uids = Uint32Array.from(numbersOf(header?.uids ?? '{}'))
  const idStarts = new Uint32Array(uids.length + 1)
  const owners = numbersOf(threads?.uids ?? '{}')
  for (const [at, uid] of uids.entries()) {
    let next = idStarts[at] ?? 0
    while ((owners[next] ?? Infinity) <= uid) next++
    idStarts[at + 1] = next
  }
  return {
    uids,
    sent: Float64Array.from(numbersOf(header?.sent ?? '{}')),
    subjects: Uint32Array.from(numbersOf(header?.subjects ?? '{}')),
    replies: Uint8Array.from(numbersOf(header?.replies ?? '{}')),
    ids: Uint32Array.from(numbersOf(threads?.ids ?? '{}')),
    idStarts,
  }
}

function wantedOf(slot: number, folder: string, uids: readonly number[]): Wanted {
  const span = (uids.at(-1) ?? 0) - (uids[0] ?? 0) + 1
  return { slot, folder, uids, dense: uids.length > DENSE.most || uids.length * DENSE.oneIn >= span }
}

/** What stands in both lists, which ascend. */
function common(some: readonly number[], others: readonly number[]): number[] {
  let at = 0
  return some.filter((number) => {
    while (at < others.length && (others[at] ?? 0) < number) at++
    return others[at] === number
  })
}
