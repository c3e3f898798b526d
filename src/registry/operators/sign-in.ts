/**
 * How an operator signs in: name and password, then a second factor, then a session that may do what his roles allow. Who has no second factor
 * yet gets a session that can do nothing but add one.
 *
 * Invariants: a password alone opens nothing of any holder; a one-time code, a recovery code and a challenge count once; five wrong second
 * factors end the session, so that guessing begins at the password again, with its brake; each success and failure is in the audit log.
 */
import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/server'
import type { AuditActs } from '../../audit/acts.ts'
import { writeAudit } from '../../audit/audit.ts'
import { recordAudit } from '../../audit/record.ts'
import { asCeralaccaError, clientError, temporaryError, type CeralaccaError } from '../../base/errors.ts'
import type { Database, Transaction } from '../../storage/database.ts'
import type { LoginBrake } from '../login-brake.ts'
import { recoveryHash, stepOfCode } from './one-time-codes.ts'
import type { createPasswordCheck } from './operators.ts'
import { authenticationOptions, usedPasskey, type RelyingParty } from './passkeys.ts'
import { operatorReads, operatorWrites as writes, type OperatorRow, type Stage } from './queries.ts'
import type { SecretBox } from './secret-box.ts'
import type { Current, OpenedSession, Sessions } from './sessions.ts'

export type Factor = AuditActs['operator-signed-in']['factor']

export interface SignInDeps {
  readonly database: Database
  readonly checkPassword: ReturnType<typeof createPasswordCheck>
  /** of second factors */
  readonly brake: LoginBrake
  readonly sessions: Sessions
  readonly box: SecretBox
  readonly party: RelyingParty
  readonly now: () => number
}

const MOST_FAILURES = 5
export const CHALLENGE_MS = 5 * 60_000

/** What a secret of one-time codes is encrypted for. */
export const totpPurpose = (operator: string): string => `totp:${operator}`

const wrong = (message: string): CeralaccaError => clientError('bad-second-factor', message)

/** @throws `wrong-stage` */
export function requireStage({ session }: Current, stage: Stage): void {
  if (session.stage !== stage)
    throw clientError('wrong-stage', `This needs a session in the stage "${stage}", and it is "${session.stage}"`)
}

