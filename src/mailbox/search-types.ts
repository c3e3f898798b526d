/** What a folder's messages are searched for, sorted by and threaded by. */

export type HeaderText = 'subject' | 'from' | 'to' | 'cc' | 'bcc'

/** Days are numbers: yyyymmdd, in Europe/Rome; `sent` is the day that the Date field names. Texts are found in any case, within longer ones. */
export type Criterion =
  | { readonly on: 'received' | 'saved' | 'sent'; readonly op: 'before' | 'on' | 'since'; readonly day: number }
  /** received up to, or from that second on, since 1970 */
  | { readonly on: 'older' | 'younger'; readonly second: number }
  | { readonly on: 'larger' | 'smaller'; readonly size: number }
  | { readonly on: 'content'; readonly id: string }
  /** the first field of that kind, as ENVELOPE has it, decoded */
  | { readonly on: HeaderText; readonly text: string }
  /** a field of that name, decoded */
  | { readonly on: 'header'; readonly name: string; readonly text: string }
  /** a field, with its name; a text part or a header within the message, decoded */
  | { readonly on: 'fields' | 'body'; readonly text: string }

/** RFC 5256 3, RFC 5957 */
export type SortKey = 'arrival' | 'cc' | 'date' | 'from' | 'size' | 'subject' | 'to' | 'displayfrom' | 'displayto'

/** Messages, by UID, with their places by some key: equal where the key is, and in its order. */
export interface Ranks {
  readonly uids: Uint32Array
  /** beside `uids` */
  readonly ranks: Uint32Array
}

/** What threads are made of (RFC 5256 3); columns of one entry for each message, in the order of their UIDs. */
export interface ThreadFacts {
  readonly uids: Uint32Array
  /** seconds since 1970 */
  readonly sent: Float64Array
  /** numbers that are equal, and in the order, of base subjects; 0 where it is empty */
  readonly subjects: Uint32Array
  /** 1: the subject was one of a reply or of what is passed on */
  readonly replies: Uint8Array
  /** numbers in the place of message ids, message after message: its own (0 if it has none), then its references */
  readonly ids: Uint32Array
  /** where those of a message begin in `ids`, and after the last message where they end */
  readonly idStarts: Uint32Array
}
