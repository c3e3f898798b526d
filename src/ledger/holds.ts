/** Legal holds: what the ledger says of a mailbox or of a message is kept beyond its 30 months, until the hold is removed. */
import { clientError } from '../base/errors.ts'
import { storable } from './entry.ts'
import type { Hold, HoldKind, RetentionQueries } from './retention-queries.ts'

export interface Holds {
  /** @param value an address, or an identifier with or without angle brackets @throws `hold-there` */
  add(kind: HoldKind, value: string, reason: string): Promise<Hold>
  list(): Promise<Hold[]>
  /** @throws `hold-missing` */
  remove(kind: HoldKind, value: string): Promise<void>
}

const valueOf = (kind: HoldKind, value: string): string =>
  kind === 'mailbox' ? value.toLowerCase() : value.replace(/^<(.*)>$/, '$1')

export function createHolds(queries: Pick<RetentionQueries, 'addHold' | 'holds' | 'removeHold'>, now: () => number): Holds {
  return {
    async add(kind, value, reason) {
      const hold = { kind, value: valueOf(kind, value), reason: storable(reason), since: now() }
      if (!(await queries.addHold(hold))) throw clientError('hold-there', `There is a hold on ${kind} ${hold.value} already`)
      return hold
    },
    list: () => queries.holds(),
    async remove(kind, value) {
      const held = valueOf(kind, value)
      if (!(await queries.removeHold(kind, held))) throw clientError('hold-missing', `There is no hold on ${kind} ${held}`)
    },
  }
}
