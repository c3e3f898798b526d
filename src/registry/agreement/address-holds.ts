/**
 * Addresses that requests hold until they become mailboxes. A hold counts while its request is under way, so nothing has to free it; an
 * address that was ever given stands in table `address`, for ever.
 */
import { slotOf } from '../../base/ids.ts'
import type { Database } from '../../storage/database.ts'

export interface AddressHolds {
  /** Which of these nobody has, had, or holds. */
  free(addresses: readonly string[]): Promise<Set<string>>
  /** Holds an address for a request; answers false if it is not free. */
  hold(address: string, request: string): Promise<boolean>
  release(address: string, request: string): Promise<void>
}

/** So long a hold counts whose request is not there: it is being made, or its maker was killed. */
const MAKING_MS = 10 * 60_000

/** Whether the hold `h` counts no more. */
const OVER = `(select state in ('rejected', 'abandoned') from request where id = h.request)`

export function createAddressHolds({ reader, transactor }: Database, now: () => number): AddressHolds {
  const beforeMaking = (): Date => new Date(now() - MAKING_MS)

  async function free(addresses: readonly string[]): Promise<Set<string>> {
    const taken = await reader.read<{ address: string }>(
      `select w.address from unnest($1::integer[], $2::text[]) as w (slot, address)
       where exists (select from address a where a.slot = w.slot and a.address = w.address)
         or exists (select from address_hold h where h.slot = w.slot and h.address = w.address and not coalesce(${OVER}, h.at < $3))`,
      [addresses.map(slotOf), addresses, beforeMaking()],
    )
    const without = new Set(taken.map(({ address }) => address))
    return new Set(addresses.filter((address) => !without.has(address)))
  }

  return {
    free,

    async hold(address, request) {
      const slot = slotOf(address)
      if (!(await free([address])).has(address)) return false
      const [known] = await reader.read<{ request: string }>(
        'select request from address_hold where slot = $1 and address = $2',
        [slot, address],
      )
      // Of two who find it free one is first: the other finds another request than the one that was over.
      const rows = await transactor.call(
        slot,
        `insert into address_hold as h (slot, address, request, at) values ($1, $2, $3, $4)
         on conflict (slot, address) do update set request = excluded.request, at = excluded.at where h.request = $5
         returning request`,
        [slot, address, request, new Date(now()), known?.request ?? null],
      )
      return rows.length > 0
    },

    async release(address, request) {
      const slot = slotOf(address)
      await transactor.call(slot, 'delete from address_hold where slot = $1 and address = $2 and request = $3', [
        slot,
        address,
        request,
      ])
    },
  }
}
