/** Programs that judge our work from outside. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'

const onPath = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, program)))

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
