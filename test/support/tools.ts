/** Programs that judge our work from outside. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'

/** The path on which judges are looked for: daemons lie in a folder that is not on everybody's. */
export const TOOLS_PATH = [process.env['PATH'] ?? '', '/usr/sbin'].join(delimiter)

const onPath = (program: string): boolean =>
  TOOLS_PATH.split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, program)))

/** Why tests that need the program are skipped, if they are: never with CI=true, where it must be there. */
export const skipWithout = (program: string): string | false =>
  process.env['CI'] !== 'true' && !onPath(program) && `${program} is not installed`

/**
 * Whether the programs are there. A test that misses one is skipped, with the reason shown; with CI=true it fails, so that nothing
 * passes there without having been judged. `npm test` installs them (scripts/test-tools.mjs).
 */
export function requireTools(t: TestContext, ...programs: string[]): boolean {
  const missing = programs.filter((program) => !onPath(program))
  if (missing.length === 0) return true
  const reason = `missing on the PATH: ${missing.join(', ')}`
  if (process.env['CI'] === 'true') throw new Error(reason)
  t.skip(reason)
  return false
}
