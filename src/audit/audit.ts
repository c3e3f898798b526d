/**
 * The audit log: who did what, in what capacity, to what, and whose it was. Written by whoever carries out an act, in the act's own
 * transaction: an act that is not recorded has not happened.
 *
 * Invariants: entries are only ever appended; those of a slot are numbered without a gap, in the order of commits; no two slots wait for
 * one another. They are sealed afterwards, beside the ledger (chain.ts). Called by the registry and all above it.
 */
import type { Transaction } from '../storage/database.ts'
import type { AuditAct, AuditActs, AuditRole } from './acts.ts'

/** Who acts. */
export interface Actor {
  /** `operator:anna.verdi`, `host:root`, `holder:mario@pec.it`, `order:OMCEO-XX`, `token:NAME`, `system` */
  readonly actor: string
  /** the capacity that allows it */
  readonly role: AuditRole
}

export interface AuditRecord<Act extends AuditAct = AuditAct> extends Actor {
  readonly act: Act
  /** what it is done to, its kind first: `mailbox:mario@pec.it`, `operator:anna.verdi` */
  readonly object: string
  /** addresses of the holders whose it is: they may see the entry. Default: nobody's */
  readonly holders?: readonly string[]
  /** a judicial order forbids to show it to them, until it is disclosed. Default: no */
  readonly withheld?: boolean
  readonly details: AuditActs[Act]
  /** milliseconds since 1970 */
  readonly at: number
}

/** NULs and halves of characters, which PostgreSQL's JSON does not take, become U+FFFD. */
const storable = (text: string): string => text.toWellFormed().replaceAll('\u0000', '\ufffd')

/** An entry as SQL's `audit_append` takes it, in a JSON array: for functions that write it in their own statement. */
export function auditRow<Act extends AuditAct>(record: AuditRecord<Act>): object {
  const { actor, role, act, object, holders = [], withheld = false, details, at } = record
  return {
    at: Math.trunc(at),
    actor: storable(actor),
    role,
    act,
    object: storable(object),
    holders: holders.map((address) => storable(address.toLowerCase())),
    withheld,
    details: storable(JSON.stringify(details)),
  }
}

/** Writes an entry in the transaction of its act; to be called last in it, for others of its slot wait from then on. */
export async function writeAudit<Act extends AuditAct>(transaction: Transaction, record: AuditRecord<Act>): Promise<void> {
  const { slot } = transaction
  await transaction.query('select audit_append($1, $2)', [slot, JSON.stringify([auditRow(record)])])
}
