/** A login: what was opened, with what, and whether that still opens it. */
import { clientError } from '../base/errors.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import type { StoredAppPassword } from './app-password-queries.ts'
import type { Credential } from './login-queries.ts'
import type { RegistryQueries } from './queries.ts'
import { checkMayLogIn, checkMaySend } from './status.ts'

export interface Login {
  readonly mailbox: MailboxRef
  /** canonical */
  readonly address: string
  /**
   * To be asked from time to time, for a session may outlive what it was opened with.
   * @throws `login-stale` if the password was changed, revoked, or is no longer enough; `login-refused` for the state of the mailbox
   */
  readonly check: () => Promise<void>
  /**
   * To be asked before each message that is sent.
   * @throws `login-stale`, `sending-refused` for the state of the mailbox
   */
  readonly checkMaySend: () => Promise<void>
}

/** What opened a mailbox: its password, as long as that is stored as this hash, or an app password. */
export type Opener = { readonly passwordHash: string } | { readonly appPassword: StoredAppPassword }

export const secondFactorError = () =>
  clientError('login-refused', 'This mailbox has a second factor: a mail program needs an app password of its own')

export type LoginQueries = Pick<RegistryQueries, 'credential' | 'appPasswordExists'>

export function createLogin(queries: LoginQueries, mailbox: MailboxRef, address: string, opener: Opener): Login {
  async function stillOpen(): Promise<Credential> {
    const credential = await queries.credential(mailbox)
    if (!credential) throw clientError('login-stale', 'The mailbox is gone')
    if ('appPassword' in opener) {
      if (await queries.appPasswordExists(mailbox, opener.appPassword.id)) return credential
      throw clientError('login-stale', 'The app password was revoked: log in with another')
    }
    if (credential.hash !== opener.passwordHash) throw clientError('login-stale', 'The password was changed: log in again')
    if (credential.secondFactor) throw clientError('login-stale', secondFactorError().message)
    return credential
  }

  return {
    mailbox,
    address,
    check: async () => checkMayLogIn((await stillOpen()).status),
    checkMaySend: async () => checkMaySend((await stillOpen()).status),
  }
}
