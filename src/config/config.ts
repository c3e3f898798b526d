/** Environment and file -> one typed, validated value. Nothing else reads the environment. */
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import type { z } from 'zod'
import { clientError } from '../base/errors.ts'
import { SETTINGS, type SettingName } from './settings.ts'

type Values = { [Name in SettingName]: z.output<(typeof SETTINGS)[Name]['schema']> }

const PORTS = { submissions: 1465, submission: 1587, imaps: 1993, imap: 1143, pop3s: 1995, pop3: 1110, mx: 1025, https: 1443 }

export interface Config {
  readonly values: Values
  /** absolute */
  readonly dataFolder: string
  readonly ports: typeof PORTS
}

/**
 * Reads the settings.
 * @throws `bad-config` naming every setting that is wrong
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const path = environment['CERALACCA_CONFIG']
  const file = path ? readFile(path) : {}
  // An empty variable is one that is not set.
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const given: Record<string, string | undefined> = { ...file, ...set }
  const problems = Object.keys(given)
    .filter((name) => (name.startsWith('CERALACCA_') || Object.hasOwn(file, name)) && !Object.hasOwn(SETTINGS, name))
    .map((name) => `${name}: there is no such setting`)
  const values: Record<string, unknown> = {}
  for (const [name, { schema }] of Object.entries(SETTINGS)) {
    const result = schema.safeParse(given[name])
    if (result.success) values[name] = result.data
    else problems.push(...result.error.issues.map((issue) => `${name}: ${issue.message}`))
  }
  if (problems.length > 0) throw clientError('bad-config', `${problems.join('\n')}\nSee "ceralacca config --help".`)
  const checked = values as Values
  const offset = checked.CERALACCA_PORT_OFFSET
  const ports = Object.fromEntries(Object.entries(PORTS).map(([service, port]) => [service, port + offset]))
  return { values: checked, dataFolder: resolve(checked.CERALACCA_DATA), ports: ports as typeof PORTS }
}

function readFile(path: string): Record<string, string | undefined> {
  if (!existsSync(path)) throw clientError('bad-config', `CERALACCA_CONFIG: there is no file ${path}`)
  return parseEnv(readFileSync(path, 'utf8'))
}

/** The settings as they may be shown: secrets only as "set" or "not set". */
export function shownSettings({ values }: Config): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(SETTINGS).map(([name, { secret }]: [string, { secret?: true }]) => {
      const value = values[name as SettingName]
      return [name, secret ? (isSet(value) ? '(set)' : '(not set)') : (value ?? null)]
    }),
  )
}

const isSet = (value: unknown): boolean => (Array.isArray(value) ? value.length > 0 : value !== undefined)

/** Files that the house keeps under the data folder. */
export const dataPaths = (folder: string) => ({
  postgres: join(folder, 'postgres'),
  blobs: join(folder, 'blobs'),
  keys: join(folder, 'keys'),
  documentKey: join(folder, 'keys', 'document-key'),
  seal: join(folder, 'seal'),
  testAuthority: join(folder, 'keys', 'ca.pem'),
  dkimKey: join(folder, 'keys', 'dkim-key.pem'),
  secretsKey: join(folder, 'keys', 'secrets.key'),
  ledger: join(folder, 'ledger'),
  demo: join(folder, 'demo.json'),
})
