import type { Arguments } from '../arguments.ts'
import { ok, userCommand } from '../command.ts'
import { Refusal } from '../errors.ts'
import { ROOT, tellQuota } from '../quota.ts'

function parseRoot(args: Arguments): string {
  args.space()
  return args.astring()
}

/** RFC 9208 4.1.1 */
export const getQuota = userCommand('GETQUOTA', parseRoot, async (session, root) => {
  if (root !== ROOT) throw new Refusal('NONEXISTENT', 'There is no such quota root')
  await tellQuota(session)
  return ok('GETQUOTA completed')
})
