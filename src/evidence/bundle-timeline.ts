/** What happened to the message of a bundle, as its messages and its proofs of the ledger tell. Pure. */
import type { NumberedEntry } from '../ledger/entry.ts'
import type { CertifiedFile } from './bundle-messages.ts'

/** What the files of a bundle say by themselves, whoever has signed them. */
export interface Contents {
  readonly messages: readonly CertifiedFile[]
  readonly entries: readonly NumberedEntry[]
}

export interface TimelineEvent {
  /** milliseconds since 1970 */
  readonly at: number
  /** the kind of a message, or an event of the ledger */
  readonly what: string
  /** whom it is about, or who made it */
  readonly who: string
  /** the file that says so; null for the ledger */
  readonly source: string | null
}

/** Oldest first; of one second, the ledger after the messages. */
export function timelineOf({ messages, entries }: Contents): TimelineEvent[] {
  const events = [
    ...messages.map(({ path, daticert: { kind, at, recipient, provider } }) => ({
      at: at.ms,
      what: kind,
      who: recipient ?? provider,
      source: path,
    })),
    ...entries.map(({ at, event, recipients }) => ({ at, what: event, who: recipients.join(', '), source: null })),
  ]
  return events.sort((a, b) => a.at - b.at)
}
