/** Alerts: what a holder may wish, what there is to tell, and who tells it. */
import type { Language } from '../../base/languages.ts'
import type { MailboxRef } from '../../mailbox/types.ts'

/** Kinds of messages that come. */
export const ARRIVAL_KINDS = ['envelopes', 'receipts', 'anomalies'] as const
export const ALERT_KINDS = [...ARRIVAL_KINDS, 'quota', 'expiry'] as const
export const FREQUENCIES = ['at-once', 'hourly', 'daily'] as const

export type ArrivalKind = (typeof ARRIVAL_KINDS)[number]
export type AlertKind = (typeof ALERT_KINDS)[number]
export type Frequency = (typeof FREQUENCIES)[number]

export interface AlertWishes {
  /** the ordinary address that is told */
  readonly recipient: string
  readonly language: Language
  /** of messages; warnings are told at once */
  readonly frequency: Frequency
  /** of the day in Italy, 0 to 23; counts for `daily` */
  readonly hour: number
  /** whether sender and subject of messages are shown */
  readonly details: boolean
  readonly kinds: readonly AlertKind[]
}

export interface AlertSettings extends AlertWishes {
  /** null: nothing is told before the recipient has opened the link that was sent to him */
  readonly confirmedAt: Date | null
  /** null: alerts are sent. `bounce`: the recipient's server refuses them for good, and `reason` is what it said */
  readonly stopped: { readonly at: Date; readonly by: StoppedBy; readonly reason: string | null } | null
  /** when messages were told last */
  readonly toldAt: Date | null
}

export type StoppedBy = 'holder' | 'link' | 'bounce'

/** A message that has come, as far as an alert may tell of it. */
export interface Arrived {
  readonly kind: ArrivalKind
  /** milliseconds since 1970 */
  readonly at: number
  /** who wrote it; null for receipts, which are the providers' */
  readonly sender: string | null
  /** the user's own, without what certification puts before it */
  readonly subject: string
}

/** What there is to tell, whatever the way it goes. */
export type News =
  | {
      readonly kind: 'arrived'
      /** newest first; empty where the holder does not wish sender and subject shown */
      readonly messages: readonly Arrived[]
      readonly counts: Readonly<Record<ArrivalKind, number>>
      /** there were too many to count */
      readonly atLeast: boolean
    }
  | { readonly kind: 'quota'; readonly mark: number; readonly used: number; readonly quota: number }
  | { readonly kind: 'expiry'; readonly expiresOn: string; readonly days: number }
  | { readonly kind: 'confirmation' }

export interface Telling {
  /** the same for the same news, however often it is told */
  readonly key: string
  readonly mailbox: MailboxRef
  /** the certified address that it is about */
  readonly address: string
  readonly recipient: string
  readonly serial: number
  readonly language: Language
  readonly news: News
}

/** Takes news on its way: when it resolves they are not lost any more. What is told again with the same key arrives once. */
export type Channel = (telling: Telling) => Promise<void>
