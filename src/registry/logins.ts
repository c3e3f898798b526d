/** The logins of the services: each gets its own, with the failures told. */
import { asCeralaccaError, type CeralaccaError } from '../base/errors.ts'
import { createAuthenticator } from './authenticator.ts'
import type { Login } from './login.ts'
import type { LoginDeps } from './login-gate.ts'
import type { Protocol } from './protocols.ts'
import { createScramLogins, type ScramLogin } from './scram-login.ts'

export interface ServiceLogins {
  /** With a password that the client sends. @throws as `Authenticate` */
  readonly authenticate: (user: string, password: string, clientAddress: string) => Promise<Login>
  /** With SCRAM-SHA-256. @throws as `BeginScram` */
  readonly beginScram: (user: string, clientAddress: string) => Promise<ScramLogin>
}

export interface LoginsDeps extends LoginDeps {
  /** told of each attempt that did not succeed */
  readonly failed: (service: Protocol, error: CeralaccaError, clientAddress: string) => void
}

export function createLogins(deps: LoginsDeps): (service: Protocol) => ServiceLogins {
  const authenticate = createAuthenticator(deps)
  const beginScram = createScramLogins(deps)

  return (service) => {
    const told = <T>(attempt: Promise<T>, clientAddress: string): Promise<T> =>
      attempt.catch((thrown: unknown) => {
        deps.failed(service, asCeralaccaError(thrown), clientAddress)
        throw thrown
      })
    return {
      authenticate: (user, password, clientAddress) => told(authenticate(user, password, clientAddress, service), clientAddress),
      async beginScram(user, clientAddress) {
        const login = await told(beginScram(user, clientAddress, service), clientAddress)
        return { ...login, finish: (authMessage, proof) => told(login.finish(authMessage, proof), clientAddress) }
      },
    }
  }
}
