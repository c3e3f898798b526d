/**
 * The lock on a maildrop (RFC 1939 4): one session at a time has a mailbox, whatever process it is in. It is a row with a lease that the
 * session renews while it lives; when its process is killed, the lease passes and the next session takes over. Called by POP3.
 */
import { uuidv7 } from '../base/ids.ts'
import type { Database } from '../storage/database.ts'
import { maildropQueries } from './maildrop-queries.ts'
import type { MailboxRef } from './types.ts'

/** The lock as one session has it. */
export interface Lease {
  readonly mailbox: MailboxRef
  /** names the session: who removes messages shows it */
  readonly holder: string
  /** somebody else has taken over, because the lease could not be renewed in time */
  readonly lost: boolean
  /** Gives the lock back, once; what was lost is nobody's to give. Throws what the database throws: then the lease passes by itself. */
  release(): Promise<void>
}

export interface MaildropLock {
  /** The lease, or undefined while another session has the maildrop. */
  acquire(mailbox: MailboxRef): Promise<Lease | undefined>
}

export interface MaildropLockDeps {
  readonly database: Database
  readonly now: () => number
  /** told of a renewal that failed: the next one may succeed */
  readonly report: (error: unknown) => void
  /** milliseconds; a lease outlasts two renewals that fail */
  readonly times?: { readonly lease: number; readonly renewal: number }
}

const TIMES = { lease: 30_000, renewal: 10_000 }

export function createMaildropLock({ database, now, report, times = TIMES }: MaildropLockDeps): MaildropLock {
  const queries = maildropQueries(database)
  const until = (): Date => new Date(now() + times.lease)

  return {
    async acquire(mailbox) {
      const holder = uuidv7(now())
      const [row] = await queries.acquire(mailbox, holder, until(), new Date(now()))
      if (row?.acquired !== true) return undefined
      let lost = false
      let renewing = Promise.resolve()
      const renew = async (): Promise<void> => {
        const held = (await queries.renew(mailbox, holder, until())).length > 0
        if (held) return
        lost = true
        clearInterval(timer)
      }
      const timer = setInterval(() => {
        renewing = renew().catch(report)
      }, times.renewal).unref()
      return {
        mailbox,
        holder,
        get lost() {
          return lost
        },
        async release() {
          clearInterval(timer)
          await renewing
          await queries.release(mailbox, holder)
        },
      }
    },
  }
}

/** Frees all maildrops: asked only by who knows that no other process works, at the start after a crash. */
export async function freeMaildrops(database: Database): Promise<void> {
  const queries = maildropQueries(database)
  for (const { slot } of await queries.heldSlots()) await queries.free(slot)
}
