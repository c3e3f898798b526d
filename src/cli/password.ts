/** How a command gets a password: made here and shown once, or read from standard input; never from the command line, which others see. */
import { createInterface } from 'node:readline/promises'
import { clientError } from '../base/errors.ts'
import { generatePassword } from '../registry/passwords.ts'
import type { Invocation, Option } from './command.ts'

export const PASSWORD_OPTION: Record<string, Option> = {
  'password-stdin': { type: 'boolean', help: 'read the password from the first line of standard input instead of making one' },
}

/** The password to set, and whether it was made here and so must be shown once. */
export async function choosePassword({ options }: Invocation): Promise<{ password: string; made: boolean }> {
  if (options['password-stdin'] !== true) return { password: generatePassword(), made: true }
  for await (const line of createInterface({ input: process.stdin })) return { password: line, made: false }
  throw clientError('usage', 'There is no password on standard input')
}
