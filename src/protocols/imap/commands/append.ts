import type { AppendRequest } from '../../../mailbox/types.ts'
import type { Arguments } from '../arguments.ts'
import { ok, userCommand } from '../command.ts'
import { parseDateTime } from '../dates.ts'
import { Refusal, syntaxError } from '../errors.ts'
import { flagSet } from '../flags.ts'
import { orTryCreate } from '../replies.ts'

interface Request {
  readonly folder: string
  readonly flags: readonly string[]
  readonly date: number | undefined
  readonly bytes: Buffer
}

function parseAppend(args: Arguments): Request {
  args.space()
  const folder = args.folderName()
  args.space()
  const flags = args.peek() === '(' ? args.list(() => args.flag()) : undefined
  if (flags) args.space()
  const date = args.peek() === '"' ? parseDateTime(args.string()) : undefined
  if (date !== undefined) args.space()
  const bytes = args.literal()
  if (bytes.length === 0) throw syntaxError('Empty message')
  return { folder, flags: flags ?? [], date, bytes }
}

/** RFC 3501 6.3.11, with APPENDUID (RFC 4315 3). */
export const append = userCommand('APPEND', parseAppend, async (session, { folder, flags, date, bytes }) => {
  // RFC 3501 4.3: only BINARY (RFC 3516) would let it back out.
  if (bytes.includes(0)) throw new Refusal('CANNOT', 'A message must not hold NUL')
  const request: AppendRequest = { bytes, ...flagSet(flags), internalDate: date ?? Date.now() }
  const { uidValidity, uids } = await orTryCreate(session.deps.store.append(session.mailbox, folder, [request]))
  session.selected?.hint()
  return ok('APPEND completed', `APPENDUID ${uidValidity} ${uids.join(',')}`)
})
