/**
 * Logins of holders. A verified password is remembered for some minutes as a keyed hash that dies with the process, so that a client
 * that connects often does not cost 10 ms each time; a changed password is noticed at once, for the stored hash is read every time.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { CeralaccaError, clientError } from '../base/errors.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import { canonicalAddress } from './address.ts'
import type { LoginBrake } from './login-brake.ts'
import { hashPassword, verifyPassword } from './passwords.ts'
import type { RegistryQueries } from './queries.ts'
import { checkMayLogIn, checkMaySend } from './status.ts'

export interface Login {
  readonly mailbox: MailboxRef
  /** canonical */
  readonly address: string
  /**
   * To be asked before each message that is sent, for a session may outlive what it was opened with.
   * @throws `sending-refused` for the state of the mailbox, `login-stale` if the password was changed since
   */
  readonly checkMaySend: () => Promise<void>
}

/**
 * A suspended mailbox may be read, so its holder logs in.
 * @throws `bad-credentials`, `login-refused` (client), `login-throttled` (temporary), and what the database throws
 */
export type Authenticate = (user: string, password: string, clientAddress: string) => Promise<Login>

interface Remembered {
  readonly proof: Buffer
  readonly storedHash: string
  readonly until: number
}

const REMEMBERED_FOR = 10 * 60_000
const MOST_REMEMBERED = 50_000

export interface AuthenticatorDeps {
  readonly queries: Pick<RegistryQueries, 'find' | 'credential'>
  readonly brake: LoginBrake
  readonly now: () => number
}

export function createAuthenticator({ queries, brake, now }: AuthenticatorDeps): Authenticate {
  const key = randomBytes(32)
  const remembered = new Map<string, Remembered>()
  // Who asks for an account that does not exist must wait as long as for one that does.
  const decoy = hashPassword(randomBytes(16).toString('hex'))

  const proofOf = (password: string): Buffer => createHmac('sha256', key).update(password).digest()

  function isRemembered(mailbox: string, password: string, storedHash: string): boolean {
    const entry = remembered.get(mailbox)
    return (
      entry !== undefined &&
      entry.until > now() &&
      entry.storedHash === storedHash &&
      timingSafeEqual(entry.proof, proofOf(password))
    )
  }

  function remember(mailbox: string, password: string, storedHash: string): void {
    const [oldest] = remembered.keys()
    if (remembered.size >= MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest)
    remembered.set(mailbox, { proof: proofOf(password), storedHash, until: now() + REMEMBERED_FOR })
  }

  function checkBrake(address: string, clientAddress: string): void {
    const wait = brake.wait(address, clientAddress)
    if (wait <= 0) return
    const seconds = Math.ceil(wait / 1000)
    throw new CeralaccaError('login-throttled', 'temporary', `Too many wrong passwords: try again in ${seconds} seconds`)
  }

  function opened(mailbox: MailboxRef, address: string, storedHash: string): Login {
    return {
      mailbox,
      address,
      async checkMaySend() {
        const credential = await queries.credential(mailbox)
        if (credential?.hash !== storedHash) throw clientError('login-stale', 'The password was changed: log in again')
        checkMaySend(credential.status)
      },
    }
  }

  return async (user, password, clientAddress) => {
    const address = canonicalAddress(user.trim())
    checkBrake(address, clientAddress)
    const mailbox = await queries.find(address)
    const credential = mailbox && (await queries.credential(mailbox))
    if (mailbox && credential && isRemembered(mailbox.id, password, credential.hash)) {
      checkMayLogIn(credential.status)
      return opened(mailbox, address, credential.hash)
    }
    const right = await verifyPassword(credential?.hash ?? (await decoy), password)
    // Many guesses at the same time would all have passed the brake before the first of them failed: the rest learn nothing.
    checkBrake(address, clientAddress)
    if (!mailbox || !credential || !right) {
      brake.failed(address, clientAddress)
      throw clientError('bad-credentials', 'Wrong user name or password: the user name is the whole certified address')
    }
    brake.succeeded(address, clientAddress)
    remember(mailbox.id, password, credential.hash)
    // Only who knows the password learns the state of the mailbox.
    checkMayLogIn(credential.status)
    return opened(mailbox, address, credential.hash)
  }
}
