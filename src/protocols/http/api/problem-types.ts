/**
 * The errors of the API: each code with its HTTP status and what it means. The one place for both; docs/reference/errors.md is written from
 * here. Codes are stable: clients decide by them, and show the `detail`.
 */
import type { CeralaccaError } from '../../../base/errors.ts'

type ProblemType = readonly [status: number, meaning: string]

export const PROBLEM_TYPES: Readonly<Record<string, ProblemType>> = {
  // How it was asked.
  'bad-request': [400, 'The request cannot be read, or a value in it is not of its form; `errors` says which.'],
  'bad-cursor': [400, 'The cursor of a page is not one that a page gave: begin with the first page.'],
  'bad-idempotency-key': [400, 'The Idempotency-Key has other than 16 to 128 visible characters: use a UUID.'],
  'idempotency-key-reused': [422, 'The Idempotency-Key was used for another request: use a new one.'],
  'idempotency-in-progress': [409, 'The same request is being worked on: ask again in a second, with the same key.'],
  'other-origin': [403, 'A browser asks for another site than ours.'],
  'no-such-operation': [404, 'There is nothing at this address of the API.'],
  'too-large': [413, 'What was sent has more bytes than are taken.'],
  'too-many-requests': [429, 'Too many requests from one place: wait as long as `Retry-After` says.'],

  // Who asks.
  'sign-in-first': [401, 'This is not for everybody: give a password, a token or a session.'],
  'bad-credentials': [401, 'The user name or the password is wrong.'],
  'bad-token': [401, 'The token is not known, or not good any more.'],
  'no-session': [401, 'There is no session, or it has ended: sign in.'],
  'bad-second-factor': [401, 'The second factor is wrong.'],
  'wrong-stage': [403, 'The session is not one with a second factor yet.'],
  'login-refused': [403, 'The password is right, but does not open this.'],
  'login-throttled': [429, 'Too many wrong passwords: wait.'],
  'not-allowed': [403, 'Who asks may not do this; of operators, the roles that may are told.'],
  'not-yours': [403, 'Who asks may not do this to this request, contract or renewal.'],
  'not-your-order': [403, 'Who asks acts for another order.'],
  'bad-label': [400, 'The name of a passkey is empty or too long.'],
  'no-such-session': [404, 'There is no such session of the one who asks.'],
  'no-such-second-factor': [404, 'There is no such second factor of the one who asks.'],
  'last-second-factor': [409, 'The last second factor stays: add another one first.'],

  // Orders, agreements, rolls.
  'no-such-order': [404, 'There is no order with this code.'],
  'order-exists': [409, 'There is an order with this code already.'],
  'bad-order-code': [422, 'The code of an order has capitals, digits and hyphens, such as OMCEO-XX.'],
  'no-such-agreement': [404, 'There is no agreement with this code.'],
  'agreement-exists': [409, 'There is an agreement with this code already.'],
  'agreement-not-in-force': [409, 'The agreement has not begun, or has ended.'],
  'bad-agreement': [422, 'A term of the agreement is not possible; the detail says which.'],
  'bad-agreement-code': [422, 'The code of an agreement has capitals, digits and hyphens, such as OMCEO-XX-0051.'],
  'no-such-domain': [422, 'The domain is not served by this provider.'],
  'bad-csv': [422, 'The file is no CSV.'],
  'bad-roll': [422, 'A column that a roll needs is missing, or the file is empty.'],
  'many-struck-off': [409, 'The import would strike off many members: look at a dry run, and allow it.'],
  'bad-terms': [422, 'The text of the terms cannot be stored; the detail says why.'],
  'terms-exist': [409, 'The version has a text in this language already, which stays: give a new version.'],
  'no-such-terms': [404, 'No text of this version and language is stored.'],
  'no-such-member': [404, 'There is nobody with this codice fiscale on the roll.'],

  // What an order is told, and tells.
  'bad-day': [422, 'The day is none, or has not come yet.'],
  'not-to-send': [409, 'A warning or a proposal does not concern a member who is named: nothing is noted.'],
  'nothing-to-export': [409, 'Nothing has changed for the register since the last export.'],
  'no-such-export': [404, 'The order has no export to the register with this number.'],
  'export-confirmed': [409, 'The export was confirmed already.'],
  'no-such-line': [422, 'The export has no such line: nothing is noted.'],
  'bad-rejections': [422, 'The file is no list of rejected lines.'],
  'not-certified': [422, 'The domain of the address is not in the directory of certified mail.'],
  'too-many-proofs': [429, 'Too many codes were asked for today: try again tomorrow.'],
  'no-such-proof': [404, 'Nobody has named an address elsewhere with this identifier.'],
  'wrong-code': [422, 'The code is not the one that was sent.'],
  'code-expired': [410, 'The code is not good any more: begin anew.'],
  'no-tries-left': [409, 'Too many wrong codes were given: begin anew.'],

  // Requests.
  'bad-tax-code': [422, 'The codice fiscale has a wrong form or a wrong check character.'],
  'not-on-roll': [422, 'The codice fiscale is not on the roll of the order.'],
  'name-differs': [422, 'Surname and name are not those of this codice fiscale on the roll.'],
  'struck-off': [409, 'The member is struck off the roll.'],
  'has-mailbox': [409, 'The member has a mailbox by this agreement already.'],
  'request-open': [409, 'A request of this member is under way already.'],
  'address-not-proposed': [422, 'The address is not among those that are proposed to the member.'],
  'address-taken': [409, 'The address was given, or is held by another request: choose another one.'],
  'bad-address': [422, 'The e-mail address is none, or is a certified one where an ordinary one is needed.'],
  'bad-phone': [422, 'The telephone number is none.'],
  'bad-years': [422, 'The agreement does not allow this duration.'],
  'terms-not-accepted': [409, 'Other terms count now: read and accept them.'],
  'too-many-links': [429, 'The link was sent again too often: look for it, or begin anew.'],
  'no-such-request': [404, 'There is no such request.'],
  'wrong-state': [409, 'This cannot be done in the state that the request, contract or renewal is in.'],
  'no-reason': [422, 'A decision needs a reason, which is recorded.'],
  'document-kind': [415, 'The document is neither PDF nor JPEG nor PNG; its bytes say so, whatever its name.'],
  'document-too-large': [413, 'The document has more than 5,000,000 bytes.'],
  'document-infected': [422, 'The virus scanner refused the document.'],
  'no-document': [404, 'No document was given yet, or its term is over.'],

  // Links that open something once.
  'bad-link': [404, 'The link is incomplete, not known, or was made useless by a newer one.'],
  'link-used': [410, 'The link was used already.'],
  'link-expired': [410, 'The link is not good any more: ask for a new one.'],
  'weak-password': [422, 'The password is too short or too common.'],

  // Alerts and other ordinary e-mail.
  'no-alerts': [404, 'The mailbox has no alerts.'],
  'no-recipient': [422, 'Nobody knows to which ordinary address alerts shall go: say it.'],
  'certified-recipient': [422, 'Alerts go to ordinary addresses only, and this one is certified.'],
  'bad-hour': [422, 'The hour of the day is a number from 0 to 23.'],
  'no-kinds': [422, 'Alerts tell of one kind of thing at least.'],
  'no-such-mail': [404, 'There is no such e-mail.'],
  'no-such-notice': [404, 'The notice is gone, for what it was about has been erased.'],
  'mail-over': [409, 'The e-mail is over and its body is gone: only notices of the agreement are sent anew.'],

  // Contracts, renewals, payments.
  'no-such-contract': [404, 'There is no such contract.'],
  'no-such-mailbox': [404, 'There is no such mailbox.'],
  'mailbox-not-made': [409, 'The mailbox is being made: ask again in a moment.'],
  'contract-over': [409, 'The contract has ended or was stopped: it cannot be renewed.'],
  'no-such-renewal': [404, 'There is no such renewal.'],
  'renewal-too-early': [409, 'Renewal opens 90 days before the expiry.'],
  'renewal-late': [409, 'A renewal had to be paid 15 days before the expiry: ask for a late one, or wait for the suspension.'],
  'renewal-open': [409, 'A renewal of this mailbox is under way already.'],
  'no-such-payment': [404, 'No payment has this reference.'],
  'bad-bank-file': [422, 'The file is no list of bank movements.'],
  'no-card-payments': [409, 'This provider takes no cards: pay by bank transfer.'],
  'paid-already': [409, 'The payment is registered: nothing is left to do.'],
  'payment-over': [409, 'The payment is not awaited any more, for what it was for is over.'],
  'bad-signature': [400, 'A notification is not signed by the payment processor, or is too old.'],

  // Programs, and who is told of events.
  'bad-token-name': [422, 'The name of a token has small letters, digits and hyphens.'],
  'bad-token-scopes': [422, 'A token of this owner cannot be good for this.'],
  'bad-token-days': [422, 'A token is good for one day to three years.'],
  'token-exists': [409, 'A token has, or had, this name already.'],
  'no-such-token': [404, 'No token that is good has this name.'],
  'bad-webhook-url': [422, 'A webhook needs an https address without a user name.'],
  'bad-webhook-kinds': [422, 'A webhook names at least one kind of event, and only such as there are.'],
  'too-many-webhooks': [409, 'One owner has 20 webhooks at most.'],
  'no-such-webhook': [404, 'There is no such webhook, or it is of somebody else.'],
  'no-such-event': [404, 'The webhook has no such event, or it is too old.'],

  // Us.
  'not-delivered': [503, 'The delivery receipt of the address has not come yet: try again in a moment.'],
  'card-unavailable': [503, 'Payment by card does not answer: try again, or pay by bank transfer.'],
  'scanner-unavailable': [503, 'The virus scanner does not answer: try again later.'],
  'not-now': [503, 'It cannot be done now: try again later.'],
}

/** Where the documents about a code are. */
const DOCUMENTS = 'https://example.org/ceralacca/ceralacca/docs/reference/errors.md'

export const typeOf = (code: string): string => `${DOCUMENTS}#${code}`

/** Whoever asked for something that is in no table asked wrongly; everything else is ours, and may work later. */
export const statusOf = ({ code, fault }: CeralaccaError): number => PROBLEM_TYPES[code]?.[0] ?? (fault === 'client' ? 400 : 503)
