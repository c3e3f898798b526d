/**
 * The one list of what the house reports: logs derive from it, and so will metrics and traces. No event carries a password, a key, or
 * anything of a message's content (I9).
 */
import type { CeralaccaError } from './errors.ts'

export interface Events {
  'database-started': { folder: string; adopted: boolean }
  'database-stopped': { unexpected: boolean }
  listening: { service: string; host: string; port: number }
  'submission-accepted': { pecMsgid: string; recipients: number; bytes: number; milliseconds: number }
  'submission-refused': { code: string; bytes: number }
  delivered: { pecMsgid: string; outcome: 'delivered' | 'failed' }
  'dispatch-attempt-failed': { pecMsgid: string; error: CeralaccaError }
  /** a dispatch that keeps failing: somebody should look */
  'dispatch-stuck': { pecMsgid: string; attempts: number }
  'receipt-stuck': { pecMsgid: string; kind: string; reason: string }
  /** another server could not take a message now; `reason` is its reply */
  'send-deferred': { pecMsgid: string; domain: string; reason: string }
  /** an ordinary e-mail of ours (its id) could not be handed over now; `reason` is the other server's reply */
  'mail-put-off': { mail: string; domain: string; reason: string }
  /** an ordinary e-mail of ours will not be delivered; `about` is what it was about, if somebody is told */
  'mail-undeliverable': { mail: string; about: string | null; reason: string }
  'mail-taken': { kind: string; recipients: number; bytes: number; provider: string; milliseconds: number }
  'mail-refused': { code: string; bytes: number; clientAddress: string }
  /** another provider found a virus in an envelope of ours: our scanner did not know it (RFC 6109 2.2.2) */
  'virus-missed': { pecMsgid: string; provider: string; virus: string }
  'login-failed': { service: string; code: string; clientAddress: string }
  'unexpected-error': { where: string; error: CeralaccaError }
  /** a message whose time in quarantine is over was deleted; `at` (ISO 8601) is when it was found */
  'quarantine-expired': { pecMsgid: string; point: 'access' | 'incoming'; at: string }
  /** a mailbox (its id) has passed a mark of its quota, in per cent */
  'quota-warning': { mailbox: string; mark: number }
  swept: { contents: number; blobs: number; files: number; tombstones: number }
  'directory-refreshed': { version: number; changed: boolean; providers: number; domains: number }
  'directory-refresh-failed': { error: CeralaccaError }
  /** The providers' directory is more than 48 hours old (ISO 8601), or was never fetched. */
  'directory-stale': { fetchedAt: string | null }
  /** Records or values of the directory that cannot be used: they are left out. `line` is that of the LDIF file. */
  'directory-problems': { count: number; examples: readonly { line: number; dn: string; problem: string }[] }
  /** Two providers claim the same domain or certificate: `kept` has it. */
  'directory-conflicts': { count: number; examples: readonly { claimed: string; kept: string; refused: string }[] }
  /** A revocation list could not be fetched: the last one counts until `validUntil` (ISO 8601); null if there is none, and nothing can be verified. */
  'revocation-list-stale': { url: string; validUntil: string | null; error: CeralaccaError }
  'ledger-sealed': { segments: number; entries: number }
  /** a time stamp has come; `day` is null for one that was asked for */
  'ledger-stamped': { number: number; day: string | null; authority: string }
  /** no authority gave a time stamp: it is tried again */
  'ledger-stamp-failed': { number: number; error: CeralaccaError }
  /** the same, for more than a day (`since` is ISO 8601): somebody must look */
  'ledger-stamp-late': { number: number; since: string; error: CeralaccaError }
  'ledger-file-written': { day: string; entries: number; bytes: number }
  /** a partition of the ledger whose time is over was dropped; `kept` entries are under a legal hold */
  'ledger-dropped': { name: string; before: string; entries: number; kept: number }
  /** entries that only a hold kept, which was removed, were deleted */
  'ledger-released': { before: string; entries: number }
  /** its time is over, but it cannot be dropped yet */
  'ledger-drop-waits': { name: string; reason: string }
  /** this identity seals from now on */
  'seal-identity': { name: string }
  /** nothing is sealed: submissions and arrivals are put off until an identity may seal */
  'seal-stopped': { error: CeralaccaError }
  /** the key of an identity cannot be used by this process; it is tried again */
  'seal-identity-unusable': { name: string; error: CeralaccaError }
  'seal-certificate-revoked': { name: string }
  /** a certificate ends in so many whole days (`until` is ISO 8601) */
  'certificate-expiring': { what: 'seal' | 'tls' | 'time-stamp'; name: string; until: string; days: number }
  'certificate-expired': { what: 'seal' | 'tls' | 'time-stamp'; name: string; until: string }
  /** a service does not answer the probe; `reason` says what happened */
  'service-down': { service: string; reason: string }
  'service-restored': { service: string; seconds: number }
  /** the provider did not run since `from` (ISO 8601): `stopped` if it had said that it ends */
  'service-was-down': { from: string; seconds: number; cause: 'stopped' | 'not-running' }
  /** so much per cent of what a service may be out in four months is used up, in all or by its longest outage against half of it; `all`: any service */
  'availability-budget': {
    service: string
    period: string
    mark: number
    downSeconds: number
    longestSeconds: number
    budgetSeconds: number
  }
  /** our clock is more than a second before (or, below 0, behind) UTC (I7) */
  'clock-offset': { milliseconds: number; servers: number }
  'clock-good-again': { milliseconds: number }
  /** nobody can tell whether the clock is right */
  'clock-unwatched': { reason: string }
  /** nothing is sent to a webhook any more: its receiver has failed for days, or says that it is gone */
  'webhook-paused': { webhook: string; because: string }
  /** something that the house copes with by itself */
  warning: { where: string; message: string }
  stopping: { reason: string }
}

export type EventSink = <Name extends keyof Events>(name: Name, data: Events[Name]) => void
