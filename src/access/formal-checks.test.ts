import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CeralaccaError } from '../base/errors.ts'
import { parseHeader } from '../mime/header.ts'
import { checkSubmission } from './formal-checks.ts'

const SENDER = 'mario.rossi@pec.example.it'
const RECIPIENT = 'anna@pec.altro.it'
const LIMITS = { messageBytes: 30_000_000, recipients: 500, totalBytes: 30_000_000 }

interface Given {
  /** header lines beside From and To */
  readonly more?: string
  readonly from?: string
  readonly to?: string
  readonly recipients?: string[]
  readonly bytes?: number
}

/** The reply address, or the code of the refusal. */
function outcome({
  more = '',
  from = `From: ${SENDER}`,
  to = `To: ${RECIPIENT}`,
  recipients = [RECIPIENT],
  bytes = 1000,
}: Given): string {
  const lines = [from, to, more].filter((line) => line !== '')
  const header = parseHeader(Buffer.from(`${lines.join('\r\n')}\r\n\r\nbody`))
  try {
    return checkSubmission({ header, sender: SENDER, recipients, bytes }, LIMITS).replyTo
  } catch (error) {
    assert.ok(error instanceof CeralaccaError && error.fault === 'client')
    return error.code
  }
}

const THIRTY = Array.from({ length: 30 }, (_, index) => `r${index}@pec.altro.it`)

const ACCEPTED: Record<string, Given> = {
  'a plain message': {},
  'names in any case, addresses in any case': { from: 'FROM: Mario.Rossi@PEC.example.it', to: 'tO: ANNA@pec.altro.it' },
  'recipients in another case than in the header': { recipients: ['Anna@PEC.altro.it'] },
  'a display name with a comma, quoted': { from: `From: "Rossi, Mario" <${SENDER}>`, to: `To: "Bianchi, Anna" <${RECIPIENT}>` },
  'encoded and raw display names': { from: `From: =?UTF-8?Q?Per=C3=B2?= <${SENDER}>`, to: `To: Però <${RECIPIENT}>` },
  comments: { from: `From: ${SENDER} (Mario, (detto) Rossi)`, to: `To: (a,b) ${RECIPIENT}` },
  'folded address lists': { to: `To: uno@pec.altro.it,\r\n\t${RECIPIENT},\r\n due@pec.altro.it` },
  'a recipient in a group': { to: `To: Ufficio: uno@pec.altro.it, ${RECIPIENT};` },
  'a recipient only in Cc': { to: 'To: uno@pec.altro.it', more: `Cc: ${RECIPIENT}` },
  'several To and Cc fields': {
    more: 'To: due@pec.altro.it\r\nCc: tre@pec.altro.it',
    recipients: [RECIPIENT, 'due@pec.altro.it', 'tre@pec.altro.it'],
  },
  'people named in To to whom it is not sent': { to: `To: ${RECIPIENT}, uno@pec.altro.it` },
  'an empty Bcc': { more: 'Bcc: \r\nbcc:' },
  'a size times recipients just within the limit': { to: `To: ${THIRTY.join(', ')}`, recipients: THIRTY, bytes: 1_000_000 },
  'no Subject, and a long one': { more: `Subject: ${'x'.repeat(2000)}` },
}

const REFUSED: Record<string, [string, Given]> = {
  'no From': ['bad-from', { from: 'X: y' }],
  'an empty From': ['bad-from', { from: 'From: ' }],
  'a From without an address': ['bad-from', { from: 'From: Mario Rossi' }],
  'a From without a domain': ['bad-from', { from: 'From: mario.rossi' }],
  'two addresses in From': ['bad-from', { from: `From: ${SENDER}, altro@pec.example.it` }],
  'a second author without an address': ['bad-from', { from: `From: Altro, Mario <${SENDER}>` }],
  'a group in From': ['bad-from', { from: `From: Noi: ${SENDER};` }],
  'two From fields': ['bad-from', { more: `From: ${SENDER}` }],
  'a second, empty From field': ['bad-from', { more: 'from:' }],
  'somebody else in From': ['sender-mismatch', { from: 'From: altro@pec.example.it' }],
  'the sender as display name of somebody else': ['sender-mismatch', { from: `From: "${SENDER}" <altro@pec.example.it>` }],
  'the sender in a comment': ['sender-mismatch', { from: `From: altro@pec.example.it (${SENDER})` }],
  'an address within an address': ['sender-mismatch', { from: `From: <altro@pec.example.it <${SENDER}>` }],
  'no To': ['bad-to', { to: '', more: `Cc: ${RECIPIENT}` }],
  'a To without an address': ['bad-to', { to: 'To: undisclosed-recipients:;', more: `Cc: ${RECIPIENT}` }],
  'a recipient whom the header does not name': ['recipient-mismatch', { recipients: [RECIPIENT, 'occulto@pec.altro.it'] }],
  'a recipient named only as display name': [
    'recipient-mismatch',
    { to: 'To: "occulto@pec.altro.it" <uno@pec.altro.it>', recipients: ['occulto@pec.altro.it'] },
  ],
  'a recipient named only in Bcc': ['recipient-mismatch', { to: 'To: uno@pec.altro.it', more: `Bcc: ${RECIPIENT}` }],
  'a Bcc': ['bcc-present', { more: 'Bcc: occulto@pec.altro.it' }],
  'a Bcc on a folded line': ['bcc-present', { more: 'Bcc:\r\n occulto@pec.altro.it' }],
  'a second Bcc that is not empty': ['bcc-present', { more: 'Bcc:\r\nBCC: x' }],
  'a size times recipients over the limit': [
    'too-large',
    { to: `To: ${THIRTY.join(', ')}`, recipients: THIRTY, bytes: 1_000_001 },
  ],
  'two Subjects': ['bad-header', { more: 'Subject: uno\r\nSubject: due' }],
  'an endless Message-ID': ['bad-header', { more: `Message-ID:${'\r\n x'.repeat(500)}` }],
  'a header of 300 kB': ['bad-header', { more: `Subject: ${'x\r\n '.repeat(75_000)}` }],
}

for (const [name, given] of Object.entries(ACCEPTED)) {
  test(`accepted: ${name}`, () => assert.equal(outcome(given), SENDER))
}

for (const [name, [code, given]] of Object.entries(REFUSED)) {
  test(`refused: ${name}`, () => assert.equal(outcome(given), code))
}

test('one recipient alone may be sent as much as the limit', () => {
  assert.equal(outcome({ bytes: 30_000_000 }), SENDER)
  assert.equal(outcome({ bytes: 30_000_001 }), 'too-large')
})

test('replies go to Reply-To, and to the sender where it names nobody', () => {
  assert.equal(outcome({ more: 'Reply-To: Ufficio <ufficio@pec.example.it>' }), 'ufficio@pec.example.it')
  assert.equal(outcome({ more: 'reply-to: uno@x.it,\r\n "Due, B" <due@x.it>' }), 'uno@x.it, due@x.it')
  assert.equal(outcome({ more: 'Reply-To: ' }), SENDER)
  assert.equal(outcome({ more: 'Reply-To: nobody' }), SENDER)
})

test('the reason names the address, so that its sender understands', () => {
  const header = parseHeader(Buffer.from(`From: ${SENDER}\r\nTo: ${RECIPIENT}\r\n\r\n`))
  const check = () => checkSubmission({ header, sender: SENDER, recipients: ['occulto@x.it'], bytes: 1 }, LIMITS)
  assert.throws(check, /occulto@x\.it is neither in To nor in Cc/)
})
