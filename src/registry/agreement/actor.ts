/** Who does something in the way of a member: the audit log's actors, and what the table of transitions knows them as. */
import type { Actor } from '../../audit/audit.ts'
import type { AuditRole } from '../../audit/acts.ts'
import type { Role } from './states.ts'

/** What each capacity may do here; null: nothing. */
const ROLE_OF: Readonly<Record<AuditRole, Role | null>> = {
  administrator: 'operator',
  desk: 'operator',
  host: 'operator',
  support: null,
  operator: null,
  auditor: null,
  // A program, in what its scopes allow, which whoever lets it in has asked.
  token: 'machine',
  holder: 'holder',
  order: 'order',
  system: 'machine',
}

export const roleOf = ({ role }: Actor): Role | null => ROLE_OF[role]

/** A timer of ours, or a payment provider. */
export const MACHINE: Actor = { actor: 'system', role: 'system' }

/** Who asks for a mailbox: known by the request, for the log keeps what it names; or who has it, known by its address. */
export const holderActor = (name: string): Actor => ({ actor: `holder:${name}`, role: 'holder' })
