/** The letters in English. */
import { ERASE_DAYS, LAST_DAY, LINK_HOURS, SUSPENDED_DAYS } from '../../registry/agreement/terms.ts'
import { paragraph, type Block } from './blocks.ts'
import { oneTimeLink, row, site, type Facts, type Wording } from './wording.ts'

const reasonOf = ({ reason }: Facts): Block | null => (reason === null ? null : paragraph(`Reason: ${reason}`))

const yearsOf = ({ years }: Facts): string => (years === 1 ? 'one year' : `${years ?? 1} years`)

const NEVER_AGAIN = 'The address will never be given to anybody else.'

/** When a mailbox that is suspended ends, and what becomes of its messages. */
const ending = ({ endsOn, deleteOn }: Facts): Block =>
  paragraph(
    endsOn === null ? null : `On ${endsOn} the mailbox ends, and you cannot open it any more.`,
    deleteOn === null
      ? null
      : `Its messages will be deleted for good on ${deleteOn}: if you need them, download them before the mailbox ends.`,
    NEVER_AGAIN,
  )

const whyStopped = ({ event, order }: Facts): string => {
  if (event === 'withdraw') return 'because its holder withdrew'
  if (event === 'transfer') return 'because its holder moves to another provider'
  return event === 'die' ? 'because its holder has died' : `by revocation, under the agreement with ${order}`
}

const memberRows = ({ person, address }: Facts, more: readonly (readonly [string, string])[] = []): Block => ({
  rows: [['Member', person], ['PEC address', address], ...more],
})

const DATE_OF_END = 'Ends on'

