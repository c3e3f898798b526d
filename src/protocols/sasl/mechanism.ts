/** What a SASL mechanism is (RFC 4422), and what it may throw besides the errors of the registry. */
import { clientError, type CeralaccaError } from '../../base/errors.ts'
import { addressOfUser } from '../../registry/address.ts'

/** How the client's passwords are checked; `Login` is whatever the protocol goes on with. */
export interface SaslLogins<Login> {
  authenticate(user: string, password: string, clientAddress: string): Promise<Login>
  /** Without it SCRAM is not offered. */
  readonly beginScram?: ((user: string, clientAddress: string) => Promise<SaslScram<Login>>) | undefined
}

/** As ScramLogin of the registry. */
export interface SaslScram<Login> {
  readonly salt: Buffer
  readonly iterations: number
  readonly finish: (authMessage: string, proof: Buffer) => Promise<{ login: Login; signature: Buffer }>
}

/** The client as a mechanism sees it. What it throws ends the exchange. */
export interface SaslClient {
  readonly clientAddress: string
  /** what its TLS connection alone knows, if it can be bound to that */
  readonly channelBinding: Buffer | undefined
  /** The initial response, or what is answered to this challenge. @throws `sasl-syntax`, `sasl-cancelled` */
  first(challenge?: string): Promise<Buffer>
  /** @throws `sasl-syntax`, `sasl-cancelled` */
  ask(challenge: string): Promise<Buffer>
}

export interface Mechanism {
  readonly name: string
  /** Can it be used with this client? */
  isOffered(client: Pick<SaslClient, 'channelBinding'>, logins: SaslLogins<unknown>): boolean
  run<Login>(client: SaslClient, logins: SaslLogins<Login>): Promise<Login>
}

/** What the client said is not well formed. */
export const saslSyntax = (message: string): CeralaccaError => clientError('sasl-syntax', message)

/** RFC 4616 2, RFC 5802 5.1 a: an authorization identity may be the client's own or none. @throws `authorization-refused` */
export function checkAuthorization(authorization: string, user: string): void {
  if (authorization !== '' && addressOfUser(authorization) !== addressOfUser(user))
    throw clientError('authorization-refused', 'No mailbox of another may be used')
}

/** UTF-8 as text. @throws `sasl-syntax` */
export function textOf(bytes: Buffer): string {
  const text = bytes.toString()
  // A replacement for what is no UTF-8 would let other bytes pass for these.
  if (!Buffer.from(text).equals(bytes)) throw saslSyntax('Not UTF-8')
  return text
}
