/** What a session changes of its own list: nothing of it is stored before QUIT. */
import { ok } from '../command.ts'
import type { Reply } from '../command.ts'
import type { Opened } from '../session.ts'

/** RFC 1939 5 */
export function dele({ maildrop }: Opened, number: number): Reply {
  maildrop.delete(number)
  return ok(`Message ${number} will be removed`)
}

/** RFC 1939 5 */
export const noop = (): Reply => ok('Nothing done')

/** RFC 1939 5 */
export function rset({ maildrop }: Opened): Reply {
  maildrop.reset()
  return ok(`Maildrop has ${maildrop.count} messages`)
}
