/** The ways to log in: over TLS only (RFC 2595 2.3, RFC 8314 4.1). */
import { decodeBase64, readPlain } from '../../wire/sasl.ts'
import { ok } from '../command.ts'
import type { Reply } from '../command.ts'
import { Mistake, Refusal } from '../errors.ts'
import { Maildrop } from '../maildrop.ts'
import type { Session } from '../session.ts'

/** RFC 1939 7. The answer is the same whether there is such a mailbox or not. */
export function user(session: Session, user: string): Reply {
  refuseWithoutTls(session)
  return { ...ok('Now the password'), user }
}

/** RFC 1939 7: only right after USER. */
export function pass(session: Session, password: string): Promise<Reply> {
  refuseWithoutTls(session)
  if (session.user === undefined) throw new Mistake('USER must come first')
  return logIn(session, session.user, password)
}

/** RFC 5034 */
export async function auth(
  session: Session,
  { mechanism, initial }: { mechanism: string; initial: string | undefined },
): Promise<Reply> {
  if (mechanism !== 'PLAIN') throw new Mistake('Unknown mechanism')
  refuseWithoutTls(session)
  const message = decodeBase64(initial ?? (await ask(session)))
  const credentials = message === undefined ? 'malformed' : readPlain(message)
  if (credentials === 'malformed') throw new Mistake('Not a PLAIN message')
  if (credentials === 'other-identity') throw new Refusal('AUTH', 'No mailbox of another may be used')
  return logIn(session, credentials.user, credentials.password)
}

function refuseWithoutTls({ link }: Session): void {
  if (!link.secure) throw new Mistake('Use STLS first')
}

/** Sends the empty challenge (RFC 5034 4). */
async function ask({ link, deps }: Session): Promise<string> {
  link.output.line('+ ')
  await link.output.flush()
  const { text, cut } = await link.input.line(deps.limits.authLine)
  if (cut) throw new Mistake('Line too long')
  if (text === '*') throw new Mistake('Cancelled')
  return text
}

/** Checks the password, locks the maildrop and reads what is in it. Throws what `authenticate` throws. */
async function logIn(session: Session, user: string, password: string): Promise<Reply> {
  const { link, deps } = session
  const { mailbox } = await deps.authenticate(user, password, link.clientAddress)
  const lease = await deps.lock.acquire(mailbox)
  // RFC 2449 8.1.2
  if (!lease) throw new Refusal('IN-USE', 'Another session has the maildrop: try again later')
  try {
    const maildrop = new Maildrop(await deps.store.open(mailbox))
    session.opened = { lease, maildrop }
    link.loggedIn()
    return ok(`Maildrop has ${maildrop.count} messages (${maildrop.octets} octets)`)
  } catch (error) {
    // RFC 1939 4: who is answered with an error has no lock.
    await lease.release().catch(deps.report)
    throw error
  }
}
