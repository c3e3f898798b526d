/**
 * What was last read to sort and thread folders. A UID has one content for ever, and a content never changes, so columns hold good as long as they
 * have all messages that are asked for, whatever else has come or gone.
 */

/** Columns of messages, by UID. */
export interface Columns {
  readonly uids: Uint32Array
}

export interface SearchCache {
  /** Columns that have these UIDs (ascending): kept ones of that name, or else those that `read` answers. */
  of<T extends Columns>(name: string, uids: readonly number[], read: () => Promise<T>): Promise<T>
}

/** @param most bytes that are kept; what was used longest ago goes first */
export function createSearchCache(most: number): SearchCache {
  const kept = new Map<string, { readonly columns: Columns; readonly bytes: number }>()
  let bytes = 0

  function forget(name: string): void {
    bytes -= kept.get(name)?.bytes ?? 0
    kept.delete(name)
  }

  return {
    async of<T extends Columns>(name: string, uids: readonly number[], read: () => Promise<T>): Promise<T> {
      const known = kept.get(name)
      const columns = known && hasAll(known.columns.uids, uids) ? (known.columns as T) : await read()
      forget(name)
      kept.set(name, { columns, bytes: bytesOf(columns) })
      bytes += bytesOf(columns)
      for (const oldest of kept.keys()) {
        if (bytes <= most) break
        forget(oldest)
      }
      return columns
    },
  }
}

const bytesOf = (columns: Columns): number =>
  Object.values(columns).reduce((sum: number, column: unknown) => sum + (ArrayBuffer.isView(column) ? column.byteLength : 0), 0)

function hasAll(known: Uint32Array, uids: readonly number[]): boolean {
  let at = 0
  for (const uid of uids) {
    while ((known[at] ?? Infinity) < uid) at++
    if (known[at] !== uid) return false
  }
  return true
}
