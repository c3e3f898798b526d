/** The English texts: the models of RFC 6109 3.1 to 3.3, line by line beside the Italian ones. */
import type { Instant } from '../base/instant.ts'
import type { ReceiptType } from './certification-data.ts'
import type { Facts, Language } from './wording.ts'

const when = ({ day, time, zone }: Instant): string => `On ${day} at ${time} (${zone})`
const from = ({ submission }: Facts): string => `"${submission.subject}" originating from "${submission.sender}"`
const addresses = ({ submission }: Facts): string[] => submission.recipients.map(({ address }) => address)

/** The opening of what is about one recipient. */
const aboutOne = (facts: Facts, opening: 'the' | 'in the', recipient: string): string[] => [
  `${when(facts.at)}, ${opening} message`,
  from(facts),
  `and addressed to "${recipient}"`,
]

const DELIVERY_TITLES: Record<ReceiptType, string> = {
  completa: 'Delivery receipt',
  breve: 'Brief delivery receipt',
  sintetica: 'Concise delivery receipt',
}

const TIMEOUT_LINES: Record<12 | 24, readonly string[]> = {
  12: [
    'has not been delivered within the first twelve hours following its dispatch.',
    'Not excluding that it might eventually be delivered, it is deemed useful to consider that dispatch might not have a positive outcome.',
    'The system will send another non-delivery notice if in the following twelve hours no confirmation is received from the recipient.',
  ],
  24: [
    'has not been delivered within twenty-four hours of its dispatch.',
    'The transaction is deemed to be terminated with a negative outcome.',
  ],
}

export const ENGLISH: Language = {
  identifier: 'Message identifier',

  acceptance: (facts) => ({
    title: 'Acceptance receipt',
    lines: [
      `${when(facts.at)}, the message`,
      from(facts),
      'and addressed to:',
      ...facts.submission.recipients.map(
        ({ address, certified }) => `${address} ("${certified ? 'certified' : 'ordinary'} mail")`,
      ),
      'was accepted by the system and forwarded to the recipient(s).',
    ],
  }),

  nonAcceptance: (facts, reason) => ({
    title: 'Error in message acceptance',
    lines: [
      `${when(facts.at)}, in the message`,
      from(facts),
      'and addressed to:',
      ...addresses(facts),
      `a problem was detected that prevents its acceptance due to ${reason}.`,
      'The message was not accepted.',
    ],
  }),

  virusNonAcceptance: (facts, threat) => ({
    title: 'Error in message acceptance due to virus presence',
    lines: [
      `${when(facts.at)}, in the message`,
      from(facts),
      'and addressed to:',
      ...addresses(facts),
      `a security problem was detected: ${threat}.`,
      'The message was not accepted.',
    ],
  }),

  envelope: (facts) => ({
    title: 'Certified mail message',
    lines: [
      `${when(facts.at)}, the message`,
      `"${facts.submission.subject}" was sent by "${facts.submission.sender}"`,
      'and addressed to:',
      ...addresses(facts),
      'The original message is included in attachment.',
    ],
  }),

  takeInCharge: (facts, received) => ({
    title: 'Take-in-charge receipt',
    lines: [`${when(facts.at)}, the message`, from(facts), 'and addressed to:', ...received, 'was accepted by the system.'],
  }),

  anomaly: (facts, reason) => ({
    title: 'Message anomaly',
    lines: [
      `${when(facts.at)}, the message was received`,
      from(facts),
      'and addressed to:',
      ...addresses(facts),
      `The data has not been certified due to the following error: ${reason}`,
      'The original message is included in attachment.',
    ],
  }),

  delivery: (facts, recipient, receiptType) => ({
    title: DELIVERY_TITLES[receiptType],
    lines: [...aboutOne(facts, 'the', recipient), "was placed in the destination's mailbox."],
  }),

  nonDelivery: (facts, recipient, reason) => ({
    title: 'Non-delivery notice',
    lines: [
      ...aboutOne(facts, 'in the', recipient),
      `an error was detected ${reason}.`,
      'The message was refused by the system.',
    ],
  }),

  virusNonDelivery: (facts, recipient, threat) => ({
    title: 'Non-delivery notice due to virus',
    lines: [
      ...aboutOne(facts, 'in the', recipient),
      `a security problem was detected: ${threat}.`,
      'The message was not delivered.',
    ],
  }),

  timeout: (facts, recipient, hours) => ({
    title: 'Non-delivery notice',
    lines: [...aboutOne(facts, 'the', recipient), ...TIMEOUT_LINES[hours]],
  }),

  virus: (facts, recipient, threat) => ({
    title: 'Virus detection notice',
    lines: [...aboutOne(facts, 'in the', recipient), `a security problem was detected: ${threat}.`],
  }),
}
