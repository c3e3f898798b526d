/** The desk of the agreements with the keys, the scanner and the limits of the settings. */
import { createLog } from '../base/log.ts'
import { clientError } from '../base/errors.ts'
import { dataPaths, type Config } from '../config/config.ts'
import { createEraser } from '../mailbox/erase.ts'
import { createScanner } from '../quarantine/scanner.ts'
import type { CardProcessor } from '../registry/agreement/card-payments.ts'
import { createDesk, type Desk, type DeskDeps } from '../registry/agreement/desk.ts'
import { createVault } from '../registry/agreement/document-vault.ts'
import { createStripe } from '../registry/agreement/stripe.ts'
import { keyInFile } from './key-file.ts'

export function agreementDesk(
  config: Config,
  deps: Pick<DeskDeps, 'database' | 'domains' | 'mailboxes' | 'profiles' | 'isCertified' | 'isDelivered' | 'now'>,
): Desk {
  const { values, dataFolder } = config
  return createDesk({
    ...deps,
    vault: createVault(() => keyInFile(values.CERALACCA_DOCUMENT_KEY_FILE, dataPaths(dataFolder).documentKey)),
    cardProcessor: stripeOf(config, deps.now),
    scanner: createScanner({ clamd: values.CERALACCA_CLAMD, blocked: [] }),
    eraseContent: createEraser(deps.database, deps.now),
    quota: values.CERALACCA_QUOTA,
    report: createLog(values.CERALACCA_LOG_LEVEL),
  })
}

function stripeOf({ values }: Config, now: () => number): CardProcessor | undefined {
  const { CERALACCA_STRIPE_KEY: apiKey, CERALACCA_STRIPE_WEBHOOK_SECRET: webhookSecret } = values
  if (apiKey === undefined && webhookSecret === undefined) return undefined
  if (apiKey !== undefined && webhookSecret !== undefined) return createStripe({ apiKey, webhookSecret, now })
  throw clientError('bad-config', 'CERALACCA_STRIPE_KEY and CERALACCA_STRIPE_WEBHOOK_SECRET are given together, or neither is')
}
