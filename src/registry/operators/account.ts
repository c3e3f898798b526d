/**
 * What an operator does with his own account: second factors added and removed, password changed, sessions seen and ended. Adding the first
 * second factor makes the session a full one. Each change is in the audit log.
 */
import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/server'
import { writeAudit } from '../../audit/audit.ts'
import { clientError, type CeralaccaError } from '../../base/errors.ts'
import { isUuid } from '../../base/ids.ts'
import type { Database, Transaction } from '../../storage/database.ts'
import { hashPassword } from '../passwords.ts'
import { newRecoveryCodes, newTotpSecret, recoveryHash, stepOfCode, totpEnrolment } from './one-time-codes.ts'
import type { createPasswordCheck } from './operators.ts'
import { registeredPasskey, registrationOptions, type RelyingParty } from './passkeys.ts'
import { operatorReads, operatorWrites as writes } from './queries.ts'
import type { SecretBox } from './secret-box.ts'
import { IDLE_MS, type Current, type OpenedSession, type Sessions } from './sessions.ts'
import { CHALLENGE_MS, requireStage, totpPurpose } from './sign-in.ts'

export interface AccountDeps {
  readonly database: Database
  readonly sessions: Sessions
  readonly box: SecretBox
  readonly party: RelyingParty
  readonly checkPassword: ReturnType<typeof createPasswordCheck>
  readonly now: () => number
}

/** After a second factor was added: recovery codes with the first one, and the session that goes on. */
export interface Enrolled {
  /** shown once; null where there are some already */
  readonly recoveryCodes: readonly string[] | null
  /** null: the session goes on as it was */
  readonly opened: OpenedSession | null
}

const LONGEST_LABEL = 60
const wrong = (message: string): CeralaccaError => clientError('bad-second-factor', message)

