/**
 * The database as the rest of the house sees it: a reader that cannot write, and a transactor whose every transaction stays in
 * one slot (ARCHITECTURE.md).
 *
 * Invariants: a write happens only inside `call`, `transact` or `reference`; what they resolved is committed with fsync; a
 * transaction names one slot in each statement, and anything else is refused before it reaches the server. Used by the
 * `queries.ts` of the rooms that own tables, and by nobody else.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { Pool } from 'pg'
import type { PoolClient } from 'pg'
import { CeralaccaError } from '../base/errors.ts'
import { clientConfig } from './connection.ts'
import type { DatabaseAddress } from './connection.ts'
import { slotOf, uuidv7 } from '../base/ids.ts'
import { databaseError, isConflict } from './database-errors.ts'
import { createLanes } from './lanes.ts'
import { createSlotRule } from './one-slot.ts'
import { createStatementNames } from './statements.ts'

export interface Reader {
  /** Runs one statement that only reads; it may cross slots. BIGINT comes as a number, DATE as 'YYYY-MM-DD', BYTEA as a Buffer. */
  read<R>(sql: string, params?: readonly unknown[]): Promise<R[]>
}

export interface Transaction {
  /** its slot; of a transaction on the reference tables, one at random: where rows lie that only go with them */
  readonly slot: number
  query<R>(sql: string, params?: readonly unknown[]): Promise<R[]>
}

export interface Transactor {
  /** One statement as its own transaction: usually a function with the slot first, `select * from f($1, $2)`. */
  call<R>(slot: number, sql: string, params: readonly unknown[]): Promise<R[]>
  /** Several statements as one transaction. `work` may run again after a conflict, so it must have no other effect. */
  transact<T>(slot: number, work: (tx: Transaction) => Promise<T>): Promise<T>
  /** One transaction on the reference tables, which have no slot. */
  reference<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
}

export interface Database {
  readonly reader: Reader
  readonly transactor: Transactor
  close(): Promise<void>
}

export interface DatabaseOptions {
  /** connections for `call` (default 16); half as many for reads and for transactions */
  readonly max?: number
}

const anySlot = (): number => slotOf(uuidv7())

/** Calls that may be on their way on one connection. */
const CALL_DEPTH = 8

/** How often a transaction runs again after a deadlock or a serialisation failure. */
const CONFLICT_RETRIES = 4
const BACK_OFF_MS = 20

/**
 * Opens the pools; the first connection is made by the first statement.
 *
 * Errors: `database-unavailable`, `database-full` (temporary), `one-slot-rule`, `write-by-reader` (bugs); others keep the
 * driver's error with its SQLSTATE (`sqlState` of database-errors.ts).
 */
export function openDatabase(address: DatabaseAddress, { max = 16 }: DatabaseOptions = {}): Database {
  const config = clientConfig(address, 'ceralacca')
  const half = Math.max(2, Math.ceil(max / 2))
  const calls = createLanes(config, { connections: max, depth: CALL_DEPTH })
  // A long read must not hold up others, so reads are not pipelined.
  const reads = createLanes(config, { connections: half, depth: 1, setUp: 'set default_transaction_read_only = on' })
  const transactions = new Pool({ ...config, max: half, idleTimeoutMillis: 60_000, idle_in_transaction_session_timeout: 60_000 })
  // An idle connection that breaks is dropped by the pool; the next statement makes a new one or reports the error.
  transactions.on('error', () => undefined)

  const rule = createSlotRule()
  const named = createStatementNames()

  async function translated<T>(work: () => Promise<T>, readOnly = false): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work()
      } catch (error) {
        if (attempt >= CONFLICT_RETRIES || !isConflict(error)) throw databaseError(error, readOnly)
        // A little later, each at another time, so that the one that won is not met again.
        await pause(Math.random() * BACK_OFF_MS * (attempt + 1))
      }
    }
  }

  /** BEGIN, `work`, COMMIT; a connection whose state is unknown is thrown away. */
  async function inTransaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await transactions.connect()
    let broken: Error | undefined
    // The pool does not listen while a connection is lent, and an event without a listener ends the process.
    const noteLoss = (error: Error): void => void (broken = error)
    client.on('error', noteLoss)
    try {
      await client.query('begin')
      const result = await work(client)
      // After an error that `work` caught, COMMIT rolls back and only says so in its tag.
      const { command } = await client.query('commit')
      if (command !== 'COMMIT') throw new CeralaccaError('error-in-transaction', 'bug', 'a transaction went on after an error')
      return result
    } catch (error) {
      await client.query('rollback').catch(noteLoss)
      throw error
    } finally {
      client.off('error', noteLoss)
      client.release(broken)
    }
  }

  /** A transaction whose every statement passes `check` first. */
  const transaction = <T>(
    slot: number,
    check: (sql: string, params: readonly unknown[]) => void,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T> =>
    translated(() =>
      inTransaction((client) =>
        work({
          slot,
          async query<R>(sql: string, params: readonly unknown[] = []) {
            check(sql, params)
            return (await client.query(named(sql, params))).rows as R[]
          },
        }),
      ),
    )

  return {
    reader: {
      read: <R>(sql: string, params: readonly unknown[] = []) => translated(() => reads.query<R>(named(sql, params)), true),
    },
    transactor: {
      call: <R>(slot: number, sql: string, params: readonly unknown[]) =>
        translated(() => {
          rule.checkSlot(slot, sql, params)
          return calls.query<R>(named(sql, params))
        }),
      transact: (slot, work) => transaction(slot, (sql, params) => rule.checkSlot(slot, sql, params), work),
      reference: (work) => transaction(anySlot(), (sql) => rule.checkReference(sql), work),
    },
    async close() {
      await Promise.all([calls.close(), reads.close(), transactions.end()])
    },
  }
}
