import type { Arguments } from '../arguments.ts'
import { ok, userCommand } from '../command.ts'
import { Refusal } from '../errors.ts'
import { parseStatusItems, statusWriter } from '../status-items.ts'
import type { StatusItem } from '../status-items.ts'

function parseStatus(args: Arguments): { name: string; items: StatusItem[] } {
  args.space()
  const name = args.folderName()
  args.space()
  return { name, items: parseStatusItems(args) }
}

/** RFC 3501 6.3.10 */
export const status = userCommand('STATUS', parseStatus, async (session, { name, items }) => {
  const folder = await session.deps.store.folder(session.mailbox, name)
  if (!folder) throw new Refusal('NONEXISTENT', 'There is no such folder')
  const write = await statusWriter(session, [folder], items)
  session.output.line(write(folder))
  return ok('STATUS completed')
})
