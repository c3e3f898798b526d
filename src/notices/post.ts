/**
 * The post: ordinary e-mail of the provider to holders, orders and operators. Whoever has something to say queues it here; the postman
 * (postman.ts) takes it to the servers of the recipients.
 *
 * Invariants: what `queue` resolved is durable; the same key is never queued twice; the body, which may hold a link that opens something, is
 * gone once the mail is sent or has failed, and never in a log. Called by the rooms that write to people, and by the wiring.
 */
import { slotOf, uuidv7 } from '../base/ids.ts'
import type { PostQueries } from './queries.ts'

export interface OrdinaryMail {
  /** given again, nothing is sent twice, for as long as KEEP_DAYS (queries.ts) */
  readonly key: string
  readonly to: string
  readonly language: 'it' | 'en'
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly headers?: Readonly<Record<string, string>>
  /** told of a permanent failure under this name */
  readonly about?: { readonly kind: string; readonly subject: string; readonly slot: number }
}

export interface Post {
  queue(mail: OrdinaryMail): Promise<void>
}

export interface PostRoom extends Post {
  /** Whether a mail of this key was queued to this address. */
  has(to: string, key: string): Promise<boolean>
}

/** Where everything about a recipient lies. */
export const slotOfRecipient = (address: string): number => slotOf(address.toLowerCase())

export function createPost(queries: PostQueries, now: () => number): PostRoom {
  return {
    async queue({ key, to, about, language, subject, text, html, headers = {} }) {
      const at = now()
      await queries.insert({
        slot: slotOfRecipient(to),
        key,
        id: uuidv7(at),
        recipient: to,
        body: { language, subject, text, html, headers },
        about: about ?? null,
        at: new Date(at),
      })
    },
    has: (to, key) => queries.has(slotOfRecipient(to), key),
  }
}
