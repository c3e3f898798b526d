/**
 * What comes back to the envelope senders of our ordinary mail. A report of a failure closes its mail; all else, such as an answer of a
 * person's holiday, is thrown away. Nothing is ever answered, so nothing goes round in circles. Called by the Incoming Point.
 */
import type { EventSink } from '../base/events.ts'
import { failureIn } from './failure-report.ts'
import type { PostQueries } from './queries.ts'
import type { ReturnPaths } from './return-path.ts'

export interface Bounces {
  /** Whether an address is one of these; that there is such a mail is not said. */
  isOurs(address: string): boolean
  /** Takes what came to these addresses. When it resolves, what it says of our mail is durable. */
  take(addresses: readonly string[], bytes: Buffer): Promise<void>
}

export interface BouncesDeps {
  readonly queries: Pick<PostQueries, 'failed'>
  readonly returnPaths: ReturnPaths
  readonly report: EventSink
  readonly now: () => number
}

export function createBounces({ queries, returnPaths, report, now }: BouncesDeps): Bounces {
  return {
    isOurs: (address) => returnPaths.read(address) !== undefined,
    async take(addresses, bytes) {
      const reason = failureIn(bytes)
      if (reason === null) return
      for (const address of addresses) {
        const mail = returnPaths.read(address)
        const failed = mail && (await queries.failed(mail, new Date(now()), reason))
        if (failed) report('mail-undeliverable', { mail: failed.id, about: failed.aboutKind, reason })
      }
    },
  }
}
