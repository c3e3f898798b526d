/** The pages that scripts/build-web.mjs has built. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasCode } from '../base/errors.ts'

const DIST = join(import.meta.dirname, '..', '..', 'web', 'dist')

/** @returns undefined where it was not built: then the server does without it */
export function readVerifyPage(): Buffer | undefined {
  try {
    return readFileSync(join(DIST, 'verify.html'))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}
