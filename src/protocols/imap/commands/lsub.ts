import type { Arguments } from '../arguments.ts'
import { ok, userCommand } from '../command.ts'
import { listNames, patternMatcher } from '../folder-listing.ts'
import { speaksUtf8 } from '../session.ts'
import { formatFolderName } from '../strings.ts'

function parseLsub(args: Arguments): { reference: string; pattern: string } {
  args.space()
  const reference = args.folderName()
  args.space()
  return { reference, pattern: args.pattern() }
}

/** RFC 3501 6.3.9: names that are subscribed to, also those whose folder is gone; levels above them are shown as not selectable where the pattern stops at a level. */
export const lsub = userCommand('LSUB', parseLsub, async (session, { reference, pattern }) => {
  const matches = patternMatcher(reference, pattern)
  const { store } = session.deps
  const folders = (await store.folders(session.mailbox)).filter((folder) => folder.subscribed)
  for (const { name, subscribed } of listNames(folders, await store.orphanSubscriptions(session.mailbox))) {
    if (matches(name) && (subscribed || pattern.endsWith('%'))) {
      session.output.line(`* LSUB (${subscribed ? '' : '\\Noselect'}) "/" ${formatFolderName(name, speaksUtf8(session))}`)
      await session.output.relieve()
    }
  }
  return ok('LSUB completed')
})