export function createAccount({ database, sessions, box, party, checkPassword, now }: AccountDeps) {
  const reads = operatorReads(database.reader)
  const { reference } = database.transactor

  const own = ({ operator }: Current) => ({
    actor: `operator:${operator.name}`,
    role: 'operator' as const,
    object: `operator:${operator.name}`,
    at: now(),
  })

  /** To add a second factor one has given another, or has none yet. @throws `wrong-stage` */
  function requireMayEnrol(current: Current): void {
    if (current.session.stage === 'second-factor') requireStage(current, 'full')
  }

  async function hasFactor(tx: Transaction, name: string): Promise<boolean> {
    const row = await writes.lock(tx, name)
    return row?.totp !== null || (await tx.query('select id from operator_passkey where operator = $1', [name])).length > 0
  }

  async function newCodes(tx: Transaction, current: Current): Promise<string[]> {
    const codes = newRecoveryCodes()
    await writes.setRecoveryCodes(tx, current.operator.name, codes.map(recoveryHash))
    await writeAudit(tx, { ...own(current), act: 'operator-recovery-codes-made', details: { codes: codes.length } })
    return codes
  }

  /** @param add adds the factor */
  const enrol = (current: Current, factor: 'totp' | 'passkey', add: (tx: Transaction) => Promise<void>): Promise<Enrolled> =>
    reference(async (tx) => {
      const { session, operator } = current
      const first = !(await hasFactor(tx, operator.name))
      // Who came in with a password alone adds the first one only: another has come before him.
      if (!first && session.stage === 'enrolment')
        throw clientError('wrong-stage', 'There is a second factor already: sign in with it')
      await add(tx)
      await writeAudit(tx, { ...own(current), act: 'operator-second-factor-added', details: { factor } })
      const recoveryCodes = first ? await newCodes(tx, current) : null
      if (session.stage === 'full') return { recoveryCodes, opened: null }
      await writes.endSessions(tx, operator.name)
      const opened = await sessions.open(tx, operator.name, 'full', session.client_address)
      return { recoveryCodes, opened }
    })

  return {
    /** A secret for an authenticator app; it counts once `confirmTotp` has seen a code of it. */
    async offerTotp(current: Current): Promise<{ uri: string; secret: string }> {
      requireMayEnrol(current)
      const secret = newTotpSecret()
      const { name } = current.operator
      await reference((tx) => writes.offerTotp(tx, current.session.hash, box.seal(secret, totpPurpose(name))))
      return totpEnrolment(secret, party.name, name)
    },

    /** It takes the place of an app that there was. @throws `bad-second-factor` */
    async confirmTotp(current: Current, code: string): Promise<Enrolled> {
      requireMayEnrol(current)
      const { session, operator } = current
      const offered = session.offered_totp
      if (offered === null) throw wrong('No authenticator app is being added')
      const step = stepOfCode(box.open(offered, totpPurpose(operator.name)), code, { now: now(), last: 0 })
      if (step === null) throw wrong('The code is wrong: look whether the clock of the device is right')
      return enrol(current, 'totp', async (tx) => void (await writes.setTotp(tx, operator.name, offered, step, new Date(now()))))
    },

    async passkeyOptions(current: Current): Promise<PublicKeyCredentialCreationOptionsJSON> {
      requireMayEnrol(current)
      const options = await registrationOptions(party, current.operator.name, await reads.passkeys(current.operator.name))
      const until = new Date(now() + CHALLENGE_MS)
      await reference((tx) => writes.setChallenge(tx, current.session.hash, options.challenge, until))
      return options
    },

    /** @throws `bad-second-factor`, `bad-label` */
    async addPasskey(current: Current, label: string, response: object): Promise<Enrolled> {
      requireMayEnrol(current)
      if (!/^\P{Cc}+$/u.test(label) || label.length > LONGEST_LABEL) {
        throw clientError('bad-label', `A passkey has a name of at most ${LONGEST_LABEL} characters`)
      }
      const challenge = await reference((tx) => writes.takeChallenge(tx, current.session.hash, new Date(now())))
      if (challenge === undefined) throw wrong('Nothing was asked of a passkey, or too long ago')
      const passkey = await registeredPasskey(party, challenge, response)
      return enrol(current, 'passkey', async (tx) => {
        const added = await writes.addPasskey(tx, current.operator.name, label, passkey, new Date(now()))
        if (!added) throw wrong('This passkey is known already')
      })
    },

    passkeys: ({ operator }: Current) => reads.passkeys(operator.name),

    /** @param id of a passkey, or `totp`. @throws `no-such-second-factor`, `last-second-factor` */
    async removeFactor(current: Current, id: string): Promise<void> {
      requireStage(current, 'full')
      const { name } = current.operator
      await reference(async (tx) => {
        const had = (await writes.lock(tx, name))?.totp !== null
        const removed = id === 'totp' ? had : await writes.removePasskey(tx, name, id)
        if (id === 'totp') await writes.setTotp(tx, name, null, 0, null)
        if (!removed) throw clientError('no-such-second-factor', 'There is no such second factor')
        if (!(await hasFactor(tx, name)))
          throw clientError('last-second-factor', 'Add another second factor before you remove the last one')
        const factor = id === 'totp' ? 'totp' : 'passkey'
        await writeAudit(tx, { ...own(current), act: 'operator-second-factor-removed', details: { factor } })
      })
    },

    /** New ones in the place of all that there were; shown once. */
    async renewRecoveryCodes(current: Current): Promise<string[]> {
      requireStage(current, 'full')
      return reference((tx) => newCodes(tx, current))
    },

    /** Ends his other sessions. @throws `bad-credentials`, `login-throttled`, `weak-password` */
    async changePassword(
      current: Current,
      { from, to, clientAddress }: { from: string; to: string; clientAddress: string },
    ): Promise<void> {
      requireStage(current, 'full')
      const { name } = current.operator
      await checkPassword(name, from, clientAddress)
      const hash = await hashPassword(to)
      await reference(async (tx) => {
        await writes.setPassword(tx, name, hash)
        const ended = await writes.endSessions(tx, name, current.session.hash)
        await writeAudit(tx, { ...own(current), act: 'operator-password-changed', details: { sessions: ended } })
      })
    },

    async sessions(current: Current) {
      requireStage(current, 'full')
      const rows = await reads.sessions(current.operator.name, new Date(now()), new Date(now() - IDLE_MS))
      return rows.map(({ id, stage, client_address, created_at, last_used_at, ends_at, hash }) => ({
        id,
        stage,
        clientAddress: client_address,
        createdAt: created_at,
        lastUsedAt: last_used_at,
        endsAt: ends_at,
        current: hash.equals(current.session.hash),
      }))
    },

    /** @throws `no-such-session` */
    async endSession(current: Current, id: string): Promise<void> {
      requireStage(current, 'full')
      await reference(async (tx) => {
        const ended = isUuid(id) && (await writes.endSession(tx, current.operator.name, id))
        if (!ended) throw clientError('no-such-session', 'There is no such session of yours')
        await writeAudit(tx, { ...own(current), act: 'operator-sessions-ended', details: { sessions: 1 } })
      })
    },

    /** Ends the session itself, in whatever stage. */
    signOut: (current: Current): Promise<void> =>
      reference(async (tx) => {
        await writes.dropSession(tx, current.session.hash)
        await writeAudit(tx, { ...own(current), act: 'operator-sessions-ended', details: { sessions: 1 } })
      }),
  }
}

export type Account = ReturnType<typeof createAccount>
