/** SQL of operators, their second factors and sessions: reference tables. Writes take the transaction, so that the audit log goes with them. */
import type { Reader, Transaction } from '../../storage/database.ts'
import type { Passkey } from './passkeys.ts'
import type { OperatorRole } from './roles.ts'

export interface OperatorRow {
  readonly name: string
  readonly hash: string
  readonly roles: readonly OperatorRole[]
  /** of somebody of an order; null: of the provider */
  readonly order_code: string | null
  readonly created_at: Date
  readonly disabled_at: Date | null
  /** encrypted */
  readonly totp: Buffer | null
  readonly totp_step: number
}

/** How far somebody has come: the password was right and the second factor is awaited, or there is none yet; or all of it. */
export type Stage = 'second-factor' | 'enrolment' | 'full'

export interface SessionRow {
  readonly hash: Buffer
  readonly id: string
  readonly operator: string
  readonly stage: Stage
  readonly client_address: string
  readonly created_at: Date
  readonly last_used_at: Date
  readonly ends_at: Date
  readonly failures: number
  readonly challenge: string | null
  readonly challenge_until: Date | null
  readonly offered_totp: Buffer | null
}

export interface PasskeyRow {
  readonly id: string
  readonly label: string
  readonly public_key: Buffer
  readonly counter: number
  readonly created_at: Date
  readonly last_used_at: Date | null
}

type Asking = Pick<Transaction, 'query'>

const countOf = (rows: readonly unknown[]): number => rows.length

export function operatorReads(reader: Reader) {
  return {
    async find(name: string): Promise<OperatorRow | undefined> {
      return (await reader.read<OperatorRow>('select * from operator where name = $1', [name]))[0]
    },

    /** By name, with what there is of second factors and sessions. */
    list: (now: Date, unusedSince: Date) =>
      reader.read<OperatorRow & { passkeys: number; codes: number; sessions: number }>(
        `select o.*, (select count(*)::integer from operator_passkey p where p.operator = o.name) as passkeys,
           (select count(*)::integer from operator_recovery_code c where c.operator = o.name) as codes,
           (select count(*)::integer from operator_session s where s.operator = o.name and s.ends_at > $1 and s.last_used_at > $2) as sessions
         from operator o order by o.name`,
        [now, unusedSince],
      ),

    async session(hash: Buffer): Promise<SessionRow | undefined> {
      return (await reader.read<SessionRow>('select * from operator_session where hash = $1', [hash]))[0]
    },

    sessions: (operator: string, now: Date, unusedSince: Date): Promise<SessionRow[]> =>
      reader.read<SessionRow>(
        'select * from operator_session where operator = $1 and ends_at > $2 and last_used_at > $3 order by created_at',
        [operator, now, unusedSince],
      ),

    passkeys: (operator: string): Promise<PasskeyRow[]> =>
      reader.read<PasskeyRow>('select * from operator_passkey where operator = $1 order by created_at', [operator]),

    async recoveryCodes(operator: string): Promise<number> {
      const sql = 'select count(*)::integer as codes from operator_recovery_code where operator = $1'
      return (await reader.read<{ codes: number }>(sql, [operator]))[0]?.codes ?? 0
    },
  }
}

