import type { Arguments } from '../arguments.ts'
import { ok, userCommand } from '../command.ts'
import { ROOT, tellQuota } from '../quota.ts'
import { speaksUtf8 } from '../session.ts'
import { formatFolderName, formatString } from '../strings.ts'

function parseName(args: Arguments): string {
  args.space()
  return args.folderName()
}

/** RFC 9208 4.1.2: all folders have the same root, also those that are to be made. */
export const getQuotaRoot = userCommand('GETQUOTAROOT', parseName, async (session, name) => {
  session.output.line(`* QUOTAROOT ${formatFolderName(name, speaksUtf8(session))} ${formatString(ROOT)}`)
  await tellQuota(session)
  return ok('GETQUOTAROOT completed')
})
