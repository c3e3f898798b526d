/** A command's way to the running installation. */
import { CeralaccaError } from '../base/errors.ts'
import { dataPaths, type Config } from '../config/config.ts'
import { openInstallation, type Installation } from '../wiring/installation.ts'
import { embeddedConnection } from '../storage/embedded-postgres.ts'

/**
 * Opens the installation's database, does the work, closes.
 * @throws `not-running` if the embedded database does not run
 */
export async function withInstallation<T>(config: Config, work: (installation: Installation) => Promise<T>): Promise<T> {
  const installation = openInstallation(config, await addressOf(config))
  try {
    return await work(installation)
  } finally {
    await installation.database.close()
  }
}

async function addressOf(config: Config) {
  if (config.values.DATABASE_URL !== undefined) return config.values.DATABASE_URL
  const { connection, running } = embeddedConnection(dataPaths(config.dataFolder).postgres)
  if (await running()) return connection
  throw new CeralaccaError(
    'not-running',
    'client',
    `Nothing runs on ${config.dataFolder}: start it with "npm start", or set CERALACCA_DATA`,
  )
}
