/**
 * The one list of what a webhook can tell, from which docs/reference/webhook-events.md is written. No event carries content of a message; its
 * subject and who wrote to whom go to the mailbox's own subscriptions alone.
 */

/** What stands in `data`: of every event of the kind, and, where the subscription is the mailbox's own, besides. */
interface EventKind {
  readonly says: string
  readonly data: Readonly<Record<string, string>>
  readonly own?: Readonly<Record<string, string>>
}

const MAILBOX = {
  mailbox: 'the certified address',
  order: 'code of the order by whose agreement it is given',
  contract: 'identifier of its contract',
  state: 'state of the contract from now on',
  cause: 'what brought it there: the event of the table of transitions',
}
const REQUEST = {
  request: 'identifier of the request',
  order: 'code of the order',
  from: 'state before; null for a new one',
  state: 'state from now on',
  cause: 'what brought it there: the event of the table of transitions',
}
const MESSAGE = {
  mailbox: 'the certified address whose message it is',
  pecMsgid: 'identifier of the certified message, by which the ledger knows it',
}
const SENT = { ...MESSAGE, recipients: 'how many recipients it is about' }
const OWN_SENT = {
  recipientAddresses: 'addresses of these recipients',
  subject: 'subject',
  msgid: 'Message-ID that the sender’s program gave; null: none',
}
const OWN_RECEIVED = { sender: 'address of the sender', subject: 'subject', msgid: 'Message-ID of the original; null: none' }

const mailbox = (says: string) => ({ says, data: MAILBOX })
const sent = (says: string) => ({ says, data: SENT, own: OWN_SENT })
const received = (says: string) => ({ says, data: MESSAGE, own: OWN_RECEIVED })

export const EVENT_KINDS = {
  'mailbox.activated': mailbox('A request was approved, and the mailbox is given.'),
  'mailbox.expiring': mailbox('The time of the mailbox ends soon: it can be renewed from now on.'),
  'mailbox.renewed': mailbox('Its time goes on; where it was suspended it works again.'),
  'mailbox.suspended': mailbox('It neither sends nor receives: it has expired, or the service was stopped (see `cause`).'),
  'mailbox.ended': mailbox('It is over; its address is never given again.'),
  'request.changed': { says: 'A request for a mailbox was made, or went on to another state.', data: REQUEST },
  'message.accepted': sent('A message of the mailbox was accepted: its acceptance receipt is issued.'),
  'message.refused': sent('A message of the mailbox was refused with a non-acceptance notice.'),
  'message.relayed': sent('The provider of some recipients, or an ordinary server, has taken over the message.'),
  'message.delivered': sent('The delivery receipt of one recipient has come.'),
  'message.failed': sent('The non-delivery notice of one recipient has come, or was issued.'),
  'message.delayed': sent('The notice of 12 hours was issued: nobody has taken the message in charge for one recipient.'),
  'message.expired': sent('The notice of 24 hours was issued: nothing says that the message was delivered to one recipient.'),
  'message.taken-in-charge': received('A message of another provider for the mailbox was taken in charge.'),
  'message.arrived': received('A certified message is in the mailbox.'),
  'webhook.paused': {
    says: 'Another webhook of the same owner was paused, by its owner or because its receiver does not answer.',
    data: { webhook: 'identifier of the webhook', cause: 'owner, failing, gone' },
  },
  'webhook.test': {
    says: 'Sent when somebody asks for it, whatever the webhook listens to.',
    data: { webhook: 'its own identifier' },
  },
} as const satisfies Record<string, EventKind>

export type WebhookEventKind = keyof typeof EVENT_KINDS

/** What a subscription can name. */
export const SUBSCRIBABLE = (Object.keys(EVENT_KINDS) as WebhookEventKind[]).filter((kind) => kind !== 'webhook.test')
