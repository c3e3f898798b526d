/** What the readable texts tell, whatever their language: italian.ts and english.ts have the words, texts.ts the forms. */
import type { Instant } from '../base/instant.ts'
import type { ReceiptType, SubmissionData } from './certification-data.ts'

/** What every text names. */
export interface Facts {
  readonly at: Instant
  readonly submission: Pick<SubmissionData, 'subject' | 'sender' | 'recipients'>
}

export interface Words {
  readonly title: string
  readonly lines: readonly string[]
}

/** One method per model of RFC 6109 3.1 to 3.3. A `reason` or `threat` stands as it is given, followed by a full stop. */
export interface Language {
  /** what stands before the identifier, which ends every text */
  readonly identifier: string
  readonly acceptance: (facts: Facts) => Words
  readonly nonAcceptance: (facts: Facts, reason: string) => Words
  readonly virusNonAcceptance: (facts: Facts, threat: string) => Words
  readonly envelope: (facts: Facts) => Words
  /** `received`: the recipients that are taken in charge */
  readonly takeInCharge: (facts: Facts, received: readonly string[]) => Words
  readonly anomaly: (facts: Facts, reason: string) => Words
  readonly delivery: (facts: Facts, recipient: string, receiptType: ReceiptType) => Words
  readonly nonDelivery: (facts: Facts, recipient: string, reason: string) => Words
  readonly virusNonDelivery: (facts: Facts, recipient: string, threat: string) => Words
  readonly timeout: (facts: Facts, recipient: string, hours: 12 | 24) => Words
  readonly virus: (facts: Facts, recipient: string, threat: string) => Words
}
