/**
 * Requests that are asked twice with one key are done once: the answer is kept for a day for who asks again. Called by the API.
 *
 * Invariants: of two at once one works, the other is told so; a request that failed is not kept, for it changed nothing; whose process dies
 * while it works frees its key after a minute. No key is stored, and no answer that can be read without its key.
 */
import { createHash, hkdfSync } from 'node:crypto'
import { clientError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { slotOf } from '../base/ids.ts'
import { periodically } from '../base/periodic.ts'
import type { Database } from '../storage/database.ts'
import { createSecretBox } from './operators/secret-box.ts'

export interface KeyedRequest {
  /** whose key it is: two makers do not meet */
  readonly maker: string
  readonly key: string
  /** SHA-256 of all that is asked */
  readonly request: Buffer
}

export interface KeyedWork {
  /** the answer that was given before; null: do it, then say `done` or `failed` */
  readonly answer: Buffer | null
  done(answer: Buffer): Promise<void>
  failed(): Promise<void>
}

export interface IdempotencyKeys {
  /** @throws `idempotency-key-reused`, `idempotency-in-progress` */
  begin(asked: KeyedRequest): Promise<KeyedWork>
  /** Deletes what is over; answers how many. */
  sweep(): Promise<number>
}

const WORK_MS = 60_000
const KEPT_MS = 24 * 3_600_000

export function createIdempotencyKeys({ reader, transactor }: Database, now: () => number): IdempotencyKeys {
  return {
    async begin({ maker, key, request }) {
      const id = createHash('sha256').update(`${maker}\0${key}`).digest()
      const slot = slotOf(id.toString('hex'))
      const box = createSecretBox(Buffer.from(hkdfSync('sha256', key, id, 'idempotency answer', 32)))
      const at = new Date(now())
      const until = new Date(now() + WORK_MS)
      const known = await transactor.transact(slot, async (tx) => {
        const mine = await tx.query(
          `insert into idempotency_key as k (slot, id, request, answer, expires_at) values ($1, $2, $3, null, $4)
           on conflict (slot, id) do update set request = excluded.request, answer = null, expires_at = excluded.expires_at
           where k.expires_at <= $5 returning id`,
          [slot, id, request, until, at],
        )
        if (mine.length > 0) return undefined
        const [row] = await tx.query<{ request: Buffer; answer: Buffer | null }>(
          'select request, answer from idempotency_key where slot = $1 and id = $2',
          [slot, id],
        )
        return row
      })
      if (known && !known.request.equals(request))
        throw clientError('idempotency-key-reused', 'This Idempotency-Key was used for another request: use a new one')
      if (known?.answer === null)
        throw clientError('idempotency-in-progress', 'The same request is being worked on: ask again in a second')
      return {
        answer: known?.answer ? box.open(known.answer, 'answer') : null,
        async done(answer) {
          await transactor.call(
            slot,
            'update idempotency_key set answer = $3, expires_at = $4 where slot = $1 and id = $2 and request = $5 and answer is null',
            [slot, id, box.seal(answer, 'answer'), new Date(now() + KEPT_MS), request],
          )
        },
        async failed() {
          await transactor.call(
            slot,
            'delete from idempotency_key where slot = $1 and id = $2 and request = $3 and answer is null',
            [slot, id, request],
          )
        },
      }
    },

    async sweep() {
      const at = new Date(now())
      const slots = await reader.read<{ slot: number }>('select distinct slot from idempotency_key where expires_at <= $1', [at])
      let swept = 0
      for (const { slot } of slots) {
        const rows = await transactor.call(
          slot,
          'delete from idempotency_key where slot = $1 and expires_at <= $2 returning id',
          [slot, at],
        )
        swept += rows.length
      }
      return swept
    },
  }
}

const INTERVAL_MS = 3_600_000

/** Sweeps every hour; answers how to stop, which waits for what is under way. */
export const watchKeys = ({ sweep }: Pick<IdempotencyKeys, 'sweep'>, report: EventSink): (() => Promise<void>) =>
  periodically(sweep, { where: 'idempotency keys', everyMs: INTERVAL_MS, report })
