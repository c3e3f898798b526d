/** One client's session: what the commands see. The states are those of RFC 3501 3. */
import type { ConnectionLimits } from '../../base/connection-limits.ts'
import type { MailboxRef, MailboxStore } from '../../mailbox/types.ts'
import type { SaslLogins } from '../sasl/mechanism.ts'
import type { Input } from '../wire/input.ts'
import type { ImapLimits } from './limits.ts'
import type { Notifications } from './notifications.ts'
import type { Output } from '../wire/output.ts'
import type { Selected } from './selected.ts'

export type SessionState = 'unauthenticated' | 'authenticated' | 'selected'

/** What a client may switch on for the rest of its connection (RFC 5161). */
export type Extension = 'CONDSTORE' | 'QRESYNC' | 'UTF8=ACCEPT' | 'IMAP4rev2'

export interface ImapLogin {
  readonly mailbox: MailboxRef
  readonly address: string
  /** Throws a client error if what it was opened with opens the mailbox no more. */
  readonly check?: () => Promise<void>
}

/** Logins throw CeralaccaError `bad-credentials`, `login-refused` or `login-throttled`, or a temporary one. */
export interface SessionDeps extends SaslLogins<ImapLogin> {
  readonly store: MailboxStore
  readonly connections: ConnectionLimits
  /** Unexpected errors; never with a message's content or a password. */
  report(error: unknown): void
  readonly serverName: string
  readonly limits: ImapLimits
}

export interface Session {
  readonly deps: SessionDeps
  readonly input: Input
  readonly output: Output
  readonly clientAddress: string
  /** the connection is encrypted */
  readonly secure: boolean
  /** what SCRAM may bind its exchange to */
  readonly channelBinding: Buffer | undefined
  /** the connection is compressed */
  readonly compressed: boolean
  /** after the login */
  mailbox: MailboxRef | undefined
  selected: Selected | undefined
  /** what the client wants to hear, once it has said so with NOTIFY */
  notify: Notifications | undefined
  readonly enabled: Set<Extension>
  /** the tag of the command at work */
  tag: string
  /** nothing more is read: after LOGOUT or BYE */
  ended: boolean
  /** why the session must end after the command at work */
  closing: string | undefined
  /** a command is at work, so that nothing may be written between its lines */
  busy: boolean
  /** Turns encryption on; bytes that came before are dropped. */
  startTls(): Promise<void>
  /** Turns compression on, for what is written and read from now on. */
  startCompression(): void
  /** Stops the login timer; from now on the login is checked from time to time. */
  loggedIn(login: ImapLogin): void
}

export type UserSession = Session & { readonly mailbox: MailboxRef }
export type FolderSession = UserSession & { readonly selected: Selected }

export const isUserSession = (session: Session): session is UserSession => session.mailbox !== undefined
export const isFolderSession = (session: Session): session is FolderSession =>
  isUserSession(session) && session.selected !== undefined

/** Does the client write and read names and strings in UTF-8 (RFC 6855 3, RFC 9051 A)? */
export const speaksUtf8 = ({ enabled }: Pick<Session, 'enabled'>): boolean =>
  enabled.has('UTF8=ACCEPT') || enabled.has('IMAP4rev2')

/** Does the client speak IMAP4rev2, which has no \Recent, and ESEARCH alone (RFC 9051 E)? */
export const speaksRev2 = ({ enabled }: Pick<Session, 'enabled'>): boolean => enabled.has('IMAP4rev2')

export function stateOf(session: Session): SessionState {
  if (session.mailbox === undefined) return 'unauthenticated'
  return session.selected === undefined ? 'authenticated' : 'selected'
}

/** Says good-bye: the session ends, its connection is closed. */
export function bye(session: Session, text: string): void {
  session.output.line(`* BYE ${text}`)
  session.ended = true
}

/** Forgets the selected folder. */
export function unselect(session: Session): void {
  session.selected?.close()
  session.selected = undefined
}
