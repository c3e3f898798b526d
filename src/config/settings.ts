/** The settings: one table from which validation, `ceralacca config --help` and the reference in docs/ derive. */
import { isIP } from 'node:net'
import { z } from 'zod'

export const ROLES = ['access', 'incoming', 'mailbox', 'web', 'worker'] as const

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

const address = z
  .string()
  .toLowerCase()
  .regex(/^[^@\s]+@[^@\s]+$/, 'must be a mail address')

interface Route {
  readonly host: string
  readonly port: number
}

const NTP_PORT = 123

/** `host`, `host:port` or `[IPv6]:port`, separated by commas. */
function readServers(text: string, context: z.core.$RefinementCtx<string>): readonly Route[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [, literal, name, port] = /^\s*(?:\[([0-9a-f:]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?\s*$/i.exec(part) ?? []
      const host = literal ?? name
      if (host === undefined) context.addIssue(`"${part}" must be host or host:port`)
      return { host: host ?? '', port: port === undefined ? NTP_PORT : Number(port) }
    })
}

/** `domain=host:port,...` as a map. */
function readRoutes(text: string, context: z.core.$RefinementCtx<string>): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>()
  for (const entry of text.split(',').filter((part) => part.trim() !== '')) {
    const [, domain, host, port] = /^\s*([^=\s]+)=(\S+):(\d{1,5})\s*$/.exec(entry) ?? []
    if (domain === undefined || host === undefined) {
      context.addIssue(`"${entry}" must be domain=host:port`)
      return z.NEVER
    }
    routes.set(domain.toLowerCase(), { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) })
  }
  return routes
}

