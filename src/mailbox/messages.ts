/** Reads the rows of many messages, some at a time, the next ones while the caller works on these. */
import { CeralaccaError } from '../base/errors.ts'
import { decodeEnvelope } from '../mime/parsed-codec.ts'
import { decodeParsed, type Envelope, type ParsedMessage } from '../mime/structure.ts'
import type { MessageRow } from './queries.ts'
import type { StoredContent, StoredMessage } from './types.ts'

/** Rows of the first statement, which is waited for; and of the others. Twice as many are in memory at a time. */
const FIRST_ROWS = 50
const ROWS = 250

/** @param read answers the rows of these UIDs, by UID */
export async function* readMessages(
  read: (uids: readonly number[]) => Promise<MessageRow[]>,
  uids: readonly number[],
): AsyncIterable<StoredMessage> {
  let at = 0
  const next = (): Promise<MessageRow[]> | undefined => {
    if (at >= uids.length) return undefined
    const rows = read(uids.slice(at, (at += at === 0 ? FIRST_ROWS : ROWS)))
    // It is waited for later, or never if the caller stops: its error is told then.
    rows.catch(() => undefined)
    return rows
  }
  for (let coming = next(); coming;) {
    const rows = await coming
    coming = next()
    for (const row of rows) yield toMessage(row)
  }
}

const NONE: readonly string[] = []

const toMessage = (row: MessageRow): StoredMessage => ({
  uid: row.uid,
  modseq: row.modseq,
  flags: row.flags,
  keywords: row.keywords ?? NONE,
  internalDate: row.internal_date,
  savedAt: row.saved_at,
  content: new Content(row),
})

class Content implements StoredContent {
  readonly id: string
  readonly size: number
  shown: string | null
  readonly #packed: string | null
  #parsed: ParsedMessage | undefined

  constructor({ content, size, parsed, shown }: MessageRow) {
    this.id = content
    this.size = size
    this.shown = shown
    this.#packed = parsed
  }

  get #text(): string {
    if (this.#packed === null)
      throw new CeralaccaError('structure-not-read', 'bug', 'the structure of a message was not asked for')
    return this.#packed
  }

  get parsed(): ParsedMessage {
    return (this.#parsed ??= decodeParsed(this.#text))
  }

  get envelope(): Envelope | null {
    return this.#parsed ? this.#parsed.root.envelope : decodeEnvelope(this.#text)
  }
}
