/** The alerts: the wishes for commands and API, and the queue that tells, for the worker. */
import type { EventSink } from '../base/events.ts'
import type { Config } from '../config/config.ts'
import type { Contents } from '../mailbox/contents.ts'
import { createAlerts, type Alerts, type AlertsDeps } from '../notices/alerts/alerts.ts'
import { createArrivalReader } from '../notices/alerts/arrivals.ts'
import { createMailChannel } from '../notices/alerts/by-mail.ts'
import { createFinder } from '../notices/alerts/finder.ts'
import { createAlertLinks } from '../notices/alerts/links.ts'
import { alertQueries } from '../notices/alerts/queries.ts'
import { createAlertQueue } from '../notices/alerts/queue.ts'
import type { Post } from '../notices/post.ts'
import { expiringMailboxes } from '../registry/agreement/expiring.ts'
import type { RegistryQueries } from '../registry/queries.ts'
import { createSecrets } from '../registry/secrets.ts'
import type { Bus } from '../storage/bus.ts'
import type { Database } from '../storage/database.ts'
import type { Queue } from '../transport/worker.ts'
import { webUrl } from './web-url.ts'

interface Registry {
  readonly database: Database
  readonly credentials: RegistryQueries
  readonly now: () => number
}

const linksOf = ({ credentials, now }: Registry) => createAlertLinks(createSecrets({ queries: credentials, now }))

export const alertWishes = (deps: Registry & Pick<AlertsDeps, 'find' | 'ordinaryAddress' | 'isCertified'>): Alerts =>
  createAlerts({ ...deps, queries: alertQueries(deps.database), links: linksOf(deps) })

export interface AlertQueueParts {
  readonly bus: Bus
  readonly contents: Contents
  readonly report: EventSink
}

/** Its finder follows the bus until that is closed. */
export function alertQueue(
  config: Config,
  registry: Registry & { readonly post: Post },
  { bus, contents, report }: AlertQueueParts,
): Queue {
  const { database, post, now } = registry
  const queries = alertQueries(database)
  return createAlertQueue({
    queries,
    finder: createFinder({ queries, bus, expiring: (days) => expiringMailboxes(database.reader, days, now()), now }),
    readArrivals: createArrivalReader(contents),
    tell: createMailChannel({ post, links: linksOf(registry), web: webUrl(config) }),
    report,
    now,
  })
}
