/**
 * Makes SCRAM keys. The salt is a keyed hash of the address, so a name has one salt for ever, whether it is a mailbox or not, and whatever is
 * set or revoked: asking for it tells nothing. It also means that the password and all app passwords of a mailbox share their salt, so that one
 * question of the server fits each of them.
 */
import { createHmac } from 'node:crypto'
import { saslprep } from './saslprep.ts'
import { deriveScramKeys, formatScramKeys, SCRAM_ITERATIONS } from './scram-keys.ts'
import { createSecrets, type SecretsDeps } from './secrets.ts'

export interface ScramMaker {
  /** What a client is told of a name for which no keys are stored. @param address canonical */
  parametersOf(address: string): Promise<{ salt: Buffer; iterations: number }>
  /** Keys as they are stored, or null if SCRAM does not allow the password. @param address canonical */
  make(address: string, password: string): Promise<string | null>
}

const SALT_BYTES = 16

export function createScramMaker(deps: SecretsDeps): ScramMaker {
  const secretOf = createSecrets(deps)

  async function saltOf(address: string): Promise<Buffer> {
    return createHmac('sha256', await secretOf('scram-salt'))
      .update(address)
      .digest()
      .subarray(0, SALT_BYTES)
  }

  return {
    parametersOf: async (address) => ({ salt: await saltOf(address), iterations: SCRAM_ITERATIONS }),

    async make(address, password) {
      const prepared = saslprep(password)
      return prepared === undefined ? null : formatScramKeys(await deriveScramKeys(prepared, await saltOf(address)))
    },
  }
}
