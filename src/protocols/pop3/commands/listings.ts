import { listing, ok } from '../command.ts'
import type { Reply } from '../command.ts'
import type { Maildrop } from '../maildrop.ts'
import type { Opened } from '../session.ts'

/** RFC 1939 5 */
export const stat = ({ maildrop }: Opened): Reply => ok(`${maildrop.count} ${maildrop.octets}`)

/** RFC 1939 5 */
export const list = ({ maildrop }: Opened, number: number | undefined): Reply =>
  lines(maildrop, number, (number) => maildrop.message(number).size)

/** RFC 1939 7 */
export const uidl = ({ maildrop }: Opened, number: number | undefined): Reply =>
  lines(maildrop, number, (number) => maildrop.uniqueId(number))

/** One message's line, or a line for each. */
function lines(maildrop: Maildrop, number: number | undefined, factOf: (number: number) => number | string): Reply {
  if (number !== undefined) return ok(`${number} ${factOf(number)}`)
  return listing(`${maildrop.count} messages (${maildrop.octets} octets)`, async (output) => {
    for (const each of maildrop.numbers()) {
      output.line(`${each} ${factOf(each)}`)
      await output.relieve()
    }
  })
}
