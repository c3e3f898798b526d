/** The client's messages of SCRAM (RFC 5802 7), read to the letter. Pure. */
import { decodeBase64 } from './base64.ts'
import { saslSyntax } from './mechanism.ts'

export interface ClientFirst {
  /** as sent: it comes back in the final message */
  readonly gs2Header: string
  /** channel binding: "n" the client has none, "y" it believes that the server has none, or the kind that it uses */
  readonly binding: 'n' | 'y' | { readonly kind: string }
  /** '' if there is none */
  readonly authorization: string
  readonly user: string
  readonly nonce: string
  /** without the GS2 header, as sent */
  readonly bare: string
}

export interface ClientFinal {
  readonly channelBinding: Buffer
  readonly nonce: string
  /** 32 bytes */
  readonly proof: Buffer
  /** as sent */
  readonly withoutProof: string
}

const VALUE = String.raw`[^\0,]+`
const NAME = String.raw`(?:[^\0,=]|=2C|=3D)+`
const NONCE = String.raw`[\x21-\x2b\x2d-\x7e]+`
const EXTENSIONS = String.raw`(?:,[A-Za-z]=${VALUE})*`

// Some clients write an empty "a=" where they mean none.
const GS2_HEADER = new RegExp(`^(?:(n|y)|p=([A-Za-z0-9.-]+)),(?:a=(${NAME})?)?,`)
const FIRST_BARE = new RegExp(`^n=(${NAME}),r=(${NONCE})${EXTENSIONS}$`)
const FINAL = new RegExp(`^(c=([A-Za-z0-9+/=]+),r=(${NONCE})${EXTENSIONS}),p=([A-Za-z0-9+/=]+)$`)

const PROOF_BYTES = 32

const unescape = (name: string): string => name.replace(/=2C/g, ',').replace(/=3D/g, '=')

/** @throws `sasl-syntax` */
export function parseClientFirst(message: string): ClientFirst {
  const header = GS2_HEADER.exec(message)
  if (!header) throw saslSyntax('Not a SCRAM message')
  const [gs2Header, flag, kind = '', authorization = ''] = header
  const bare = message.slice(gs2Header.length)
  if (bare.startsWith('m=')) throw saslSyntax('SCRAM extensions are not supported')
  const [, user, nonce] = FIRST_BARE.exec(bare) ?? []
  if (user === undefined || nonce === undefined) throw saslSyntax('Not a SCRAM message')
  const binding = flag === 'n' || flag === 'y' ? flag : { kind }
  return { gs2Header, binding, authorization: unescape(authorization), user: unescape(user), nonce, bare }
}

/** @throws `sasl-syntax` */
export function parseClientFinal(message: string): ClientFinal {
  const [, withoutProof, binding = '', nonce, proofText = ''] = FINAL.exec(message) ?? []
  const [channelBinding, proof] = [decodeBase64(binding), decodeBase64(proofText)]
  if (withoutProof === undefined || nonce === undefined || !channelBinding || proof?.length !== PROOF_BYTES)
    throw saslSyntax('Not a SCRAM message')
  return { channelBinding, nonce, proof, withoutProof }
}
