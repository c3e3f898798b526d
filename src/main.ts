/**
 * Builds the parts from the config and starts the servers of the asked roles: the only place that wires.
 */
import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { createAccessPoint } from './access/access-point.ts'
import type { Checkpoint } from './base/checkpoint.ts'
import type { EventSink } from './base/events.ts'
import { asCeralaccaError, clientError } from './base/errors.ts'
import { dataPaths, type Config } from './config/config.ts'
import { createDeliveryPoint } from './delivery/delivery-point.ts'
import { createDomains } from './directory/domains.ts'
import { entriesOf } from './ledger/queries.ts'
import { createContents } from './mailbox/contents.ts'
import { mailboxQueries } from './mailbox/queries.ts'
import { createMailboxStore } from './mailbox/store.ts'
import { createImapServer } from './protocols/imap/server.ts'
import { createSubmissionServer } from './protocols/smtp/submission-server.ts'
import { createWebServer } from './protocols/http/web-server.ts'
import { createAgreements } from './registry/agreements.ts'
import { createAuthenticator, type Authenticate } from './registry/authenticator.ts'
import { createLoginBrake } from './registry/login-brake.ts'
import { createMailboxes } from './registry/mailboxes.ts'
import { createOperators } from './registry/operators.ts'
import { registryQueries } from './registry/queries.ts'
import { openIdentity, type Identity, type KeyFiles } from './seal/identity.ts'
import type { TestKeysRequest } from './seal/test-keys.ts'
import { createBlobs } from './storage/blobs.ts'
import { createBus, type Bus } from './storage/bus.ts'
import type { DatabaseAddress } from './storage/connection.ts'
import { openDatabase, type Database } from './storage/database.ts'
import { createDatabaseBlobStore } from './storage/database-blob-store.ts'
import { createDiskBlobStore } from './storage/disk-blob-store.ts'
import { createDispatcher } from './transport/dispatcher.ts'
import { createHousekeeping } from './transport/housekeeping.ts'
import { createLoader } from './transport/loader.ts'
import { transportQueries } from './transport/queries.ts'

const now = (): number => Date.now()

/**
 * Connections that write; half as many read. Two a core: the calls are short and batched, and each further connection only warms more
 * caches (measured on two cores: 4 connections 324 certified/s with 1.9 ms of PostgreSQL's CPU each, 16 connections 254 with 2.7 ms).
 */
const DATABASE_CONNECTIONS = Math.max(4, 2 * availableParallelism())

/** What the CLI needs: the registry and the stores over a database that somebody runs. */
export function buildInstallation(config: Config, address: DatabaseAddress, database: Database) {
  const paths = dataPaths(config.dataFolder)
  mkdirSync(paths.blobs, { recursive: true, mode: 0o700 })
  const domains = createDomains(database, now)
  const credentials = registryQueries(database)
  const disk = createDiskBlobStore(paths.blobs)
  const blobRows = createDatabaseBlobStore(database)
  const blobs = createBlobs({ disk, database: blobRows })
  return {
    address,
    database,
    disk,
    blobRows,
    blobs,
    domains,
    credentials,
    mailboxes: createMailboxes({ database, queries: credentials, domains, now }),
    agreements: createAgreements({ database, domains, now }),
    operators: createOperators({ database, brake: createLoginBrake(now), now }),
    transport: transportQueries(database),
    ledger: { entriesOf: (pecMsgid: string) => entriesOf(database.reader, pecMsgid) },
  }
}

export type Installation = ReturnType<typeof buildInstallation>

/** Servers that are open, by name, with the port that each listens on. */
export interface RunningProvider {
  readonly ports: Record<string, number>
  stop(): Promise<void>
}

export interface StartOptions {
  readonly report: EventSink
  /** told of the points at which a crash must do no harm; tests crash there */
  readonly checkpoint: Checkpoint
  /** no other process works on this database, so work that a killed process left is taken up at once */
  readonly alone: boolean
}

/** Starts the servers of the configured roles; when one does not start, those that did are stopped again. */
export async function startProvider(config: Config, installation: Installation, options: StartOptions): Promise<RunningProvider> {
  const { report, checkpoint, alone } = options
  const identity = await openIdentity(identityRequest(config))
  const bus = createBus({
    // Alone, nobody else is there to be told.
    ...(alone ? {} : { address: installation.address }),
    warn: (message) => report('warning', { where: 'bus', message }),
  })
  const points = buildPoints(config, installation, { identity, bus, report, checkpoint })
  const stops: (() => Promise<void>)[] = []
  const ports: Record<string, number> = {}
  const roles = new Set(config.values.CERALACCA_ROLES)
  const opened = (service: string, port: number): void => {
    ports[service] = port
    report('listening', { service, host: config.values.CERALACCA_HOST, port })
  }
  const host = config.values.CERALACCA_HOST

  async function stop(): Promise<void> {
    for (const close of stops.reverse()) await close()
    await points.dispatcher.stop()
    await bus.close()
  }

  try {
    if (roles.has('access')) {
      const server = createSubmissionServer(points.submission)
      stops.push(() => server.close())
      const open = await server.listen({ host, tlsPort: config.ports.submissions, starttlsPort: config.ports.submission })
      opened('submissions', open.tlsPort)
      opened('submission', open.starttlsPort)
    }
    if (roles.has('mailbox')) {
      const server = createImapServer(points.imap)
      stops.push(() => server.close())
      const open = await server.listen({ host, tlsPort: config.ports.imaps, starttlsPort: config.ports.imap })
      opened('imaps', open.tlsPort)
      opened('imap', open.starttlsPort)
    }
    if (roles.has('web')) {
      const server = createWebServer({ ...points.web, parameters: { ...points.web.parameters, ports: config.ports } })
      stops.push(() => server.close())
      opened('https', await server.listen({ host, port: config.ports.https }))
    }
    if (roles.has('worker')) {
      await points.dispatcher.run(alone)
      points.housekeeping.start()
      stops.push(() => points.housekeeping.stop())
    }
  } catch (error) {
    await stop()
    throw portTaken(error) ?? error
  }
  return { ports, stop }
}

