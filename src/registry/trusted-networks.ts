/**
 * The networks from which each holder has logged in lately, kept so that the brake on guessing knows them in every process and after a restart.
 * They are stored as keyed hashes, for a month.
 */
import { createHmac } from 'node:crypto'
import { networkOf } from '../base/network.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import { TRUSTED_FOR } from './login-brake.ts'
import type { RegistryQueries } from './queries.ts'
import { createSecrets } from './secrets.ts'

export interface TrustedNetworks {
  has(mailbox: MailboxRef, clientAddress: string): Promise<boolean>
  /** Writes at most once a day for each. */
  note(mailbox: MailboxRef, clientAddress: string): Promise<void>
}

const DAY = 24 * 60 * 60_000
const MOST_NOTED = 50_000

export interface TrustedNetworksDeps {
  readonly queries: Pick<RegistryQueries, 'secret' | 'isKnownNetwork' | 'noteNetwork'>
  readonly now: () => number
}

export function createTrustedNetworks({ queries, now }: TrustedNetworksDeps): TrustedNetworks {
  const secretOf = createSecrets({ queries, now })
  /** when this process wrote it, by mailbox and hash */
  const noted = new Map<string, number>()

  const hashOf = async (clientAddress: string): Promise<string> =>
    createHmac('sha256', await secretOf('login-network'))
      .update(networkOf(clientAddress))
      .digest('hex')
  const oldest = (): Date => new Date(now() - TRUSTED_FOR)

  return {
    has: async (mailbox, clientAddress) => queries.isKnownNetwork(mailbox, await hashOf(clientAddress), oldest()),

    async note(mailbox, clientAddress) {
      const network = await hashOf(clientAddress)
      const key = `${mailbox.id} ${network}`
      if ((noted.get(key) ?? Number.NEGATIVE_INFINITY) > now() - DAY) return
      await queries.noteNetwork(mailbox, network, new Date(now()), oldest())
      if (noted.size >= MOST_NOTED) noted.clear()
      noted.set(key, now())
    },
  }
}
