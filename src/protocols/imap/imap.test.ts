import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { PASSWORD, TestClient, withImap } from './test-imap.ts'

const imap = await withImap({ after })

const MESSAGE = [
  'Date: Mon, 15 Jan 2024 10:00:00 +0100',
  'From: "Rossi, Mario" <mario@pec.test>',
  'To: anna@pec.test',
  'Subject: =?utf-8?q?Perch=C3=A9?=',
  'Message-ID: <one@pec.test>',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  'Citt=C3=A0 di Torino',
  '--b',
  'Content-Type: message/rfc822',
  '',
  'Subject: inner',
  '',
  'inner text',
  '--b--',
  '',
].join('\r\n')

const withSubject = (subject: string): string => `Subject: ${subject}\r\n\r\n${subject}\r\n`

test('CAPABILITY, NOOP, LOGOUT, unknown and malformed commands before the login', async () => {
  const client = await imap.connect()
  const [capability] = await client.ok('CAPABILITY')
  assert.match(capability ?? '', /^\* CAPABILITY IMAP4rev1 .*AUTH=PLAIN/)
  assert.doesNotMatch(capability ?? '', /STARTTLS|LOGINDISABLED|IDLE/)
  await client.ok('NOOP')
  assert.deepEqual(await client.ok('ID ("name" "test" "version" NIL)'), ['* ID ("name" "Ceralacca" "vendor" "imap.test")'])
  await client.ok('ID NIL')
  for (const wrong of ['NONSENSE', 'SELECT INBOX', 'NOOP x', 'UID NOOP', 'LOGIN a', 'LOGIN "a']) {
    assert.match(await client.tagged(wrong), /^BAD /, wrong)
  }
  // An empty line is none.
  client.write('\r\n* NOOP\r\n')
  assert.match(await client.response(), /^\* BAD /)
  assert.deepEqual(await client.ok('LOGOUT'), ['* BYE Good-bye'])
  assert.equal(await client.response(), '')
})

