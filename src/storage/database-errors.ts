/** What the driver throws, as the error family: a database that is away or full is temporary; the rest keeps its SQLSTATE. */
import { DatabaseError } from 'pg'
import { CeralaccaError, temporaryError } from '../base/errors.ts'

/** The SQLSTATE of an error of the database, else `undefined`. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined
}

const DISK_FULL = '53100'
const READ_ONLY_TRANSACTION = '25006'
/** Connection exceptions, insufficient resources, operator intervention (shutdown, crash, starting up). */
const UNAVAILABLE = /^(?:08|53|57P)/
/** Unix and DNS codes of a connection that cannot be made or was lost. */
const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ENOENT',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])
/** What the driver says, without a code, when a connection breaks, is not given in time, or the pool is closed. */
const CONNECTION_MESSAGES =
  /^(?:Connection terminated|timeout expired|timeout exceeded when trying to connect|Client (?:was closed|has encountered)|Cannot use a pool after)/

/** Turns what the driver threw into what callers see. `readOnly` tells whether the statement ran on the reader. */
export function databaseError(error: unknown, readOnly: boolean): unknown {
  const state = sqlState(error)
  if (state === undefined) return isConnectionError(error) ? unavailable(error) : error
  if (state === DISK_FULL) return temporaryError('database-full', 'the disk of the database is full', error)
  if (state === READ_ONLY_TRANSACTION) {
    // The reader may not write; the transactor meets this only when its server has become a standby.
    return readOnly
      ? new CeralaccaError('write-by-reader', 'bug', 'a reader tried to write', { cause: error })
      : unavailable(error)
  }
  return UNAVAILABLE.test(state) ? unavailable(error) : error
}

/** True for a transaction that lost against another one and may simply run again. */
export function isConflict(error: unknown): boolean {
  const state = sqlState(error)
  return state === '40001' || state === '40P01'
}

function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code: unknown = 'code' in error ? error.code : undefined
  return (typeof code === 'string' && CONNECTION_CODES.has(code)) || CONNECTION_MESSAGES.test(error.message)
}

const unavailable = (cause: unknown): CeralaccaError =>
  temporaryError('database-unavailable', 'the database cannot be reached at the moment', cause)
