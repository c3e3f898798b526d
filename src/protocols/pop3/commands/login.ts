/** The ways to log in: over TLS only (RFC 2595 2.3, RFC 8314 4.1). */
import { tooManyConnections } from '../../../base/connection-limits.ts'
import { CeralaccaError } from '../../../base/errors.ts'
import { runSasl } from '../../sasl/dialogue.ts'
import { ok } from '../command.ts'
import type { Reply } from '../command.ts'
import { Mistake, Refusal } from '../errors.ts'
import { Maildrop } from '../maildrop.ts'
import type { Pop3Login, Session } from '../session.ts'

/** RFC 1939 7. The answer is the same whether there is such a mailbox or not. */
export function user(session: Session, user: string): Reply {
  refuseWithoutTls(session)
  return { ...ok('Now the password'), user }
}

/** RFC 1939 7: only right after USER. */
export async function pass(session: Session, password: string): Promise<Reply> {
  refuseWithoutTls(session)
  const { user, deps, link } = session
  if (user === undefined) throw new Mistake('USER must come first')
  return open(session, await deps.authenticate(user, password, link.clientAddress))
}

/** RFC 5034 */
export async function auth(
  session: Session,
  { mechanism, initial }: { mechanism: string; initial: string | undefined },
): Promise<Reply> {
  refuseWithoutTls(session)
  const { clientAddress, channelBinding } = session.link
  const ask = (challenge: string): Promise<string> => askClient(session, challenge)
  const login = await runSasl({ mechanism, initial, ask, clientAddress, channelBinding }, session.deps).catch(
    (error: unknown) => {
      throw error instanceof CeralaccaError && error.code.startsWith('sasl-') ? new Mistake(error.message) : error
    },
  )
  return open(session, login)
}

function refuseWithoutTls({ link }: Session): void {
  if (!link.secure) throw new Mistake('Use STLS first')
}

/** Sends a challenge (RFC 5034 4). */
async function askClient({ link, deps }: Session, challenge: string): Promise<string> {
  link.output.line(`+ ${challenge}`)
  await link.output.flush()
  const { text, cut } = await link.input.line(deps.limits.authLine)
  if (cut) throw new Mistake('Line too long')
  return text
}

/** Locks the maildrop and reads what is in it. */
async function open(session: Session, { mailbox }: Pop3Login): Promise<Reply> {
  const { link, deps } = session
  if (!deps.connections.loggedIn(session, mailbox.id)) throw tooManyConnections()
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