/** The error of a port that somebody else has, with what to do. */
function portTaken(error: unknown): Error | undefined {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'EADDRINUSE') return undefined
  const port = 'port' in error ? String(error.port) : '?'
  return clientError(
    'port-taken',
    `Port ${port} is taken by another program: stop it, or set CERALACCA_PORT_OFFSET (see "ceralacca config --help")`,
  )
}

/** What the test authority certifies for an installation that has no keys of its own. */
export function testKeysRequest({ values }: Config): TestKeysRequest {
  return {
    providerName: values.CERALACCA_PROVIDER_NAME,
    address: `posta-certificata@${values.CERALACCA_DOMAIN}`,
    names: [...new Set([values.CERALACCA_SERVER_NAME, 'localhost', '127.0.0.1'])],
    now: now(),
  }
}

function identityRequest(config: Config) {
  const { values, dataFolder } = config
  return {
    test: { folder: dataPaths(dataFolder).keys, request: testKeysRequest(config) },
    seal: keyFiles(
      'CERALACCA_SEAL',
      values.CERALACCA_SEAL_CERTIFICATE_FILE,
      values.CERALACCA_SEAL_KEY_FILE,
      values.CERALACCA_SEAL_KEY_PASSPHRASE,
    ),
    tls: keyFiles('CERALACCA_TLS', values.CERALACCA_TLS_CERTIFICATE_FILE, values.CERALACCA_TLS_KEY_FILE),
  }
}

function keyFiles(prefix: string, certificateFile?: string, keyFile?: string, passphrase?: string): KeyFiles | undefined {
  if (certificateFile !== undefined && keyFile !== undefined) return { certificateFile, keyFile, passphrase }
  if (certificateFile === undefined && keyFile === undefined) return undefined
  throw clientError('bad-config', `${prefix}_CERTIFICATE_FILE and ${prefix}_KEY_FILE go together: set both`)
}

/** The points, and what each server needs of them. */
function buildPoints(
  config: Config,
  installation: Installation,
  { identity, bus, report, checkpoint }: { identity: Identity; bus: Bus; report: EventSink; checkpoint: Checkpoint },
) {
  const { database, blobs, domains, credentials, mailboxes, transport } = installation
  const { values } = config
  const { sealer, tls } = identity
  const domain = values.CERALACCA_DOMAIN
  const issuer = { provider: values.CERALACCA_PROVIDER_NAME, address: sealer.address }
  const limits = {
    messageBytes: values.CERALACCA_MAX_TOTAL_BYTES,
    totalBytes: values.CERALACCA_MAX_TOTAL_BYTES,
    recipients: values.CERALACCA_MAX_RECIPIENTS,
  }
  const contents = createContents(mailboxQueries(database), blobs)
  const delivery = createDeliveryPoint({
    database,
    sealer,
    issuer,
    domain,
    bus,
    report,
    checkpoint,
    now,
    findMailbox: (address) => mailboxes.find(address),
  })
  const dispatcher = createDispatcher({
    report,
    now,
    queries: transport,
    loader: createLoader({ queries: transport, contents }),
    deliver: delivery.deliver,
    receive: delivery.receive,
  })
  const access = createAccessPoint({
    database,
    blobs,
    bus,
    sealer,
    issuer,
    domain,
    limits,
    report,
    checkpoint,
    now,
    startDispatches: dispatcher.start,
  })
  const authenticate = createAuthenticator({ queries: credentials, brake: createLoginBrake(now), now })
  const serverName = values.CERALACCA_SERVER_NAME
  /** The login of a service, with its failures reported. */
  const reporting =
    (service: string): Authenticate =>
    (user, password, clientAddress) =>
      authenticate(user, password, clientAddress).catch((thrown: unknown) => {
        report('login-failed', { service, code: asCeralaccaError(thrown).code, clientAddress })
        throw thrown
      })
  const housekeeping = createHousekeeping({
    database,
    disk: installation.disk,
    rows: installation.blobRows,
    queries: transport,
    report,
    now,
  })
  return {
    dispatcher,
    housekeeping,
    submission: {
      authenticate: reporting('submission'),
      accept: access.accept,
      isServed: domains.isLocal,
      tls,
      serverName,
      limits,
    },
    imap: {
      authenticate: reporting('imap'),
      tls,
      serverName,
      store: createMailboxStore({ database, blobs, bus, now }),
      report: (error: unknown) => report('unexpected-error', { where: 'imap', error: asCeralaccaError(error) }),
    },
    web: {
      tls,
      report,
      authenticateOperator: installation.operators.authenticate,
      status: transport.counts,
      probe: async () => void (await database.reader.read('select 1')),
      parameters: { provider: values.CERALACCA_PROVIDER_NAME, serverName },
    },
  }
}

/** The database of a config, opened. */
export const openInstallation = (config: Config, address: DatabaseAddress): Installation =>
  buildInstallation(config, address, openDatabase(address, { max: DATABASE_CONNECTIONS }))
