/** What has happened to folders since a client was last told of them, from their rows alone (RFC 5465 5). */
import type { Folder } from '../../mailbox/types.ts'

/** Folders by id, as a client was told of them. */
export type KnownFolders = ReadonlyMap<string, Folder>

export const knownFolders = (folders: readonly Folder[]): Map<string, Folder> =>
  new Map(folders.map((folder) => [folder.id, folder]))

interface Pair {
  readonly before: Folder
  readonly after: Folder
}

export interface FolderNews {
  readonly removed: readonly Folder[]
  /** also those that took the name of one that is gone */
  readonly made: readonly Folder[]
  /** those above come first */
  readonly renamed: readonly Pair[]
  /** renamed as all below a folder were that is among `renamed` */
  readonly renamedWithin: readonly Pair[]
  readonly subscriptions: readonly Pair[]
  /** names above those that were made or removed, which may have children now or have none any more */
  readonly parents: readonly string[]
  /** other messages, or other flags */
  readonly changed: readonly Pair[]
}

export function compareFolders(known: KnownFolders, folders: readonly Folder[]): FolderNews {
  const now = knownFolders(folders)
  const removed = [...known.values()].filter(({ id }) => !now.has(id))
  const made = folders.filter(({ id }) => !known.has(id))
  const pairs = folders.flatMap((after) => {
    const before = known.get(after.id)
    return before ? [{ before, after }] : []
  })
  const moved = pairs.filter(({ before, after }) => before.name !== after.name)
  moved.sort((a, b) => a.before.name.length - b.before.name.length)
  const ways = new Map(moved.map(({ before, after }) => [before.name, after.name]))
  const within = new Set(moved.filter(({ before, after }) => isCarried(ways, before.name, after.name)))
  return {
    removed,
    made,
    renamed: moved.filter((pair) => !within.has(pair)),
    renamedWithin: [...within],
    subscriptions: pairs.filter(({ before, after }) => before.subscribed !== after.subscribed),
    parents: [...new Set([...removed, ...made].flatMap(({ name }) => parentOf(name) ?? []))],
    changed: pairs.filter(({ before, after }) => before.modseq !== after.modseq),
  }
}

const parentOf = (name: string): string | undefined => (name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : undefined)

/** Has a folder above it moved, and taken it along? */
function isCarried(ways: ReadonlyMap<string, string>, before: string, after: string): boolean {
  for (let above = parentOf(before); above !== undefined; above = parentOf(above)) {
    const way = ways.get(above)
    if (way !== undefined && way + before.slice(above.length) === after) return true
  }
  return false
}
