/**
 * Builds the parts from the config (src/wiring) and starts the servers of the asked roles: the only place that wires.
 */
import type { Checkpoint } from './base/checkpoint.ts'
import { createConnectionLimits } from './base/connection-limits.ts'
import { asCeralaccaError, clientError } from './base/errors.ts'
import type { EventSink } from './base/events.ts'
import type { Config } from './config/config.ts'
import { createMaildropLock, freeMaildrops } from './mailbox/maildrop-lock.ts'
import { createMaildropStore } from './mailbox/maildrop.ts'
import { watchQuotas } from './mailbox/quota-warnings.ts'
import { createMailboxStore } from './mailbox/store.ts'
import { createWebServer } from './protocols/http/web-server.ts'
import { createImapServer } from './protocols/imap/server.ts'
import { createPop3Server } from './protocols/pop3/server.ts'
import { createMxServer } from './protocols/smtp/mx-server.ts'
import { createSubmissionServer } from './protocols/smtp/submission-server.ts'
import { watchKeys } from './registry/idempotency-keys.ts'
import { createLoginBrake } from './registry/login-brake.ts'
import { createLogins } from './registry/logins.ts'
import { watchExpiry } from './seal/expiry-watch.ts'
import { openIdentity } from './seal/identity.ts'
import { profileProblems } from './seal/profile.ts'
import { createBus } from './storage/bus.ts'
import { createHousekeeping } from './transport/housekeeping.ts'
import { serviceAddress } from './wiring/addresses.ts'
import { readPages } from './wiring/built-pages.ts'
import { apiParts } from './wiring/api-parts.ts'
import type { Installation } from './wiring/installation.ts'
import { identityRequest, keyStores } from './wiring/keys.ts'
import { openLedgerKeeper } from './wiring/ledger-parts.ts'
import { openOperatorAccess } from './wiring/operator-parts.ts'
import { buildPoints } from './wiring/points.ts'
import { expiringCertificates } from './wiring/seal-parts.ts'
import { serviceLevelOf, watchService } from './wiring/service-level-parts.ts'
import { webhookWork } from './wiring/webhook-parts.ts'

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

/** A certified message is larger than what its sender handed in, and other providers may have higher limits. */
const LARGEST_CERTIFIED = 1.5
const RECIPIENTS_OF_OTHERS = 1000
const CONNECTIONS_OF_ONE_CLIENT = 50

