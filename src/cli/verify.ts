/** `ceralacca verify`: what is this message, what does it certify, and does its seal hold? Or: what does this evidence bundle prove? */
import { existsSync, readFileSync } from 'node:fs'
import { CeralaccaError, clientError } from '../base/errors.ts'
import { dataPaths, type Config } from '../config/config.ts'
import { inspectMessage, originOf, type Inspection, type Origin } from '../incoming/inspect.ts'
import { certificatesOf } from '../seal/pem.ts'
import { isZip, unzipBundle } from '../evidence/bundle-zip.ts'
import { verifyBundle } from '../evidence/bundle-verify.ts'
import { bundleOutput } from './bundle-output.ts'
import { choiceOf, type Command } from './command.ts'
import { withDirectory } from './directory.ts'
import { describeInspection } from './verify-output.ts'

export const verify: Command = {
  words: ['verify'],
  summary: 'Tell what a message in a file is, what it certifies, and whether its seal holds; or what an evidence bundle proves.',
  operands: ['FILE'],
  options: {
    ca: {
      type: 'string',
      value: 'FILE',
      help: 'CA certificates, PEM, that are trusted. Default: CERALACCA_TRUSTED_CA_FILE, else the test authority of the installation',
    },
    offline: { type: 'boolean', help: 'do not consult the directory of the providers' },
    language: { type: 'string', value: 'it|en', help: 'of what is said of a bundle; default: en' },
  },
  details:
    'FILE is a message (.eml) or an evidence bundle (.zip), for which nothing needs to run: where no CA certificates are known it is verified with its own,\n' +
    'and their fingerprints are told. Exit code 1 if anything in it is wrong. Of a message:\n' +
    'The certificates must have been valid when the message was sealed, as the seal says. If the installation runs, the signer must also be in\n' +
    'the directory of the providers as it is now; else the directory is not consulted, and the output says so. Revocation lists are not\n' +
    'consulted. Exit code 0 if the message is an envelope, a receipt or an anomaly envelope whose seal holds, else 1.',
  run: async ({ config, operands: [file = ''], options }) => {
    const bytes = readBytes(file)
    if (isZip(bytes)) {
      const language = choiceOf(options, 'language', ['it', 'en']) ?? 'en'
      return bundleOutput(verifyBundle(unzipBundle(bytes), bundleRoots(config, options['ca'])), file, language)
    }
    const trusted = trustedFile(config, options['ca'])
    const roots = certificatesOf(readBytes(trusted).toString('latin1'))
    const inspection = await inspectMessage(bytes, roots, Date.now())
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

/** Who may vouch for the seals and the time stamps of a bundle; null where nobody is named. */
function bundleRoots(config: Config, given: string | boolean | undefined): Buffer[] | null {
  if (typeof given === 'string') return certificatesOf(readBytes(given).toString('latin1'))
  const { CERALACCA_TRUSTED_CA_FILE: seals, CERALACCA_TIMESTAMP_CA_FILE: stamps } = config.values
  const own = ownAuthority(config)
  const files = new Set([seals ?? own, stamps ?? own].filter((file) => file !== undefined))
  if (files.size === 0) return null
  return [...files].flatMap((file) => certificatesOf(readBytes(file).toString('latin1')))
}

/** The test authority of the installation, once it has been made. */
function ownAuthority({ dataFolder }: Config): string | undefined {
  const own = dataPaths(dataFolder).testAuthority
  return existsSync(own) ? own : undefined
}

function trustedFile(config: Config, given: string | boolean | undefined): string {
  const file = typeof given === 'string' ? given : (config.values.CERALACCA_TRUSTED_CA_FILE ?? ownAuthority(config))
  if (file !== undefined) return file
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
