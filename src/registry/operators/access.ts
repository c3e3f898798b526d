/** Everything that the operators' pages and their API call: signing in, sessions, an operator's own account. */
import type { Database } from '../../storage/database.ts'
import type { LoginBrake } from '../login-brake.ts'
import { createAccount, type Account } from './account.ts'
import { createPasswordCheck } from './operators.ts'
import type { RelyingParty } from './passkeys.ts'
import { createSecretBox } from './secret-box.ts'
import { createSessions, type Current } from './sessions.ts'
import { createSignIn, type SignIn } from './sign-in.ts'

export interface OperatorAccess {
  /** The session of a token. @throws `no-session` */
  current(token: string): Promise<Current>
  readonly signIn: SignIn
  readonly account: Account
}

export interface OperatorAccessDeps {
  readonly database: Database
  readonly brake: LoginBrake
  readonly party: RelyingParty
  /** 32 bytes, kept outside the database: encrypts the secrets of one-time codes */
  readonly key: Buffer
  readonly now: () => number
}

export function createOperatorAccess({ database, brake, party, key, now }: OperatorAccessDeps): OperatorAccess {
  const sessions = createSessions({ database, now })
  const box = createSecretBox(key)
  const checkPassword = createPasswordCheck({ database, brake })
  return {
    current: sessions.find,
    signIn: createSignIn({ database, checkPassword, brake, sessions, box, party, now }),
    account: createAccount({ database, sessions, box, party, checkPassword, now }),
  }
}
