/**
 * The directory: which domains are certified mail, whose they are, and who seals with which certificate. The copy in the database, and
 * this provider's own record before it, are held in memory; every process looks at most every two seconds whether there is another copy.
 *
 * Invariants: an answer comes from one copy, never from half of an old and half of a new one; the own record is always there, and wins
 * for its domains and certificates. Any room above may ask; only refresh.ts changes the copy.
 */
import type { EventSink } from '../base/events.ts'
import type { Database } from '../storage/database.ts'
import { indexRecords, type DirectoryIndex } from './directory-index.ts'
import { directoryQueries, type DirectoryState } from './queries.ts'
import type { Directory, ProviderRecord } from './types.ts'

export interface DirectoryDeps {
  readonly database: Database
  /** the own record; the same object as long as it does not change */
  readonly own: () => Promise<ProviderRecord>
  readonly now: () => number
  readonly report: EventSink
}

export interface ProvidersDirectory extends Directory {
  /** All records, the own one first. */
  records(): Promise<readonly ProviderRecord[]>
  state(): Promise<DirectoryState>
}

/** How old an answer may be: a copy that another process has fetched is used after at most so many milliseconds. */
const KNOWN_FOR = 2000
const EXAMPLES = 10

interface Known {
  readonly version: number
  readonly own: ProviderRecord
  readonly stored: readonly ProviderRecord[]
  readonly index: DirectoryIndex
}

export function createDirectory({ database, own, now, report }: DirectoryDeps): ProvidersDirectory {
  const queries = directoryQueries(database)
  let known: Known | undefined
  let knownUntil = Number.NEGATIVE_INFINITY
  let looking: Promise<Known> | undefined

  async function look(): Promise<Known> {
    const ownRecord = await own()
    const { version } = await queries.state()
    if (known?.version === version && known.own === ownRecord) return known
    const stored = known?.version === version ? known : await storedCopy()
    const index = indexRecords([ownRecord, ...stored.stored])
    if (index.conflicts.length > 0) {
      report('directory-conflicts', { count: index.conflicts.length, examples: index.conflicts.slice(0, EXAMPLES) })
    }
    return { ...stored, own: ownRecord, index }
  }

  async function storedCopy(): Promise<{ version: number; stored: readonly ProviderRecord[] }> {
    const { version, records } = await queries.stored()
    return { version, stored: records }
  }

  /** Whoever asks while another one looks waits for the same answer. */
  async function current(): Promise<DirectoryIndex> {
    if (known && now() < knownUntil) return known.index
    looking ??= look().finally(() => (looking = undefined))
    known = await looking
    knownUntil = now() + KNOWN_FOR
    return known.index
  }

  return {
    providerOf: async (domain) => (await current()).byDomain(domain),
    providerOfCertificate: async (certificate) => (await current()).byCertificate(certificate),
    records: async () => (await current()).records,
    state: queries.state,
  }
}
