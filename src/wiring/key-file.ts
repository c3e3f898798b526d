/**
 * Keys in files, never in the database: those that encrypt what is kept, 32 bytes as 64 hexadecimal digits, and others that are made once.
 */
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { clientError, hasCode } from '../base/errors.ts'
import { readText } from './keys.ts'

/**
 * The key of the settings, or one that is made once and kept in the data folder.
 * @param given the file of the settings @param own the file in the data folder
 * @throws `bad-config`
 */
export function keyInFile(given: string | undefined, own: string): Buffer {
  if (given === undefined) makeOnce(own, () => `${randomBytes(32).toString('hex')}\n`)
  const path = given ?? own
  const text = readText(path).trim()
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw clientError('bad-config', `${path} does not hold 64 hexadecimal digits, as "openssl rand -hex 32" makes them`)
  return Buffer.from(text, 'hex')
}

/** Makes the file if it is not there, whole or not at all; of two processes that make it, one does. */
export function makeOnce(path: string, make: () => string): void {
  if (existsSync(path)) return
  const folder = dirname(path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const aside = `${path}.${randomBytes(6).toString('hex')}`
  writeFileSync(aside, make(), { mode: 0o600, flush: true })
  try {
    linkSync(aside, path)
    syncFolder(folder)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
