/** How a test steers the providers that run clock-provider.ts: by files that they read each time they look at the clock or pass a checkpoint. */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CheckpointName } from '../../src/base/checkpoint.ts'
import type { Owner } from './cleanup.ts'
import { temporaryFolder } from './provider.ts'

/** Program to run instead of the CLI. */
export const STEERED = new URL('./clock-provider.ts', import.meta.url).pathname

/** The environment of programs that are to run as they are, commands too, by a clock. */
export const movedBy = ({ environment }: SharedClock): Record<string, string> => ({
  ...environment,
  NODE_OPTIONS: `--import=${new URL('./moved-clock.ts', import.meta.url).href}`,
})

/** A clock for several providers and the test, so that they agree what time it is. */
export interface SharedClock {
  readonly environment: { readonly CLOCK_FILE: string }
  /** milliseconds since 1970 */
  now(): number
  /** Moves it forward. */
  advance(milliseconds: number): void
}

export function sharedClock(owner: Owner): SharedClock {
  const file = join(temporaryFolder(owner), 'clock')
  let ahead = 0
  replace(file, '0')
  return {
    environment: { CLOCK_FILE: file },
    now: () => Date.now() + ahead,
    advance(milliseconds) {
      ahead += milliseconds
      replace(file, String(ahead))
    },
  }
}

/** Where a provider kills itself. */
export interface CrashSwitch {
  readonly environment: { readonly CRASH_FILE: string }
  /** Kills it the next time that it comes there; null lets it live. */
  at(name: CheckpointName | null): void
}

export function crashSwitch(owner: Owner): CrashSwitch {
  const file = join(temporaryFolder(owner), 'crash')
  replace(file, '')
  return { environment: { CRASH_FILE: file }, at: (name) => replace(file, name ?? '') }
}

/** A reader sees the old text or the new one. */
function replace(file: string, text: string): void {
  writeFileSync(`${file}.new`, text)
  renameSync(`${file}.new`, file)
}
