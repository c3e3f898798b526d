/** POP3 lines, SASL exchanges and SMTP commands for fuzzing (RFC 1939, 5034, 4616, 5802, 5321). Texts are latin1. */
import * as fc from 'fast-check'
import { hostile } from './bytes.ts'

const number = fc.constantFrom('0', '1', '2', '-1', '007', '99999999999', '1e3', '')
const word = fc.oneof(fc.stringMatching(/^[a-z@.=0-9]{1,10}$/), fc.constant('mario@pec.test'))

/** What ends the connection or changes how it goes on is not among them. */
export const popCommand = fc.oneof(
  fc.constantFrom('STAT', 'LIST', 'UIDL', 'NOOP', 'RSET', 'CAPA', 'noop', 'STAT '),
  fc.tuple(fc.constantFrom('LIST ', 'UIDL ', 'RETR ', 'DELE '), number).map((parts) => parts.join('')),
  fc.tuple(number, number).map(([one, other]) => `TOP ${one} ${other}`),
  fc.tuple(fc.constantFrom('USER ', 'PASS ', 'APOP '), word, fc.constantFrom('', ' x')).map((parts) => parts.join('')),
  fc
    .tuple(fc.constantFrom('PLAIN', 'LOGIN', 'SCRAM-SHA-256', 'XOAUTH2', '='), fc.base64String({ maxLength: 30 }))
    .map(([name, initial]) => `AUTH ${name} ${initial}`),
)

const base64 = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  text.map((value) => Buffer.from(value, 'latin1').toString('base64'))

const saslMessage = fc.oneof(
  fc.tuple(word, word, word).map(([authorization, user, password]) => `${authorization}\0${user}\0${password}`),
  fc
    .tuple(fc.constantFrom('n,,', 'y,,', 'p=tls-exporter,,', 'n,a=x,', ''), word, word)
    .map(([header, user, nonce]) => `${header}n=${user},r=${nonce}`),
  fc
    .tuple(fc.constantFrom('biws', 'eSws', '', '='), word, fc.base64String({ maxLength: 44 }))
    .map(([binding, nonce, proof]) => `c=${binding},r=${nonce},p=${proof}`),
  word,
)
const saslLine = fc.oneof(
  { weight: 6, arbitrary: base64(hostile(saslMessage)) },
  { weight: 1, arbitrary: hostile(word) },
  { weight: 1, arbitrary: fc.constantFrom('*', '=', '') },
)

export const saslDialogue = fc.record({
  mechanism: fc.constantFrom('PLAIN', 'LOGIN', 'SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS', 'XOAUTH2', 'plain', ''),
  initial: fc.option(saslLine, { nil: undefined }),
  answers: fc.array(saslLine, { maxLength: 4 }),
})

const path = fc.oneof(
  word.map((address) => `<${address}>`),
  fc.constantFrom('<>', '<@a,@b:c@d>', '<"a b"@c>', 'mario@pec.test', '<a@[1.2.3.4]>', '<\xe8@\xe8>'),
)

/** Without QUIT, and without DATA that would begin a message. */
export const smtpCommand = fc.oneof(
  fc.constantFrom('NOOP', 'RSET', 'HELP', 'VRFY x', 'EXPN x', 'DATA', 'BDAT 99999999999', 'EHLO client.test', 'HELO', 'AUTH'),
  fc
    .tuple(
      fc.constantFrom('MAIL FROM:', 'RCPT TO:', 'MAIL FROM: '),
      path,
      fc.constantFrom('', ' SIZE=2147483648', ' BODY=8BITMIME', ' SMTPUTF8', ' X=Y', ' SIZE=x'),
    )
    .map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom('PLAIN', 'LOGIN', 'SCRAM-SHA-256', 'X'), saslLine).map(([name, initial]) => `AUTH ${name} ${initial}`),
)
