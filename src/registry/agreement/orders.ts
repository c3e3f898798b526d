/** The professional orders. The slot of an order's code is where everything of the order and of its members lies. */
import { writeAudit, type Actor } from '../../audit/audit.ts'
import { clientError } from '../../base/errors.ts'
import { slotOf } from '../../base/ids.ts'
import type { Database } from '../../storage/database.ts'
import { checkedAddress } from '../address.ts'

export interface Order {
  /** such as OMCEO-XX */
  readonly code: string
  readonly name: string
  /** ordinary address for notices to the order; null: it gets none */
  readonly email: string | null
}

export interface Orders {
  /** @throws `bad-order-code`, `bad-address`, `order-exists` */
  add(order: Order, actor: Actor): Promise<void>
  list(): Promise<Order[]>
  /** @throws `no-such-order` */
  get(code: string): Promise<Order>
}

export const CODE = /^[A-Z0-9]+(-[A-Z0-9]+)*$/

/** The slot of all that is an order's. */
export const slotOfOrder = (code: string): number => slotOf(`order ${code}`)

export function createOrders({ reader, transactor }: Database, now: () => number): Orders {
  return {
    async add({ code, name, email }, actor) {
      if (!CODE.test(code)) throw clientError('bad-order-code', `"${code}" is not a code such as OMCEO-XX`)
      const address = email === null ? null : checkedAddress(email)
      await transactor.reference(async (tx) => {
        const made = await tx.query(
          `insert into professional_order (code, name, email, created_at) values ($1, $2, $3, $4) on conflict do nothing returning code`,
          [code, name, address, new Date(now())],
        )
        if (made.length === 0) throw clientError('order-exists', `There is an order ${code} already`)
        const details = { name, email: address }
        await writeAudit(tx, { ...actor, act: 'order-added', object: `order:${code}`, details, at: now() })
      })
    },

    list: () => reader.read<Order>('select code, name, email from professional_order order by code'),

    async get(code) {
      const [row] = await reader.read<Order>('select code, name, email from professional_order where code = $1', [code])
      if (!row) throw clientError('no-such-order', `There is no order ${code}: see "ceralacca order list"`)
      return row
    },
  }
}
