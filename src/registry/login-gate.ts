/**
 * What all logins of holders share, whatever the mechanism: who is held up by the brake, what is noted of a success and of a failure, and what a
 * right password opens.
 */
import { CeralaccaError, clientError } from '../base/errors.ts'
import { slotOf } from '../base/ids.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import { createLogin, secondFactorError, type Login, type Opener } from './login.ts'
import type { LoginBrake } from './login-brake.ts'
import type { Credential } from './login-queries.ts'
import type { Protocol } from './protocols.ts'
import type { RegistryQueries } from './queries.ts'
import { checkMayLogIn } from './status.ts'
import { createTrustedNetworks } from './trusted-networks.ts'

export interface LoginDeps {
  readonly queries: LoginGateQueries
  readonly brake: LoginBrake
  readonly now: () => number
  /** told of what could not be noted: that keeps nobody out */
  readonly report: (error: unknown) => void
}

export type LoginGateQueries = Pick<
  RegistryQueries,
  | 'find'
  | 'credential'
  | 'appPasswords'
  | 'appPasswordExists'
  | 'noteUse'
  | 'addScram'
  | 'secret'
  | 'isKnownNetwork'
  | 'noteNetwork'
>

/** An attempt to log in. */
export interface Attempt {
  /** canonical; nobody may have it */
  readonly address: string
  readonly clientAddress: string
  readonly service: Protocol
}

/** What is known of the name of an attempt. */
export interface Account {
  /** undefined: nobody has the name */
  readonly mailbox: MailboxRef | undefined
  /** where to look things up: a name that nobody has must cost as many questions as one that is a mailbox */
  readonly place: MailboxRef
  readonly credential: Credential | undefined
}

export interface LoginGate {
  find(address: string): Promise<Account>
  /** Looks whether the holder has logged in from there lately, where that would let the attempt pass. To be done before `checkBrake`. */
  recallNetwork(attempt: Attempt, account: Account): Promise<void>
  /** @throws `login-throttled` */
  checkBrake(attempt: Attempt): void
  /** Counts a wrong password; answers the error to throw. */
  refuse(attempt: Attempt): CeralaccaError
  /** Opens a mailbox with a password that is right. @throws `login-refused` */
  open(attempt: Attempt, mailbox: MailboxRef, credential: Credential, opener: Opener): Login
  /** Notes that a login has succeeded. */
  noteSuccess(attempt: Attempt, mailbox: MailboxRef, opener: Opener): Promise<void>
  /** Does what a login brings with it and must not fail for. */
  aside(work: () => Promise<void>): Promise<void>
}

const NOBODY = '00000000-0000-0000-0000-000000000000'
/** The use of an app password is noted this often. */
const USE_NOTED_EVERY = 60 * 60_000

export function createLoginGate({ queries, brake, now, report }: LoginDeps): LoginGate {
  const networks = createTrustedNetworks({ queries, now })

  const aside: LoginGate['aside'] = (work) => work().catch(report)

  /** Only who knows the password learns why it does not open the mailbox. */
  function checkMayOpen({ service }: Attempt, { secondFactor, status }: Credential, opener: Opener): void {
    if (!('appPassword' in opener)) {
      if (secondFactor) throw secondFactorError()
    } else if (!opener.appPassword.protocols.includes(service)) {
      throw clientError('login-refused', `This app password is not for ${service.toUpperCase()}: make another one`)
    }
    checkMayLogIn(status)
  }

  async function noteUse(mailbox: MailboxRef, opener: Opener): Promise<void> {
    if (!('appPassword' in opener)) return
    const { id, lastUsedAt } = opener.appPassword
    const noted = now() - USE_NOTED_EVERY
    if (lastUsedAt === null || lastUsedAt.getTime() <= noted) await queries.noteUse(mailbox, id, new Date(now()), new Date(noted))
  }

  return {
    async find(address) {
      // No database keeps NUL, so nobody has such a name.
      const mailbox = address.includes('\0') ? undefined : await queries.find(address)
      const place = mailbox ?? { slot: slotOf(address), id: NOBODY }
      return { mailbox, place, credential: await queries.credential(place) }
    },

    async recallNetwork({ address, clientAddress }, { place }) {
      if (brake.wait(address, clientAddress) <= 0 || brake.trusts(address, clientAddress)) return
      if (await networks.has(place, clientAddress)) brake.trust(address, clientAddress)
    },

    checkBrake({ address, clientAddress }) {
      const wait = brake.wait(address, clientAddress)
      if (wait <= 0) return
      const seconds = Math.ceil(wait / 1000)
      throw new CeralaccaError('login-throttled', 'temporary', `Too many wrong passwords: try again in ${seconds} seconds`)
    },

    refuse({ address, clientAddress }) {
      brake.failed(address, clientAddress)
      return clientError('bad-credentials', 'Wrong user name or password: the user name is the whole certified address')
    },

    open(attempt, mailbox, credential, opener) {
      checkMayOpen(attempt, credential, opener)
      return createLogin(queries, mailbox, attempt.address, opener)
    },

    async noteSuccess({ address, clientAddress }, mailbox, opener) {
      brake.succeeded(address, clientAddress)
      await aside(() => networks.note(mailbox, clientAddress))
      await aside(() => noteUse(mailbox, opener))
    },

    aside,
  }
}
