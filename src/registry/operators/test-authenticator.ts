/** For tests: an authenticator in software. It makes ES256 keys and answers of its own (WebAuthn 6.1 and 6.5.4), not with the library that judges them. */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'

type Cbor = number | string | Buffer | Map<Cbor, Cbor>

/** The few kinds of CBOR (RFC 8949) that an attestation is made of. */
function cbor(value: Cbor): Buffer {
  const head = (major: number, size: number): Buffer => {
    if (size < 24) return Buffer.from([(major << 5) | size])
    return size < 256 ? Buffer.from([(major << 5) | 24, size]) : Buffer.from([(major << 5) | 25, size >> 8, size & 255])
  }
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value])
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, one]) => [cbor(key), cbor(one)])])
}

const sha256 = (bytes: Buffer | string): Buffer => createHash('sha256').update(bytes).digest()

export interface Asked {
  readonly challenge: string
}

export interface Answering {
  /** the address in the browser's bar */
  readonly origin: string
  readonly rpId: string
  /** whether its owner has shown who he is; default yes */
  readonly verified?: boolean
}

export function createTestAuthenticator() {
  const id = randomBytes(16)
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  const state = { counter: 0 }

  const clientData = (type: string, { challenge }: Asked, { origin }: Answering): Buffer =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))

  function authenticatorData({ rpId, verified = true }: Answering, attested?: Buffer): Buffer {
    const flags = 0x01 | (verified ? 0x04 : 0) | (attested ? 0x40 : 0)
    const rest = Buffer.alloc(5)
    rest[0] = flags
    rest.writeUInt32BE(state.counter, 1)
    return Buffer.concat([sha256(rpId), rest, ...(attested ? [attested] : [])])
  }

  return {
    state,

    register(asked: Asked, answering: Answering): RegistrationResponseJSON {
      const key = cbor(
        new Map<Cbor, Cbor>([
          [1, 2],
          [3, -7],
          [-1, 1],
          [-2, Buffer.from(x, 'base64url')],
          [-3, Buffer.from(y, 'base64url')],
        ]),
      )
      const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, key])
      const attestation = cbor(
        new Map<Cbor, Cbor>([
          ['fmt', 'none'],
          ['attStmt', new Map()],
          ['authData', authenticatorData(answering, attested)],
        ]),
      )
      return {
        id: id.toString('base64url'),
        rawId: id.toString('base64url'),
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: clientData('webauthn.create', asked, answering).toString('base64url'),
          attestationObject: attestation.toString('base64url'),
        },
      }
    },

    sign(asked: Asked, answering: Answering): AuthenticationResponseJSON {
      state.counter++
      const data = authenticatorData(answering)
      const client = clientData('webauthn.get', asked, answering)
      return {
        id: id.toString('base64url'),
        rawId: id.toString('base64url'),
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: client.toString('base64url'),
          authenticatorData: data.toString('base64url'),
          signature: sign('sha256', Buffer.concat([data, sha256(client)]), privateKey).toString('base64url'),
        },
      }
    },
  }
}