export const ENGLISH: Wording = {
  locale: 'en-GB',
  anOrder: 'your professional order',
  greetHolder: ({ person }) => `Dear ${person},`,
  greetOrder: ({ order }) => `To ${order},`,
  signature: ({ provider }) => `Kind regards, ${provider}`,
  note: ({ provider }) =>
    `This message was sent automatically by ${provider}, a provider of certified e-mail: please do not reply. We will never ask you for your password.`,

  holder: {
    'confirm-email': (facts) => ({
      subject: 'Please confirm your e-mail address for your PEC request',
      blocks: [
        paragraph(
          `We have received the request for the certified mailbox (PEC) ${facts.address}, under the agreement with ${facts.order}.`,
          'To go on, please confirm that this e-mail address is yours: notices about the mailbox will go to it.',
        ),
        oneTimeLink(facts, 'Confirm the e-mail address'),
        paragraph(
          `The link is good for ${LINK_HOURS['confirm-email']} hours, and can be used once.`,
          'If you have not asked for a PEC mailbox, ignore this message: without a confirmation the request ends by itself.',
        ),
      ],
    }),

    activation: (facts) => ({
      subject: `Your PEC mailbox is active: ${facts.address}`,
      blocks: [
        paragraph('Your certified mailbox (PEC) is active. To begin to use it, choose its password.'),
        oneTimeLink(facts, 'Choose the password'),
        paragraph(
          `The link is good for ${LINK_HOURS.activate / 24} days, and can be used once.`,
          'Nobody but you knows the password: it is never sent by e-mail.',
        ),
        {
          rows: [
            ['User name', facts.address],
            ...row('Expires on', facts.expiresOn),
            ['Incoming mail (IMAP)', `${facts.serverName}, port ${facts.ports.imaps}, SSL/TLS`],
            ['Incoming mail (POP3)', `${facts.serverName}, port ${facts.ports.pop3s}, SSL/TLS`],
            ['Outgoing mail (SMTP)', `${facts.serverName}, port ${facts.ports.submissions}, SSL/TLS, with authentication`],
          ],
        },
        site(facts, 'Instructions for computer, phone and tablet'),
        paragraph('We tell your order the address: there is nothing else for you to do.'),
      ],
    }),

    'document-wanted': (facts) => ({
      subject: 'Another identity document is needed for your PEC',
      blocks: [
        paragraph(`For the request of the PEC mailbox ${facts.address} the identity document that you sent cannot be accepted.`),
        reasonOf(facts),
        paragraph('Please send another one that is valid and easy to read, as PDF, JPEG or PNG.'),
        site(facts, 'Open the site'),
      ],
    }),

    'payment-awaited': (facts) => ({
      subject: `Payment for the PEC mailbox ${facts.address}`,
      blocks: [
        paragraph(
          `We await the payment for the PEC mailbox ${facts.address}. If you pay by bank transfer, please give the reference below.`,
        ),
        {
          rows: [
            ...row('Amount', facts.amount),
            ...row('Reference', facts.reference),
            ...row('Account', facts.bankAccount),
            ...row('To be registered by', facts.lastDay),
          ],
        },
        facts.lastDay === null
          ? paragraph('We go on as soon as the payment is registered.')
          : paragraph(
              `The renewal is concluded only when we have registered the payment, at least ${LAST_DAY} days before the expiry.`,
              'A bank transfer may take some working days: do not wait for the last one.',
            ),
      ],
    }),

    'payment-registered': (facts) => ({
      subject: 'Your payment is registered',
      blocks: [
        paragraph(
          `The payment for the PEC mailbox ${facts.address} is registered.`,
          'An operator now checks the identity document; we will write to you when the mailbox is active.',
        ),
      ],
    }),

    reminder: (facts) => ({
      subject: `Your PEC expires on ${facts.expiresOn ?? ''}: renew it in time`,
      blocks: [
        paragraph(
          `The PEC mailbox ${facts.address} expires on ${facts.expiresOn ?? ''}, in ${facts.days ?? 0} days.`,
          facts.lastDay === null
            ? null
            : `To renew it in time, the payment must be registered by ${facts.lastDay}, at least ${LAST_DAY} days before the expiry.`,
        ),
        site(facts, 'Renew the mailbox'),
        paragraph(
          `If it is not renewed, the mailbox is suspended for ${SUSPENDED_DAYS} days after the expiry: you can read messages, but neither send nor receive any.`,
        ),
      ],
    }),

    'renewal-concluded': (facts) => ({
      subject: `Your PEC is renewed: ${facts.address}`,
      blocks: [
        paragraph(
          `The PEC mailbox ${facts.address} is renewed for ${yearsOf(facts)}.`,
          facts.expiresOn === null ? null : `It now expires on ${facts.expiresOn}.`,
        ),
      ],
    }),

    'renewal-late': (facts) => ({
      subject: 'Late renewal of your PEC',
      blocks: [
        paragraph(
          `To renew the PEC mailbox ${facts.address} in time, the payment had to be registered${facts.lastDay === null ? '' : ` by ${facts.lastDay}`}, at least ${LAST_DAY} days before the expiry${facts.expiresOn === null ? '' : ` on ${facts.expiresOn}`}.`,
          'An operator decides whether the renewal can still be accepted; we will tell you.',
        ),
        paragraph(
          `If it cannot, the mailbox is suspended after the expiry, and for ${SUSPENDED_DAYS} days you can renew it with the same address.`,
        ),
      ],
    }),

    'renewal-refused': (facts) => ({
      subject: 'The late renewal of your PEC is not accepted',
      blocks: [
        paragraph(`The late renewal of the PEC mailbox ${facts.address} was not accepted.`),
        reasonOf(facts),
        paragraph(
          `After the expiry the mailbox is suspended; for ${SUSPENDED_DAYS} days you can still renew it, with the same address.`,
          'If you have paid already, we will contact you to give the money back.',
        ),
      ],
    }),

    'request-abandoned': (facts) => ({
      subject: 'Your PEC request has ended',
      blocks: [
        paragraph(
          `The request for the PEC mailbox ${facts.address} is not under way any more: it was withdrawn, or not completed in time.`,
          `Your data will be erased in ${ERASE_DAYS} days. You can make a new request whenever you like.`,
        ),
        site(facts, 'Open the site'),
      ],
    }),

    'request-rejected': (facts) => ({
      subject: 'Your PEC request is rejected',
      blocks: [
        paragraph(`The request for the PEC mailbox ${facts.address} was rejected.`),
        reasonOf(facts),
        paragraph(`Your data will be erased in ${ERASE_DAYS} days.`),
      ],
    }),

    'service-suspended': (facts) => ({
      subject: `Your PEC has expired and is suspended: ${facts.address}`,
      blocks: [
        paragraph(
          `The PEC mailbox ${facts.address} has expired${facts.expiresOn === null ? '' : ` on ${facts.expiresOn}`} and is suspended.`,
          'You can read and download messages, but neither send nor receive any: who writes to you gets a non-delivery notice.',
        ),
        paragraph(
          facts.endsOn === null
            ? 'You can still renew it, with the same address.'
            : `Until the day before ${facts.endsOn} you can still renew it, with the same address.`,
        ),
        site(facts, 'Renew the mailbox'),
        ending(facts),
      ],
    }),

    'service-stopped': (facts) => ({
      subject: `Your PEC was deactivated: ${facts.address}`,
      blocks: [
        paragraph(
          `The PEC mailbox ${facts.address} was deactivated ${whyStopped(facts)}.`,
          'You can still read and download messages, but neither send nor receive any: who writes to you gets a non-delivery notice.',
        ),
        reasonOf(facts),
        ending(facts),
      ],
    }),

    'service-ended': (facts) => ({
      subject: `Your PEC has ended: ${facts.address}`,
      blocks: [
        paragraph(
          `The PEC mailbox ${facts.address} has ended.`,
          facts.deleteOn === null ? null : `Its messages will be deleted for good on ${facts.deleteOn}.`,
          NEVER_AGAIN,
        ),
        paragraph('The log of its operations, without the content of messages, is kept for 30 months, as the law requires.'),
      ],
    }),

    'content-deleted': (facts) => ({
      subject: `The messages of the mailbox ${facts.address} are deleted`,
      blocks: [
        paragraph(
          `As we told you, the messages of the ended PEC mailbox ${facts.address} have been deleted for good.`,
          'The log of its operations, without the content of messages, is kept for 30 months, as the law requires.',
        ),
      ],
    }),
  },

  order: {
    given: (facts) => ({
      subject: `New PEC address of a member: ${facts.address}`,
      blocks: [paragraph('The following certified address is active.'), memberRows(facts, row('Expires on', facts.expiresOn))],
    }),
    suspended: (facts) => ({
      subject: `PEC of a member expired and suspended: ${facts.address}`,
      blocks: [
        paragraph(
          'The following mailbox has expired without a renewal and is suspended: it neither sends nor receives messages.',
        ),
        memberRows(facts, [...row('Expired on', facts.expiresOn), ...row(DATE_OF_END, facts.endsOn)]),
        paragraph('Until it ends the member can renew it with the same address.'),
      ],
    }),
    resumed: (facts) => ({
      subject: `PEC of a member active again: ${facts.address}`,
      blocks: [
        paragraph('The following mailbox was suspended; it has been renewed and is active again.'),
        memberRows(facts, row('Expires on', facts.expiresOn)),
      ],
    }),
    stopped: (facts) => ({
      subject: `PEC of a member deactivated: ${facts.address}`,
      blocks: [
        paragraph(`The following mailbox was deactivated ${whyStopped(facts)}: it neither sends nor receives messages.`),
        memberRows(facts, row(DATE_OF_END, facts.endsOn)),
      ],
    }),
    ended: (facts) => ({
      subject: `PEC of a member ended: ${facts.address}`,
      blocks: [paragraph(`The following mailbox has ended. ${NEVER_AGAIN}`), memberRows(facts)],
    }),
    elsewhere: (facts) => ({
      subject: `PEC address of a member at another provider: ${facts.address}`,
      blocks: [
        paragraph(
          'A member has named the following certified address at another provider, and has proved to have the use of it.',
        ),
        memberRows(facts),
      ],
    }),
    'elsewhere-ended': (facts) => ({
      subject: `PEC address of a member no longer named: ${facts.address}`,
      blocks: [
        paragraph('The following certified address at another provider is no longer the one that the member has named.'),
        memberRows(facts),
      ],
    }),
  },
}
