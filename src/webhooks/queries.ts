/** SQL of subscriptions. */
import type { Database, Transaction } from '../storage/database.ts'
import type { Bound } from './events.ts'

export type PausedBecause = 'owner' | 'failing' | 'gone'

export interface SubscriptionRow {
  readonly id: string
  readonly url: string
  readonly kinds: readonly string[]
  readonly bound: Bound
  readonly boundName: string
  readonly secret: Buffer
  readonly oldSecret: Buffer | null
  readonly oldUntil: Date | null
  readonly pausedAt: Date | null
  readonly pausedBecause: PausedBecause | null
  readonly createdAt: Date
  readonly createdBy: string
}

const COLUMNS = `id, url, kinds, bound, bound_name as "boundName", secret, old_secret as "oldSecret", old_until as "oldUntil",
  paused_at as "pausedAt", paused_because as "pausedBecause", created_at as "createdAt", created_by as "createdBy"`

export const subscriptionReads = ({ reader }: Pick<Database, 'reader'>) => ({
  all: () => reader.read<SubscriptionRow>(`select ${COLUMNS} from webhook_subscription order by id`),
  async find(id: string): Promise<SubscriptionRow | undefined> {
    return (await reader.read<SubscriptionRow>(`select ${COLUMNS} from webhook_subscription where id = $1`, [id]))[0]
  },
})

/** Within a transaction on the reference tables. */
export const subscriptionWrites = {
  async insert(tx: Transaction, row: SubscriptionRow): Promise<void> {
    const { id, url, kinds, bound, boundName, secret, createdAt, createdBy } = row
    await tx.query(
      `insert into webhook_subscription (id, url, kinds, bound, bound_name, secret, created_at, created_by)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [id, url, kinds, bound, boundName, secret, createdAt, createdBy],
    )
  },

  /** How many somebody has, with all others of his kept from adding one meanwhile. */
  async countOf(tx: Transaction, bound: Bound, boundName: string): Promise<number> {
    await tx.query('lock table webhook_subscription in share row exclusive mode')
    const rows = await tx.query('select id from webhook_subscription where bound = $1 and bound_name = $2', [bound, boundName])
    return rows.length
  },

  /** Answers whether anything has changed. */
  async setPaused(tx: Transaction, id: string, at: Date | null, because: PausedBecause | null): Promise<boolean> {
    const sql = `update webhook_subscription set paused_at = $2, paused_because = $3
      where id = $1 and (paused_at is null) <> ($2::timestamptz is null) returning id`
    return (await tx.query(sql, [id, at, because])).length > 0
  },

  async setSecret(tx: Transaction, id: string, secret: Buffer, oldUntil: Date): Promise<void> {
    const sql = 'update webhook_subscription set old_secret = secret, old_until = $3, secret = $2 where id = $1'
    await tx.query(sql, [id, secret, oldUntil])
  },

  async remove(tx: Transaction, id: string): Promise<void> {
    await tx.query('delete from webhook_subscription where id = $1', [id])
  },
}
