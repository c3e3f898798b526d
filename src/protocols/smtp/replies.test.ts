import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CeralaccaError, asCeralaccaError, clientError, temporaryError } from '../../base/errors.ts'
import { SmtpReply, reply, replyFor } from './replies.ts'

const said = (error: CeralaccaError): string => {
  const { responseCode, message } = replyFor(error)
  return `${responseCode} ${message}`
}

test('a reply to each error that a client may cause', () => {
  const cases: [CeralaccaError, string][] = [
    [clientError('bad-credentials', 'Wrong'), '535 5.7.8 Wrong'],
    [new CeralaccaError('login-throttled', 'temporary', 'Wait'), '454 4.7.0 Wait'],
    [clientError('bad-recipient', 'Nobody'), '553 5.1.3 Nobody'],
    [clientError('non-ascii-address', 'Letters'), '553 5.6.7 Letters'],
    [clientError('mailbox-full', 'Full'), '552 5.2.2 Full'],
    [clientError('login-refused', 'Closed'), '535 5.7.8 Closed'],
    [clientError('login-stale', 'Old'), '530 5.7.0 Old'],
    [clientError('sending-refused', 'Suspended'), '550 5.7.1 Suspended'],
    [clientError('relay-denied', 'Relay'), '550 5.7.1 Relay'],
    [clientError('no-such-mailbox', 'Unknown'), '550 5.1.1 Unknown'],
    [clientError('mailbox-disabled', 'Disabled'), '550 5.2.1 Disabled'],
    [clientError('certified-only', 'Certified'), '550 5.7.1 Certified'],
    [clientError('threat-found', 'Virus'), '550 5.7.1 Virus'],
    [clientError('nul-byte', 'NUL'), '550 5.6.0 NUL'],
    [clientError('something-new', 'New'), '550 5.6.0 New'],
    [new CeralaccaError('something-new', 'permanent', 'Never'), '554 5.0.0 Never'],
  ]
  for (const [error, text] of cases) assert.equal(said(error), text)
})

test('what is no fault of the client may be tried again, and its details stay in the log', () => {
  const later = '451 4.3.0 The message cannot be taken at the moment: try again later'
  const errors = [
    temporaryError('disk-full', 'no room on /srv/data'),
    new CeralaccaError('seal-digest', 'bug', 'digest of 31 bytes'),
    asCeralaccaError(new Error('connect ECONNREFUSED 10.0.0.7:5432')),
    asCeralaccaError('odd'),
  ]
  for (const error of errors) assert.equal(said(error), later)
})

test('a reply that was decided before is passed on', () => {
  assert.equal(said(asCeralaccaError(reply(452, '4.3.1 Later'))), '452 4.3.1 Later')
  assert.ok(reply(452, 'x') instanceof SmtpReply)
})

test('code and enhanced code agree: 4 may be tried again, 5 is final (RFC 3463 3.1)', () => {
  const codes = ['bad-credentials', 'login-throttled', 'bad-recipient', 'non-ascii-address', 'mailbox-full', 'something-new']
  codes.push('login-refused', 'login-stale', 'sending-refused', 'relay-denied', 'no-such-mailbox', 'mailbox-disabled')
  for (const code of codes) {
    for (const fault of ['client', 'temporary', 'permanent', 'bug'] as const) {
      assert.match(said(new CeralaccaError(code, fault, 'x')), /^4\d\d 4\.\d\.\d |^5\d\d 5\.\d\.\d /)
    }
  }
})
