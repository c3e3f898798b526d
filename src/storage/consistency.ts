/**
 * The consistency check: what must hold at every instant, as SQL that finds where it does not. Each room lists the checks of its tables;
 * `ceralacca check` and the end of every test that wrote mail run them all.
 */
import { createHash } from 'node:crypto'
import { asCeralaccaError } from '../base/errors.ts'
import type { BlobStore } from './blobs.ts'
import type { Reader } from './database.ts'

export interface Check {
  /** the invariant (ARCHITECTURE.md), or a short name */
  readonly invariant: string
  /** what must hold, in words */
  readonly says: string
  /** answers a row with a text `problem` for each violation */
  readonly sql: string
}

export interface Violation {
  readonly invariant: string
  readonly says: string
  readonly problems: string[]
}

const SHOWN = 20

/** Runs the checks; answers those that found something, each with at most 20 problems. */
export async function findViolations(reader: Reader, checks: readonly Check[]): Promise<Violation[]> {
  const violations: Violation[] = []
  for (const { invariant, says, sql } of checks) {
    const rows = await reader.read<{ problem: string }>(`select problem from (${sql}) found limit ${SHOWN}`)
    if (rows.length > 0) violations.push({ invariant, says, problems: rows.map((row) => row.problem) })
  }
  return violations
}

/** Checks of the blob table. */
export const BLOB_CHECKS: readonly Check[] = [
  {
    invariant: 'I5',
    says: 'A blob in the database has the size and the hash that it was stored with',
    sql: `select 'blob ' || id as problem from blob
          where place = 'database' and (bytes is null or length(bytes) <> size or sha256(bytes) <> sha256)`,
  },
]

/** The blobs on disk: each is read whole and has its hash (I5). */
export async function findDamagedFiles(reader: Reader, disk: BlobStore): Promise<Violation[]> {
  const rows = await reader.read<{ slot: number; id: string; size: number; sha256: Buffer }>(
    "select slot, id, size, sha256 from blob where place = 'disk'",
  )
  const problems: string[] = []
  for (const { slot, id, size, sha256 } of rows) {
    try {
      const bytes = await disk.read({ slot, id }, 0, size)
      if (!createHash('sha256').update(bytes).digest().equals(sha256)) problems.push(`blob ${id}: other bytes`)
    } catch (thrown) {
      problems.push(`blob ${id}: ${asCeralaccaError(thrown).message}`)
    }
  }
  return problems.length > 0 ? [{ invariant: 'I5', says: 'A blob on disk has the bytes that it was stored with', problems }] : []
}
