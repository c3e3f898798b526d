/**
 * What folders look like, kept for the next session that reads one: 18 bytes a message. A folder's cursor tells whether what is kept still
 * holds, for no message changes without it (I8); if not, only the changes since are read. What is kept is bounded, over all folders, and goes
 * when it was not used for a while.
 */
import { clientError } from '../base/errors.ts'
import type { FolderRow, MailboxQueries } from './queries.ts'
import { changedColumns, unpackStates } from './state-columns.ts'
import type { FolderChanges, FolderStates, MailboxRef } from './types.ts'

export interface Snapshots {
  /** The folder as it was at a cursor, or later. Who asks while it is read for another waits for that. @throws `folder-changed` */
  from(mailbox: MailboxRef, folder: string, modseq: number): Promise<FolderStates>
  /** Does not keep what cannot be of the folder of `row`, which has just been read: it is another database's, one that was restored. */
  compare(row: Pick<FolderRow, 'id' | 'modseq' | 'total'>): void
}

interface SnapshotLimits {
  /** of all kept folders together; a folder counts as `FOLDER` messages besides those that it has */
  readonly messages: number
  /** milliseconds without use, after which a folder is not kept any more */
  readonly unused: number
}

/** Some 36 MB. */
const LIMITS: SnapshotLimits = { messages: 2_000_000, unused: 5 * 60_000 }
/** What a folder takes that is kept, be it empty: some 600 bytes. */
const FOLDER = 32

export interface SnapshotsDeps {
  readonly queries: Pick<MailboxQueries, 'states'>
  readonly changes: (mailbox: MailboxRef, folder: string, since: number) => Promise<FolderChanges>
}

interface Kept extends FolderStates {
  /** used since the last look for what is not */
  used: boolean
}

export function createSnapshots({ queries, changes }: SnapshotsDeps, limits: SnapshotLimits = LIMITS): Snapshots {
  /** by folder id, the last used at the end */
  const kept = new Map<string, Kept>()
  let size = 0
  let timer: NodeJS.Timeout | undefined

  function forget(folder: string): void {
    const known = kept.get(folder)
    if (known) size -= known.columns.count + FOLDER
    kept.delete(folder)
  }

  function keep(folder: string, { modseq, columns }: FolderStates): void {
    forget(folder)
    if (columns.count + FOLDER > limits.messages) return
    kept.set(folder, { modseq, columns, used: true })
    size += columns.count + FOLDER
    timer ??= setTimeout(forgetUnused, limits.unused).unref()
    for (const oldest of kept.keys()) {
      if (size <= limits.messages) return
      forget(oldest)
    }
  }

  function forgetUnused(): void {
    for (const [folder, known] of kept) {
      if (!known.used) forget(folder)
      known.used = false
    }
    timer = kept.size > 0 ? setTimeout(forgetUnused, limits.unused).unref() : undefined
  }

  async function read({ slot, id }: MailboxRef, folder: string): Promise<FolderStates> {
    const [row] = await queries.states({ slot, id }, folder)
    if (!row) throw clientError('folder-changed', 'The folder was removed')
    return { modseq: row.modseq, columns: unpackStates(row) }
  }

  async function renew(mailbox: MailboxRef, folder: string, { modseq, columns }: FolderStates): Promise<FolderStates> {
    const since = await changes(mailbox, folder, modseq)
    return { modseq: since.modseq, columns: changedColumns(columns, since) }
  }

  const underWay = new Map<string, Promise<FolderStates>>()

  /** What is kept, or what has changed since, or all. */
  async function fetch(mailbox: MailboxRef, folder: string, modseq: number): Promise<FolderStates> {
    const known = kept.get(folder)
    if (known && known.modseq >= modseq) {
      keep(folder, known)
      return known
    }
    const snapshot = known ? await renew(mailbox, folder, known) : await read(mailbox, folder)
    keep(folder, snapshot)
    return snapshot
  }

  async function from(mailbox: MailboxRef, folder: string, modseq: number): Promise<FolderStates> {
    for (;;) {
      const others = underWay.get(folder)
      if (!others) break
      // If it fails, that is for who asked for it.
      const snapshot = await others.catch(() => undefined)
      if (snapshot && snapshot.modseq >= modseq) return snapshot
    }
    const own = fetch(mailbox, folder, modseq)
    underWay.set(folder, own)
    try {
      return await own
    } finally {
      underWay.delete(folder)
    }
  }

  function compare({ id, modseq, total }: Pick<FolderRow, 'id' | 'modseq' | 'total'>): void {
    const known = kept.get(id)
    // A cursor that went back is another database's.
    if (known && (known.modseq > modseq || (known.modseq === modseq && known.columns.count !== total))) forget(id)
  }

  return { from, compare }
}
