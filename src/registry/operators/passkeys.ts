/** Passkeys (WebAuthn level 2): the two ceremonies, as functions over a challenge that somebody keeps. The library judges the signatures. */
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server'
import { CeralaccaError } from '../../base/errors.ts'

/** It brings hundreds of modules, which only a ceremony needs. */
const webauthn = () => import('@simplewebauthn/server')

/** Who asks: the web address under which operators sign in. */
export interface RelyingParty {
  /** host name */
  readonly id: string
  readonly name: string
  /** such as https://pec.example.it:1443 */
  readonly origins: readonly string[]
}

export interface Passkey {
  /** base64url */
  readonly id: string
  /** COSE */
  readonly publicKey: Buffer
  readonly counter: number
}

const TIMEOUT_MS = 120_000

export async function registrationOptions(
  party: RelyingParty,
  operator: string,
  known: readonly Pick<Passkey, 'id'>[],
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  return (await webauthn()).generateRegistrationOptions({
    rpID: party.id,
    rpName: party.name,
    userName: operator,
    userID: new Uint8Array(Buffer.from(operator)),
    timeout: TIMEOUT_MS,
    attestationType: 'none',
    excludeCredentials: known.map(({ id }) => ({ id })),
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
  })
}

export async function authenticationOptions(
  party: RelyingParty,
  known: readonly Pick<Passkey, 'id'>[],
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  return (await webauthn()).generateAuthenticationOptions({
    rpID: party.id,
    timeout: TIMEOUT_MS,
    allowCredentials: known.map(({ id }) => ({ id })),
    userVerification: 'required',
  })
}

const refused = (cause?: unknown): CeralaccaError =>
  new CeralaccaError('bad-second-factor', 'client', 'The passkey does not answer what was asked', { cause })

/** @throws `bad-second-factor` */
export async function registeredPasskey(party: RelyingParty, challenge: string, response: object): Promise<Passkey> {
  const result = await (
    await webauthn()
  )
    .verifyRegistrationResponse({
      // The library looks at each field of it.
      response: response as RegistrationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: [...party.origins],
      expectedRPID: party.id,
      // What the library throws says what was wrong with what came from outside.
    })
    .catch((error: unknown) => Promise.reject(refused(error)))
  if (!result.verified) throw refused()
  const { id, publicKey, counter } = result.registrationInfo.credential
  return { id, publicKey: Buffer.from(publicKey), counter }
}

/** The new counter: one that goes back shows that there are two of the key (WebAuthn 6.1.1). @throws `bad-second-factor` */
export async function usedPasskey(
  party: RelyingParty,
  challenge: string,
  { id, publicKey, counter }: Passkey,
  response: object,
): Promise<number> {
  const result = await (
    await webauthn()
  )
    .verifyAuthenticationResponse({
      response: response as AuthenticationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: [...party.origins],
      expectedRPID: party.id,
      credential: { id, publicKey: new Uint8Array(publicKey), counter },
    })
    .catch((error: unknown) => Promise.reject(refused(error)))
  if (!result.verified) throw refused()
  return result.authenticationInfo.newCounter
}
