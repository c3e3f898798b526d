/** Blobs in table `blob` (0001-blob.sql). What is put here with `put` alone is linked by nobody yet and falls to the sweeper. */
import { createHash } from 'node:crypto'
import { blobMissing, checkBlobRef } from './blobs.ts'
import type { BlobRef, BlobRow, DatabaseBlobStore } from './blobs.ts'
import type { Reader, Transactor } from './database.ts'

/** One page of `list`. */
const PAGE = 1000

export function createDatabaseBlobStore({ reader, transactor }: { reader: Reader; transactor: Transactor }): DatabaseBlobStore {
  async function addRow(ref: BlobRef, { size, sha256, place, bytes }: BlobRow): Promise<void> {
    checkBlobRef(ref)
    const sql = 'select blob_add($1, $2, $3, $4, $5, $6, $7)'
    await transactor.call(ref.slot, sql, [ref.slot, ref.id, size, sha256, place, bytes, new Date()])
  }

  return {
    addRow,

    async removeRow(ref) {
      checkBlobRef(ref)
      await transactor.call(ref.slot, 'delete from blob where slot = $1 and id = $2', [ref.slot, ref.id])
    },

    async put(ref, bytes) {
      const sha256 = createHash('sha256').update(bytes).digest()
      await addRow(ref, { size: bytes.length, sha256, place: 'database', bytes })
    },

    async read(ref, offset, length) {
      checkBlobRef(ref)
      const sql = 'select substr(bytes, $3, $4) as part from blob where slot = $1 and id = $2 and bytes is not null'
      const [row] = await reader.read<{ part: Buffer }>(sql, [ref.slot, ref.id, offset + 1, length])
      if (!row) throw blobMissing(ref, 'no row with bytes')
      if (row.part.length !== length) throw blobMissing(ref, `only ${row.part.length} of ${length} bytes at ${offset}`)
      return row.part
    },

    async delete(ref) {
      checkBlobRef(ref)
      await transactor.call(ref.slot, `delete from blob where slot = $1 and id = $2 and place = 'database'`, [ref.slot, ref.id])
    },

    async *list(olderThanMs) {
      const before = new Date(Date.now() - olderThanMs)
      const sql = `select slot, id from blob where (slot, id) > ($1, $2) and place = 'database' and created_at < $3 order by slot, id limit ${PAGE}`
      let last: BlobRef = { slot: -1, id: '00000000-0000-0000-0000-000000000000' }
      for (;;) {
        const page = await reader.read<BlobRef>(sql, [last.slot, last.id, before])
        yield* page
        const end = page.at(-1)
        if (!end || page.length < PAGE) return
        last = end
      }
    },
  }
}
