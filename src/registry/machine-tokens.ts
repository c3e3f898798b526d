/**
 * Tokens of programs that use the API: each with a name, what it is good for, whose things it reaches, and an end. A token is shown once, when it
 * is made; its hash is kept. Making and revoking one is in the audit log, and so is what a program does, as `token:NAME`.
 */
import { writeAudit, type Actor } from '../audit/audit.ts'
import { clientError } from '../base/errors.ts'
import type { Database, Transaction } from '../storage/database.ts'
import { API_SCOPES, MAILBOX_SCOPES, type ApiScope } from './api-scopes.ts'
import { hashMachineToken, idOfMachineToken, isMachineToken, makeMachineToken } from './machine-token-secret.ts'

/** Whose things it reaches: all, or those of an order or of a mailbox. */
export interface TokenBound {
  readonly bound: 'provider' | 'order' | 'mailbox'
  /** code of the order, address of the mailbox; empty: the provider */
  readonly boundName: string
}

export interface MachineToken extends TokenBound {
  /** the part of the token that may be shown */
  readonly id: string
  readonly name: string
  readonly scopes: readonly ApiScope[]
  readonly createdAt: Date
  readonly createdBy: string
  readonly expiresAt: Date
  readonly revokedAt: Date | null
  /** a day, such as 2026-03-15 */
  readonly lastUsedOn: string | null
}

export interface MachineTokens {
  /**
   * Makes one; `token` cannot be had again. @param days how long it is good
   * @throws `bad-token-name`, `token-exists`, `bad-token-scopes`, `bad-token-days`, `no-such-order`, `no-such-mailbox`
   */
  add(
    wanted: TokenBound & { name: string; scopes: readonly string[]; days: number },
    by: Actor,
  ): Promise<MachineToken & { token: string }>
  list(): Promise<MachineToken[]>
  /** It opens nothing from now on. @throws `no-such-token` */
  revoke(name: string, by: Actor): Promise<void>
  /** The one that a program shows. @throws `bad-token` */
  authenticate(token: string): Promise<MachineToken>
}

export interface MachineTokensDeps {
  readonly database: Database
  /** @throws `no-such-order`, `no-such-mailbox` */
  readonly checkOwner: (owner: TokenBound) => Promise<void>
  readonly now: () => number
}

interface Row extends MachineToken {
  readonly hash: Buffer
}

const NAME = /^[a-z0-9]+([._-][a-z0-9]+)*$/
const LONGEST_NAME = 60
const MOST_DAYS = 3 * 365
const DAY_MS = 24 * 3_600_000

const COLUMNS = `id, name, scopes, bound, bound_name as "boundName", hash, created_at as "createdAt", created_by as "createdBy",
  expires_at as "expiresAt", revoked_at as "revokedAt", last_used_on as "lastUsedOn"`

const shown = ({ hash: _hash, ...token }: Row): MachineToken => token

const ownerText = ({ bound, boundName }: TokenBound): string => (bound === 'provider' ? bound : `${bound}:${boundName}`)

/** @throws `bad-token-scopes` */
function checkedScopes(wanted: readonly string[], bound: TokenBound['bound']): ApiScope[] {
  const possible = bound === 'mailbox' ? MAILBOX_SCOPES : API_SCOPES
  const scopes = possible.filter((scope) => wanted.includes(scope))
  const wrong = wanted.find((one) => !possible.some((scope) => scope === one))
  if (wrong === undefined && scopes.length > 0) return scopes
  throw clientError(
    'bad-token-scopes',
    `"${wrong ?? ''}" is nothing that such a token can be good for; there are: ${possible.join(', ')}`,
  )
}

export function createMachineTokens({ database, checkOwner, now }: MachineTokensDeps): MachineTokens {
  const { reader, transactor } = database
  const about = (name: string, by: Actor) => ({ ...by, object: `token:${name}`, at: now() })

  async function noteUse(id: string, today: string): Promise<void> {
    await transactor.reference((tx) => tx.query('update machine_token set last_used_on = $2 where id = $1', [id, today]))
  }

  async function insert(tx: Transaction, row: Row): Promise<void> {
    const { id, name, scopes, bound, boundName, hash, createdAt, createdBy, expiresAt } = row
    const made = await tx.query(
      `insert into machine_token (id, name, scopes, bound, bound_name, hash, created_at, created_by, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (name) do nothing returning id`,
      [id, name, scopes, bound, boundName, hash, createdAt, createdBy, expiresAt],
    )
    if (made.length === 0)
      throw clientError(
        'token-exists',
        `There is, or was, a token "${name}": choose another name, for the audit log tells of that one`,
      )
  }

  return {
    async add({ name, scopes: wanted, days, ...owner }, by) {
      if (!NAME.test(name) || name.length > LONGEST_NAME)
        throw clientError(
          'bad-token-name',
          `"${name}" is not a name of a token such as order-roll: small letters, digits, hyphens`,
        )
      if (!Number.isInteger(days) || days < 1 || days > MOST_DAYS)
        throw clientError('bad-token-days', `A token is good for 1 to ${MOST_DAYS} days`)
      const boundName = owner.bound === 'mailbox' ? owner.boundName.toLowerCase() : owner.boundName
      const scopes = checkedScopes(wanted, owner.bound)
      await checkOwner({ bound: owner.bound, boundName })
      const { token, id } = makeMachineToken()
      const row: Row = {
        id,
        name,
        scopes,
        bound: owner.bound,
        boundName,
        hash: hashMachineToken(token),
        createdAt: new Date(now()),
        createdBy: by.actor,
        expiresAt: new Date(now() + days * DAY_MS),
        revokedAt: null,
        lastUsedOn: null,
      }
      await transactor.reference(async (tx) => {
        await insert(tx, row)
        const details = { owner: ownerText(row), scopes, expires: row.expiresAt.toISOString() }
        await writeAudit(tx, { ...about(name, by), act: 'token-made', details })
      })
      return { ...shown(row), token }
    },

    async list() {
      return (await reader.read<Row>(`select ${COLUMNS} from machine_token order by name`)).map(shown)
    },

    revoke: (name, by) =>
      transactor.reference(async (tx) => {
        const sql = 'update machine_token set revoked_at = $2 where name = $1 and revoked_at is null returning id'
        if ((await tx.query(sql, [name, new Date(now())])).length === 0)
          throw clientError('no-such-token', `There is no token "${name}" that is good: see "ceralacca token list"`)
        await writeAudit(tx, { ...about(name, by), act: 'token-revoked', details: {} })
      }),

    async authenticate(token) {
      const id = idOfMachineToken(token)
      const [row] = id === undefined ? [] : await reader.read<Row>(`select ${COLUMNS} from machine_token where id = $1`, [id])
      if (!row || !isMachineToken(row.hash, token) || row.revokedAt !== null || row.expiresAt.getTime() <= now())
        throw clientError('bad-token', 'This token is not known, or not good any more')
      const today = new Date(now()).toISOString().slice(0, 10)
      if (row.lastUsedOn !== today) await noteUse(row.id, today)
      return shown(row)
    },
  }
}
