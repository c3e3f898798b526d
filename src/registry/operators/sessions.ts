/**
 * Sessions of operators. The browser has a random token; kept is its hash alone. A session ends after half an hour without use and after
 * twelve hours in any case; one that waits for the second factor after ten minutes. With more rights it gets a new token.
 */
import { createHash, randomBytes } from 'node:crypto'
import { clientError } from '../../base/errors.ts'
import { uuidv7 } from '../../base/ids.ts'
import type { Database, Transaction } from '../../storage/database.ts'
import { operatorReads, operatorWrites as writes, type OperatorRow, type SessionRow, type Stage } from './queries.ts'

const MINUTE = 60_000
export const IDLE_MS = 30 * MINUTE
const FULL_MS = 12 * 60 * MINUTE
const UNFINISHED_MS = 10 * MINUTE
const USE_NOTED_EVERY = MINUTE

/** A session, and whose it is. */
export interface Current {
  readonly session: SessionRow
  readonly operator: OperatorRow
}

export interface OpenedSession {
  /** for the browser; it cannot be had again */
  readonly token: string
  readonly stage: Stage
  readonly endsAt: Date
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

export const noSession = () => clientError('no-session', 'Sign in first: there is no session, or it has ended')

export function createSessions({ database, now }: { readonly database: Database; readonly now: () => number }) {
  const reads = operatorReads(database.reader)
  return {
    async open(tx: Transaction, operator: string, stage: Stage, clientAddress: string): Promise<OpenedSession> {
      const token = randomBytes(32).toString('base64url')
      const at = new Date(now())
      const endsAt = new Date(now() + (stage === 'full' ? FULL_MS : UNFINISHED_MS))
      await writes.addSession(tx, {
        hash: hashOf(token),
        id: uuidv7(now()),
        operator,
        stage,
        client_address: clientAddress,
        created_at: at,
        last_used_at: at,
        ends_at: endsAt,
      })
      return { token, stage, endsAt }
    },

    /** @throws `no-session` where there is none, it has ended, or its operator may not sign in any more */
    async find(token: string): Promise<Current> {
      const session = await reads.session(hashOf(token))
      const operator = session && (await reads.find(session.operator))
      if (!session || !operator || operator.disabled_at !== null) throw noSession()
      if (session.ends_at.getTime() <= now() || session.last_used_at.getTime() + IDLE_MS <= now()) throw noSession()
      if (now() - session.last_used_at.getTime() >= USE_NOTED_EVERY) {
        await database.transactor.reference((tx) => writes.noteUse(tx, session.hash, new Date(now())))
      }
      return { session, operator }
    },
  }
}

export type Sessions = ReturnType<typeof createSessions>