/** `address/bits`, separated by commas. */
function readNetworks(text: string, context: z.core.$RefinementCtx<string>): readonly { address: string; prefix: number }[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [, address = '', prefix = ''] = /^\s*([0-9a-f.:]+)\/(\d{1,3})\s*$/i.exec(part) ?? []
      const family = isIP(address)
      if (family === 0 || Number(prefix) > (family === 4 ? 32 : 128))
        context.addIssue(`"${part}" must be a network such as 10.1.0.0/16`)
      return { address, prefix: Number(prefix) }
    })
}

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
    'Added to every port: 1465 and 1587 (submission), 1025 (MX), 1993 and 1143 (IMAP), 1995 and 1110 (POP3), 1443 (HTTPS). Default: 0',
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
  CERALACCA_CONNECTIONS_PER_ADDRESS: setting(
    integer.pipe(z.number().min(1)).default(100),
    'Most connections of one client address (IPv6: of its /64) to IMAP, POP3 and submission together; an office may sit behind one. Default: 100',
  ),
  CERALACCA_CONNECTIONS_PER_ACCOUNT: setting(
    integer.pipe(z.number().min(1)).default(50),
    'Most connections of one mailbox to IMAP, POP3 and submission together. Default: 50',
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
  CERALACCA_SEAL_NEXT_CERTIFICATE_FILE: setting(
    z.string().optional(),
    'A seal certificate to announce in the provider\'s own record, PEM, before it is certain when it is used; "ceralacca seal rotate" announces its own.',
  ),
  CERALACCA_SEAL_KEY_NAME: setting(
    z.string().optional(),
    'Name (label) of the RSA key of the seal certificate in the token, instead of a file.',
  ),
  CERALACCA_SEAL_KEY_PASSPHRASE: secret(
    z.string().optional(),
    'Passphrase of the seal keys in files; those that "ceralacca seal csr" makes are encrypted with it.',
  ),
  CERALACCA_SEAL_KEY_FOLDER: setting(
    z.string().optional(),
    'Folder of the seal keys that "ceralacca seal csr" makes, NAME-key.pem, for the owner only. Default: seal in the data folder',
  ),
  CERALACCA_PKCS11_MODULE: setting(
    z.string().optional(),
    'Shared library (PKCS#11) of the token that has seal keys. Default: none, and keys are in files',
  ),
  CERALACCA_PKCS11_LABEL: setting(z.string().optional(), 'Label of the token that has seal keys.'),
  CERALACCA_PKCS11_PIN: secret(z.string().optional(), 'PIN of the token that has seal keys.'),
  CERALACCA_DOCUMENT_KEY_FILE: setting(
    z.string().optional(),
    'File with the key of stored identity documents, 64 hexadecimal digits, the same on every machine. Default: keys/document-key in the data folder, made when it is missing',
  ),
  CERALACCA_STRIPE_KEY: secret(
    z.string().optional(),
    'Secret key of the Stripe account that takes cards. Default: cards are not taken',
  ),
  CERALACCA_STRIPE_WEBHOOK_SECRET: secret(
    z.string().optional(),
    'Secret that signs what Stripe tells at /api/v1/payments/stripe (events checkout.session.completed and checkout.session.async_payment_succeeded).',
  ),
  CERALACCA_SERVICE_MAILBOX: setting(
    address.optional(),
    'Address for take-in-charge and virus notices of other providers (mailReceipt). Default: ricevute@ the own domain',
  ),
  CERALACCA_ORDINARY_MAIL: setting(
    z.enum(['accept', 'refuse']).default('accept'),
    'Ordinary mail to certified mailboxes, where the mailbox says nothing else: accept (in an anomaly envelope) or refuse. Default: accept',
  ),
  CERALACCA_ROUTES: setting(
    z.string().default('').transform(readRoutes),
    'Static routes that go before DNS: domain=host:port, separated by commas; "*" stands for every other domain.',
  ),
  CERALACCA_DNS_SERVERS: setting(
    z
      .string()
      .default('')
      .transform((text) => text.split(',').flatMap((server) => (server.trim() === '' ? [] : [server.trim()]))),
    'DNS servers to ask, host or host:port, separated by commas. Default: those of the system',
  ),
  CERALACCA_SECRETS_KEY_FILE: setting(
    z.string().optional(),
    "File with 64 hexadecimal digits: the key that encrypts the secrets of operators' one-time codes and of webhooks in the database. Default: one that is made in the data folder, keys/secrets.key. Several machines need the same one.",
  ),
  CERALACCA_TLS_CA_FILE: setting(
    z.string().optional(),
    "CA certificates, PEM, that vouch for other providers' servers and the directory's, besides those that Node knows.",
  ),
  CERALACCA_TRUSTED_CA_FILE: setting(
    z.string().optional(),
    'CA certificates, PEM, under which providers are certified to seal. Default: the test authority',
  ),
  CERALACCA_TIMESTAMP_URLS: secret(
    z
      .string()
      .default('')
      .transform((text) => text.split(',').flatMap((url) => (url.trim() === '' ? [] : [url.trim()])))
      .pipe(z.array(z.url({ protocol: /^https?$/ }))),
    'Time-stamping authorities (RFC 3161) for the ledger, separated by commas: the next one is asked where one fails. Default: a test authority within the process',
  ),
  CERALACCA_TIMESTAMP_CA_FILE: setting(
    z.string().optional(),
    'CA certificates, PEM, that vouch for the time-stamping authorities. Default: the test authority',
  ),
  CERALACCA_TIMESTAMP_POLICY: setting(
    z
      .string()
      .regex(/^\d+(\.\d+)+$/, 'must be an object identifier such as 1.2.3.4')
      .optional(),
    'The only policy (object identifier) under which time stamps are taken. Default: any',
  ),
  CERALACCA_CRL_REFRESH_MINUTES: setting(
    integer.pipe(z.number().min(1).max(1440)).default(60),
    'A revocation list is fetched anew after so many minutes, at the latest. Default: 60',
  ),
  CERALACCA_DIRECTORY_URL: setting(
    z.url({ protocol: /^https$/ }).optional(),
    "Where the signed directory of the providers (LDIF in .p7m) is fetched daily. Default: none, only this provider's own record is known",
  ),
  CERALACCA_DIRECTORY_CA_FILE: setting(
    z.string().optional(),
    'CA certificates, PEM, of who signs the directory. Default: CERALACCA_TRUSTED_CA_FILE',
  ),
  CERALACCA_DIRECTORY_CERTIFICATE_FILE: setting(z.string().optional(), 'TLS client certificate for the directory, PEM.'),
  CERALACCA_DIRECTORY_KEY_FILE: setting(z.string().optional(), 'Key of the TLS client certificate for the directory, PEM.'),
  CERALACCA_DIRECTORY_RECORD_URL: setting(
    z.url({ protocol: /^https$/ }).optional(),
    "Public address of this provider's own record (LDIFLocationURL); it is served at /directory/record.ldif.p7m.",
  ),
  CERALACCA_CLAMD: setting(
    z.string().optional(),
    'The virus scanner clamd: host:port, or the path of its socket. Default: none, and messages are not scanned',
  ),
  CERALACCA_BLOCKED_ATTACHMENTS: setting(
    z
      .string()
      .default('')
      .transform((text) =>
        text.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim().toLowerCase().replace(/^\./, '')])),
      ),
    'Attachments that are not accepted, also inside ZIP files: filename extensions such as exe, scr, separated by commas. Default: none',
  ),
  CERALACCA_DKIM_SELECTOR: setting(
    z
      .string()
      .regex(/^[a-z0-9.-]+$/i)
      .default('ceralacca'),
    'DKIM selector of mail to ordinary addresses. Default: ceralacca',
  ),
  CERALACCA_DKIM_KEY_FILE: setting(
    z.string().optional(),
    'RSA or Ed25519 key for DKIM, PEM; "ceralacca notices dkim" prints its DNS record. Default: of the demo one that is made in the data folder, else none, and mail to ordinary addresses is not signed with DKIM',
  ),
  CERALACCA_NOTICES_FROM: setting(
    address.optional(),
    'Address that notices by ordinary e-mail come from. Default: avvisi@ the own domain',
  ),
  CERALACCA_WEB_URL: setting(
    z
      .url({ protocol: /^https?$/ })
      .transform((url) => url.replace(/\/+$/, ''))
      .optional(),
    'Public address of the web pages, which links in notices lead to. Default: https:// with CERALACCA_SERVER_NAME and the HTTPS port',
  ),
  CERALACCA_BANK_ACCOUNT: setting(
    z.string().max(200).optional(),
    'Where members pay by bank transfer, as notices say it, such as IBAN and name of the account. Default: notices do not say',
  ),
  CERALACCA_PROBE_SECONDS: setting(
    integer.pipe(z.number().max(600)).default(60),
    'The worker asks the services whether they answer every so many seconds, at most 600, for the availability that "ceralacca stats" tells; 0: never. Default: 60',
  ),
  CERALACCA_PROBE_HOST: setting(
    z.string().optional(),
    'Host at which the probe finds all services, where they run in other processes than the worker. Default: this process, and only what it serves',
  ),
  CERALACCA_TIME_SERVERS: setting(
    z.string().default('').transform(readServers),
    'Time servers (NTP), host or host:port, separated by commas, best three or more: the clock is compared with the middle of their answers. Default: none, and the operating system is asked whether it keeps its clock',
  ),
  CERALACCA_WEBHOOK_NETWORKS: setting(
    z.string().default('').transform(readNetworks),
    'Networks that webhooks may reach besides the public Internet, address/bits, separated by commas, such as 10.1.0.0/16. Default: none',
  ),
  DATABASE_URL: secret(
    z.string().optional(),
    'An external PostgreSQL 15 or later, postgres://... Default: an embedded one in the data folder',
  ),
} satisfies Record<string, Setting>

export type SettingName = keyof typeof SETTINGS