export function createSignIn({ database, checkPassword, brake, sessions, box, party, now }: SignInDeps) {
  const reads = operatorReads(database.reader)
  const { reference } = database.transactor

  const own = (name: string) => ({ actor: `operator:${name}`, role: 'operator' as const, object: `operator:${name}`, at: now() })

  async function factorsOf(operator: OperatorRow): Promise<Factor[]> {
    const passkeys = await reads.passkeys(operator.name)
    const codes = await reads.recoveryCodes(operator.name)
    const has = operator.totp !== null || passkeys.length > 0
    return [
      ...(operator.totp === null ? [] : ['totp' as const]),
      ...(passkeys.length > 0 ? ['passkey' as const] : []),
      ...(has && codes > 0 ? ['recovery-code' as const] : []),
    ]
  }

  async function failed(operator: OperatorRow, step: 'password' | 'second-factor', clientAddress: string): Promise<void> {
    const details = { step, clientAddress }
    await recordAudit(database, { ...own(operator.name), act: 'operator-sign-in-failed', details })
  }

  /** Tries a second factor; a good one gets a new session in the place of this one. */
  async function complete(
    current: Current,
    factor: Factor,
    clientAddress: string,
    use: (tx: Transaction) => Promise<void>,
  ): Promise<OpenedSession> {
    requireStage(current, 'second-factor')
    const { session, operator } = current
    const account = `${operator.name} second factor`
    if (brake.wait(account, clientAddress) > 0) throw temporaryError('login-throttled', 'Too many wrong codes: try again later')
    try {
      const opened = await reference(async (tx) => {
        await use(tx)
        await writes.dropSession(tx, session.hash)
        const full = await sessions.open(tx, operator.name, 'full', clientAddress)
        const details = { factor, clientAddress }
        await writeAudit(tx, { ...own(operator.name), act: 'operator-signed-in', details })
        return full
      })
      brake.succeeded(account, clientAddress)
      return opened
    } catch (thrown) {
      if (asCeralaccaError(thrown).code !== 'bad-second-factor') throw thrown
      brake.failed(account, clientAddress)
      await reference(async (tx) => {
        if ((await writes.noteFailure(tx, session.hash)) >= MOST_FAILURES) await writes.dropSession(tx, session.hash)
      })
      await failed(operator, 'second-factor', clientAddress)
      throw thrown
    }
  }

  return {
    factorsOf,

    /** @throws `bad-credentials`, `login-throttled` */
    async begin(name: string, password: string, clientAddress: string): Promise<OpenedSession & { factors: Factor[] }> {
      try {
        const operator = await checkPassword(name, password, clientAddress)
        const factors = await factorsOf(operator)
        const stage = factors.length > 0 ? 'second-factor' : 'enrolment'
        const opened = await reference((tx) => sessions.open(tx, operator.name, stage, clientAddress))
        return { ...opened, factors }
      } catch (thrown) {
        // Of a name that nobody has nothing is noted: it may be a password, typed in the wrong place.
        const operator = asCeralaccaError(thrown).code === 'bad-credentials' ? await reads.find(name) : undefined
        if (operator) await failed(operator, 'password', clientAddress)
        throw thrown
      }
    },

    /** @throws `bad-second-factor`, `login-throttled`, `wrong-stage`; and so do the others */
    giveCode: (current: Current, code: string, clientAddress: string): Promise<OpenedSession> =>
      complete(current, 'totp', clientAddress, async (tx) => {
        const { name } = current.operator
        const row = await writes.lock(tx, name)
        const secret = row?.totp ? box.open(row.totp, totpPurpose(name)) : undefined
        const step = secret && stepOfCode(secret, code, { now: now(), last: row?.totp_step ?? 0 })
        if (step === undefined || step === null) throw wrong('The code is wrong, or it was used already: wait for the next one')
        await writes.useStep(tx, name, step)
      }),

    giveRecoveryCode: (current: Current, code: string, clientAddress: string): Promise<OpenedSession> =>
      complete(current, 'recovery-code', clientAddress, async (tx) => {
        if (!(await writes.useRecoveryCode(tx, current.operator.name, recoveryHash(code))))
          throw wrong('There is no such recovery code')
      }),

    /** What the browser asks an authenticator. */
    async passkeyOptions(current: Current): Promise<PublicKeyCredentialRequestOptionsJSON> {
      requireStage(current, 'second-factor')
      const options = await authenticationOptions(party, await reads.passkeys(current.operator.name))
      const until = new Date(now() + CHALLENGE_MS)
      await reference((tx) => writes.setChallenge(tx, current.session.hash, options.challenge, until))
      return options
    },

    async givePasskey(current: Current, response: object, clientAddress: string): Promise<OpenedSession> {
      requireStage(current, 'second-factor')
      // Taken in a transaction of its own, so that it is gone also where the answer is wrong.
      const challenge = await reference((tx) => writes.takeChallenge(tx, current.session.hash, new Date(now())))
      return complete(current, 'passkey', clientAddress, async (tx) => {
        if (challenge === undefined) throw wrong('Nothing was asked of a passkey, or too long ago')
        const key = (await reads.passkeys(current.operator.name)).find(({ id }) => 'id' in response && id === response.id)
        if (!key) throw wrong('This passkey is not one of yours')
        const known = { id: key.id, publicKey: key.public_key, counter: key.counter }
        const counter = await usedPasskey(party, challenge, known, response)
        if (!(await writes.usePasskey(tx, key.id, key.counter, counter, new Date(now()))))
          throw wrong('The passkey was used meanwhile')
      })
    },
  }
}

export type SignIn = ReturnType<typeof createSignIn>
