import { canonicalName } from '../../../mailbox/folder-names.ts'
import type { Arguments } from '../arguments.ts'
import { ok, userCommand } from '../command.ts'
import type { Command } from '../command.ts'

function parseName(args: Arguments): string {
  args.space()
  return args.folderName()
}

const subscription = (name: string, subscribed: boolean): Command =>
  userCommand(name, parseName, async (session, folder) => {
    await session.deps.store.subscribe(session.mailbox, folder, subscribed)
    session.notify?.expect((folders) =>
      folders.map((known) => (known.name === canonicalName(folder) ? { ...known, subscribed } : known)),
    )
    return ok(`${name} completed`)
  })

/** RFC 3501 6.3.6 */
export const subscribe = subscription('SUBSCRIBE', true)

/** RFC 3501 6.3.7 */
export const unsubscribe = subscription('UNSUBSCRIBE', false)
