/**
 * Logins of holders by SCRAM-SHA-256: the client shows that it knows a password, the mailbox's own or an app password, and does not send it.
 *
 * A name that nobody has is asked for the same things, with the salt that it would have, and fails as one whose password is wrong; so does a
 * mailbox whose password was set before there were keys, until it is set anew or opens the mailbox in clear.
 */
import { randomBytes } from 'node:crypto'
import { addressOfUser } from './address.ts'
import type { Login, Opener } from './login.ts'
import { createLoginGate, type Account, type LoginDeps } from './login-gate.ts'
import type { Protocol } from './protocols.ts'
import { checkProof, KEY_BYTES, parseScramKeys, type ScramKeys } from './scram-keys.ts'
import { createScramMaker } from './scram-maker.ts'

/** A login by SCRAM that has begun: what the client is told, and what it is then asked for. */
export interface ScramLogin {
  readonly salt: Buffer
  readonly iterations: number
  /**
   * @param authMessage what both have said (RFC 5802 3)
   * @param proof 32 bytes
   * @returns the login, and the signature by which the client knows the server
   * @throws as `Authenticate`
   */
  readonly finish: (authMessage: string, proof: Buffer) => Promise<{ login: Login; signature: Buffer }>
}

/** @throws what the database throws */
export type BeginScram = (user: string, clientAddress: string, service: Protocol) => Promise<ScramLogin>

interface Candidate {
  readonly keys: ScramKeys
  readonly opener: Opener
}

export function createScramLogins(deps: LoginDeps): BeginScram {
  const { queries } = deps
  const gate = createLoginGate(deps)
  const scramMaker = createScramMaker(deps)
  const nobody = { storedKey: randomBytes(KEY_BYTES), serverKey: randomBytes(KEY_BYTES) }

  /** All keys that open the mailbox, its own first. */
  async function candidatesOf({ place, credential }: Account): Promise<Candidate[]> {
    const appPasswords = await queries.appPasswords(place)
    const { hash = null, scram = null } = credential ?? {}
    return [
      ...(hash !== null && scram !== null ? [{ keys: parseScramKeys(scram), opener: { passwordHash: hash } }] : []),
      ...appPasswords.flatMap((appPassword) =>
        appPassword.scram === null ? [] : [{ keys: parseScramKeys(appPassword.scram), opener: { appPassword } }],
      ),
    ]
  }

  return async (user, clientAddress, service) => {
    const address = addressOfUser(user)
    const attempt = { address, clientAddress, service }
    const account = await gate.find(address)
    const candidates = await candidatesOf(account)
    const { salt, iterations } = candidates[0]?.keys ?? (await scramMaker.parametersOf(address))
    const fitting = candidates.filter(({ keys }) => keys.salt.equals(salt) && keys.iterations === iterations)

    return {
      salt,
      iterations,
      async finish(authMessage, proof) {
        // One at least is computed, and all are: how long it takes tells nothing.
        checkProof({ salt, iterations, ...nobody }, authMessage, proof)
        const right = fitting.flatMap(({ keys, opener }) => {
          const signature = checkProof(keys, authMessage, proof)
          return signature ? [{ signature, opener }] : []
        })
        const { mailbox, credential } = account
        const [found] = right
        if (!found || !('appPassword' in found.opener)) {
          await gate.recallNetwork(attempt, account)
          gate.checkBrake(attempt)
        }
        if (!mailbox || !credential || !found) throw gate.refuse(attempt)
        const login = gate.open(attempt, mailbox, credential, found.opener)
        await gate.noteSuccess(attempt, mailbox, found.opener)
        return { login, signature: found.signature }
      },
    }
  }
}
