/**
 * App passwords: secrets of their own for single mail programs and devices, so that each can be taken away alone. Called by the CLI and later
 * by the holder's pages; logins read them through their queries.
 *
 * Invariants: a secret is shown once, when it is made, and never stored; one that is revoked opens nothing from then on.
 */
import { clientError } from '../base/errors.ts'
import { uuidv7 } from '../base/ids.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import type { Database } from '../storage/database.ts'
import type { AppPassword } from './app-password-queries.ts'
import { generateAppPassword, hashAppPassword } from './app-password-secret.ts'
import type { Mailboxes } from './mailboxes.ts'
import { PROTOCOLS, type Protocol } from './protocols.ts'
import type { RegistryQueries } from './queries.ts'
import { createScramMaker } from './scram-maker.ts'

export interface AppPasswords {
  /**
   * Makes one; `secret` is what the mail program is given, and cannot be had again.
   * @throws `no-such-mailbox`, `bad-app-password`, `app-password-exists`, `too-many-app-passwords`
   */
  create(address: string, wanted: { name: string; protocols: readonly Protocol[] }): Promise<AppPassword & { secret: string }>
  /** Oldest first. @throws `no-such-mailbox` */
  list(address: string): Promise<AppPassword[]>
  /** @throws `no-such-mailbox`, `no-such-app-password` */
  revoke(address: string, name: string): Promise<void>
  /** Answers the names of those that there were. @throws `no-such-mailbox` */
  revokeAll(address: string): Promise<string[]>
}

const LONGEST_NAME = 60
/** Each costs a login by SCRAM two hashes. */
const MOST = 50

export interface AppPasswordsDeps {
  readonly database: Database
  readonly queries: RegistryQueries
  readonly mailboxes: Pick<Mailboxes, 'show' | 'find'>
  readonly now: () => number
}

export function createAppPasswords({ database, queries, mailboxes, now }: AppPasswordsDeps): AppPasswords {
  const scramMaker = createScramMaker({ queries, now })

  async function holder(wanted: string): Promise<{ address: string; mailbox: MailboxRef }> {
    const { address } = await mailboxes.show(wanted)
    const mailbox = await mailboxes.find(address)
    if (!mailbox) throw clientError('no-such-mailbox', `There is no mailbox ${wanted}`)
    return { address, mailbox }
  }

  return {
    async create(wanted, request) {
      const name = checkedName(request.name)
      const protocols = checkedProtocols(request.protocols)
      const { address, mailbox } = await holder(wanted)
      const secret = generateAppPassword()
      const scram = await scramMaker.make(address, secret)
      const createdAt = new Date(now())
      const shown: AppPassword = { name, protocols, createdAt, lastUsedAt: null }
      const stored = { ...shown, id: uuidv7(now()), hash: hashAppPassword(mailbox.id, secret), scram }
      await database.transactor.transact(mailbox.slot, async (tx) => {
        if ((await queries.countAppPasswords(tx, mailbox)) >= MOST)
          throw clientError('too-many-app-passwords', `A mailbox has at most ${MOST} app passwords: revoke one`)
        if (!(await queries.insertAppPassword(tx, mailbox, stored)))
          throw clientError(
            'app-password-exists',
            `There is an app password "${name}" already: choose another name, or revoke it`,
          )
      })
      return { ...shown, secret }
    },

    async list(wanted) {
      const { mailbox } = await holder(wanted)
      const all = await queries.appPasswords(mailbox)
      return all.map(({ name, protocols, createdAt, lastUsedAt }) => ({ name, protocols, createdAt, lastUsedAt }))
    },

    async revoke(wanted, name) {
      const { address, mailbox } = await holder(wanted)
      const revoked = await queries.deleteAppPasswords(mailbox, name.trim())
      if (revoked.length === 0)
        throw clientError('no-such-app-password', `${address} has no app password "${name}": see "ceralacca app-password list"`)
    },

    revokeAll: async (wanted) => queries.deleteAppPasswords((await holder(wanted)).mailbox, null),
  }
}

function checkedName(written: string): string {
  const name = written.trim()
  if (name === '' || name.length > LONGEST_NAME || /\p{C}/u.test(name))
    throw clientError('bad-app-password', `The name of an app password has 1 to ${LONGEST_NAME} characters, all on one line`)
  return name
}

/** Each once, in the order of the list. */
function checkedProtocols(wanted: readonly string[]): Protocol[] {
  const known = PROTOCOLS.filter((protocol) => wanted.includes(protocol))
  if (known.length === 0 || wanted.some((one) => !PROTOCOLS.includes(one as Protocol)))
    throw clientError('bad-app-password', `An app password opens some of: ${PROTOCOLS.join(', ')}`)
  return known
}
