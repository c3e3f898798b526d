/** The settings: one table from which validation, `ceralacca config --help` and the reference in docs/ derive. */
import { z } from 'zod'

export const ROLES = ['access', 'mailbox', 'web', 'worker'] as const

interface Setting<Schema extends z.ZodType = z.ZodType> {
  readonly schema: Schema
  readonly help: string
  /** never printed */
  readonly secret?: true
}

const setting = <Schema extends z.ZodType>(schema: Schema, help: string): Setting<Schema> => ({ schema, help })
const secret = <Schema extends z.ZodType>(schema: Schema, help: string): Setting<Schema> => ({ schema, help, secret: true })

const integer = z.string().regex(/^\d+$/, 'must be a whole number').transform(Number)
const MEGABYTE = 1_000_000
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/

export const SETTINGS = {
  CERALACCA_CONFIG: setting(
    z.string().optional(),
    'Path of a file with settings, one NAME=VALUE a line; the environment goes before it.',
  ),
  CERALACCA_DATA: setting(z.string().default('./data'), 'Folder for the database, blobs, keys and demo.json. Default: ./data'),
  CERALACCA_DOMAIN: setting(
    z.string().toLowerCase().regex(HOST_NAME, 'must be a domain name such as pec.example.it').default('pec.ceralacca.test'),
    "The provider's own domain: identifiers and posta-certificata@ are under it. Default: pec.ceralacca.test",
  ),
  CERALACCA_PROVIDER_NAME: setting(
    z.string().min(1).max(64).default('Ceralacca Demo'),
    'Name of the provider in certificates, receipts and the ledger. Default: Ceralacca Demo',
  ),
  CERALACCA_HOST: setting(z.string().default('127.0.0.1'), 'Address to listen on. Default: 127.0.0.1'),
  CERALACCA_SERVER_NAME: setting(
    z.string().default('localhost'),
    'Name that clients connect to; it stands in the TLS certificate. Default: localhost',
  ),
  CERALACCA_PORT_OFFSET: setting(
    integer.pipe(z.number().max(60_000)).default(0),
    'Added to every port: 1465 and 1587 (submission), 1993 and 1143 (IMAP), 1443 (HTTPS). Default: 0',
  ),
  CERALACCA_ROLES: setting(
    z
      .string()
      .default(ROLES.join(','))
      .transform((text) => text.split(',').map((role) => role.trim()))
      .pipe(z.array(z.enum(ROLES)).min(1)),
    `What this process does, separated by commas: ${ROLES.join(', ')}. Default: all`,
  ),
  CERALACCA_DEMO: setting(
    z
      .enum(['yes', 'no'])
      .default('yes')
      .transform((value) => value === 'yes'),
    'Whether a first start makes demo mailboxes and demo.json: yes or no. Default: yes',
  ),
  CERALACCA_MAX_RECIPIENTS: setting(
    integer.pipe(z.number().min(50, 'the law wants at least 50')).default(500),
    'Most recipients of one message, at least 50. Default: 500',
  ),
  CERALACCA_MAX_TOTAL_BYTES: setting(
    integer
      .pipe(
        z
          .number()
          .min(30 * MEGABYTE, 'the law wants at least 30000000')
          .max(200 * MEGABYTE, 'must be at most 200000000'),
      )
      .default(100 * MEGABYTE),
    'Most bytes of a message times its recipients, from 30000000 to 200000000. Default: 100000000',
  ),
  CERALACCA_QUOTA: setting(integer.default(1000 * MEGABYTE), 'Bytes of a new mailbox. Default: 1000000000'),
  CERALACCA_LOG_LEVEL: setting(
    z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('warn'),
    'Least level of the log lines (JSON, on standard error): debug, info, warn, error, silent. Default: warn',
  ),
  CERALACCA_TLS_CERTIFICATE_FILE: setting(
    z.string().optional(),
    'TLS certificate with its chain, PEM. Default: one of the test authority',
  ),
  CERALACCA_TLS_KEY_FILE: setting(z.string().optional(), 'Key of the TLS certificate, PEM.'),
  CERALACCA_SEAL_CERTIFICATE_FILE: setting(
    z.string().optional(),
    'Seal certificate followed by its CA certificates, PEM. Default: one of the test authority',
  ),
  CERALACCA_SEAL_KEY_FILE: setting(z.string().optional(), 'RSA key of the seal certificate, PEM, may be encrypted.'),
  CERALACCA_SEAL_KEY_PASSPHRASE: secret(z.string().optional(), 'Passphrase of the seal key.'),
  DATABASE_URL: secret(
    z.string().optional(),
    'An external PostgreSQL 15 or later, postgres://... Default: an embedded one in the data folder',
  ),
} satisfies Record<string, Setting>

export type SettingName = keyof typeof SETTINGS
