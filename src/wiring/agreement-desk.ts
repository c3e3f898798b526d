/** The desk of the agreements with the keys, the scanner and the limits of the settings. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { clientError } from '../base/errors.ts'
import { createLog } from '../base/log.ts'
import { dataPaths, type Config } from '../config/config.ts'
import { createEraser } from '../mailbox/erase.ts'
import { createScanner } from '../quarantine/scanner.ts'
import { createDesk, type Desk, type DeskDeps } from '../registry/agreement/desk.ts'
import { createVault } from '../registry/agreement/document-vault.ts'

export function agreementDesk(
  config: Config,
  deps: Pick<DeskDeps, 'database' | 'domains' | 'mailboxes' | 'profiles' | 'now'>,
): Desk {
  const { values, dataFolder } = config
  const own = values.CERALACCA_DOCUMENT_KEY_FILE
  return createDesk({
    ...deps,
    vault: createVault(() => (own === undefined ? ownKey(dataPaths(dataFolder).documentKey) : readKey(own))),
    scanner: createScanner({ clamd: values.CERALACCA_CLAMD, blocked: [] }),
    eraseContent: createEraser(deps.database, deps.now),
    quota: values.CERALACCA_QUOTA,
    report: createLog(values.CERALACCA_LOG_LEVEL),
  })
}

/** @throws `bad-config` */
function readKey(path: string): Buffer {
  const text = readFileSync(path, 'utf8').trim()
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw clientError('bad-config', `${path} must have 64 hexadecimal digits: openssl rand -hex 32`)
  return Buffer.from(text, 'hex')
}

/** The key of the data folder, made by whoever needs it first. */
function ownKey(path: string): Buffer {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  try {
    writeFileSync(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600, flag: 'wx', flush: true })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  return readKey(path)
}
