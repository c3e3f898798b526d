/** IMAP commands as the grammar has them (RFC 9051 9), for fuzzing: most are valid, and all look like commands. */
import * as fc from 'fast-check'

const join = (...parts: (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> =>
  fc.tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part))).map((texts) => texts.join(''))

const listOf = (item: fc.Arbitrary<string>, separator: string, maxLength: number): fc.Arbitrary<string> =>
  fc.array(item, { minLength: 1, maxLength }).map((items) => items.join(separator))

const bracketed = (item: fc.Arbitrary<string>): fc.Arbitrary<string> => listOf(item, ' ', 4).map((items) => `(${items})`)

const number = fc.oneof(fc.nat(20).map(String), fc.constantFrom('0', '1', '4294967295', '4294967296', '99999999999999999999'))
const rangeEnd = fc.oneof({ weight: 6, arbitrary: number }, { weight: 1, arbitrary: fc.constant('*') })

export const sequenceSet = listOf(fc.oneof(rangeEnd, join(rangeEnd, ':', rangeEnd)), ',', 6)
const messageSet = fc.oneof({ weight: 8, arbitrary: sequenceSet }, { weight: 1, arbitrary: fc.constant('$') })

const text = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)), maxLength: 12 })
const quoted = text.map((value) => `"${value.replace(/["\\]/g, '\\$&')}"`)
const literal = fc.tuple(text, fc.constantFrom('+', '', '-')).map(([value, sign]) => `{${value.length}${sign}}\r\n${value}`)
const atom = fc.oneof(fc.stringMatching(/^[A-Za-z0-9._-]{1,10}$/), fc.constantFrom('INBOX', 'Archivio', 'NIL', '&AOg-', '&'))
const astring = fc.oneof({ weight: 4, arbitrary: atom }, { weight: 2, arbitrary: quoted }, { weight: 1, arbitrary: literal })

const date = fc.constantFrom('1-Jan-2024', '"31-Feb-2024"', ' 1-Jan-1970', '29-Feb-2023', '"01-Dec-9999"')
const dateTime = fc.constantFrom('"15-Jan-2024 10:00:00 +0100"', '" 1-Jan-2024 25:61:61 +9999"', '"01-Jan-0000 00:00:00 -0000"')
const flag = fc.constantFrom(
  '\\Seen',
  '\\Deleted',
  '\\Flagged',
  '\\Answered',
  '\\Draft',
  '\\Recent',
  '\\*',
  'k0',
  '$Forwarded',
  '\\Foo',
)

const section = join(
  fc.constantFrom('BODY[', 'BODY.PEEK[', 'BINARY[', 'BINARY.PEEK[', 'BINARY.SIZE['),
  fc.oneof(
    fc.constantFrom('', 'TEXT', 'HEADER', 'MIME', '1', '1.2.MIME', '0', '1.1.1.1.1.1', '4294967296', '1.HEADER'),
    join('HEADER.FIELDS', fc.constantFrom('', '.NOT'), ' ', bracketed(astring)),
  ),
  ']',
  fc.oneof(fc.constant(''), join('<', number, '.', number, '>')),
)
const fetchItem = fc.oneof(
  fc.constantFrom(
    'FLAGS',
    'UID',
    'ENVELOPE',
    'BODY',
    'BODYSTRUCTURE',
    'INTERNALDATE',
    'RFC822.SIZE',
    'MODSEQ',
    'EMAILID',
    'SAVEDATE',
  ),
  fc.constantFrom('ALL', 'FAST', 'FULL', 'RFC822', 'RFC822.HEADER', 'RFC822.TEXT', 'THREADID', 'PREVIEW'),
  section,
)
export const fetchItems = fc.oneof(fetchItem, bracketed(fetchItem))

export const searchKey: fc.Arbitrary<string> = fc.letrec<{ key: string }>((tie) => ({
  key: fc.oneof(
    { depthSize: 'medium', maxDepth: 5 },
    fc.constantFrom(
      'ALL',
      'SEEN',
      'UNSEEN',
      'NEW',
      'OLD',
      'RECENT',
      'DELETED',
      'UNKEYWORD k0',
      'KEYWORD \\x',
      'SAVEDATESUPPORTED',
    ),
    join(fc.constantFrom('SUBJECT ', 'FROM ', 'TO ', 'CC ', 'BCC ', 'BODY ', 'TEXT ', 'EMAILID '), astring),
    join('HEADER ', astring, ' ', astring),
    join(fc.constantFrom('BEFORE ', 'ON ', 'SINCE ', 'SENTBEFORE ', 'SENTON ', 'SENTSINCE ', 'SAVEDBEFORE ', 'SAVEDON '), date),
    join(fc.constantFrom('LARGER ', 'SMALLER ', 'OLDER ', 'YOUNGER ', 'MODSEQ ', 'MODSEQ "/flags/\\\\Seen" all '), number),
    messageSet,
    join('UID ', messageSet),
    join('NOT ', tie('key')),
    join('OR ', tie('key'), ' ', tie('key')),
    join('(', tie('key'), ' ', tie('key'), ')'),
  ),
})).key

