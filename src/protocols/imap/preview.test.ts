import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { withImap } from './test-imap.ts'

const imap = await withImap({ after })

const certified = (subject: string): string =>
  `Subject: ${subject}\r\nContent-Type: multipart/signed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n` +
  '--b\r\nContent-Type: text/plain\r\n\r\nMessaggio di posta certificata\r\n' +
  '--b\r\nContent-Type: message/rfc822; name="postacert.eml"\r\n\r\nSubject: x\r\nContent-Type: text/plain; charset=utf-8\r\n' +
  'Content-Transfer-Encoding: quoted-printable\r\n\r\nPerch=C3=A9 \r\n\tno?\r\n--b--\r\n--a--\r\n'

test('PREVIEW: the first words of a message, of an envelope those of the original', async () => {
  const client = await imap.login(await imap.mailbox())
  const messages = [
    'Subject: a\r\n\r\nDue   righe\r\ndi "testo"\r\n',
    certified('POSTA CERTIFICATA: x'),
    certified('CONSEGNA: x'),
    'Content-Type: application/pdf\r\n\r\n%PDF',
    'Content-Type: text/html\r\n\r\n<html><head><title>no</title></head><style>p{}</style><body><!-- no --><p>A&amp;B &#232; <b>s&igrave;</b></p>',
    `Subject: lungo\r\n\r\n${'parola '.repeat(1000)}`,
    'Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Disposition: attachment\r\n\r\nallegato\r\n--a\r\n\r\ntesto\r\n--a--\r\n',
  ]
  for (const message of messages) await client.append('INBOX', message)
  await client.ok('SELECT INBOX')
  assert.deepEqual(await client.ok('FETCH 1:2 (PREVIEW (LAZY))'), ['* 1 FETCH (PREVIEW NIL)', '* 2 FETCH (PREVIEW NIL)'])
  const latin1 = (text: string): string => Buffer.from(text).toString('latin1')
  assert.deepEqual(await client.ok('FETCH 1:5 PREVIEW'), [
    '* 1 FETCH (PREVIEW "Due righe di \\"testo\\"")',
    `* 2 FETCH (PREVIEW {11}\r\n${latin1('Perché no?')})`,
    '* 3 FETCH (PREVIEW "Messaggio di posta certificata")',
    '* 4 FETCH (PREVIEW "")',
    `* 5 FETCH (PREVIEW {16}\r\n${latin1('A&B è s&igrave;')})`,
  ])
  assert.equal((await client.ok('FETCH 6 PREVIEW'))[0]?.length, '* 6 FETCH (PREVIEW "")'.length + 200)
  assert.deepEqual(await client.ok('UID FETCH 1,7 (PREVIEW (LAZY) UID)'), [
    '* 1 FETCH (PREVIEW "Due righe di \\"testo\\"" UID 1)',
    '* 7 FETCH (PREVIEW NIL UID 7)',
  ])
  assert.deepEqual(await client.ok('FETCH 7 (RFC822.SIZE PREVIEW)'), [
    `* 7 FETCH (RFC822.SIZE ${messages[6]?.length} PREVIEW "testo")`,
  ])
  assert.match((await client.ok('FETCH 1 PREVIEW (CHANGEDSINCE 1)')).at(-1) ?? '', /^\* 1 FETCH \(MODSEQ \(\d+\) PREVIEW "/)
  for (const wrong of ['PREVIEW (LAZY', 'PREVIEW (FUZZY)']) assert.match(await client.tagged(`FETCH 1 ${wrong}`), /^BAD/, wrong)
})
