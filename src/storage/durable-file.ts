/** Files and folders that outlive a power cut once the promise resolves. */
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes the folder and its parents, and syncs their entries up to the one of `root`, or of the first that had to be made. Also
 * what was there is synced: whoever made it may have been killed before he did.
 */
export async function makeFolderDurable(folder: string, root: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 })
  const last = Math.min(root.length, first?.length ?? root.length)
  for (let entry = folder; entry.length >= last; entry = dirname(entry)) await syncFolder(dirname(entry))
}

/** Writes `bytes` under `temporary` and moves the finished file to `path`: the name is there with all bytes or not at all. */
export async function writeFileDurable(path: string, temporary: string, bytes: Buffer): Promise<void> {
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Writes or replaces a file: its old content or the new one is there, never a part. */
export async function replaceFileDurable(path: string, bytes: Buffer): Promise<void> {
  const temporary = `${path}.new`
  await rm(temporary, { force: true })
  await writeFileDurable(path, temporary, bytes)
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
