import type { Arguments } from '../arguments.ts'
import { loginCommand } from '../command.ts'
import { enter, refuseWithoutTls } from '../log-in.ts'

const utf8 = (latin1: string): string => Buffer.from(latin1, 'latin1').toString()

function parseLogin(args: Arguments): { address: string; password: string } {
  args.space()
  const address = utf8(args.astring())
  args.space()
  return { address, password: utf8(args.astring()) }
}

/** RFC 3501 6.2.3 */
export const login = loginCommand('LOGIN', parseLogin, async (session, { address, password }) => {
  refuseWithoutTls(session)
  return enter(session, await session.deps.authenticate(address, password, session.clientAddress))
})
