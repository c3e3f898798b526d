/** What LOGIN and AUTHENTICATE share. */
import { formatCapabilities } from './capabilities.ts'
import { ok } from './command.ts'
import type { Reply } from './command.ts'
import { Refusal } from './errors.ts'
import type { Session } from './session.ts'

/** RFC 3501 6.2.3 LOGINDISABLED, RFC 5530: passwords never cross an open connection. */
export function refuseWithoutTls(session: Session): void {
  if (!session.secure) throw new Refusal('PRIVACYREQUIRED', 'Use STARTTLS first')
}

/** Checks the password and opens the mailbox. Throws what `authenticate` throws. */
export async function logIn(session: Session, address: string, password: string): Promise<Reply> {
  const { mailbox } = await session.deps.authenticate(address, password, session.clientAddress)
  session.loggedIn(mailbox)
  return ok('Logged in', formatCapabilities('user', session.deps.limits))
}