/** Starts the servers of the configured roles; when one does not start, those that did are stopped again. */
export async function startProvider(config: Config, installation: Installation, options: StartOptions): Promise<RunningProvider> {
  const { report, checkpoint, alone } = options
  const { database, now } = installation
  const { values } = config
  const { CERALACCA_HOST: host, CERALACCA_SERVER_NAME: serverName } = values
  const stores = keyStores(config)
  const identity = await openIdentity(identityRequest(config, stores))
  const { tls } = identity
  for (const message of profileProblems(identity.sealer.certificate, values.CERALACCA_PROVIDER_NAME))
    report('warning', { where: 'seal certificate', message })
  if (values.CERALACCA_CLAMD === undefined && !values.CERALACCA_DEMO)
    report('warning', { where: 'virus scanner', message: 'CERALACCA_CLAMD is not set: messages are not scanned (RFC 6109 5.4)' })
  if (values.CERALACCA_TIMESTAMP_URLS.length === 0 && !values.CERALACCA_DEMO)
    report('warning', { where: 'ledger', message: 'CERALACCA_TIMESTAMP_URLS is not set: a test authority stamps the ledger' })
  await installation.mailboxes.ensureUnattended(serviceAddress(config), values.CERALACCA_QUOTA)
  const bus = createBus({
    // Alone, nobody else is there to be told.
    ...(alone ? {} : { address: installation.address }),
    warn: (message) => report('warning', { where: 'bus', message }),
  })
  const points = buildPoints(config, installation, { identity, stores, bus, report, checkpoint })
  const logins = createLogins({
    queries: installation.credentials,
    brake: createLoginBrake(now),
    now,
    report: (error) => report('unexpected-error', { where: 'login', error: asCeralaccaError(error) }),
    failed: (service, { code }, clientAddress) => report('login-failed', { service, code, clientAddress }),
  })
  const connections = createConnectionLimits({
    perAddress: values.CERALACCA_CONNECTIONS_PER_ADDRESS,
    perAccount: values.CERALACCA_CONNECTIONS_PER_ACCOUNT,
  })

  const serviceLevel = serviceLevelOf(config, installation)
  const stops: (() => Promise<void>)[] = []
  const ports: Record<string, number> = {}
  const roles = new Set(values.CERALACCA_ROLES)
  const opened = (service: string, port: number): void => {
    ports[service] = port
    report('listening', { service, host, port })
  }
  async function stop(): Promise<void> {
    for (const close of stops.reverse()) await close()
    await points.stop()
    await stores.token?.close()
    await bus.close()
  }

  async function startAccess(): Promise<void> {
    const server = createSubmissionServer({
      ...logins('smtp'),
      connections,
      accept: points.access.accept,
      tls,
      serverName,
      limits: { messageBytes: values.CERALACCA_MAX_TOTAL_BYTES, recipients: values.CERALACCA_MAX_RECIPIENTS },
    })
    stops.push(() => server.close())
    const open = await server.listen({ host, tlsPort: config.ports.submissions, starttlsPort: config.ports.submission })
    opened('submissions', open.tlsPort)
    opened('submission', open.starttlsPort)
  }

  async function startIncoming(): Promise<void> {
    const server = createMxServer({
      checkRecipient: points.incoming.checkRecipient,
      receive: points.incoming.receive,
      postmaster: `postmaster@${values.CERALACCA_DOMAIN}`,
      tls,
      serverName,
      limits: {
        messageBytes: Math.floor(values.CERALACCA_MAX_TOTAL_BYTES * LARGEST_CERTIFIED),
        recipients: RECIPIENTS_OF_OTHERS,
        connections: CONNECTIONS_OF_ONE_CLIENT,
      },
    })
    stops.push(() => server.close())
    opened('mx', await server.listen({ host, port: config.ports.mx }))
  }

  const unexpected =
    (where: string) =>
    (error: unknown): void =>
      report('unexpected-error', { where, error: asCeralaccaError(error) })

  async function startMailbox(): Promise<void> {
    const server = createImapServer({
      ...logins('imap'),
      connections,
      tls,
      serverName,
      store: createMailboxStore({ database, blobs: installation.blobs, bus, now }),
      report: unexpected('imap'),
    })
    stops.push(() => server.close())
    const open = await server.listen({ host, tlsPort: config.ports.imaps, starttlsPort: config.ports.imap })
    opened('imaps', open.tlsPort)
    opened('imap', open.starttlsPort)
  }

  async function startPop3(): Promise<void> {
    if (alone) await freeMaildrops(database)
    const server = createPop3Server({
      ...logins('pop3'),
      connections,
      tls,
      serverName,
      store: createMaildropStore({ database, blobs: installation.blobs, bus, now }),
      lock: createMaildropLock({ database, now, report: unexpected('pop3 lock') }),
      report: unexpected('pop3'),
    })
    stops.push(() => server.close())
    const open = await server.listen({ host, tlsPort: config.ports.pop3s, starttlsPort: config.ports.pop3 })
    opened('pop3s', open.tlsPort)
    opened('pop3', open.starttlsPort)
  }

  async function startWeb(): Promise<void> {
    const operatorAccess = openOperatorAccess(config, installation)
    const api = apiParts(config, installation, operatorAccess, logins('api').authenticate)
    const server = createWebServer({
      tls,
      report,
      operatorAccess,
      alerts: installation.alerts,
      api,
      authenticateOperator: installation.operators.authenticate,
      status: async () => ({ ...(await installation.transport.counts()), availability: await serviceLevel.present() }),
      directoryRecord: points.ownRecord.signed,
      pages: readPages(),
      probe: async () => void (await database.reader.read('select 1')),
      parameters: { provider: values.CERALACCA_PROVIDER_NAME, serverName, ports: config.ports },
    })
    stops.push(watchKeys(api.keys, report), () => server.close())
    opened('https', await server.listen({ host, port: config.ports.https }))
  }

  async function startWork(): Promise<void> {
    const housekeeping = createHousekeeping({
      database,
      disk: installation.disk,
      rows: installation.blobRows,
      queries: installation.transport,
      quarantine: installation.quarantine,
      report,
      now,
    })
    const { keeper } = await openLedgerKeeper(config, installation, report)
    const webhooks = webhookWork(config, installation, report)
    await points.worker.run(alone)
    housekeeping.start()
    points.directoryRefresh.start()
    keeper.start()
    webhooks.start()
    stops.push(
      watchQuotas({ database, report, now }),
      watchExpiry({ certificates: () => expiringCertificates(points.identities, tls, database), report, now }),
      () => keeper.stop(),
      () => webhooks.stop(),
      () => housekeeping.stop(),
      () => points.directoryRefresh.stop(),
    )
  }

  try {
    await points.identities.start()
    // First, for who is alone takes every lease for one of a process that is gone, and what comes in is leased.
    if (roles.has('worker')) await startWork()
    if (roles.has('access')) await startAccess()
    if (roles.has('incoming')) await startIncoming()
    if (roles.has('mailbox')) {
      await startMailbox()
      await startPop3()
    }
    if (roles.has('web')) await startWeb()
    if (roles.has('worker')) stops.push(watchService(config, installation, { ports, report }))
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
