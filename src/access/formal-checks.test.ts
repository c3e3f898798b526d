import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findFormalProblem, readHeader, replyToOf } from './formal-checks.ts'
import type { Refusal } from './refusal.ts'

const SENDER = 'mario.rossi@pec.example.it'
const RECIPIENT = 'anna@pec.altro.it'
const LIMITS = { messageBytes: 30_000_000, recipients: 500, totalBytes: 30_000_000 }

interface Given {
  /** header lines beside From and To (latin1) */
  readonly more?: string
  readonly from?: string
  readonly to?: string
  readonly recipients?: string[]
  readonly body?: string
  /** instead of all that */
  readonly message?: string
}

function find({
  more = '',
  from = `From: ${SENDER}`,
  to = `To: ${RECIPIENT}`,
  recipients = [RECIPIENT],
  ...rest
}: Given): Refusal | null {
  const lines = [from, to, more].filter((line) => line !== '')
  const bytes = Buffer.from(rest.message ?? `${lines.join('\r\n')}\r\n\r\n${rest.body ?? 'testo\r\n'}`, 'latin1')
  return findFormalProblem({ bytes, header: readHeader(bytes), sender: SENDER, recipients }, LIMITS)
}

const outcome = (given: Given): string => find(given)?.code ?? 'accepted'
/** As a mail program writes it in UTF-8. */
const utf8 = (text: string): string => Buffer.from(text).toString('latin1')
const lines = (bytes: number): string => `${'a'.repeat(70)}\r\n`.repeat(Math.ceil(bytes / 72)).slice(0, bytes)

const THIRTY = Array.from({ length: 30 }, (_, index) => `r${index}@pec.altro.it`)
const MULTIPART = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b'

const ACCEPTED: Record<string, Given> = {
  'a plain message': {},
  'names in any case, addresses in any case': { from: 'FROM: Mario.Rossi@PEC.example.it', to: 'tO: ANNA@pec.altro.it' },
  'recipients in another case than in the header': { recipients: ['Anna@PEC.altro.it'] },
  'a display name with a comma, quoted': { from: `From: "Rossi, Mario" <${SENDER}>`, to: `To: "Bianchi, Anna" <${RECIPIENT}>` },
  'encoded and raw display names': { from: `From: =?UTF-8?Q?Per=C3=B2?= <${SENDER}>`, to: utf8(`To: Però <${RECIPIENT}>`) },
  comments: { from: `From: ${SENDER} (Mario, (detto) Rossi)`, to: `To: (a,b) ${RECIPIENT}` },
  'quoted local parts': { to: 'To: "anna"@pec.altro.it, "a b"@pec.altro.it', recipients: [RECIPIENT, '"a b"@pec.altro.it'] },
  'a domain as A-labels, in any case': { to: 'To: anna@XN--perch-fsa.it', recipients: ['anna@xn--perch-fsa.it'] },
  'folded address lists': { to: `To: uno@pec.altro.it,\r\n\t${RECIPIENT},\r\n due@pec.altro.it` },
  'a recipient in a group': { to: `To: Ufficio: uno@pec.altro.it, ${RECIPIENT};` },
  'a recipient only in Cc': { to: 'To: uno@pec.altro.it', more: `Cc: ${RECIPIENT}` },
  'people named in To to whom it is not sent': { to: `To: ${RECIPIENT}, uno@pec.altro.it` },
  'something beside a valid address in To': { to: `To: ${RECIPIENT}, nessuno` },
  'an empty Bcc': { more: 'Bcc: ' },
  'a size times recipients just within the limit': {
    message: `From: ${SENDER}\r\nTo: ${THIRTY.join(',\r\n ')}\r\n\r\n`.padEnd(1_000_000, lines(1_000_000)),
    recipients: THIRTY,
  },
  'no Subject': { more: '' },
  'a long folded Subject': { more: `Subject: ${'parola\r\n '.repeat(300)}x` },
  'no body and no empty line': { message: `From: ${SENDER}\r\nTo: ${RECIPIENT}\r\n` },
  'no line break at the end': { message: `From: ${SENDER}\r\nTo: ${RECIPIENT}` },
  'lines of 998 bytes': { more: `X: ${'x'.repeat(995)}`, body: `${'x'.repeat(998)}\r\n${'x'.repeat(998)}` },
  'a header of 256 kB': { more: `X: ${'x\r\n '.repeat(65_000)}x` },
  'several fields of the user': { more: 'X-Uno: 1\r\nX-Uno: 2\r\nReceived: a\r\nReceived: b' },
  'parts with their delimiters': { more: MULTIPART, body: '--b\r\n\r\ntesto\r\n--b--\r\n' },
}

