/**
 * The provider's operators: named people who may look after the service. Here they are made, given roles, stopped. Each change is in the audit
 * log with who made it, and ends the sessions that it should. Called by the CLI, and by who offers it to administrators.
 */
import type { Actor } from '../../audit/audit.ts'
import { writeAudit } from '../../audit/audit.ts'
import { clientError, temporaryError } from '../../base/errors.ts'
import type { Database, Transaction } from '../../storage/database.ts'
import type { LoginBrake } from '../login-brake.ts'
import { hashPassword, verifyPassword } from '../passwords.ts'
import { operatorReads, operatorWrites as writes, type OperatorRow } from './queries.ts'
import { IDLE_MS } from './sessions.ts'
import { checkedRoles, type OperatorRole } from './roles.ts'

export interface OperatorSummary {
  readonly name: string
  readonly roles: readonly OperatorRole[]
  /** the code of the order whose user he is; null: the provider's */
  readonly order: string | null
  readonly createdAt: Date
  readonly disabled: boolean
  readonly totp: boolean
  readonly passkeys: number
  readonly recoveryCodes: number
  readonly sessions: number
}

export interface Operators {
  /**
   * Makes an operator, or gives him a new password, which ends his sessions. @param roles of a new one; default none
   * @throws `bad-operator-name`, `weak-password`, `no-such-role`
   */
  set(name: string, password: string, by?: Actor, roles?: readonly string[]): Promise<void>
  /**
   * Makes a user of an order, who signs in as operators do, has no role, and sees of that order alone.
   * @throws `bad-operator-name`, `weak-password`, `operator-exists`, `no-such-order`
   */
  addOrderUser(name: string, password: string, order: string, by: Actor): Promise<void>
  list(): Promise<OperatorSummary[]>
  /** @throws `no-such-operator`, `no-such-role`, `order-user` */
  setRoles(name: string, roles: readonly string[], by: Actor): Promise<void>
  /** He signs in no more, and his sessions end; or he may again. @throws `no-such-operator` */
  setDisabled(name: string, disabled: boolean, by: Actor): Promise<void>
  /** Takes all his second factors away, and ends his sessions. @throws `no-such-operator` */
  resetSecondFactor(name: string, by: Actor): Promise<void>
  /** Answers how many. @throws `no-such-operator` */
  endSessions(name: string, by: Actor): Promise<number>
  /**
   * Name and password alone: it opens the figures of the service, which are nothing of any holder, and no more.
   * @throws `bad-credentials` (client), `login-throttled` (temporary)
   */
  authenticate(name: string, password: string, clientAddress: string): Promise<void>
}

const NAME = /^[a-z0-9]+([._-][a-z0-9]+)*$/
export const SYSTEM: Actor = { actor: 'system', role: 'system' }

/** @throws `bad-operator-name` */
function checkName(name: string): void {
  if (!NAME.test(name)) throw clientError('bad-operator-name', `"${name}" is not an operator's name such as anna.verdi`)
}

export interface OperatorsDeps {
  readonly database: Database
  readonly brake: LoginBrake
  readonly now: () => number
}

/** Looks at a password with the brake on. Answers the operator; nobody learns whether there is one. */
export function createPasswordCheck({ database, brake }: Pick<OperatorsDeps, 'database' | 'brake'>) {
  const reads = operatorReads(database.reader)
  let standIn: Promise<string> | undefined
  return async (name: string, password: string, clientAddress: string): Promise<OperatorRow> => {
    // Operators and holders are counted apart: no address is without "@".
    if (brake.wait(name, clientAddress) > 0) throw temporaryError('login-throttled', 'Too many wrong passwords: try again later')
    const row = await reads.find(name)
    // The same work for a name that nobody has.
    standIn ??= hashPassword('a password that nobody has')
    const right = await verifyPassword(row?.hash ?? (await standIn), password)
    if (!row || !right || row.disabled_at !== null) {
      brake.failed(name, clientAddress)
      throw clientError('bad-credentials', 'Wrong operator name or password')
    }
    brake.succeeded(name, clientAddress)
    return row
  }
}

