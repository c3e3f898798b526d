/** RETR and TOP: the bytes as they are stored (I5), never a whole message in memory. */
import type { MaildropMessage, MaildropStore } from '../../../mailbox/maildrop.ts'
import type { MailboxRef } from '../../../mailbox/types.ts'
import type { Output } from '../../wire/output.ts'
import { listing } from '../command.ts'
import type { Reply } from '../command.ts'
import { DotStuffing } from '../dot-stuffing.ts'
import { begin } from '../pieces.ts'
import type { Opened, Session } from '../session.ts'
import { TopOfMessage } from '../top-of-message.ts'

/** RFC 1939 5 */
export async function retr({ maildrop, lease }: Opened, number: number, { deps }: Session): Promise<Reply> {
  const message = maildrop.message(number)
  const pieces = await begin(wholeMessage(deps.store, lease.mailbox, message))
  return listing(`${message.size} octets`, (output) => write(output, pieces))
}

/** RFC 1939 7 */
export async function top(
  { maildrop, lease }: Opened,
  { number, lines }: { number: number; lines: number },
  { deps }: Session,
): Promise<Reply> {
  const message = maildrop.message(number)
  const pieces = await begin(topOf(deps.store, lease.mailbox, message, lines))
  return listing('Top of message follows', (output) => write(output, pieces))
}

async function* wholeMessage(
  store: MaildropStore,
  mailbox: MailboxRef,
  { content, size }: MaildropMessage,
): AsyncIterable<Buffer> {
  let read = 0
  for await (const piece of store.read(mailbox, content, 0, size)) {
    read += piece.length
    yield piece
  }
  if (read !== size) throw new Error(`content has ${read} bytes where ${size} are known`)
}

/** Most headers are read at once, and little more than is asked for. */
const FIRST_READ = 16 * 1024
const LARGEST_READ = 1024 * 1024

async function* topOf(
  store: MaildropStore,
  mailbox: MailboxRef,
  { content, size }: MaildropMessage,
  lines: number,
): AsyncIterable<Buffer> {
  const wanted = new TopOfMessage(lines)
  let length = FIRST_READ
  for (let from = 0; from < size && !wanted.complete; from += length, length = Math.min(4 * length, LARGEST_READ)) {
    for await (const piece of store.read(mailbox, content, from, Math.min(from + length, size))) yield wanted.take(piece)
  }
}

/** Writes a text up to the final dot, and waits while the client is slow. */
async function write(output: Output, pieces: AsyncIterable<Buffer>): Promise<void> {
  const stuffing = new DotStuffing()
  for await (const piece of pieces) await output.bytes(stuffing.stuff(piece))
  output.push(stuffing.end())
}
