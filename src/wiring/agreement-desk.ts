/** The desk of the agreements with the keys, the scanner and the limits of the settings. */
import { createLog } from '../base/log.ts'
import { dataPaths, type Config } from '../config/config.ts'
import { createEraser } from '../mailbox/erase.ts'
import { createScanner } from '../quarantine/scanner.ts'
import { createDesk, type Desk, type DeskDeps } from '../registry/agreement/desk.ts'
import { createVault } from '../registry/agreement/document-vault.ts'
import { keyInFile } from './key-file.ts'

export function agreementDesk(
  config: Config,
  deps: Pick<DeskDeps, 'database' | 'domains' | 'mailboxes' | 'profiles' | 'now'>,
): Desk {
  const { values, dataFolder } = config
  return createDesk({
    ...deps,
    vault: createVault(() => keyInFile(values.CERALACCA_DOCUMENT_KEY_FILE, dataPaths(dataFolder).documentKey)),
    scanner: createScanner({ clamd: values.CERALACCA_CLAMD, blocked: [] }),
    eraseContent: createEraser(deps.database, deps.now),
    quota: values.CERALACCA_QUOTA,
    report: createLog(values.CERALACCA_LOG_LEVEL),
  })
}
