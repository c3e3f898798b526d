/** How to reach the database: a URL, or the settings of a Unix socket; and what every connection of ours has in common. */
import { types as defaultTypes } from 'pg'
import type { ClientConfig, CustomTypesConfig } from 'pg'
import { CeralaccaError } from '../base/errors.ts'

/** A server on a Unix socket (`host` is the folder of the socket) or on TCP. */
export interface ConnectionSettings {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
}

/** Settings, or a `postgres://` URL. */
export type DatabaseAddress = ConnectionSettings | string

const INT8 = 20
const INT8_ARRAY = 1016
const DATE = 1082

/** A BIGINT as a number: modseq, sizes and counters stay far below 2^53, and one that does not must not be rounded in silence. */
function parseInt8(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new CeralaccaError('bigint-out-of-range', 'bug', 'a BIGINT column holds more than 2^53')
  return value
}

const parseText = (text: string): string => text
/** One-dimensional arrays, as `array_agg` gives them: `{1,2,NULL}`. */
const parseInt8Array = (text: string): (number | null)[] =>
  text === '{}'
    ? []
    : text
        .slice(1, -1)
        .split(',')
        .map((item) => (item === 'NULL' ? null : parseInt8(item)))

// pg-types declares its numbers as an enum of the built-in types; the driver asks by any number.
const defaultParser = defaultTypes.getTypeParser as (oid: number, format?: 'text' | 'binary') => unknown

const types: CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (format !== 'binary') {
      if (oid === INT8) return parseInt8
      if (oid === INT8_ARRAY) return parseInt8Array
      // A calendar day has no time zone: it stays 'YYYY-MM-DD' and never becomes a local midnight.
      if (oid === DATE) return parseText
    }
    return defaultParser(oid, format)
  }) as CustomTypesConfig['getTypeParser'],
}

/** Driver settings for `address`. `application` is the name that pg_stat_activity shows. */
export function clientConfig(address: DatabaseAddress, application: string): ClientConfig {
  const place =
    typeof address === 'string'
      ? { connectionString: address }
      : { host: address.host, port: address.port, user: address.user, database: address.database }
  return { ...place, types, application_name: application, keepAlive: true, connectionTimeoutMillis: 10_000 }
}
