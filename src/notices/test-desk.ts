/** For tests: what of the notices the API offers, over a test desk. */
import type { openTestDesk } from '../registry/agreement/test-desk.ts'
import { registryQueries } from '../registry/queries.ts'
import { createSecrets } from '../registry/secrets.ts'
import { createAlerts } from './alerts/alerts.ts'
import { createAlertLinks } from './alerts/links.ts'
import { alertQueries } from './alerts/queries.ts'
import { createPostDesk } from './desk.ts'
import { postQueries } from './queries.ts'

export function openTestNotices({ database, notices, mailboxes, contracts, clock }: Awaited<ReturnType<typeof openTestDesk>>) {
  const now = (): number => clock.now
  return {
    postDesk: createPostDesk(postQueries(database), notices, now),
    alerts: createAlerts({
      queries: alertQueries(database),
      links: createAlertLinks(createSecrets({ queries: registryQueries(database), now })),
      find: mailboxes.find,
      ordinaryAddress: contracts.emailOf,
      isCertified: async (domain) => domain === 'pec.ordine.test',
      now,
    }),
  }
}