const REFUSED: Record<string, [string, Given]> = {
  'no header': ['no-header', { message: 'Buongiorno,\r\nrisponda.\r\n' }],
  'nothing at all': ['no-header', { message: '' }],
  'an empty header': ['no-header', { message: '\r\ntesto' }],
  'a line in the header that is no field': ['bad-header', { more: 'Buongiorno' }],
  'a first line that is no field': ['bad-header', { from: `From somebody Sun Mar 15\r\nFrom: ${SENDER}` }],
  'a last line that is no field': ['bad-header', { message: `From: ${SENDER}\r\nTo: ${RECIPIENT}\r\nx\r\n\r\n` }],
  'a field name with a blank in it': ['bad-header', { more: 'X Y: z' }],
  'a header of more than 256 kB': ['header-too-large', { more: `Subject: ${'x\r\n '.repeat(66_000)}` }],
  'a header without an end': ['header-too-large', { message: 'X: y\r\n'.repeat(1_000_000) }],
  'a NUL in the header': ['nul-byte', { more: 'Subject: a\0b' }],
  'a NUL in the body': ['nul-byte', { body: 'a\0' }],
  'a line of 999 bytes': ['line-too-long', { body: `${'x'.repeat(998)}\r\n${'x'.repeat(999)}\r\n` }],
  'a last line of 999 bytes': ['line-too-long', { body: `x\r\n${'x'.repeat(999)}` }],
  'a line of 999 bytes in the header': ['line-too-long', { more: `X: ${'x'.repeat(996)}` }],
  'a message of one line': ['line-too-long', { body: 'x'.repeat(5_000_000) }],
  'two From fields': ['repeated-field', { more: `From: ${SENDER}` }],
  'a second, empty From field': ['repeated-field', { more: 'from:' }],
  'two To fields': ['repeated-field', { more: `To: ${RECIPIENT}` }],
  'two Cc fields': ['repeated-field', { more: 'Cc: uno@x.it\r\nCC: due@x.it' }],
  'two Bcc fields': ['repeated-field', { more: 'Bcc:\r\nBCC:' }],
  'two Subjects': ['repeated-field', { more: 'Subject: uno\r\nSubject: due' }],
  'two Message-IDs': ['repeated-field', { more: 'Message-ID: <a@b>\r\nmessage-id: <c@d>' }],
  'two Dates': ['repeated-field', { more: 'Date: x\r\nDate: x' }],
  'two Reply-To fields': ['repeated-field', { more: 'Reply-To: a@b.it\r\nReply-To: a@b.it' }],
  'two Content-Types': ['repeated-field', { more: 'Content-Type: text/plain\r\nContent-Type: multipart/mixed' }],
  'an endless Message-ID': ['bad-message-id', { more: `Message-ID:${'\r\n x'.repeat(500)}` }],
  'a Message-ID of raw bytes': ['bad-message-id', { more: 'Message-ID: <\u00e8@b>' }],
  'a Message-ID with a control character': ['bad-message-id', { more: 'Message-ID: <a\u0007@b>' }],
  'a local part in UTF-8 in From': ['non-ascii-address', { from: utf8('From: però@pec.example.it') }],
  'a local part in UTF-8 in To': ['non-ascii-address', { to: utf8(`To: ${RECIPIENT}, però@pec.altro.it`) }],
  'a domain in UTF-8 in Cc': ['non-ascii-address', { more: utf8('Cc: Ufficio <uno@perché.it>') }],
  'an address in latin1 in Reply-To': ['non-ascii-address', { more: 'Reply-To: per\u00f2@pec.example.it' }],
  'no From': ['bad-from', { from: '' }],
  'an empty From': ['bad-from', { from: 'From: ' }],
  'a From without an address': ['bad-from', { from: 'From: Mario Rossi' }],
  'a From without a domain': ['bad-from', { from: 'From: mario.rossi' }],
  'two addresses in From': ['bad-from', { from: `From: ${SENDER}, altro@pec.example.it` }],
  'the same address twice in From': ['bad-from', { from: `From: ${SENDER}, ${SENDER}` }],
  'a second author without an address': ['bad-from', { from: `From: Altro, Mario <${SENDER}>` }],
  'a group in From': ['bad-from', { from: `From: Noi: ${SENDER};` }],
  'an address within an address': ['bad-from', { from: `From: <altro@pec.example.it <${SENDER}>` }],
  'an open comment in From': ['bad-from', { from: `From: ${SENDER} (Mario` }],
  'dots in a row in From': ['bad-from', { from: 'From: mario..rossi@pec.example.it' }],
  'somebody else in From': ['sender-mismatch', { from: 'From: altro@pec.example.it' }],
  'the sender at another domain in From': ['sender-mismatch', { from: 'From: mario.rossi@pec.example.it.altro.it' }],
  'the sender as display name of somebody else': ['sender-mismatch', { from: `From: "${SENDER}" <altro@pec.example.it>` }],
  'the sender as bare display name of somebody else': ['sender-mismatch', { from: `From: ${SENDER} <altro@pec.example.it>` }],
  'the sender in a comment': ['sender-mismatch', { from: `From: altro@pec.example.it (${SENDER})` }],
  'no To': ['bad-to', { to: '', more: `Cc: ${RECIPIENT}` }],
  'an empty To': ['bad-to', { to: 'To:', more: `Cc: ${RECIPIENT}` }],
  'a To without an address': ['bad-to', { to: 'To: undisclosed-recipients:;', more: `Cc: ${RECIPIENT}` }],
  'a To without a valid address': ['bad-to', { to: 'To: anna, @pec.altro.it', more: `Cc: ${RECIPIENT}` }],
  'a recipient whom the header does not name': ['recipient-mismatch', { recipients: [RECIPIENT, 'occulto@pec.altro.it'] }],
  'a recipient named only as display name': [
    'recipient-mismatch',
    { to: 'To: "occulto@pec.altro.it" <uno@pec.altro.it>', recipients: ['occulto@pec.altro.it'] },
  ],
  'a recipient named only as part of an address': ['recipient-mismatch', { to: 'To: joanna@pec.altro.it' }],
  'a recipient named only in Bcc': ['recipient-mismatch', { to: 'To: uno@pec.altro.it', more: `Bcc: ${RECIPIENT}` }],
  'a Bcc': ['bcc-present', { more: 'Bcc: occulto@pec.altro.it' }],
  'a Bcc on a folded line': ['bcc-present', { more: 'Bcc:\r\n occulto@pec.altro.it' }],
  'a Bcc that names nobody': ['bcc-present', { more: 'Bcc: x' }],
  'a size times recipients over the limit': [
    'too-large',
    {
      message: `From: ${SENDER}\r\nTo: ${THIRTY.join(',\r\n ')}\r\n\r\n`.padEnd(1_000_001, lines(1_000_000)),
      recipients: THIRTY,
    },
  ],
  'parts without their end': ['bad-mime', { more: MULTIPART, body: '--b\r\n\r\ntesto\r\n' }],
}

