/** Quotas (RFC 9208): one root for all folders of a mailbox, with the storage that ordinary messages may take. */
import { formatString } from './strings.ts'
import type { UserSession } from './session.ts'

/** The name of the only root. */
export const ROOT = ''

const UNIT = 1024

/**
 * The untagged QUOTA response, in units of 1024 bytes. Receipts have a reserve beyond the quota (I10), which is not the holder's to fill: what
 * they take of it shows as a mailbox that is full, not as one that is fuller than full.
 */
export async function tellQuota(session: UserSession): Promise<void> {
  const { used, quota } = await session.deps.store.usage(session.mailbox)
  const limit = Math.floor(quota / UNIT)
  session.output.line(`* QUOTA ${formatString(ROOT)} (STORAGE ${Math.min(Math.ceil(used / UNIT), limit)} ${limit})`)
}
