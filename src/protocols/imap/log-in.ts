/** What LOGIN and AUTHENTICATE share. */
import { tooManyConnections } from '../../base/connection-limits.ts'
import { formatCapabilities, stageOf } from './capabilities.ts'
import { ok } from './command.ts'
import type { Reply } from './command.ts'
import { Refusal } from './errors.ts'
import type { ImapLogin, Session } from './session.ts'

/** RFC 3501 6.2.3 LOGINDISABLED, RFC 5530: passwords never cross an open connection. */
export function refuseWithoutTls(session: Session): void {
  if (!session.secure) throw new Refusal('PRIVACYREQUIRED', 'Use STARTTLS first')
}

/** Opens the mailbox of a login. @throws `too-many-connections` */
export function enter(session: Session, login: ImapLogin): Reply {
  if (!session.deps.connections.loggedIn(session, login.mailbox.id)) throw tooManyConnections()
  session.loggedIn(login)
  return ok('Logged in', formatCapabilities(stageOf(session), session))
}
