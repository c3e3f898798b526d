/** Drives a mechanism over the lines of a protocol. */
import { clientError } from '../../base/errors.ts'
import { decodeBase64 } from './base64.ts'
import { login } from './login.ts'
import { saslSyntax, type Mechanism, type SaslClient, type SaslLogins } from './mechanism.ts'
import { plain } from './plain.ts'
import { scramSha256, scramSha256Plus } from './scram.ts'

/** The best first: some clients take the first that they know. */
const MECHANISMS: readonly Mechanism[] = [scramSha256Plus, scramSha256, plain, login]

export interface SaslDialogue {
  /** in upper case */
  readonly mechanism: string
  /** as it was sent: base64, "=" for an empty one; undefined if there was none */
  readonly initial: string | undefined
  /** Sends a challenge, which is base64 already, and answers the client's line, without its end. */
  readonly ask: (challenge: string) => Promise<string>
  readonly clientAddress: string
  readonly channelBinding: Buffer | undefined
}

/** The names of the mechanisms that a client may use, the best first. */
export const offeredMechanisms = (client: Pick<SaslClient, 'channelBinding'>, logins: SaslLogins<unknown>): string[] =>
  MECHANISMS.filter((mechanism) => mechanism.isOffered(client, logins)).map(({ name }) => name)

/** @throws `sasl-unknown`, `sasl-syntax`, `sasl-cancelled`, `authorization-refused`, `channel-binding-refused`, and what `logins` throw */
export async function runSasl<Login>(dialogue: SaslDialogue, logins: SaslLogins<Login>): Promise<Login> {
  const mechanism = MECHANISMS.find(({ name }) => name === dialogue.mechanism)
  if (!mechanism?.isOffered(dialogue, logins)) throw clientError('sasl-unknown', 'This authentication mechanism is not offered')
  const { initial, ask, clientAddress, channelBinding } = dialogue

  const decode = (line: string): Buffer => {
    const bytes = decodeBase64(line)
    if (!bytes) throw saslSyntax('Not base64')
    return bytes
  }
  const answerTo = async (challenge: string): Promise<Buffer> => {
    const line = await ask(Buffer.from(challenge).toString('base64'))
    if (line === '*') throw clientError('sasl-cancelled', 'Authentication cancelled')
    return decode(line)
  }
  const first = (challenge = ''): Promise<Buffer> =>
    initial === undefined ? answerTo(challenge) : Promise.resolve(initial === '=' ? Buffer.alloc(0) : decode(initial))

  return mechanism.run({ clientAddress, channelBinding, first, ask: answerTo }, logins)
}
