/** The parts that watch the service and count its figures, from the settings, for the commands and the worker. */
import { randomUUID } from 'node:crypto'
import { clientError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { periodically } from '../base/periodic.ts'
import type { Config } from '../config/config.ts'
import { systemSynchronised, watchClock } from '../service-level/clock-watch.ts'
import { createDayCounts } from '../service-level/day-counts.ts'
import { converse, DIALOGUES } from '../service-level/dialogues.ts'
import { createProbe } from '../service-level/probe.ts'
import type { Interval } from '../service-level/availability.ts'
import { serviceLevelQueries, type Maintenance } from '../service-level/queries.ts'
import { availabilities, createReporter, type Service } from '../service-level/report.ts'
import { periodAt, startOfRomeDay } from '../service-level/rome-time.ts'
import { serviceAddress } from './addresses.ts'
import type { Installation } from './installation.ts'

const ANSWER_MS = 10_000
const COUNT_EVERY_MS = 60 * 60_000

/** The role of a process that serves each. */
const ROLE: Record<keyof typeof DIALOGUES, Config['values']['CERALACCA_ROLES'][number]> = {
  access: 'access',
  incoming: 'incoming',
  imap: 'mailbox',
  pop3: 'mailbox',
  web: 'web',
}
const PORT: Record<keyof typeof DIALOGUES, keyof Config['ports']> = {
  access: 'submissions',
  incoming: 'mx',
  imap: 'imaps',
  pop3: 'pop3s',
  web: 'https',
}
/** Where a server that listens on all addresses is found from here. */
const LOOPBACK: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

export function serviceLevelOf(config: Config, { database, now }: Installation) {
  const { values } = config
  const queries = serviceLevelQueries(database)
  const provider = { domain: values.CERALACCA_DOMAIN, name: values.CERALACCA_PROVIDER_NAME }
  const deps = { queries, provider, service: serviceAddress(config), now }
  return {
    queries,
    days: createDayCounts(deps),
    report: createReporter(deps),
    /** @throws `maintenance-time` if it does not lie ahead */
    async declareMaintenance({ from, to }: Interval, reason: string): Promise<Maintenance> {
      if (from < now() || to <= from)
        throw clientError('maintenance-time', 'Maintenance is declared before it begins, and ends after it begins')
      const window = { id: randomUUID(), from, to, reason, declaredAt: now() }
      await queries.addMaintenance(window)
      return window
    },
    /** Seconds that each service did not answer in this four-month period, for who looks at the status. */
    async present() {
      const period = periodAt(now())
      const span = { from: startOfRomeDay(period.from), to: startOfRomeDay(period.to) }
      const { services } = await availabilities(queries, span, now())
      const downSeconds = services.map(({ service, downMs }) => [service, Math.round(downMs / 1000)])
      return { period: period.name, downSeconds: Object.fromEntries(downSeconds) as Record<string, number> }
    },
  }
}

/** What the probe of this process asks. @param ports those on which its servers listen, by name */
function checksOf({ values, ports: configured }: Config, { database }: Installation, ports: Readonly<Record<string, number>>) {
  const { CERALACCA_PROBE_HOST: elsewhere, CERALACCA_HOST: own, CERALACCA_ROLES: roles } = values
  const host = elsewhere ?? LOOPBACK[own] ?? own
  const checks: Partial<Record<Service, () => Promise<void>>> = {
    database: async () => void (await database.reader.read('select 1')),
  }
  for (const service of Object.keys(DIALOGUES) as (keyof typeof DIALOGUES)[]) {
    if (elsewhere === undefined && !roles.includes(ROLE[service])) continue
    const port = (elsewhere === undefined ? ports[PORT[service]] : undefined) ?? configured[PORT[service]]
    checks[service] = () => converse({ host, port }, DIALOGUES[service], ANSWER_MS)
  }
  return checks
}

/** Watches services and clock, and counts days that are over; answers how to stop. To be called once the servers are open. */
export function watchService(
  config: Config,
  installation: Installation,
  { ports, report }: { ports: Readonly<Record<string, number>>; report: EventSink },
): () => Promise<void> {
  const { values } = config
  const { now } = installation
  const { queries, days } = serviceLevelOf(config, installation)
  const stops: (() => Promise<void>)[] = []
  if (values.CERALACCA_PROBE_SECONDS > 0) {
    const checks = checksOf(config, installation, ports)
    const probe = createProbe({ queries, checks, intervalMs: values.CERALACCA_PROBE_SECONDS * 1000, report, now })
    probe.start()
    stops.push(() => probe.stop())
  }
  const servers = values.CERALACCA_TIME_SERVERS
  // The demo certifies nothing.
  if (servers.length > 0 || !values.CERALACCA_DEMO) {
    stops.push(watchClock({ servers, synchronised: systemSynchronised, report, now }))
  }
  stops.push(periodically(() => days.closeDays(), { where: 'statistics', everyMs: COUNT_EVERY_MS, atOnce: true, report }))
  return async () => void (await Promise.all(stops.map((stop) => stop())))
}
