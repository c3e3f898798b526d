/** Errors that the database functions raise, told by SQLSTATE, as errors of the house. */
import { clientError } from '../base/errors.ts'
import { sqlState } from '../storage/database-errors.ts'

const RAISED: Record<string, [code: string, message: string]> = {
  CE404: ['no-such-mailbox', 'The mailbox does not exist'],
  CE405: ['no-such-folder', 'The folder does not exist'],
  CE507: ['over-quota', 'The mailbox is full: remove messages and try again'],
}

/** Runs `work`; an error that a function of migration 0002 raised becomes a client's error with its code. */
export async function translateErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const raised = RAISED[sqlState(error) ?? '']
    throw raised ? clientError(...raised) : error
  }
}

/** CHARACTER_NOT_IN_REPERTOIRE: the bytes are no UTF-8, or NUL is among them, which text of the database never holds. */
export const isNoText = (error: unknown): boolean => sqlState(error) === '22021'
