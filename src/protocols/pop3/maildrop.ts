/** A session's maildrop: the messages that the inbox had at login, by number, and which of them are to be removed (RFC 1939 5). */
import type { MaildropMessage, MaildropSnapshot } from '../../mailbox/maildrop.ts'
import { Refusal } from './errors.ts'

const ID_BYTES = 16

/** 32 bytes a message, whatever their number. */
export class Maildrop {
  /** id of the inbox */
  readonly folder: string
  readonly #uidValidity: number
  readonly #uids: Float64Array
  readonly #sizes: Float64Array
  readonly #contents: Buffer
  readonly #deleted = new Set<number>()
  #octets = 0

  constructor({ folder, uidValidity, messages }: MaildropSnapshot) {
    this.folder = folder
    this.#uidValidity = uidValidity
    this.#uids = new Float64Array(messages.length)
    this.#sizes = new Float64Array(messages.length)
    this.#contents = Buffer.alloc(messages.length * ID_BYTES)
    for (const [index, { uid, size, content }] of messages.entries()) {
      this.#uids[index] = uid
      this.#sizes[index] = size
      this.#contents.write(content.replaceAll('-', ''), index * ID_BYTES, 'hex')
      this.#octets += size
    }
  }

  /** How many messages are there, without those to be removed. */
  get count(): number {
    return this.#uids.length - this.#deleted.size
  }

  /** Their sizes together. */
  get octets(): number {
    return this.#octets
  }

  /** The numbers of the messages that are not to be removed. */
  *numbers(): Iterable<number> {
    for (let number = 1; number <= this.#uids.length; number++) if (!this.#deleted.has(number)) yield number
  }

  /** @throws Refusal if there is none, or it is to be removed */
  message(number: number): MaildropMessage {
    const index = number - 1
    const [uid, size] = [this.#uids[index], this.#sizes[index]]
    if (uid === undefined || size === undefined) throw new Refusal(null, 'No such message')
    if (this.#deleted.has(number)) throw new Refusal(null, 'The message is marked as deleted')
    return { uid, size, content: this.#content(index) }
  }

  /** RFC 1939 7: the same for ever, and never another message's. */
  uniqueId(number: number): string {
    return `${this.#uidValidity}.${this.message(number).uid}`
  }

  delete(number: number): void {
    this.#octets -= this.message(number).size
    this.#deleted.add(number)
  }

  /** Unmarks all messages. */
  reset(): void {
    const marked = [...this.#deleted]
    this.#deleted.clear()
    for (const number of marked) this.#octets += this.message(number).size
  }

  /** UIDs of the messages to be removed. */
  deletedUids(): number[] {
    return [...this.#deleted].map((number) => this.#uids[number - 1] ?? 0)
  }

  #content(index: number): string {
    const hex = this.#contents.toString('hex', index * ID_BYTES, (index + 1) * ID_BYTES)
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }
}
