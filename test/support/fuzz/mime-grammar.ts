/** Messages, header fields and addresses for fuzzing (RFC 5322, 2045, 2047, 2231). Texts are latin1. */
import * as fc from 'fast-check'

const word = fc.oneof(
  fc.stringMatching(/^[a-z0-9.]{1,8}$/),
  fc.constantFrom(
    '"quoted \\" word"',
    '=?utf-8?B?w6g=?=',
    '=?iso-8859-1?Q?=E8_x?=',
    '=?x?z?y?=',
    '(comment (nested))',
    '\xe8',
    '=?utf-8?B?w6g=?= =?utf-8?B?w6g=?=',
  ),
)
const words = fc.array(word, { maxLength: 5 }).map((all) => all.join(' '))
const address = fc.oneof(
  fc.tuple(words, word, word).map(([name, local, domain]) => `${name} <${local}@${domain}>`),
  fc.tuple(word, word).map(([local, domain]) => `${local}@${domain}`),
  fc.constantFrom('undisclosed-recipients:;', 'Group: a@b, c@d;', '<@route,@x:a@b>', '"a b"@c', 'a@[127.0.0.1]', '<>', 'a@b@c'),
)

export const addressList = fc.array(address, { maxLength: 6 }).map((all) => all.join(', '))

export const headerValue = fc.oneof(words, addressList)

const parameter = fc.oneof(
  fc
    .tuple(fc.constantFrom('boundary', 'charset', 'name', 'name*', 'name*0', 'name*1*', 'name*99', 'type'), word)
    .map(([name, value]) => `; ${name}=${value}`),
  fc.constantFrom(
    "; name*=utf-8'it'%C3%A8",
    '; ; =',
    ';boundary',
    '; boundary="b"',
    '; boundary=b',
    '; boundary=""',
    '\r\n ; x=y',
  ),
)
export const contentType = fc
  .tuple(
    fc.constantFrom('text/plain', 'multipart/mixed', 'multipart/digest', 'message/rfc822', 'multipart/', '/', 'x', ''),
    fc.array(parameter, { maxLength: 3 }),
  )
  .map(([type, parameters]) => type + parameters.join(''))

const field = fc.oneof(
  fc
    .tuple(fc.constantFrom('Subject', 'From', 'To', 'Date', 'Message-ID', 'References', 'X'), headerValue)
    .map(([name, value]) => `${name}: ${value}`),
  contentType.map((value) => `Content-Type: ${value}`),
  fc.constantFrom(
    'Content-Transfer-Encoding: base64',
    'Content-Transfer-Encoding: quoted-printable',
    'Content-Transfer-Encoding: \0',
  ),
  fc.constantFrom(
    'Content-Disposition: attachment; filename*0=a; filename*1=b',
    'Content-Language: it, , en',
    'Content-ID: <',
    ': no name',
    ' folded',
    'no colon',
  ),
)
const header = fc.array(field, { maxLength: 5 }).map((fields) => fields.map((one) => `${one}\r\n`).join(''))
const body = fc.constantFrom('', 'text\r\n', '=3D=\r\n=E', 'w6hh\r\n=', 'x'.repeat(3000), '--', '\n\n\n', '.\r\n..')

/** Parts in parts, some with a boundary that ends them and some without. */
export const message: fc.Arbitrary<string> = fc.letrec<{ message: string }>((tie) => ({
  message: fc.oneof(
    { depthSize: 'medium', maxDepth: 4 },
    fc.tuple(header, body).map(([fields, text]) => `${fields}\r\n${text}`),
    fc
      .tuple(header, fc.array(tie('message'), { maxLength: 3 }), fc.constantFrom('--b--\r\n', '--b', ''))
      .map(
        ([fields, parts, end]) =>
          `${fields}Content-Type: multipart/mixed; boundary=b\r\n\r\n${parts.map((part) => `--b\r\n${part}\r\n`).join('')}${end}`,
      ),
    fc.tuple(header, tie('message')).map(([fields, inner]) => `${fields}Content-Type: message/rfc822\r\n\r\n${inner}`),
  ),
})).message
