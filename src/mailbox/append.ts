/** Appends what a client hands in: all of it, or nothing. */
import { hash } from 'node:crypto'
import { uuidv7 } from '../base/ids.ts'
import { encodeParsed, parseStructure } from '../mime/structure.ts'
import type { Blobs } from '../storage/blobs.ts'
import type { Database } from '../storage/database.ts'
import { blobItem, BytesPack, contentItem } from './content.ts'
import { APPEND, BLOBS, type AppendedRow } from './queries.ts'
import type { AppendRequest, MailboxRef } from './types.ts'

/** So many messages are one statement; of more, each statement has so many. */
const AT_ONCE = 25

export interface AppenderDeps {
  readonly database: Database
  readonly blobs: Blobs
  readonly now: () => number
}

/** The JSON of messages for `mailbox_append_all` and of their blobs for `blob_add_all`. */
interface Items {
  readonly messages: object[]
  readonly rows: object[]
}

export function createAppender({ database: { transactor }, blobs, now }: AppenderDeps) {
  /** The bytes go to a blob of the mailbox's own slot: small ones in the database, with the message; large ones on disk, before it. */
  async function add(
    { messages, rows }: Items,
    packs: { readonly messages: BytesPack; readonly rows: BytesPack },
    slot: number,
    { bytes, flags, keywords, internalDate }: AppendRequest,
  ): Promise<void> {
    const id = uuidv7(now())
    const place = blobs.place(bytes.length)
    if (place === 'disk') await blobs.putOnDisk({ slot, id }, bytes)
    rows.push(blobItem(packs.rows, { slot, id, place, bytes, sha256: hash('sha256', bytes, 'buffer') }))
    const content = {
      head: NOTHING,
      tail: NOTHING,
      parsed: encodeParsed(parseStructure(bytes)),
      size: bytes.length,
      slice: { slot, id, place, offset: 0, length: bytes.length },
    }
    messages.push({
      ...contentItem(packs.messages, uuidv7(now()), content),
      flags,
      keywords: arrayLiteral(keywords),
      internalDate,
      receipt: false,
    })
  }

  /** One statement, so a message costs one sync and one way to the database. */
  async function appendFew({ slot, id }: MailboxRef, folder: string, requests: readonly AppendRequest[]): Promise<AppendedRow[]> {
    const pack = new BytesPack()
    const items: Items = { messages: [], rows: [] }
    for (const request of requests) await add(items, { messages: pack, rows: pack }, slot, request)
    const [messages, rows] = [JSON.stringify(items.messages), JSON.stringify(items.rows)]
    return transactor.call(slot, APPEND, [slot, id, folder, messages, pack.bytes(), new Date(now()), rows])
  }

  /** While the database stores the bytes of some messages, the next ones are read. The mailbox is locked at the end only. */
  function appendMany({ slot, id }: MailboxRef, folder: string, requests: readonly AppendRequest[]): Promise<AppendedRow[]> {
    return transactor.transact(slot, async (tx) => {
      const messages = new BytesPack()
      const items: Items = { messages: [], rows: [] }
      const at = new Date(now())
      let storing: Promise<unknown> = Promise.resolve()
      for (let from = 0; from < requests.length; from += AT_ONCE) {
        const rows = new BytesPack()
        const some: Items = { messages: items.messages, rows: [] }
        for (const request of requests.slice(from, from + AT_ONCE)) await add(some, { messages, rows }, slot, request)
        await storing
        storing = tx.query(BLOBS, [slot, JSON.stringify(some.rows), rows.bytes(), at])
        // It is waited for after the next ones are read.
        storing.catch(() => undefined)
      }
      await storing
      return tx.query<AppendedRow>(APPEND, [slot, id, folder, JSON.stringify(items.messages), messages.bytes(), at, '[]'])
    })
  }

  return (mailbox: MailboxRef, folder: string, requests: readonly AppendRequest[]): Promise<AppendedRow[]> =>
    (requests.length <= AT_ONCE ? appendFew : appendMany)(mailbox, folder, requests)
}

const NOTHING = Buffer.alloc(0)

/** Words as a PostgreSQL array. */
const arrayLiteral = (words: readonly string[]): string =>
  `{${words.map((word) => `"${word.replace(/["\\]/g, '\\$&')}"`).join(',')}}`