/** What changes them, within a transaction. */
export const operatorWrites = {
  /** Answers whether he is new; one that is there gets the password. */
  async set(tx: Asking, name: string, hash: string, at: Date): Promise<boolean> {
    const [row] = await tx.query<{ made: boolean }>(
      `insert into operator (name, hash, created_at) values ($1, $2, $3)
       on conflict (name) do update set hash = excluded.hash returning created_at = $3 as made`,
      [name, hash, at],
    )
    return row?.made === true
  },

  /** The operator, locked until the transaction ends. */
  async lock(tx: Asking, name: string): Promise<OperatorRow | undefined> {
    return (await tx.query<OperatorRow>('select * from operator where name = $1 for update', [name]))[0]
  },

  setRoles: (tx: Asking, name: string, roles: readonly OperatorRole[]) =>
    tx.query('update operator set roles = $2 where name = $1', [name, roles]),

  setOrder: (tx: Asking, name: string, order: string) =>
    tx.query('update operator set order_code = $2 where name = $1', [name, order]),

  setDisabled: (tx: Asking, name: string, at: Date | null) =>
    tx.query('update operator set disabled_at = $2 where name = $1', [name, at]),

  setPassword: (tx: Asking, name: string, hash: string) =>
    tx.query('update operator set hash = $2 where name = $1', [name, hash]),

  /** Sessions of an operator that end now; all, or all but one. Answers how many. */
  async endSessions(tx: Asking, operator: string, except: Buffer | null = null): Promise<number> {
    const sql = 'delete from operator_session where operator = $1 and ($2::bytea is null or hash <> $2) returning id'
    return countOf(await tx.query(sql, [operator, except]))
  },

  async endSession(tx: Asking, operator: string, id: string): Promise<boolean> {
    return (
      countOf(await tx.query('delete from operator_session where operator = $1 and id = $2 returning id', [operator, id])) > 0
    )
  },

  async addSession(
    tx: Asking,
    session: Omit<SessionRow, 'failures' | 'challenge' | 'challenge_until' | 'offered_totp'>,
  ): Promise<void> {
    const { hash, id, operator, stage, client_address, created_at, last_used_at, ends_at } = session
    await tx.query('delete from operator_session where ends_at < $1', [created_at])
    await tx.query(
      `insert into operator_session (hash, id, operator, stage, client_address, created_at, last_used_at, ends_at, failures)
       values ($1, $2, $3, $4, $5, $6, $7, $8, 0)`,
      [hash, id, operator, stage, client_address, created_at, last_used_at, ends_at],
    )
  },

  noteUse: (tx: Asking, hash: Buffer, at: Date) =>
    tx.query('update operator_session set last_used_at = $2 where hash = $1', [hash, at]),

  /** Answers how often the second factor was wrong in the session. */
  async noteFailure(tx: Asking, hash: Buffer): Promise<number> {
    const sql = 'update operator_session set failures = failures + 1 where hash = $1 returning failures'
    return (await tx.query<{ failures: number }>(sql, [hash]))[0]?.failures ?? 0
  },

  dropSession: (tx: Asking, hash: Buffer) => tx.query('delete from operator_session where hash = $1', [hash]),

  setChallenge: (tx: Asking, hash: Buffer, challenge: string, until: Date) =>
    tx.query('update operator_session set challenge = $2, challenge_until = $3 where hash = $1', [hash, challenge, until]),

  /** The challenge, if its time is not over; it is gone then, whatever the answer is worth. */
  async takeChallenge(tx: Asking, hash: Buffer, now: Date): Promise<string | undefined> {
    const [row] = await tx.query<{ challenge: string | null; challenge_until: Date | null }>(
      'select challenge, challenge_until from operator_session where hash = $1 for update',
      [hash],
    )
    await tx.query('update operator_session set challenge = null, challenge_until = null where hash = $1', [hash])
    const good = row?.challenge_until && row.challenge_until > now
    return good ? (row.challenge ?? undefined) : undefined
  },

  offerTotp: (tx: Asking, hash: Buffer, sealed: Buffer) =>
    tx.query('update operator_session set offered_totp = $2 where hash = $1', [hash, sealed]),

  setTotp: (tx: Asking, name: string, sealed: Buffer | null, step: number, at: Date | null) =>
    tx.query('update operator set totp = $2, totp_step = $3, totp_since = $4 where name = $1', [name, sealed, step, at]),

  /** Notes the step of a code; the operator is locked, so nobody else has used it meanwhile. */
  useStep: (tx: Asking, name: string, step: number) =>
    tx.query('update operator set totp_step = $2 where name = $1', [name, step]),

  async setRecoveryCodes(tx: Asking, operator: string, hashes: readonly Buffer[]): Promise<void> {
    await tx.query('delete from operator_recovery_code where operator = $1', [operator])
    for (const hash of hashes)
      await tx.query('insert into operator_recovery_code (operator, hash) values ($1, $2)', [operator, hash])
  },

  async useRecoveryCode(tx: Asking, operator: string, hash: Buffer): Promise<boolean> {
    const sql = 'delete from operator_recovery_code where operator = $1 and hash = $2 returning operator'
    return countOf(await tx.query(sql, [operator, hash])) > 0
  },

  async addPasskey(tx: Asking, operator: string, label: string, { id, publicKey, counter }: Passkey, at: Date): Promise<boolean> {
    const rows = await tx.query(
      `insert into operator_passkey (id, operator, label, public_key, counter, created_at) values ($1, $2, $3, $4, $5, $6)
       on conflict do nothing returning id`,
      [id, operator, label, publicKey, counter, at],
    )
    return countOf(rows) > 0
  },

  /** Notes the use of a passkey; false where its counter did not stay below meanwhile. */
  async usePasskey(tx: Asking, id: string, before: number, counter: number, at: Date): Promise<boolean> {
    const sql = 'update operator_passkey set counter = $3, last_used_at = $4 where id = $1 and counter = $2 returning id'
    return countOf(await tx.query(sql, [id, before, counter, at])) > 0
  },

  async removePasskey(tx: Asking, operator: string, id: string): Promise<boolean> {
    return (
      countOf(await tx.query('delete from operator_passkey where operator = $1 and id = $2 returning id', [operator, id])) > 0
    )
  },

  removePasskeys: (tx: Asking, operator: string) => tx.query('delete from operator_passkey where operator = $1', [operator]),
}
