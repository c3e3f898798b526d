/** `ceralacca verify`: what is this message, what does it certify, and does its seal hold? */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CeralaccaError, clientError } from '../base/errors.ts'
import { dataPaths, type Config } from '../config/config.ts'
import { inspectMessage, originOf, type Inspection, type Origin } from '../incoming/inspect.ts'
import { certificatesOf } from '../seal/pem.ts'
import type { Command } from './command.ts'
import { withDirectory } from './directory.ts'
import { describeInspection } from './verify-output.ts'

export const verify: Command = {
  words: ['verify'],
  summary: 'Tell what a message in a file is, what it certifies, and whether its seal holds.',
  operands: ['FILE.eml'],
  options: {
    ca: {
      type: 'string',
      value: 'FILE',
      help: 'CA certificates, PEM, that are trusted. Default: CERALACCA_TRUSTED_CA_FILE, else the test authority of the installation',
    },
    offline: { type: 'boolean', help: 'do not consult the directory of the providers' },
  },
  details:
    'The certificates must have been valid when the message was sealed, as the seal says. If the installation runs, the signer must also be in\n' +
    'the directory of the providers as it is now; else the directory is not consulted, and the output says so. Revocation lists are not\n' +
    'consulted. Exit code 0 if the message is an envelope, a receipt or an anomaly envelope whose seal holds, else 1.',
  run: async ({ config, operands: [file = ''], options }) => {
    const trusted = trustedFile(config, options['ca'])
    const roots = certificatesOf(readBytes(trusted).toString('latin1'))
    const inspection = await inspectMessage(readBytes(file), roots, Date.now())
    const origin = options['offline'] === true ? null : await consult(config, inspection)
    return describeInspection(inspection, origin, file, trusted)
  },
}

/** @returns null where there is nothing to ask about, or nobody to ask */
async function consult(config: Config, inspection: Inspection): Promise<Origin | null> {
  if (inspection.seal?.ok !== true) return null
  try {
    return await withDirectory(config, ({ directory }) => originOf(directory, inspection))
  } catch (error) {
    if (error instanceof CeralaccaError && ['not-running', 'database-unavailable'].includes(error.code)) return null
    throw error
  }
}

function trustedFile(config: Config, given: string | boolean | undefined): string {
  if (typeof given === 'string') return given
  const own = join(dataPaths(config.dataFolder).keys, 'ca.pem')
  const file = config.values.CERALACCA_TRUSTED_CA_FILE ?? own
  if (file !== own || existsSync(own)) return file
  throw clientError('no-trusted-ca', `No CA certificate is known under which providers seal: give one with --ca FILE`)
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw clientError('unreadable-file', `${file} cannot be read: ${why}`)
  }
}
