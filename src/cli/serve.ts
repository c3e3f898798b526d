/** `ceralacca serve`: runs the provider until it is told to stop. */
import { readFileSync } from 'node:fs'
import { asCeralaccaError, type CeralaccaError } from '../base/errors.ts'
import { passCheckpoint, type Checkpoint } from '../base/checkpoint.ts'
import type { EventSink } from '../base/events.ts'
import { createLog } from '../base/log.ts'
import { dataPaths, type Config } from '../config/config.ts'
import { openInstallation } from '../wiring/installation.ts'
import { ensureDataFolder } from '../storage/data-folder.ts'
import type { DatabaseAddress } from '../storage/connection.ts'
import { startEmbeddedPostgres } from '../storage/embedded-postgres.ts'
import { migrate } from '../storage/migrations.ts'
import { table, type Command, type Output } from './command.ts'
import { ensureDemo, type Demo } from './demo.ts'

export const serve: Command = {
  words: ['serve'],
  summary: 'Run the provider (what "npm start" does).',
  details: 'Stops cleanly on SIGINT and SIGTERM. Settings: see "ceralacca config --help".',
  run: ({ config }) => runProvider(config),
}

/**
 * Runs a provider until a signal, or the death of its database, ends it.
 * @param checkpoint see base/checkpoint.ts
 * @param now the clock, milliseconds since 1970
 */
export async function runProvider(
  config: Config,
  checkpoint: Checkpoint = passCheckpoint,
  now: () => number = Date.now,
): Promise<Output | undefined> {
  const report = createLog(config.values.CERALACCA_LOG_LEVEL)
  const stopping = stopRequest(report)
  ensureDataFolder(config.dataFolder)
  // What was started last is stopped first, also when a later part does not start.
  await using cleanup = new AsyncDisposableStack()
  const database = await startDatabase(config, report, stopping.ask)
  cleanup.defer(() => database.stop())
  await migrate(database.address)
  const installation = openInstallation(config, database.address, now)
  cleanup.defer(() => installation.database.close())
  await installation.domains.add(config.values.CERALACCA_DOMAIN)
  const demo = config.values.CERALACCA_DEMO ? await ensureDemo(config, installation) : undefined
  // The servers' code is half of all: no other command waits for it.
  const { startProvider } = await import('../main.ts')
  const provider = await startProvider(config, installation, { report, checkpoint, alone: database.alone })
  cleanup.defer(() => provider.stop())
  process.stdout.write(`${announce(config, provider.ports, demo)}\nready\n`)
  await stopping.asked
  return stopping.failure() ? { text: '', json: null, exitCode: 1 } : undefined
}

/** Resolves when a signal, or a failure, asks to stop. */
function stopRequest(report: EventSink) {
  let failure: CeralaccaError | undefined
  const { promise: asked, resolve } = Promise.withResolvers<void>()
  function ask(reason: string, error?: CeralaccaError): void {
    failure ??= error
    report('stopping', { reason })
    resolve()
    // What does not end by itself is cut: every step can be repeated, so nothing is lost.
    setTimeout(() => process.exit(1), LONGEST_STOP_MS).unref()
  }
  // Reported like everything else, for what Node prints by itself may hold what a database error quotes of a row (I9).
  process.once('uncaughtException', (thrown) => {
    report('unexpected-error', { where: 'process', error: asCeralaccaError(thrown) })
    process.exit(1)
  })
  // Ctrl-C comes twice, to the process group and from who started us: the second one must not cut the clean stop short.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => ask(signal))
  return { asked, ask, failure: () => failure }
}

const LONGEST_STOP_MS = 30_000

interface RunningDatabase {
  readonly address: DatabaseAddress
  /** nobody else can work on it */
  readonly alone: boolean
  stop(): Promise<void>
}

/** The external database, or the embedded one. */
async function startDatabase(
  { values, dataFolder }: Config,
  report: EventSink,
  stop: (reason: string, error: CeralaccaError) => void,
): Promise<RunningDatabase> {
  if (values.DATABASE_URL !== undefined) return { address: values.DATABASE_URL, alone: false, stop: async () => undefined }
  const folder = dataPaths(dataFolder).postgres
  const postgres = await startEmbeddedPostgres({
    folder,
    log: { info: () => undefined, warn: (message) => report('warning', { where: 'embedded database', message }) },
    onDeath(error) {
      report('unexpected-error', { where: 'embedded database', error })
      stop('the embedded database died', error)
    },
  })
  report('database-started', { folder, adopted: postgres.adopted })
  return { address: postgres.connection, alone: true, stop: () => postgres.stop() }
}

/** What a person needs to try it. */
function announce({ values, dataFolder }: Config, ports: Record<string, number>, demo: Demo | undefined): string {
  const host = values.CERALACCA_SERVER_NAME
  const rows = [
    ['Provider', `${values.CERALACCA_PROVIDER_NAME}, domain ${values.CERALACCA_DOMAIN}`],
    ...(ports['https'] === undefined ? [] : [['Web', `https://${host}:${ports['https']}`]]),
    ...(ports['submissions'] === undefined
      ? []
      : [['Send (SMTP)', `${host}, port ${ports['submissions']} with TLS or ${ports['submission']} with STARTTLS`]]),
    ...(ports['mx'] === undefined ? [] : [['Receive (MX)', `${host}, port ${ports['mx']} with STARTTLS`]]),
    ...(ports['imaps'] === undefined
      ? []
      : [['Read (IMAP)', `${host}, port ${ports['imaps']} with TLS or ${ports['imap']} with STARTTLS`]]),
    ...(ports['pop3s'] === undefined
      ? []
      : [['Read (POP3)', `${host}, port ${ports['pop3s']} with TLS or ${ports['pop3']} with STARTTLS`]]),
    ...(demo?.mailboxes ?? []).map(({ address, password }) => ['Mailbox', `${address}   password ${password}`]),
    ...(demo
      ? [
          ['Operator', `${demo.operator.user}   password ${demo.operator.password}`],
          ['Agreement', demo.agreementCode],
          ['CA certificate', demo.ca],
          ['All of this', dataPaths(dataFolder).demo],
        ]
      : []),
  ]
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return `Ceralacca ${version}\n\n${table(rows)}\n`
}
