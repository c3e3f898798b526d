/**
 * What the provider's operators may do: the one table of acts and the roles that allow them. A role sees what its work needs; nobody's role
 * opens the content of a message. Whoever offers an act to operators asks here which role allows it, and writes that role to the audit log.
 */
import { clientError } from '../../base/errors.ts'

export const OPERATOR_ROLES = ['administrator', 'desk', 'support', 'auditor'] as const
export type OperatorRole = (typeof OPERATOR_ROLES)[number]

/** Acts and the roles that allow them; the first one that somebody has is the one in which he acts. */
export const ALLOWED = {
  /** figures of the service, without anything of a holder */
  'read-figures': ['administrator', 'desk', 'support', 'auditor'],
  /** who they are, their roles, their second factors and sessions */
  'manage-operators': ['administrator'],
  'manage-keys': ['administrator'],
  'manage-settings': ['administrator'],
  'manage-domains': ['administrator'],
  /** programs that use the API, and who is told of events */
  'manage-tokens': ['administrator'],
  'manage-webhooks': ['administrator'],
  /** orders, agreements, rolls of members */
  'manage-agreements': ['desk'],
  /** requests for a mailbox: seen, approved, rejected */
  'decide-requests': ['desk'],
  /** made, suspended, ended; their holders' data */
  'manage-mailboxes': ['desk'],
  'register-payments': ['desk'],
  'read-mailboxes': ['desk', 'support', 'auditor'],
  /** where a message is, by what the ledger tells of it; never its content */
  'find-messages': ['support', 'auditor'],
  'read-ledger': ['auditor'],
  'read-audit': ['auditor'],
  /** what stays of a mailbox or a message beyond its time, and what its holder is not told of */
  'manage-holds': ['administrator'],
} as const satisfies Record<string, readonly OperatorRole[]>

export type OperatorAct = keyof typeof ALLOWED

/** The role of these that allows an act; undefined where none does. */
export const roleFor = (act: OperatorAct, roles: readonly OperatorRole[]): OperatorRole | undefined =>
  ALLOWED[act].find((role) => roles.includes(role))

/** The same. @throws `not-allowed` */
export function requireRole(act: OperatorAct, roles: readonly OperatorRole[]): OperatorRole {
  const role = roleFor(act, roles)
  if (role === undefined) throw clientError('not-allowed', `None of your roles allows it; it takes: ${ALLOWED[act].join(' or ')}`)
  return role
}

/** @throws `no-such-role` */
export function checkedRoles(words: readonly string[]): OperatorRole[] {
  return [...new Set(words)].map((word) => {
    const role = OPERATOR_ROLES.find((one) => one === word)
    if (!role) throw clientError('no-such-role', `"${word}" is no role; there are: ${OPERATOR_ROLES.join(', ')}`)
    return role
  })
}
