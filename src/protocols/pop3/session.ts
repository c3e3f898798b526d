/** One client's session: what the commands see. The states are those of RFC 1939 3; UPDATE is the work of QUIT. */
import type { ConnectionLimits } from '../../base/connection-limits.ts'
import type { Lease, MaildropLock } from '../../mailbox/maildrop-lock.ts'
import type { MaildropStore } from '../../mailbox/maildrop.ts'
import type { MailboxRef } from '../../mailbox/types.ts'
import type { SaslLogins } from '../sasl/mechanism.ts'
import type { Link } from '../wire/link.ts'
import type { Pop3Limits } from './limits.ts'
import type { Maildrop } from './maildrop.ts'

export type SessionState = 'authorization' | 'transaction'

export interface Pop3Login {
  readonly mailbox: MailboxRef
}

/** Logins throw CeralaccaError `bad-credentials`, `login-refused` or `login-throttled`, or a temporary one. */
export interface SessionDeps extends SaslLogins<Pop3Login> {
  readonly store: MaildropStore
  readonly lock: MaildropLock
  readonly connections: ConnectionLimits
  /** Unexpected errors; never with a message's content or a password. */
  report(error: unknown): void
  readonly serverName: string
  readonly limits: Pop3Limits
}

/** What a session has once it is logged in. */
export interface Opened {
  readonly lease: Lease
  readonly maildrop: Maildrop
}

export interface Session {
  readonly deps: SessionDeps
  readonly link: Link
  /** the argument of USER, if that was the command before */
  user: string | undefined
  /** after the login */
  opened: Opened | undefined
  /** nothing more is read */
  ended: boolean
}

export const stateOf = ({ opened }: Session): SessionState => (opened ? 'transaction' : 'authorization')

/** Gives the maildrop back. That this fails is reported: then the lease passes by itself. */
export async function closeMaildrop(session: Session): Promise<void> {
  const { opened, deps } = session
  session.opened = undefined
  await opened?.lease.release().catch(deps.report)
}
