/** What a command is: its words, its options, what it prints. `--help` and `--json` are every command's. */
import { clientError } from '../base/errors.ts'
import type { Config } from '../config/config.ts'

export interface Output {
  /** for people */
  readonly text: string
  /** for programs: what `--json` prints */
  readonly json: unknown
  /** default 0 */
  readonly exitCode?: number
}

export interface Option {
  readonly type: 'string' | 'boolean'
  readonly help: string
  /** what stands for the value in the help */
  readonly value?: string
}

export interface Invocation {
  readonly config: Config
  readonly operands: readonly string[]
  readonly options: Readonly<Record<string, string | boolean | undefined>>
}

export interface Command {
  /** the words after `ceralacca` */
  readonly words: readonly string[]
  readonly summary: string
  /** names of the operands; all are required, but for those in square brackets, which stand last */
  readonly operands?: readonly string[]
  readonly options?: Readonly<Record<string, Option>>
  /** more for `--help` */
  readonly details?: string
  /** Answers what to print, or undefined if it has printed by itself. */
  readonly run: (invocation: Invocation) => Promise<Output | undefined>
}

/**
 * The value of an option that allows a few words only, or undefined if it is not given.
 * @throws `usage`
 */
export function choiceOf<Choice extends string>(
  options: Invocation['options'],
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const value = options[name]
  const choice = choices.find((one) => one === value)
  if (value !== undefined && choice === undefined) throw clientError('usage', `--${name} must be one of: ${choices.join(', ')}`)
  return choice
}

/** The value of an option that takes one, or undefined if it is not given. */
export function textOf(options: Invocation['options'], name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

/** The same, of an option that must be a whole number. @throws `usage` */
export function wholeNumberOf(options: Invocation['options'], name: string): number | undefined {
  const text = textOf(options, name)
  if (text !== undefined && !/^\d{1,15}$/.test(text)) throw clientError('usage', `--${name} must be a whole number`)
  return text === undefined ? undefined : Number(text)
}

/** A day, or a day and a time, in UTC where it does not say; milliseconds since 1970. @throws `usage` */
export function readDate(text: string): number {
  const at = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(at)) throw clientError('usage', `"${text}" is not a date such as 2026-03-15`)
  return at
}

const DAY_MS = 86_400_000

/** The end of a span: a day means all of it. @throws `usage` */
export const readEnd = (text: string): number => readDate(text) + (text.includes('T') ? 0 : DAY_MS - 1)

/** Rows as aligned columns, the first row being the titles. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
