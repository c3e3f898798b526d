/** The ZIP around a bundle: bounded when it is read, and the same bytes for the same files when it is written. Pure. */
import { unzipSync, zipSync, type Zippable } from 'fflate'
import { clientError } from '../base/errors.ts'
import type { BundleFiles } from './bundle-format.ts'

/** as many recipients as a message has, twice, and more */
const MOST_FILES = 5000
const MOST_BYTES = 2 ** 31

/** @param at milliseconds since 1970: the time that the files get; ZIP knows no zone, so it is in UTC */
export function zipBundle(files: BundleFiles, at: number): Buffer {
  const local = new Date(at)
  const mtime = new Date(local.getTime() + local.getTimezoneOffset() * 60_000)
  const entries: Zippable = Object.fromEntries([...files].map(([path, bytes]) => [path, [bytes, { mtime, level: 6 }]]))
  return Buffer.from(zipSync(entries))
}

const notABundle = (why: string) => clientError('not-a-bundle', `this is no evidence bundle: ${why}`)

/** @throws client error `not-a-bundle` for what is no ZIP, or one that no bundle is */
export function unzipBundle(zip: Buffer): BundleFiles {
  const names = new Set<string>()
  let bytes = 0
  let refusal: string | null = null
  try {
    const files = unzipSync(zip, {
      filter({ name, originalSize }) {
        // What is not taken out has no say; a folder is an entry of its own in what other programs write.
        if (refusal !== null || name.endsWith('/')) return false
        if (names.has(name)) refusal = `it has two files ${JSON.stringify(name)}`
        names.add(name)
        bytes += originalSize
        if (names.size > MOST_FILES || bytes > MOST_BYTES) refusal = 'it is larger than any bundle'
        return refusal === null
      },
    })
    if (refusal !== null) throw notABundle(refusal)
    return new Map(
      Object.entries(files).map(([path, content]) => [path, Buffer.from(content.buffer, content.byteOffset, content.length)]),
    )
  } catch (error) {
    if (refusal !== null || !(error instanceof Error)) throw error
    throw notABundle(`its ZIP cannot be read: ${error.message}`)
  }
}

/** Whether bytes begin as a ZIP does. */
export const isZip = (bytes: Buffer): boolean => bytes.subarray(0, 4).equals(Buffer.from('PK\u0003\u0004', 'latin1'))
