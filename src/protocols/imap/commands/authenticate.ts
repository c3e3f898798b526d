import { CeralaccaError } from '../../../base/errors.ts'
import { runSasl } from '../../sasl/dialogue.ts'
import type { Arguments } from '../arguments.ts'
import { loginCommand } from '../command.ts'
import type { Reply } from '../command.ts'
import { syntaxError } from '../errors.ts'
import { enter, refuseWithoutTls } from '../log-in.ts'
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
export const authenticate = loginCommand('AUTHENTICATE', parseAuthenticate, async (session, request): Promise<Reply> => {
  refuseWithoutTls(session)
  const { clientAddress, channelBinding, deps } = session
  const ask = (challenge: string): Promise<string> => askClient(session, challenge)
  const login = await runSasl({ ...request, ask, clientAddress, channelBinding }, deps).catch((error: unknown) => {
    throw isMistake(error) ? syntaxError(error.message) : error
  })
  return enter(session, login)
})

const isMistake = (error: unknown): error is CeralaccaError =>
  error instanceof CeralaccaError && (error.code === 'sasl-syntax' || error.code === 'sasl-cancelled')

async function askClient(session: Session, challenge: string): Promise<string> {
  session.output.line(`+ ${challenge}`)
  await session.output.flush()
  const { text, cut } = await session.input.line(MAX_LINE)
  if (cut) throw syntaxError('Line too long')
  return text
}
