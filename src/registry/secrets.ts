/** Random keys of the installation, by name: made when first asked for, kept in the database, the same for all processes. */
import { randomBytes } from 'node:crypto'
import type { RegistryQueries } from './queries.ts'

/** 32 bytes. */
export type SecretOf = (name: string) => Promise<Buffer>

export interface SecretsDeps {
  readonly queries: Pick<RegistryQueries, 'secret'>
  readonly now: () => number
}

export function createSecrets({ queries, now }: SecretsDeps): SecretOf {
  const known = new Map<string, Buffer>()
  return async (name) => {
    const remembered = known.get(name)
    if (remembered) return remembered
    const kept = await queries.secret(name, randomBytes(32), new Date(now()))
    known.set(name, kept)
    return kept
  }
}
