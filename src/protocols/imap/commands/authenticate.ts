import type { Arguments } from '../arguments.ts'
import { bad, loginCommand } from '../command.ts'
import type { Reply } from '../command.ts'
import { Refusal, syntaxError } from '../errors.ts'
import { logIn, refuseWithoutTls } from '../log-in.ts'
import type { Session } from '../session.ts'

/** A base64 line of 8 KiB holds more than any password. */
const MAX_LINE = 8192

interface Request {
  readonly mechanism: string
  readonly initial: string | undefined
}

function parseAuthenticate(args: Arguments): Request {
  args.space()
  const mechanism = args.word()
  if (!args.accept(' ')) return { mechanism, initial: undefined }
  return { mechanism, initial: args.base64() }
}

/** RFC 3501 6.2.2, with an initial response (RFC 4959). */
export const authenticate = loginCommand(
  'AUTHENTICATE',
  parseAuthenticate,
  async (session, { mechanism, initial }): Promise<Reply> => {
    if (mechanism !== 'PLAIN' && mechanism !== 'LOGIN') throw new Refusal('CANNOT', 'Unknown mechanism')
    refuseWithoutTls(session)
    const credentials = mechanism === 'PLAIN' ? await readPlain(session, initial) : await readLogin(session, initial)
    if (!credentials) return bad('AUTHENTICATE cancelled')
    return logIn(session, credentials.address, credentials.password)
  },
)

interface Credentials {
  readonly address: string
  readonly password: string
}

/** RFC 4616: authorization identity, authentication identity, password. */
async function readPlain(session: Session, initial: string | undefined): Promise<Credentials | undefined> {
  const message = initial === undefined ? await ask(session, '') : decode(initial)
  if (message === undefined) return undefined
  const [authorization, address, password, ...rest] = message.split('\0')
  if (authorization === undefined || !address || password === undefined || rest.length > 0)
    throw syntaxError('Not a PLAIN message')
  if (authorization !== '' && authorization.toLowerCase() !== address.toLowerCase()) {
    throw new Refusal('AUTHORIZATIONFAILED', 'No mailbox of another may be used')
  }
  return { address, password }
}

/** The old LOGIN mechanism: two questions. */
async function readLogin(session: Session, initial: string | undefined): Promise<Credentials | undefined> {
  const address = initial === undefined ? await ask(session, 'Username:') : decode(initial)
  if (address === undefined) return undefined
  const password = await ask(session, 'Password:')
  return password === undefined ? undefined : { address, password }
}

/** Sends a challenge; answers undefined if the client cancels with "*". */
async function ask(session: Session, challenge: string): Promise<string | undefined> {
  session.output.line(`+ ${Buffer.from(challenge).toString('base64')}`)
  await session.output.flush()
  const { text, cut } = await session.input.line(MAX_LINE)
  if (cut) throw syntaxError('Line too long')
  return text === '*' ? undefined : decode(text)
}

/** RFC 4959 3: "=" is the empty response. */
function decode(base64: string): string {
  if (base64 === '=') return ''
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) throw syntaxError('Not base64')
  return Buffer.from(base64, 'base64').toString()
}
