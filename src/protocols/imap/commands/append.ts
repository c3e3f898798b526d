import type { AppendRequest } from '../../../mailbox/types.ts'
import { parseHeader } from '../../../mime/header.ts'
import type { HeaderField } from '../../../mime/header.ts'
import type { Arguments } from '../arguments.ts'
import { ok, userCommand } from '../command.ts'
import { parseDateTime } from '../dates.ts'
import { Refusal } from '../errors.ts'
import { flagSet } from '../flags.ts'
import { tellNormalised } from '../list-response.ts'
import { orTryCreate } from '../replies.ts'
import { formatSequenceSet } from '../sequence-set.ts'
import { speaksUtf8 } from '../session.ts'

interface Message {
  readonly flags: readonly string[]
  readonly date: number | undefined
  /** it came as a literal8, which may hold NUL (RFC 3516) */
  readonly binary: boolean
  readonly bytes: Buffer
}

interface Request {
  readonly folder: string
  readonly messages: readonly Message[]
}

function parseAppend(args: Arguments): Request {
  args.space()
  const folder = args.folderName()
  args.space()
  const messages = [parseMessage(args)]
  while (args.accept(' ') && args.peek() !== '') messages.push(parseMessage(args))
  return { folder, messages }
}

function parseMessage(args: Arguments): Message {
  const flags = args.peek() === '(' ? args.list(() => args.flag()) : undefined
  if (flags) args.space()
  const date = args.peek() === '"' ? parseDateTime(args.string()) : undefined
  if (date !== undefined) args.space()
  return { flags: flags ?? [], date, ...(args.peekWord('UTF8') ? parseUtf8(args) : parseLiteral(args)) }
}

function parseLiteral(args: Arguments): Pick<Message, 'binary' | 'bytes'> {
  const binary = args.accept('~')
  return { binary, bytes: args.literal() }
}

/** RFC 6855 4: `UTF8 (~{...} ...)` */
function parseUtf8(args: Arguments): Pick<Message, 'binary' | 'bytes'> {
  args.atom()
  args.space()
  args.expect('(')
  args.expect('~')
  const bytes = args.literal()
  args.expect(')')
  return { binary: true, bytes }
}

/** What is stored. Throws NO for a message that cannot be. */
function appendRequest({ flags, date, binary, bytes }: Message, utf8: boolean): AppendRequest {
  // RFC 3502 6.3.11: with an empty message a client calls its command off.
  if (bytes.length === 0) throw new Refusal('CANNOT', 'Empty message')
  // RFC 3516 4.4: a message with NUL could not be passed on as it is to clients without BINARY, and its bytes never change (I5).
  if (bytes.includes(0)) throw new Refusal(binary ? 'UNKNOWN-CTE' : 'CANNOT', 'A message must not hold NUL')
  // RFC 6855 4: who has not said that it knows such messages must not make any.
  if (!utf8 && hasEightBitHeader(bytes)) throw new Refusal('CANNOT', 'Enable UTF8=ACCEPT for 8-bit header fields')
  return { bytes, ...flagSet(flags), internalDate: date ?? Date.now() }
}

/** Longer headers are looked at up to here. */
const MAX_HEADER = 1024 * 1024

function hasEightBitHeader(bytes: Buffer): boolean {
  const end = Math.min(bytes.length, MAX_HEADER)
  // Most headers have no such byte up to their empty line, and need not be read.
  for (let at = 0; at < end; at++) {
    if ((bytes[at] ?? 0) >= 0x80) return parseHeader(bytes, 0, end).fields.some((field) => hasEightBit(bytes, field))
    if (bytes[at] === LF && (bytes[at + 1] === LF || (bytes[at + 1] === CR && bytes[at + 2] === LF))) return false
  }
  return false
}

const hasEightBit = (bytes: Buffer, { start, end }: HeaderField): boolean =>
  bytes.subarray(start, end).some((byte) => byte >= 0x80)

const LF = 10
const CR = 13

/** RFC 3501 6.3.11, of several messages (RFC 3502), with APPENDUID (RFC 4315 3). */
export const append = userCommand('APPEND', parseAppend, async (session, { folder, messages }) => {
  const requests = messages.map((message) => appendRequest(message, speaksUtf8(session)))
  const { uidValidity, uids } = await orTryCreate(session.deps.store.append(session.mailbox, folder, requests))
  await tellNormalised(session, folder)
  session.selected?.added(folder, uids)
  return ok('APPEND completed', `APPENDUID ${uidValidity} ${formatSequenceSet(uids)}`)
})