export function createOperators({ database, brake, now }: OperatorsDeps): Operators {
  const reads = operatorReads(database.reader)
  const { reference } = database.transactor
  const checkPassword = createPasswordCheck({ database, brake })

  /** A change of an operator who is there, in one transaction with its entry. */
  const change = <T>(name: string, work: (tx: Transaction, row: OperatorRow) => Promise<T>): Promise<T> =>
    reference(async (tx) => {
      const row = await writes.lock(tx, name)
      if (!row) throw clientError('no-such-operator', `There is no operator ${name}; see "ceralacca operator list"`)
      return work(tx, row)
    })

  const about = (name: string, by: Actor) => ({ ...by, object: `operator:${name}`, at: now() })

  return {
    async set(name, password, by = SYSTEM, roles = []) {
      checkName(name)
      const checked = checkedRoles(roles)
      const hash = await hashPassword(password)
      await reference(async (tx) => {
        if (await writes.set(tx, name, hash, new Date(now()))) {
          await writes.setRoles(tx, name, checked)
          await writeAudit(tx, { ...about(name, by), act: 'operator-added', details: { roles: checked } })
        } else {
          const sessions = await writes.endSessions(tx, name)
          await writeAudit(tx, { ...about(name, by), act: 'operator-password-changed', details: { sessions } })
        }
      })
    },

    async addOrderUser(name, password, order, by) {
      checkName(name)
      const hash = await hashPassword(password)
      await reference(async (tx) => {
        const [known] = await tx.query('select code from professional_order where code = $1', [order])
        if (!known) throw clientError('no-such-order', `There is no order ${order}: see "ceralacca order list"`)
        if (await writes.lock(tx, name)) throw clientError('operator-exists', `There is an operator ${name} already`)
        await writes.set(tx, name, hash, new Date(now()))
        await writes.setOrder(tx, name, order)
        await writeAudit(tx, { ...about(name, by), act: 'order-user-added', details: { order } })
      })
    },

    async list() {
      const rows = await reads.list(new Date(now()), new Date(now() - IDLE_MS))
      return rows.map(({ name, roles, order_code, created_at, disabled_at, totp, passkeys, codes, sessions }) => ({
        name,
        roles,
        order: order_code,
        createdAt: created_at,
        disabled: disabled_at !== null,
        totp: totp !== null,
        passkeys,
        recoveryCodes: codes,
        sessions,
      }))
    },

    async setRoles(name, roles, by) {
      const checked = checkedRoles(roles)
      await change(name, async (tx, { roles: from, order_code }) => {
        if (order_code !== null)
          throw clientError('order-user', `${name} is of the order ${order_code}, and has no role: make another operator`)
        await writes.setRoles(tx, name, checked)
        await writeAudit(tx, { ...about(name, by), act: 'operator-roles-changed', details: { from, to: checked } })
      })
    },

    setDisabled: (name, disabled, by) =>
      change(name, async (tx) => {
        await writes.setDisabled(tx, name, disabled ? new Date(now()) : null)
        const sessions = await writes.endSessions(tx, name)
        if (disabled) await writeAudit(tx, { ...about(name, by), act: 'operator-disabled', details: { sessions } })
        else await writeAudit(tx, { ...about(name, by), act: 'operator-enabled', details: {} })
      }),

    resetSecondFactor: (name, by) =>
      change(name, async (tx) => {
        await writes.setTotp(tx, name, null, 0, null)
        await writes.removePasskeys(tx, name)
        await writes.setRecoveryCodes(tx, name, [])
        const sessions = await writes.endSessions(tx, name)
        await writeAudit(tx, { ...about(name, by), act: 'operator-second-factor-reset', details: { sessions } })
      }),

    endSessions: (name, by) =>
      change(name, async (tx) => {
        const sessions = await writes.endSessions(tx, name)
        await writeAudit(tx, { ...about(name, by), act: 'operator-sessions-ended', details: { sessions } })
        return sessions
      }),

    async authenticate(name, password, clientAddress) {
      const { order_code } = await checkPassword(name, password, clientAddress)
      if (order_code !== null)
        throw clientError('not-allowed', 'The figures of the service are for the operators of the provider')
    },
  }
}
