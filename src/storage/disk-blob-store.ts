/**
 * Blobs as files: `<folder>/<slot in hex>/<last digit of the id>/<id>`. (The first digits of a UUIDv7 are the time: they would put
 * everything of some weeks into one folder; the last ones are random. 4096 slots of 16 folders keep folders small and few.)
 *
 * A file with the name of a blob is whole and durable; what a crash leaves has a name that begins with a dot and is swept.
 */
import { randomUUID } from 'node:crypto'
import { open, readdir, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { temporaryError } from '../base/errors.ts'
import { blobMissing, checkBlobRef } from './blobs.ts'
import type { BlobRef, BlobStore } from './blobs.ts'
import { makeFolderDurable, syncFolder, writeFileDurable } from './durable-file.ts'

export interface DiskBlobStore extends BlobStore {
  /** Removes what interrupted writes left longer ago than this; answers how many files. */
  sweepTemporary(olderThanMs: number): Promise<number>
}

/** @param path of the folder, which the first blob makes. Errors of `put`: `disk-full` (temporary). */
export function createDiskBlobStore(path: string): DiskBlobStore {
  const folder = resolve(path)
  const pathOf = (ref: BlobRef): string => {
    checkBlobRef(ref)
    return join(folder, ref.slot.toString(16).padStart(3, '0'), ref.id.slice(-1), ref.id)
  }
  /** Folders known to be durable: they are never removed. */
  const made = new Set<string>()

  return {
    async put(ref, bytes) {
      const path = pathOf(ref)
      const parent = dirname(path)
      try {
        if (!made.has(parent)) await makeFolderDurable(parent, folder)
        made.add(parent)
        if ((await sizeOf(path)) === bytes.length) await renew(path)
        else await writeFileDurable(path, join(parent, `.${ref.id}.${randomUUID()}`), bytes)
      } catch (error) {
        throw isFull(error) ? temporaryError('disk-full', 'the disk of the blobs is full', error) : error
      }
    },

    async read(ref, offset, length) {
      const path = pathOf(ref)
      const bytes = Buffer.allocUnsafe(length)
      const got = await readAt(path, bytes, offset).catch((error: unknown) => {
        throw codeOf(error) === 'ENOENT' ? blobMissing(ref, 'no file', error) : error
      })
      if (got !== length) throw blobMissing(ref, `only ${got} of ${length} bytes at ${offset}`)
      return bytes
    },

    async delete(ref) {
      await rm(pathOf(ref), { force: true })
    },

    async *list(olderThanMs) {
      for await (const file of oldFiles(folder, olderThanMs)) {
        if (!isTemporary(file.name)) yield { slot: Number.parseInt(file.slot, 16), id: file.name }
      }
    },

    async sweepTemporary(olderThanMs) {
      let removed = 0
      for await (const file of oldFiles(folder, olderThanMs)) {
        if (!isTemporary(file.name)) continue
        await rm(file.path, { force: true })
        removed++
      }
      return removed
    },
  }
}

const isTemporary = (name: string): boolean => name.startsWith('.')
const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)
const isFull = (error: unknown): boolean => codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT'

/** A step that is repeated: the file counts as new, so that its grace time begins again. */
async function renew(path: string): Promise<void> {
  const now = new Date()
  await utimes(path, now, now)
  await syncFolder(dirname(path))
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await ifThere(stat(path)))?.size
}

async function readAt(path: string, bytes: Buffer, offset: number): Promise<number> {
  const file = await open(path, 'r')
  try {
    let got = 0
    while (got < bytes.length) {
      const { bytesRead } = await file.read(bytes, got, bytes.length - got, offset + got)
      if (bytesRead === 0) break
      got += bytesRead
    }
    return got
  } finally {
    await file.close()
  }
}

/** Files of blobs and temporary files; what else lies there (`lost+found`) is nobody's business. */
async function* oldFiles(folder: string, olderThanMs: number): AsyncIterable<{ slot: string; name: string; path: string }> {
  const before = Date.now() - olderThanMs
  for (const slot of await namesIn(folder, /^[\da-f]{3,4}$/)) {
    for (const shard of await namesIn(join(folder, slot), /^[\da-f]$/)) {
      for (const name of await namesIn(join(folder, slot, shard), /^\.?[\da-f]{8}-[\da-f-]{27}/)) {
        const path = join(folder, slot, shard, name)
        const found = await ifThere(stat(path))
        if (found && found.mtimeMs < before) yield { slot, name, path }
      }
    }
  }
}

const namesIn = async (folder: string, pattern: RegExp): Promise<string[]> =>
  ((await ifThere(readdir(folder))) ?? []).filter((name) => pattern.test(name))

/** `undefined` for what is not there (any more). */
async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}
