/** Entries that are acts by themselves, or of acts that are carried out elsewhere: one transaction each, before anything is shown or done. */
import type { Database } from '../storage/database.ts'
import type { AuditAct } from './acts.ts'
import { writeAudit, type AuditRecord } from './audit.ts'

export async function recordAudit<Act extends AuditAct>({ transactor }: Database, record: AuditRecord<Act>): Promise<void> {
  await transactor.reference((tx) => writeAudit(tx, record))
}
