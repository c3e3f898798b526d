/** A mailbox's inbox as a test reads it, by IMAP: messages by their subjects, each fetched once. */
import assert from 'node:assert/strict'
import type { ImapFlow } from 'imapflow'
import type { Owner } from './cleanup.ts'
import { openMailbox, type ReadMessage } from './mailbox-reader.ts'
import type { Account, Provider } from './provider.ts'

const LONGEST_WAIT_MS = 60_000

export class Inbox {
  readonly #client: ImapFlow
  readonly #messages: ReadMessage[] = []
  #reading: Promise<void> = Promise.resolve()

  private constructor(client: ImapFlow) {
    this.#client = client
  }

  static async open(owner: Owner, provider: Provider, account: Account): Promise<Inbox> {
    const client = await openMailbox(owner, provider, account)
    await client.mailboxOpen('INBOX')
    return new Inbox(client)
  }

  /** Waits until `count` messages of this subject are there, and answers them. */
  async wait(subject: string, count: number): Promise<ReadMessage[]> {
    const deadline = Date.now() + LONGEST_WAIT_MS
    for (;;) {
      const found = (await this.#read()).filter((message) => message.subject === subject)
      if (found.length >= count) return found
      if (Date.now() > deadline)
        throw new Error(`only ${found.length} of ${count} "${subject}" came; there is: ${this.#subjects().join('; ')}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** Waits for the message of this subject, of which there is one. */
  async one(subject: string): Promise<ReadMessage> {
    const [message, ...more] = await this.wait(subject, 1)
    assert.ok(message)
    assert.equal(more.length, 0, `one "${subject}"`)
    return message
  }

  /** What stands before this in the subjects of the messages that are there now: the prefixes of all about one. Sorted. */
  async about(subject: string): Promise<string[]> {
    await this.#read()
    return this.#subjects()
      .flatMap((one) => (one.endsWith(subject) ? [one.slice(0, -subject.length)] : []))
      .sort()
  }

  #subjects(): string[] {
    return this.#messages.map(({ subject }) => subject)
  }

  /** All that is there now; who asks while another reads waits for his turn. */
  async #read(): Promise<readonly ReadMessage[]> {
    this.#reading = this.#reading.then(() => this.#fetchNew())
    await this.#reading
    return this.#messages
  }

  async #fetchNew(): Promise<void> {
    await this.#client.noop()
    if (this.#client.mailbox === false || this.#client.mailbox.exists === 0) return
    const next = (this.#messages.at(-1)?.uid ?? 0) + 1
    const wanted = { uid: true, envelope: true, source: true, size: true }
    for await (const { uid, envelope, source, size } of this.#client.fetch(`${next}:*`, wanted, { uid: true })) {
      // "n:*" names the last message also where n lies beyond it (RFC 9051 9, seq-range).
      if (uid < next) continue
      assert.ok(source && size !== undefined, 'the server gives the source')
      this.#messages.push({ uid, subject: envelope?.subject ?? '', source, size })
    }
  }
}
