import type { Arguments } from '../arguments.ts'
import { userCommand } from '../command.ts'
import { Refusal } from '../errors.ts'

function parseQuota(args: Arguments): undefined {
  args.space()
  args.astring()
  args.space()
  args.list(() => {
    args.atom()
    args.space()
    args.number()
  })
}

/** RFC 9208 4.1.3: not offered (QUOTASET), but clients of RFC 2087 may try. */
export const setQuota = userCommand('SETQUOTA', parseQuota, () => {
  throw new Refusal('NOPERM', 'The quota is set by the provider')
})