test('LOGIN and AUTHENTICATE in all their forms', async () => {
  const { address } = await imap.mailbox()
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const plain = base64(`\0${address}\0${PASSWORD}`)

  const quoted = await imap.connect()
  assert.match(
    await quoted.tagged(`LOGIN ${address} "${Buffer.from(PASSWORD).toString('latin1')}"`),
    /^OK \[CAPABILITY .*IDLE.*APPENDLIMIT=\d+/,
  )
  assert.match(await quoted.tagged('LOGIN a b'), /^BAD/)

  const literal = await imap.connect()
  literal.write(`a LOGIN {${address.length}}\r\n`)
  assert.match(await literal.response(), /^\+ /)
  literal.write(`${address} {${Buffer.byteLength(PASSWORD)}+}\r\n${Buffer.from(PASSWORD).toString('latin1')}\r\n`)
  assert.match((await literal.answer('a')).tagged, /^OK/)

  assert.match(await (await imap.connect()).tagged(`AUTHENTICATE PLAIN ${plain}`), /^OK \[CAPABILITY/)

  const asked = await imap.connect()
  asked.write('a authenticate plain\r\n')
  assert.equal(await asked.response(), '+ ')
  asked.write('*\r\n')
  assert.match((await asked.answer('a')).tagged, /^BAD/)
  asked.write(`b AUTHENTICATE LOGIN\r\n`)
  assert.equal(await asked.response(), `+ ${base64('Username:')}`)
  asked.write(`${base64(address)}\r\n`)
  assert.equal(await asked.response(), `+ ${base64('Password:')}`)
  asked.write(`${base64(PASSWORD)}\r\n`)
  assert.match((await asked.answer('b')).tagged, /^OK/)

  const refused = await imap.connect()
  assert.match(await refused.tagged(`LOGIN ${address} wrong`), /^NO \[AUTHENTICATIONFAILED\]/)
  assert.match(
    await refused.tagged(`AUTHENTICATE PLAIN ${base64(`other\0${address}\0${PASSWORD}`)}`),
    /^NO \[AUTHORIZATIONFAILED\]/,
  )
  assert.match(await refused.tagged('AUTHENTICATE PLAIN !!!'), /^BAD/)
  assert.match(await refused.tagged(`AUTHENTICATE PLAIN ${base64('no zeros')}`), /^BAD/)
  assert.match(await refused.tagged('AUTHENTICATE CRAM-MD5'), /^NO/)
})

test('the STARTTLS port takes no password before TLS, and drops what was sent too early', async () => {
  const { address } = await imap.mailbox()
  const client = TestClient.plain(imap.starttlsPort)
  assert.match(await client.response(), /^\* OK \[CAPABILITY IMAP4rev1 .*STARTTLS LOGINDISABLED\]/)
  assert.match(await client.tagged(`LOGIN ${address} x`), /^NO \[PRIVACYREQUIRED\]/)
  assert.match(await client.tagged('AUTHENTICATE PLAIN AGEAYg=='), /^NO \[PRIVACYREQUIRED\]/)
  client.write('a STARTTLS\r\nb NOOP\r\n')
  assert.match(await client.response(), /^a OK/)
  await client.secure(imap.certificate)
  // Were the early NOOP answered, "b OK" would come before this.
  client.write('c CAPABILITY\r\n')
  const { untagged, tagged } = await client.answer('c')
  assert.match(tagged, /^OK/)
  assert.equal(untagged.length, 1)
  assert.doesNotMatch(untagged[0] ?? '', /STARTTLS|LOGINDISABLED/)
  assert.match(await client.tagged('STARTTLS'), /^BAD/)
  await client.ok(`LOGIN ${address} "${Buffer.from(PASSWORD).toString('latin1')}"`)
  client.destroy()
})

test('folders: LIST, CREATE, RENAME, DELETE, subscriptions, names in modified UTF-7', async () => {
  const client = await imap.login(await imap.mailbox())
  assert.deepEqual(await client.ok('NAMESPACE'), ['* NAMESPACE (("" "/")) NIL NIL'])
  assert.deepEqual(await client.ok('LIST "" ""'), ['* LIST (\\Noselect) "/" ""'])
  assert.deepEqual(await client.ok('LIST "" %'), [
    '* LIST (\\HasNoChildren) "/" "INBOX"',
    '* LIST (\\HasNoChildren \\Archive) "/" "Archivio"',
    '* LIST (\\HasNoChildren \\Drafts) "/" "Bozze"',
    '* LIST (\\HasNoChildren \\Trash) "/" "Cestino"',
    '* LIST (\\HasNoChildren \\Sent) "/" "Inviati"',
    '* LIST (\\HasNoChildren \\Junk) "/" "Posta indesiderata"',
  ])
  await client.ok('CREATE "Entit&AOA-/due/"')
  assert.match(await client.tagged('CREATE "Entit&AOA-/due"'), /^NO \[ALREADYEXISTS\]/)
  assert.match(await client.tagged('CREATE inbox'), /^NO \[ALREADYEXISTS\]/)
  assert.match(await client.tagged('CREATE "a//b"'), /^NO \[CANNOT\]/)
  assert.deepEqual(await client.ok('LIST "Entit&AOA-/" %'), ['* LIST (\\HasNoChildren) "/" "Entit&AOA-/due"'])
  // The UTF-8 that some clients send is taken too.
  assert.deepEqual(await client.ok('LIST "" "Entit\xc3\xa0*"'), [
    '* LIST (\\HasChildren) "/" "Entit&AOA-"',
    '* LIST (\\HasNoChildren) "/" "Entit&AOA-/due"',
  ])
  await client.ok('RENAME "Entit&AOA-" "b/tre"')
  assert.deepEqual(await client.ok('LIST b *'), [
    '* LIST (\\HasChildren) "/" "b"',
    '* LIST (\\HasChildren) "/" "b/tre"',
    '* LIST (\\HasNoChildren) "/" "b/tre/due"',
  ])
  assert.match(await client.tagged('RENAME none other'), /^NO \[NONEXISTENT\]/)
  assert.match(await client.tagged('RENAME b INBOX'), /^NO \[ALREADYEXISTS\]/)
  await client.ok('DELETE b/tre')
  assert.deepEqual(await client.ok('LIST "" b/%'), ['* LIST (\\Noselect \\NonExistent \\HasChildren) "/" "b/tre"'])
  assert.match(await client.tagged('DELETE b/tre'), /^NO \[NONEXISTENT\]/)
  assert.match(await client.tagged('DELETE INBOX'), /^NO \[CANNOT\]/)
  await client.ok('UNSUBSCRIBE b')
  await client.ok('UNSUBSCRIBE b/tre')
  assert.match(await client.tagged('SUBSCRIBE none'), /^NO \[NONEXISTENT\]/)
  assert.deepEqual(await client.ok('LSUB "" b%'), ['* LSUB (\\Noselect) "/" "b"'])
  assert.deepEqual(await client.ok('LSUB "" b*'), ['* LSUB () "/" "b/tre/due"'])
  assert.deepEqual(await client.ok('LIST (SUBSCRIBED RECURSIVEMATCH) "" b'), [
    '* LIST (\\HasChildren) "/" "b" ("CHILDINFO" ("SUBSCRIBED"))',
  ])
  assert.deepEqual(await client.ok('LIST (SUBSCRIBED) "" b*'), ['* LIST (\\HasNoChildren \\Subscribed) "/" "b/tre/due"'])
  await client.ok('SUBSCRIBE b')
  assert.deepEqual(
    await client.ok('LIST (SPECIAL-USE) "" (I% C% "") RETURN (SUBSCRIBED CHILDREN SPECIAL-USE STATUS (MESSAGES))'),
    [
      '* LIST (\\HasNoChildren \\Subscribed \\Trash) "/" "Cestino"',
      '* STATUS "Cestino" (MESSAGES 0)',
      '* LIST (\\HasNoChildren \\Subscribed \\Sent) "/" "Inviati"',
      '* STATUS "Inviati" (MESSAGES 0)',
    ],
  )
  for (const wrong of ['LIST (RECURSIVEMATCH) "" *', 'LIST (X) "" *', 'LIST "" * RETURN (X)', 'LIST "" * X ()', 'LIST ""']) {
    assert.match(await client.tagged(wrong), /^BAD/, wrong)
  }
})

test('APPEND, SELECT, STATUS, \\Recent', async () => {
  const mailbox = await imap.mailbox()
  const client = await imap.login(mailbox)
  assert.match(await client.append('INBOX', MESSAGE), /^OK \[APPENDUID \d+ 1\]/)
  assert.match(
    await client.append('INBOX', MESSAGE, '(\\Seen $Label1 \\Flagged) "15-Jan-2024 10:00:00 +0100" '),
    /^OK \[APPENDUID \d+ 2\]/,
  )
  assert.match(await client.append('none', MESSAGE), /^NO \[TRYCREATE\]/)
  assert.match(await client.append('INBOX', 'a\0b'), /^NO \[CANNOT\]/)
  assert.match(await client.append('INBOX', MESSAGE, '(\\Unknown) '), /^BAD/)
  assert.match(await client.append('INBOX', MESSAGE, '"15-Foo-2024 10:00:00 +0100" '), /^BAD/)
  assert.match(await client.append('INBOX', ''), /^NO/)
  assert.deepEqual(await client.ok('STATUS INBOX (MESSAGES RECENT UIDNEXT UNSEEN)'), [
    '* STATUS "INBOX" (MESSAGES 2 RECENT 2 UIDNEXT 3 UNSEEN 1)',
  ])
  assert.match(await client.tagged('STATUS none (MESSAGES)'), /^NO \[NONEXISTENT\]/)
  assert.match(await client.tagged('STATUS INBOX (NONE)'), /^BAD/)
  // EXAMINE leaves \Recent for the next session.
  const examined = await client.command('EXAMINE INBOX')
  assert.match(examined.tagged, /^OK \[READ-ONLY\]/)
  assert.ok(examined.untagged.includes('* 2 RECENT'))
  assert.ok(examined.untagged.includes('* OK [PERMANENTFLAGS ()] Read-only'))
  for (const change of ['STORE 1 FLAGS ()', 'EXPUNGE', 'UID EXPUNGE 1', 'MOVE 1 INBOX']) {
    assert.match(await client.tagged(change), /^NO \[READ-ONLY\]/)
  }
  await client.ok('FETCH 1 BODY[]')
  assert.deepEqual(await client.ok('FETCH 1 FLAGS'), ['* 1 FETCH (FLAGS (\\Recent))'])
  const selected = await client.command('SELECT inbox')
  assert.match(selected.tagged, /^OK \[READ-WRITE\]/)
  assert.deepEqual(
    selected.untagged.map((line) => line.replace(/(UIDVALIDITY|HIGHESTMODSEQ) \d+/, '$1 n').replace(/\(F[\da-f]+\)/, '(id)')),
    [
      '* OK [CLOSED] Previous folder closed',
      '* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)',
      '* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft \\*)] Flags kept',
      '* 2 EXISTS',
      '* 2 RECENT',
      '* OK [UIDVALIDITY n] UIDs valid',
      '* OK [UIDNEXT 3] Next UID',
      '* OK [HIGHESTMODSEQ n] Highest',
      '* OK [MAILBOXID (id)] Ok',
    ],
  )
  // SELECT does not look at messages: keywords are told before the first of them is.
  assert.deepEqual(await client.ok('FETCH 2 (INTERNALDATE FLAGS)'), [
    '* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Label1)',
    '* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Label1 \\*)] Flags kept',
    '* 2 FETCH (INTERNALDATE "15-Jan-2024 10:00:00 +0100" FLAGS (\\Flagged \\Seen \\Recent $Label1))',
  ])
  const other = await imap.login(mailbox)
  assert.ok((await other.ok('SELECT INBOX')).includes('* 0 RECENT'))
  // A folder that cannot be opened leaves none selected.
  assert.match(await client.tagged('SELECT none'), /^NO \[NONEXISTENT\]/)
  assert.match(await client.tagged('CHECK'), /^BAD/)
})

test('a full mailbox answers OVERQUOTA', async () => {
  const client = await imap.login(await imap.mailbox(1000))
  assert.match(await client.append('INBOX', withSubject('x'.repeat(2000))), /^NO \[OVERQUOTA\]/)
})

test('FETCH: every item, from the structure and from the bytes', async () => {
  const client = await imap.login(await imap.mailbox())
  await client.append('INBOX', MESSAGE)
  await client.ok('SELECT INBOX')
  const fetch = async (items: string): Promise<string> => (await client.ok(`FETCH 1 ${items}`)).join('\n')
  assert.equal(await fetch('(UID RFC822.SIZE)'), `* 1 FETCH (UID 1 RFC822.SIZE ${MESSAGE.length})`)
  assert.match(
    await fetch('FULL'),
    /^\* 1 FETCH \(FLAGS \(\\Recent\) INTERNALDATE "[ \d]\d-\w{3}-\d{4} [\d:]{8} [+-]\d{4}" RFC822\.SIZE \d+ ENVELOPE \(.*\) BODY \(\("text" /,
  )
  assert.match(await fetch('ENVELOPE'), /"=\?utf-8\?q\?Perch=C3=A9\?=" \(\("Rossi, Mario" NIL "mario" "pec\.test"\)\)/)
  assert.match(
    await fetch('BODYSTRUCTURE'),
    /\("message" "rfc822" NIL NIL NIL "7bit" 28 \(NIL "inner" .*\) 2 NIL NIL NIL NIL\) "mixed" \("boundary" "b"\) NIL NIL NIL\)\)$/,
  )
  const literal = (label: string, text: string): string => `* 1 FETCH (${label} {${text.length}}\r\n${text})`
  assert.equal(await fetch('BODY.PEEK[]'), literal('BODY[]', MESSAGE))
  assert.equal(await fetch('BODY.PEEK[]<5.10>'), literal('BODY[]<5>', MESSAGE.slice(5, 15)))
  assert.equal(
    await fetch(`BODY.PEEK[]<${MESSAGE.length - 3}.1000>`),
    literal(`BODY[]<${MESSAGE.length - 3}>`, MESSAGE.slice(-3)),
  )
  assert.equal(await fetch('BODY.PEEK[]<100000.10>'), '* 1 FETCH (BODY[]<100000> "")')
  assert.equal(await fetch('RFC822.HEADER'), literal('RFC822.HEADER', MESSAGE.slice(0, MESSAGE.indexOf('\r\n\r\n') + 4)))
  assert.equal(await fetch('BODY.PEEK[TEXT]'), literal('BODY[TEXT]', MESSAGE.slice(MESSAGE.indexOf('\r\n\r\n') + 4)))
  assert.equal(await fetch('BODY.PEEK[1]'), literal('BODY[1]', 'Citt=C3=A0 di Torino'))
  assert.equal(await fetch('BODY.PEEK[2.HEADER]'), literal('BODY[2.HEADER]', 'Subject: inner\r\n\r\n'))
  assert.equal(await fetch('BODY.PEEK[2.1]'), literal('BODY[2.1]', 'inner text'))
  assert.equal(await fetch('BODY.PEEK[3]'), '* 1 FETCH (BODY[3] NIL)')
  const some = 'From: "Rossi, Mario" <mario@pec.test>\r\nSubject: =?utf-8?q?Perch=C3=A9?=\r\n\r\n'
  assert.equal(await fetch('BODY.PEEK[HEADER.FIELDS (subject FROM x)]'), literal('BODY[HEADER.FIELDS (subject FROM x)]', some))
  assert.equal(
    await fetch('BODY.PEEK[HEADER.FIELDS (subject FROM)]<6.7>'),
    literal('BODY[HEADER.FIELDS (subject FROM)]<6>', some.slice(6, 13)),
  )
  assert.equal(
    await fetch('BODY.PEEK[HEADER.FIELDS.NOT (date to message-id mime-version content-type)]'),
    literal('BODY[HEADER.FIELDS.NOT (date to message-id mime-version content-type)]', some),
  )
  assert.equal(await fetch('BODY.PEEK[2.HEADER.FIELDS (x)]'), literal('BODY[2.HEADER.FIELDS (x)]', '\r\n'))
  assert.equal(await fetch('FLAGS'), '* 1 FETCH (FLAGS (\\Recent))')
  // Reading without PEEK sets \Seen, and says so once.
  assert.match(await fetch('(BODY[1] UID)'), / UID 1 FLAGS \(\\Seen \\Recent\)\)$/)
  assert.match(await fetch('(BODY[1] UID)'), / UID 1\)$/)
  assert.deepEqual(await client.ok('UID FETCH 1:* FLAGS'), ['* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))'])
  assert.deepEqual(await client.ok('UID FETCH 7 FLAGS'), [])
  for (const wrong of ['FETCH 2 FLAGS', 'FETCH 0 FLAGS', 'FETCH 1', 'FETCH 1 (FLAGS', 'FETCH 1 BODY[9.X]']) {
    assert.match(await client.tagged(wrong), /^BAD/, wrong)
  }
})

test('a large message is passed on whole and in parts', async () => {
  const client = await imap.login(await imap.mailbox())
  const line = `${'0123456789abcdef'.repeat(4)}\r\n`
  const message = `Subject: large\r\n\r\n${line.repeat(70_000)}`
  assert.match(await client.append('INBOX', message), /^OK/)
  await client.ok('SELECT INBOX')
  const [whole] = await client.ok('FETCH 1 (BODY.PEEK[] UID)')
  assert.ok(whole === `* 1 FETCH (BODY[] {${message.length}}\r\n${message} UID 1)`)
  const [part] = await client.ok('FETCH 1 BODY.PEEK[TEXT]<1000000.2000000>')
  assert.ok(part === `* 1 FETCH (BODY[TEXT]<1000000> {2000000}\r\n${message.slice(1_000_018, 3_000_018)})`)
})

test('STORE, keywords, EXPUNGE, UID EXPUNGE, CLOSE, UNSELECT', async () => {
  const client = await imap.login(await imap.mailbox())
  for (const subject of ['1', '2', '3', '4', '5']) await client.append('INBOX', withSubject(subject))
  await client.ok('SELECT INBOX')
  assert.deepEqual(await client.ok('STORE 1:2 +FLAGS (\\Deleted)'), [
    '* 1 FETCH (FLAGS (\\Deleted \\Recent))',
    '* 2 FETCH (FLAGS (\\Deleted \\Recent))',
  ])
  assert.deepEqual(await client.ok('UID STORE 3 FLAGS \\Flagged $Forwarded'), [
    '* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded)',
    '* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft $Forwarded \\*)] Flags kept',
    '* 3 FETCH (UID 3 FLAGS (\\Flagged \\Recent $Forwarded))',
  ])
  assert.deepEqual(await client.ok('STORE 3 +FLAGS.SILENT ($FORWARDED \\Seen)'), [])
  assert.deepEqual(await client.ok('FETCH 3 FLAGS'), ['* 3 FETCH (FLAGS (\\Flagged \\Seen \\Recent $Forwarded))'])
  assert.deepEqual(await client.ok('STORE 3 -FLAGS ($forwarded)'), ['* 3 FETCH (FLAGS (\\Flagged \\Seen \\Recent))'])
  assert.match(await client.tagged('STORE 3 +FLAGS (\\Nonsense)'), /^BAD/)
  assert.match(await client.tagged(`STORE 3 +FLAGS (${'k'.repeat(200)})`), /^NO \[LIMIT\]/)
  assert.match(await client.tagged('STORE 9 +FLAGS (\\Seen)'), /^BAD/)
  assert.deepEqual(await client.ok('UID EXPUNGE 2:3'), ['* 2 EXPUNGE'])
  await client.ok('STORE 3 +FLAGS.SILENT (\\Deleted)')
  assert.deepEqual(await client.ok('EXPUNGE'), ['* 3 EXPUNGE', '* 1 EXPUNGE'])
  assert.deepEqual(await client.ok('UID SEARCH ALL'), ['* SEARCH 3 5'])
  await client.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
  await client.ok('UNSELECT')
  assert.match(await client.tagged('FETCH 1 FLAGS'), /^BAD/)
  assert.ok((await client.ok('SELECT INBOX')).includes('* 2 EXISTS'))
  assert.deepEqual(await client.ok('CLOSE'), [])
  assert.ok((await client.ok('SELECT INBOX')).includes('* 1 EXISTS'))
})

test('COPY and MOVE with COPYUID', async () => {
  const client = await imap.login(await imap.mailbox())
  for (const subject of ['1', '2', '3', '4']) await client.append('INBOX', withSubject(subject))
  await client.ok('SELECT INBOX')
  await client.ok('STORE 1 +FLAGS.SILENT (\\Flagged)')
  assert.match(await client.tagged('COPY 1:2,4 Archivio'), /^OK \[COPYUID \d+ 1:2,4 1:2,3\] COPY/)
  assert.match(await client.tagged('COPY 1 none'), /^NO \[TRYCREATE\]/)
  assert.match(await client.tagged('UID MOVE 1 none'), /^NO \[TRYCREATE\]/)
  const { untagged, tagged } = await client.command('MOVE 2:3 Archivio')
  assert.match(tagged, /^OK MOVE/)
  assert.match(untagged[0] ?? '', /^\* OK \[COPYUID \d+ 2:3 4:5\]/)
  assert.deepEqual(untagged.slice(1), ['* 3 EXPUNGE', '* 2 EXPUNGE'])
  assert.deepEqual(await client.ok('UID COPY 77 Archivio'), [])
  await client.ok('SELECT Archivio')
  assert.deepEqual(await client.ok('FETCH 1:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (Subject)])'), [
    '* 1 FETCH (UID 1 FLAGS (\\Flagged \\Recent) BODY[HEADER.FIELDS (Subject)] {14}\r\nSubject: 1\r\n\r\n)',
    ...[2, 4, 2, 3].map(
      (subject, index) =>
        `* ${index + 2} FETCH (UID ${index + 2} FLAGS (\\Recent) BODY[HEADER.FIELDS (Subject)] {14}\r\nSubject: ${subject}\r\n\r\n)`,
    ),
  ])
})

test('SEARCH: flags, sets, dates, sizes, texts', async () => {
  const client = await imap.login(await imap.mailbox())
  await client.append('INBOX', MESSAGE, '(\\Seen) "15-Jan-2024 10:00:00 +0100" ')
  await client.append('INBOX', withSubject('second'), '(\\Flagged word) "20-Feb-2024 23:30:00 +0000" ')
  await client.append(
    'INBOX',
    `Subject: x\r\nDate: Tue, 5 Mar 24 10:00:00 +0000\r\nX-Empty:\r\nContent-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from('perch\xe9 no', 'latin1').toString('base64')}\r\n`,
  )
  await client.ok('SELECT INBOX')
  await client.ok('FETCH 1 UID')
  const expected: Record<string, string> = {
    ALL: '1 2 3',
    SEEN: '1',
    'UNSEEN FLAGGED': '2',
    NEW: '2 3',
    OLD: '',
    RECENT: '1 2 3',
    'KEYWORD WORD': '2',
    'UNKEYWORD word 1:2': '1',
    'UID 2:*': '2 3',
    '3,1': '1 3',
    '*': '3',
    'NOT SEEN': '2 3',
    'OR SEEN FLAGGED': '1 2',
    '(OR (SEEN) (FLAGGED)) NOT 1': '2',
    'SINCE 21-Feb-2024': '2 3',
    'BEFORE 21-Feb-2024': '1',
    'ON 15-Jan-2024': '1',
    'SENTON 15-Jan-2024': '1',
    'SENTSINCE 16-Jan-2024': '3',
    'SENTBEFORE "5-Mar-2024"': '1',
    [`LARGER ${MESSAGE.length - 1}`]: '1',
    [`SMALLER ${MESSAGE.length}`]: '2 3',
    'SUBJECT "PERCH\xc3\x89"': '1',
    'CHARSET UTF-8 SUBJECT {7+}\r\nperch\xc3\xa9': '1',
    'FROM rossi': '1',
    'FROM "mario@PEC"': '1',
    'TO anna': '1',
    'CC anna': '',
    'HEADER message-id one@': '1',
    'HEADER X-Empty ""': '3',
    'HEADER X-None ""': '',
    'BODY torino': '1',
    'BODY "citt\xc3\xa0"': '1',
    'BODY "inner text"': '1',
    'BODY "perch\xc3\xa9 NO"': '3',
    'BODY second': '2',
    'TEXT inner': '1',
    'TEXT "perch\xc3\xa9"': '1 3',
    'NOT TEXT "perch\xc3\xa9"': '2',
    'OR BODY torino FLAGGED': '1 2',
    'CHARSET US-ASCII TEXT second': '2',
  }
  for (const [key, numbers] of Object.entries(expected)) {
    assert.deepEqual(await client.ok(`SEARCH ${key}`), [`* SEARCH${numbers === '' ? '' : ` ${numbers}`}`], key)
  }
  await client.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
  await client.ok('EXPUNGE')
  assert.deepEqual(await client.ok('UID SEARCH 1'), ['* SEARCH 2'])
  assert.match(await client.tagged('SEARCH CHARSET KOI8-R TEXT x'), /^NO \[BADCHARSET \(UTF-8 US-ASCII\)\]/)
  for (const wrong of [
    'SEARCH',
    'SEARCH NONE',
    'SEARCH SUBJECT',
    'SEARCH ON 32-Foo-2024',
    'SEARCH (SEEN',
    `SEARCH ${'NOT '.repeat(60)}SEEN`,
  ]) {
    assert.match(await client.tagged(wrong), /^BAD/, wrong)
  }
})

test('pipelined commands are answered in order', async () => {
  const client = await imap.login(await imap.mailbox())
  const message = withSubject('x')
  client.write(
    `a CREATE p\r\nb APPEND p {${message.length}+}\r\n${message}\r\nc SELECT p\r\nd FETCH 1 (UID)\r\ne UNSELECT\r\nf DELETE p\r\n`,
  )
  for (const tag of ['a', 'b', 'c', 'd', 'e', 'f']) assert.match((await client.answer(tag)).tagged, /^OK/)
})