for (const [name, given] of Object.entries(ACCEPTED)) {
  test(`accepted: ${name}`, () => assert.equal(outcome(given), 'accepted'))
}

for (const [name, [code, given]] of Object.entries(REFUSED)) {
  test(`refused: ${name}`, () => assert.equal(outcome(given), code))
}

test('one recipient alone may be sent as much as the limit', () => {
  const header = `From: ${SENDER}\r\nTo: ${RECIPIENT}\r\n\r\n`
  const filler = lines(30_000_000)
  assert.equal(outcome({ message: header + filler.slice(header.length) }), 'accepted')
  assert.equal(outcome({ message: `${header + filler.slice(header.length)}x` }), 'too-large')
})

test('replies go to Reply-To, and to the sender where it names nobody', () => {
  const replyTo = (field: string): string => replyToOf(readHeader(Buffer.from(`${field}\r\n\r\n`)), SENDER)
  assert.equal(replyTo('Reply-To: Ufficio <ufficio@pec.example.it>'), 'ufficio@pec.example.it')
  assert.equal(replyTo('reply-to: uno@x.it,\r\n "Due, B" <due@x.it>'), 'uno@x.it, due@x.it')
  for (const nobody of ['Reply-To: ', 'Reply-To: nobody', 'X: y']) assert.equal(replyTo(nobody), SENDER)
})

const REASONS: Record<string, [string, Given]> = {
  'both addresses': [
    `indirizzo del mittente indicato nel campo From (altro@pec.example.it) non coincidente con quello della casella (${SENDER})`,
    { from: 'From: Altro <altro@pec.example.it>' },
  ],
  'the recipient': [
    'destinatario (occulto@x.it) non indicato nei campi To e Cc: la copia nascosta non è ammessa',
    { recipients: ['occulto@x.it'] },
  ],
  'the line': [
    'presenza nell\'intestazione di una riga priva del nome di un campo ("Buongiorno è")',
    { more: utf8('Buongiorno è') },
  ],
  'the field': ["presenza di più di un campo Subject nell'intestazione", { more: 'Subject: uno\r\nSubject: due' }],
  'how the domain may be written': [
    'caratteri non ASCII in un indirizzo del campo To (Anna <anna@perché.it>): il dominio va indicato come xn--perch-fsa.it',
    { to: utf8('To: Anna <anna@perché.it>') },
  ],
  'what From holds, on one line and not without end': [
    `campo From che non contiene un solo indirizzo valido ("${'x '.repeat(100)}...")`,
    { from: `From: ${'x\t'.repeat(400)}y` },
  ],
}

for (const [name, [reason, given]] of Object.entries(REASONS)) {
  test(`the reason names ${name}`, () => assert.equal(find(given)?.reason, reason))
}
