import { bad, loginCommand, noArguments, ok } from '../command.ts'

/** RFC 3501 6.2.1 */
export const starttls = loginCommand('STARTTLS', noArguments, (session) => {
  if (session.secure) return bad('TLS is on already')
  return { ...ok('Begin TLS negotiation now'), after: () => session.startTls() }
})
