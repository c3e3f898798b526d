/** The operators' way in, from the settings. */
import { dataPaths, type Config } from '../config/config.ts'
import { createLoginBrake } from '../registry/login-brake.ts'
import { createOperatorAccess, type OperatorAccess } from '../registry/operators/access.ts'
import type { Installation } from './installation.ts'
import { keyInFile } from './key-file.ts'

export function openOperatorAccess(config: Config, { database, now }: Installation): OperatorAccess {
  const { CERALACCA_SERVER_NAME: host, CERALACCA_PROVIDER_NAME: name } = config.values
  return createOperatorAccess({
    database,
    brake: createLoginBrake(now),
    // As the browser is told, and behind a proxy that has the usual port.
    party: { id: host, name, origins: [`https://${host}:${config.ports.https}`, `https://${host}`] },
    key: keyInFile(config.values.CERALACCA_SECRETS_KEY_FILE, dataPaths(config.dataFolder).secretsKey),
    now,
  })
}
