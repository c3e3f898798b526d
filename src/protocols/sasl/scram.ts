/** SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677), the server's side. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { clientError, type CeralaccaError } from '../../base/errors.ts'
import { CHANNEL_BINDING } from './channel-binding.ts'
import { checkAuthorization, saslSyntax, textOf, type Mechanism, type SaslClient } from './mechanism.ts'
import { parseClientFinal, parseClientFirst, type ClientFirst } from './scram-messages.ts'

const NAME = 'SCRAM-SHA-256'
/** 144 bits, in characters that a nonce may have */
const newNonce = (): string => randomBytes(18).toString('base64')

const bindingRefused = (message: string): CeralaccaError => clientError('channel-binding-refused', message)

/** What the client must bind the exchange to. RFC 5802 6 @throws `channel-binding-refused`, `sasl-syntax` */
function expectedBinding({ binding }: ClientFirst, plus: boolean, { channelBinding }: SaslClient): Buffer {
  if (binding === 'y' && channelBinding)
    throw bindingRefused('Channel binding is offered, and the client was told that it is not: somebody stands between')
  if (typeof binding === 'string') {
    if (plus) throw saslSyntax(`${NAME}-PLUS binds to the channel`)
    return Buffer.alloc(0)
  }
  if (!plus) throw saslSyntax(`${NAME} does not bind to the channel`)
  if (binding.kind !== CHANNEL_BINDING || !channelBinding) throw bindingRefused(`Use the channel binding ${CHANNEL_BINDING}`)
  return channelBinding
}

const isSame = (one: Buffer, other: Buffer): boolean => one.length === other.length && timingSafeEqual(one, other)

/** @param nonceOf makes the server's part of the nonce; another one only for the examples of the RFC */
export function createScram(plus: boolean, nonceOf: () => string = newNonce): Mechanism {
  return {
    name: plus ? `${NAME}-PLUS` : NAME,
    isOffered: ({ channelBinding }, { beginScram }) => beginScram !== undefined && (!plus || channelBinding !== undefined),

    async run(client, logins) {
      const first = parseClientFirst(textOf(await client.first()))
      const binding = Buffer.concat([Buffer.from(first.gs2Header), expectedBinding(first, plus, client)])
      checkAuthorization(first.authorization, first.user)
      const scram = await logins.beginScram?.(first.user, client.clientAddress)
      if (!scram) throw clientError('sasl-unknown', `${NAME} is not offered`)
      const nonce = first.nonce + nonceOf()
      const serverFirst = `r=${nonce},s=${scram.salt.toString('base64')},i=${scram.iterations}`

      const final = parseClientFinal(textOf(await client.ask(serverFirst)))
      if (final.nonce !== nonce) throw saslSyntax('Another nonce than ours')
      if (!isSame(final.channelBinding, binding)) throw bindingRefused('The channel binding does not match')
      const authMessage = `${first.bare},${serverFirst},${final.withoutProof}`
      const { login, signature } = await scram.finish(authMessage, final.proof)
      const end = await client.ask(`v=${signature.toString('base64')}`)
      if (end.length > 0) throw saslSyntax('SCRAM was finished')
      return login
    },
  }
}

export const scramSha256 = createScram(false)
export const scramSha256Plus = createScram(true)
