/** The pages that scripts/build-web.mjs has built, by the paths at which they are served. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasCode } from '../base/errors.ts'
import { LINK_PAGES } from '../notices/letters/link-pages.ts'

const DIST = join(import.meta.dirname, '..', '..', 'web', 'dist')

const FILES: readonly (readonly [path: string, file: string])[] = [
  ['/verify', 'verify.html'],
  ...Object.values(LINK_PAGES).map((path) => [path, 'link.html'] as const),
]

function read(file: string): Buffer | undefined {
  try {
    return readFileSync(join(DIST, file))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Those that were built: the server does without the others. */
export function readPages(): ReadonlyMap<string, Buffer> {
  return new Map(
    FILES.flatMap(([path, file]) => {
      const page = read(file)
      return page ? [[path, page]] : []
    }),
  )
}
