/**
 * Logins of holders with a password that the client sends (PLAIN, LOGIN, USER and PASS), which is the mailbox's own or an app password.
 *
 * A verified password is remembered for some minutes as a keyed hash that dies with the process, so that a client that connects often does not
 * cost 10 ms each time; a changed password is noticed at once, for the stored hash is read every time. App passwords need no memory, and no
 * brake: their hash is fast, and 140 random bits are not guessed.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { MailboxRef } from '../mailbox/types.ts'
import { addressOfUser } from './address.ts'
import type { StoredAppPassword } from './app-password-queries.ts'
import { hashAppPassword, isHashOf, readAppPassword } from './app-password-secret.ts'
import type { Login } from './login.ts'
import { createLoginGate, type Account, type LoginDeps } from './login-gate.ts'
import { hashPassword, verifyPassword } from './passwords.ts'
import type { Protocol } from './protocols.ts'
import { createScramMaker } from './scram-maker.ts'

export type { Login } from './login.ts'

/**
 * A suspended mailbox may be read, so its holder logs in.
 * @throws `bad-credentials`, `login-refused` (client), `login-throttled` (temporary), and what the database throws
 */
export type Authenticate = (user: string, password: string, clientAddress: string, service: Protocol) => Promise<Login>

interface Remembered {
  readonly proof: Buffer
  readonly storedHash: string
  readonly until: number
}

const REMEMBERED_FOR = 10 * 60_000
const MOST_REMEMBERED = 50_000

export function createAuthenticator(deps: LoginDeps): Authenticate {
  const { queries, now } = deps
  const gate = createLoginGate(deps)
  const scramMaker = createScramMaker(deps)
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

  async function findAppPassword({ place }: Account, typed: string): Promise<StoredAppPassword | undefined> {
    const secret = readAppPassword(typed)
    if (secret === undefined) return undefined
    const hash = hashAppPassword(place.id, secret)
    const all = await queries.appPasswords(place)
    return all.find((one) => isHashOf(one.hash, hash))
  }

  /** Keys for clients that speak SCRAM, of a password that was set before there were any. */
  async function addScram(mailbox: MailboxRef, address: string, password: string, hash: string): Promise<void> {
    const scram = await scramMaker.make(address, password)
    if (scram !== null) await queries.addScram(mailbox, hash, scram)
  }

  return async (user, password, clientAddress, service) => {
    const address = addressOfUser(user)
    const attempt = { address, clientAddress, service }
    const account = await gate.find(address)
    const { mailbox, credential } = account
    const appPassword = await findAppPassword(account, password)
    if (mailbox && credential && appPassword) {
      const login = gate.open(attempt, mailbox, credential, { appPassword })
      await gate.noteSuccess(attempt, mailbox, { appPassword })
      return login
    }

    await gate.recallNetwork(attempt, account)
    gate.checkBrake(attempt)
    const passwordHash = credential?.hash ?? null
    if (mailbox && credential && passwordHash !== null && isRemembered(mailbox.id, password, passwordHash))
      return gate.open(attempt, mailbox, credential, { passwordHash })
    const right = await verifyPassword(passwordHash ?? (await decoy), password)
    // Many guesses at the same time would all have passed the brake before the first of them failed: the rest learn nothing.
    gate.checkBrake(attempt)
    if (!mailbox || !credential || passwordHash === null || !right) throw gate.refuse(attempt)
    remember(mailbox.id, password, passwordHash)
    const login = gate.open(attempt, mailbox, credential, { passwordHash })
    await gate.noteSuccess(attempt, mailbox, { passwordHash })
    if (credential.scram === null) await gate.aside(() => addScram(mailbox, address, password, passwordHash))
    return login
  }
}
