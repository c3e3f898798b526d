/** The operators' way in, from the settings. */
import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { clientError } from '../base/errors.ts'
import { dataPaths, type Config } from '../config/config.ts'
import { createLoginBrake } from '../registry/login-brake.ts'
import { createOperatorAccess, type OperatorAccess } from '../registry/operators/access.ts'
import { syncFolder } from '../storage/durable-file.ts'
import type { Installation } from './installation.ts'

export async function openOperatorAccess(config: Config, { database, now }: Installation): Promise<OperatorAccess> {
  const { CERALACCA_SERVER_NAME: host, CERALACCA_PROVIDER_NAME: name } = config.values
  return createOperatorAccess({
    database,
    brake: createLoginBrake(now),
    // As the browser is told, and behind a proxy that has the usual port.
    party: { id: host, name, origins: [`https://${host}:${config.ports.https}`, `https://${host}`] },
    key: await secretsKey(config),
    now,
  })
}

/** The key of the settings, or one that is made once and kept in the data folder. @throws `bad-config` */
async function secretsKey({ values, dataFolder }: Config): Promise<Buffer> {
  const path = values.CERALACCA_SECRETS_KEY_FILE ?? dataPaths(dataFolder).secretsKey
  if (values.CERALACCA_SECRETS_KEY_FILE === undefined) await makeKey(path)
  const text = await readFile(path, 'utf8').catch((error: Error) =>
    Promise.reject(clientError('bad-config', `${path}: ${error.message}`)),
  )
  if (!/^[0-9a-f]{64}\s*$/i.test(text)) throw clientError('bad-config', `${path} does not hold 64 hexadecimal digits`)
  return Buffer.from(text.trim(), 'hex')
}

/** Makes the file if it is not there; of two processes that make it, one does. */
async function makeKey(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const aside = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(aside, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flush: true })
  try {
    await link(aside, path)
    await syncFolder(dirname(path))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  } finally {
    await rm(aside, { force: true })
  }
}
