/**
 * What folders look like, kept for the next session that opens one: 18 bytes a message, the longest unused go first. A folder's cursor tells
 * whether what is kept still holds, for no message changes without it (I8); if not, only the changes since are read.
 */
import { clientError } from '../base/errors.ts'
import type { FolderRow, MailboxQueries } from './queries.ts'
import { changedColumns, unpackStates } from './state-columns.ts'
import type { FolderChanges, MailboxRef, StateColumns } from './types.ts'

/** All messages of a folder at one cursor. */
export interface Snapshot {
  readonly modseq: number
  readonly columns: StateColumns
}

export interface Snapshots {
  /** The folder as it was when `row` was read, or later. @throws `folder-changed` */
  of(mailbox: MailboxRef, row: Pick<FolderRow, 'id' | 'modseq' | 'total'>): Promise<Snapshot>
}

/** Messages of all kept folders together: some 36 MB. */
const MOST_MESSAGES = 2_000_000

export interface SnapshotsDeps {
  readonly queries: Pick<MailboxQueries, 'states'>
  readonly changes: (mailbox: MailboxRef, folder: string, since: number) => Promise<FolderChanges>
}

export function createSnapshots({ queries, changes }: SnapshotsDeps, mostMessages = MOST_MESSAGES): Snapshots {
  /** by folder id, the last used at the end */
  const kept = new Map<string, Snapshot>()
  let messages = 0

  function forget(folder: string): void {
    messages -= kept.get(folder)?.columns.count ?? 0
    kept.delete(folder)
  }

  function keep(folder: string, snapshot: Snapshot): void {
    forget(folder)
    if (snapshot.columns.count > mostMessages) return
    kept.set(folder, snapshot)
    messages += snapshot.columns.count
    for (const oldest of kept.keys()) {
      if (messages <= mostMessages) return
      forget(oldest)
    }
  }

  async function read({ slot, id }: MailboxRef, folder: string): Promise<Snapshot> {
    const [row] = await queries.states({ slot, id }, folder)
    if (!row) throw clientError('folder-changed', 'The folder was removed')
    return { modseq: row.modseq, columns: unpackStates(row) }
  }

  async function renew(mailbox: MailboxRef, folder: string, { modseq, columns }: Snapshot): Promise<Snapshot> {
    const since = await changes(mailbox, folder, modseq)
    return { modseq: since.modseq, columns: changedColumns(columns, since) }
  }

  return {
    async of(mailbox, { id, modseq, total }) {
      const known = kept.get(id)
      let snapshot: Snapshot
      // A cursor that went back is another database's: one that was restored.
      if (!known || known.modseq > modseq) snapshot = await read(mailbox, id)
      else if (known.modseq < modseq) snapshot = await renew(mailbox, id, known)
      else snapshot = known.columns.count === total ? known : await read(mailbox, id)
      keep(id, snapshot)
      return snapshot
    },
  }
}