const store = join(
  messageSet,
  ' ',
  fc.oneof(fc.constant(''), join('(UNCHANGEDSINCE ', number, ') ')),
  fc.constantFrom('', '+', '-'),
  fc.constantFrom('FLAGS ', 'FLAGS.SILENT '),
  fc.oneof(bracketed(flag), flag, fc.constant('()')),
)
const append = join(
  astring,
  ' ',
  listOf(
    join(
      fc.oneof(
        fc.constant(''),
        bracketed(flag).map((flags) => `${flags} `),
      ),
      fc.oneof(
        fc.constant(''),
        dateTime.map((at) => `${at} `),
      ),
      literal,
    ),
    ' ',
    2,
  ),
)
const select = join(
  astring,
  fc.oneof(
    fc.constant(''),
    fc.constant(' (CONDSTORE)'),
    join(
      ' (QRESYNC (',
      number,
      ' ',
      number,
      fc.oneof(fc.constant(''), join(' ', sequenceSet, ' (', sequenceSet, ' ', sequenceSet, ')')),
      '))',
    ),
  ),
)
const statusItem = fc.constantFrom(
  'MESSAGES',
  'UIDNEXT',
  'UIDVALIDITY',
  'UNSEEN',
  'RECENT',
  'SIZE',
  'DELETED',
  'HIGHESTMODSEQ',
  'APPENDLIMIT',
  'MAILBOXID',
)
const list = join(
  fc.constantFrom('', '(SUBSCRIBED) ', '(SPECIAL-USE RECURSIVEMATCH) ', '(REMOTE) '),
  fc.oneof(quoted, fc.constant('""')),
  ' ',
  fc.oneof(astring, fc.constantFrom('%', '*', '(INBOX %)', '%%%%%%%%%%%%a', '*%*%*%*%*%')),
  fc.oneof(
    fc.constant(''),
    join(' RETURN (', fc.constantFrom('CHILDREN', 'SUBSCRIBED', 'SPECIAL-USE', 'STATUS (MESSAGES)'), ')'),
  ),
)

/** Names with their arguments, without tag and line end. What ends the connection or changes how it goes on is not among them. */
export const imapCommand: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    'NOOP',
    'CHECK',
    'CAPABILITY',
    'NAMESPACE',
    'EXPUNGE',
    'CLOSE',
    'UNSELECT',
    'ENABLE QRESYNC',
    'GETQUOTAROOT INBOX',
  ),
  join(
    fc.constantFrom('FETCH ', 'UID FETCH '),
    messageSet,
    ' ',
    fetchItems,
    fc.oneof(fc.constant(''), join(' (CHANGEDSINCE ', number, ')')),
  ),
  join(
    fc.constantFrom('SEARCH ', 'UID SEARCH ', 'SEARCH RETURN (SAVE) ', 'UID SEARCH RETURN (MIN COUNT) ', 'SEARCH CHARSET UTF-8 '),
    searchKey,
  ),
  join(fc.constantFrom('STORE ', 'UID STORE '), store),
  join(fc.constantFrom('COPY ', 'UID COPY ', 'MOVE ', 'UID MOVE '), messageSet, ' ', astring),
  join('UID EXPUNGE ', messageSet),
  join('APPEND ', append),
  join(fc.constantFrom('SELECT ', 'EXAMINE '), select),
  join(fc.constantFrom('CREATE ', 'DELETE ', 'SUBSCRIBE ', 'UNSUBSCRIBE ', 'RENAME INBOX '), astring),
  join('CREATE ', astring, ' (USE (', fc.constantFrom('\\Sent', '\\Junk', '\\Foo'), '))'),
  join('STATUS ', astring, ' ', bracketed(statusItem)),
  join(fc.constantFrom('LIST ', 'LSUB '), list),
  join('ID ', fc.oneof(fc.constant('NIL'), bracketed(quoted))),
  join('LOGIN ', astring, ' ', astring),
  join('SETQUOTA "" (STORAGE ', number, ')'),
)
