/** Real clients as judges: what we think of the protocol must be what they think. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { ImapFlow, type ExpungeEvent, type FlagsEvent } from 'imapflow'
import { PASSWORD, withImap } from './test-imap.ts'
import type { TestMailbox } from './test-imap.ts'

const imap = await withImap({ after })
const run = promisify(execFile)

/** Skips where a program is missing; with CI=true its absence fails the test. */
const needs = (program: string): { skip: string | false } => {
  const there = spawnSync(program, ['--version']).error === undefined || process.env['CI'] === 'true'
  return { skip: !there && `${program} is not installed` }
}

const text = (subject: string): string => `From: Anna <anna@pec.test>\r\nSubject: ${subject}\r\n\r\n${subject}\r\n`

const ATTACHMENT = Buffer.from('0123456789'.repeat(50_000))
const WITH_ATTACHMENT = [
  'From: "Rossi, Mario" <mario@pec.test>',
  'To: Anna <anna@pec.test>',
  'Subject: =?utf-8?q?Perch=C3=A9?=',
  'Date: Mon, 15 Jan 2024 10:00:00 +0100',
  'Message-ID: <attachment@pec.test>',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=q',
  '',
  '--q',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'ciao',
  '--q',
  'Content-Type: application/pdf; name="x.pdf"',
  'Content-Transfer-Encoding: base64',
  "Content-Disposition: attachment; filename*=utf-8''perch%C3%A9.pdf",
  '',
  ATTACHMENT.toString('base64').replace(/.{76}/g, '$&\r\n'),
  '--q--',
  '',
].join('\r\n')

async function login(mailbox: TestMailbox, options: { readonly qresync?: boolean } = {}): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: 'localhost',
    port: imap.tlsPort,
    secure: true,
    tls: { ca: readFileSync(imap.certificate) },
    auth: { user: mailbox.address, pass: PASSWORD },
    logger: false,
    ...options,
  })
  await client.connect()
  return client
}

test('imapflow: folders, appending, fetching, searching, flags, copying, moving, deleting', async () => {
  const client = await login(await imap.mailbox())
  const folders = await client.list({ statusQuery: { messages: true } })
  assert.deepEqual(Object.fromEntries(folders.map(({ path, specialUse }) => [path, specialUse])), {
    INBOX: '\\Inbox',
    Inviati: '\\Sent',
    Bozze: '\\Drafts',
    Archivio: '\\Archive',
    'Posta indesiderata': '\\Junk',
    Cestino: '\\Trash',
  })
  await client.mailboxCreate('Entità/due')
  const lock = await client.getMailboxLock('INBOX')
  await client.append('INBOX', text('prima'))
  await client.append('INBOX', WITH_ATTACHMENT, ['\\Flagged', 'parola'], new Date('2024-05-01T10:00:00Z'))
  const message = await client.fetchOne('2', {
    uid: true,
    flags: true,
    envelope: true,
    bodyStructure: true,
    size: true,
    internalDate: true,
    headers: ['subject'],
    source: true,
  })
  assert.ok(message)
  assert.equal(message.size, WITH_ATTACHMENT.length)
  assert.equal(message.source?.toString(), WITH_ATTACHMENT)
  assert.deepEqual([...(message.flags ?? [])].sort(), ['\\Flagged', 'parola'])
  assert.equal(message.envelope?.subject, 'Perché')
  assert.deepEqual(message.envelope?.from, [{ name: 'Rossi, Mario', address: 'mario@pec.test' }])
  assert.equal(new Date(message.internalDate ?? 0).toISOString(), '2024-05-01T10:00:00.000Z')
  assert.deepEqual(
    message.bodyStructure?.childNodes?.map((node) => [node.part, node.type, node.dispositionParameters?.['filename']]),
    [
      ['1', 'text/plain', undefined],
      ['2', 'application/pdf', 'perché.pdf'],
    ],
  )
  const { content } = await client.download('2', '2')
  const pieces: Buffer[] = []
  for await (const piece of content ?? []) pieces.push(piece as Buffer)
  assert.ok(Buffer.concat(pieces).equals(ATTACHMENT))
  assert.deepEqual(await client.search({ subject: 'perché' }, { uid: true }), [2])
  assert.deepEqual(await client.search({ or: [{ body: 'CIAO' }, { flagged: true }], since: '2024-01-01' }), [2])
  await client.messageFlagsAdd('1', ['\\Seen'])
  const copied = await client.messageCopy('1:2', 'Entità/due')
  assert.deepEqual(
    copied && copied.uidMap,
    new Map([
      [1, 1],
      [2, 2],
    ]),
  )
  const moved = await client.messageMove('2', 'Archivio')
  assert.deepEqual(moved && moved.uidMap, new Map([[2, 1]]))
  await client.messageDelete('1')
  assert.equal(client.mailbox && client.mailbox.exists, 0)
  lock.release()
  await client.mailboxRename('Entità/due', 'Entità/tre')
  const status = await client.status('Entità/tre', { messages: true })
  assert.equal(status && status.messages, 2)
  await client.mailboxDelete('Entità/tre')
  await client.logout()
})

test('imapflow hears of a new message in IDLE', async () => {
  const mailbox = await imap.mailbox()
  const client = await login(mailbox)
  await client.mailboxOpen('INBOX')
  const heard = new Promise<number>((resolve) => client.once('exists', ({ count }: { count: number }) => resolve(count)))
  const idle = client.idle()
  await imap.store.append(mailbox.ref, 'INBOX', [{ bytes: Buffer.from(text('nuovo')), flags: 0, keywords: [], internalDate: 0 }])
  assert.equal(await heard, 1)
  await client.logout()
  await idle
})

test('imapflow switches on what it knows: IMAP4rev2, CONDSTORE, QRESYNC', async () => {
  const mailbox = await imap.mailbox()
  const client = await login(mailbox, { qresync: true })
  assert.deepEqual([...client.enabled].sort(), ['CONDSTORE', 'IMAP4REV2', 'QRESYNC', 'UTF8=ACCEPT'])
  for (const subject of ['uno', 'due', 'tre']) await client.append('INBOX', text(subject))
  const opened = await client.mailboxOpen('INBOX')
  const { highestModseq = 0n } = opened
  assert.ok(highestModseq > 0n)
  const other = await imap.login(mailbox, 'INBOX')
  await other.ok('STORE 2 +FLAGS.SILENT (\\Flagged)')
  await client.noop()
  const changed: number[] = []
  for await (const { uid } of client.fetch('1:*', { flags: true }, { uid: true, changedSince: highestModseq })) changed.push(uid)
  assert.deepEqual(changed, [2])
  const removed = new Promise((resolve) => client.once('expunge', resolve))
  await other.ok('STORE 1 +FLAGS.SILENT (\\Deleted)')
  await other.ok('EXPUNGE')
  await client.noop()
  assert.deepEqual(await removed, { path: 'INBOX', uid: 1, vanished: true, earlier: false })
  // Only what has not changed since is changed.
  assert.equal(await client.messageFlagsAdd('2', ['x'], { uid: true, unchangedSince: 1n }), true)
  assert.deepEqual(await other.ok('SEARCH KEYWORD x'), ['* SEARCH'])
  const quota = await client.getQuota()
  assert.equal(quota && quota.storage?.limit, Math.floor(1e9 / 1024) * 1024)
  await client.logout()
})

test('imapflow comes back after a while, and is told what it has missed (QRESYNC)', async () => {
  const mailbox = await imap.mailbox()
  const before = await login(mailbox, { qresync: true })
  for (const subject of ['uno', 'due', 'tre', 'quattro']) await before.append('INBOX', text(subject))
  const known = await before.mailboxOpen('INBOX')
  await before.logout()
  const other = await imap.login(mailbox, 'INBOX')
  await other.ok('STORE 2 +FLAGS.SILENT (\\Flagged)')
  await other.ok('UID STORE 1,4 +FLAGS.SILENT (\\Deleted)')
  await other.ok('EXPUNGE')
  await other.append('INBOX', text('cinque'))

  const again = await login(mailbox, { qresync: true })
  const gone: object[] = []
  const changed = new Map<number | undefined, string[]>()
  again.on('expunge', ({ uid, vanished, earlier }: ExpungeEvent) => gone.push({ uid, vanished, earlier }))
  again.on('flags', ({ uid, flags }: FlagsEvent) => changed.set(uid, [...(flags ?? [])]))
  const { uidValidity, highestModseq: changedSince } = known
  const opened = await again.mailboxOpen('INBOX', { uidValidity, changedSince })
  assert.equal(opened.exists, 3)
  assert.deepEqual(gone, [
    { uid: 1, vanished: true, earlier: true },
    { uid: 4, vanished: true, earlier: true },
  ])
  assert.deepEqual(changed.get(2), ['\\Flagged'])
  assert.ok(!changed.has(3))
  // What is new, and nothing else.
  const arrived = await again.fetchAll(`${known.uidNext}:*`, { envelope: true }, { uid: true })
  assert.deepEqual(
    arrived.map(({ uid, envelope }) => [uid, envelope?.subject]),
    [[5, 'cinque']],
  )
  await again.logout()
})

test('curl lists, fetches, searches and uploads', needs('curl'), async () => {
  const mailbox = await imap.mailbox()
  const curl = async (path: string, ...more: string[]): Promise<string> => {
    const always = ['-sS', '--max-time', '20', '--cacert', imap.certificate, '-u', `${mailbox.address}:${PASSWORD}`]
    return (await run('curl', [...always, ...more, `imaps://localhost:${imap.tlsPort}/${path}`])).stdout
  }
  const file = join(imap.folder, 'upload.eml')
  writeFileSync(file, text('da curl'))
  await curl('INBOX', '-T', file)
  assert.match(await curl(''), /^\* LIST \(\\HasNoChildren\) "\/" "INBOX"\r\n/)
  assert.equal(await curl('INBOX;UID=1'), text('da curl'))
  assert.equal(await curl('INBOX;UID=1/;SECTION=TEXT'), 'da curl\r\n')
  assert.equal(await curl('INBOX?SUBJECT curl'.replace(' ', '%20')), '* SEARCH 1\r\n')
  await assert.rejects(curl('INBOX', '-u', `${mailbox.address}:wrong`), { code: 67 })
})

const IMAPLIB = `
import imaplib, ssl, sys
tls_port, plain_port, certificate, address, password = sys.argv[1:]
context = ssl.create_default_context(cafile=certificate)
client = imaplib.IMAP4('localhost', int(plain_port))
assert 'LOGINDISABLED' in client.capabilities
assert client.starttls(context)[0] == 'OK'
client._encoding = 'utf-8'
assert client.login(address, password)[0] == 'OK'
for subject in ('uno', 'due', 'tre'):
    assert client.append('INBOX', None, None, ('Subject: %s\\r\\n\\r\\n%s\\r\\n' % (subject, subject)).encode())[0] == 'OK'
assert client.select('INBOX') == ('OK', [b'3'])
assert client.search(None, 'SUBJECT', 'due') == ('OK', [b'2'])
assert client.sort('(REVERSE SUBJECT)', 'UTF-8', 'NOT', 'BODY', 'due') == ('OK', [b'1 3'])
assert client.uid('SORT', '(SUBJECT)', 'UTF-8', 'ALL') == ('OK', [b'2 3 1'])
assert client.thread('REFERENCES', 'UTF-8', 'ALL') == ('OK', [b'(1)(2)(3)'])
assert client.uid('THREAD', 'ORDEREDSUBJECT', 'US-ASCII', '2:3') == ('OK', [b'(2)(3)'])
assert client.fetch('1', '(PREVIEW)') == ('OK', [b'1 (PREVIEW "uno")'])
status, data = client.fetch('1', '(RFC822)')
assert data[0][1] == b'Subject: uno\\r\\n\\r\\nuno\\r\\n', data
assert client.uid('STORE', '2', '+FLAGS', '(\\\\Deleted)')[0] == 'OK'
assert client.expunge() == ('OK', [b'2'])
assert client.copy('1:2', 'Archivio')[0] == 'OK'
assert client.status('Archivio', '(MESSAGES)') == ('OK', [b'"Archivio" (MESSAGES 2)'])
assert client.create('nuova')[0] == 'OK' and client.rename('nuova', 'altra')[0] == 'OK' and client.delete('altra')[0] == 'OK'
assert client.select('assente')[0] == 'NO'
client.logout()
client = imaplib.IMAP4_SSL('localhost', int(tls_port), ssl_context=context)
assert client.authenticate('PLAIN', lambda _: ('\\0%s\\0%s' % (address, password)).encode())[0] == 'OK'
assert client.namespace() == ('OK', [b'(("" "/")) NIL NIL'])
client.logout()
`

test("Python's imaplib, with STARTTLS and without", needs('python3'), async () => {
  const { address } = await imap.mailbox()
  await run('python3', ['-c', IMAPLIB, String(imap.tlsPort), String(imap.starttlsPort), imap.certificate, address, PASSWORD])
})

test('mbsync brings a mailbox and a Maildir together, in both directions', needs('mbsync'), async () => {
  const mailbox = await imap.mailbox()
  const client = await imap.login(mailbox)
  for (const subject of ['uno', 'due', 'tre']) await client.append('INBOX', text(subject))
  await client.ok('CREATE "Entit&AOA-"')
  const maildir = join(imap.folder, 'maildir')
  mkdirSync(maildir)
  const config = join(imap.folder, 'mbsyncrc')
  writeFileSync(
    config,
    `IMAPAccount a\nHost localhost\nPort ${imap.tlsPort}\nUser ${mailbox.address}\nPass "${PASSWORD}"\nSSLType IMAPS\n` +
      `CertificateFile ${imap.certificate}\n\nIMAPStore far\nAccount a\n\nMaildirStore near\nPath ${maildir}/\n` +
      `Inbox ${maildir}/INBOX\nSubFolders Verbatim\n\nChannel c\nFar :far:\nNear :near:\nPatterns *\nCreate Both\nExpunge Both\nSyncState *\n`,
  )
  const sync = () => run('mbsync', ['-c', config, 'c'])
  await sync()
  const files = (folder: 'new' | 'cur'): string[] => readdirSync(join(maildir, 'INBOX', folder)).sort()
  assert.equal(files('new').length, 3)
  assert.ok(readdirSync(maildir).includes('Entit&AOA-'))
  const [first, second] = files('new')
  assert.ok(first !== undefined && second !== undefined)
  assert.equal(
    readFileSync(join(maildir, 'INBOX/new', first), 'utf8')
      .replaceAll('\n', '\r\n')
      .replace(/X-TUID.*\r\n/, ''),
    text('uno'),
  )
  rmSync(join(maildir, 'INBOX/new', first))
  renameSync(join(maildir, 'INBOX/new', second), join(maildir, 'INBOX/cur', `${second}S`))
  writeFileSync(join(maildir, 'INBOX/new/1.local'), 'Subject: locale\n\nx\n')
  await sync()
  await client.ok('SELECT INBOX')
  assert.deepEqual(await client.ok('SEARCH SUBJECT uno'), ['* SEARCH'])
  assert.deepEqual(await client.ok('UID SEARCH SEEN'), ['* SEARCH 2'])
  assert.deepEqual(await client.ok('SEARCH SUBJECT locale'), ['* SEARCH 3'])
})

test('mutt stores what it sends', needs('mutt'), async () => {
  const mailbox = await imap.mailbox()
  const config = join(imap.folder, 'muttrc')
  writeFileSync(
    config,
    `set folder="imaps://localhost:${imap.tlsPort}/"\nset spoolfile="+INBOX"\nset imap_user="${mailbox.address}"\nset imap_pass="${PASSWORD}"\n` +
      `set certificate_file="${imap.certificate}"\nset ssl_force_tls=yes\nset copy=yes\nset record="+Inviati"\nset sendmail=/bin/true\nset from=a@pec.test\n`,
  )
  const sent = run('mutt', ['-F', config, '-s', 'da mutt', 'b@pec.test'], {
    env: { ...process.env, HOME: imap.folder },
    timeout: 30_000,
  })
  sent.child.stdin?.end('testo\n')
  await sent
  const client = await imap.login(mailbox, 'Inviati')
  assert.deepEqual(await client.ok('SEARCH SUBJECT "da mutt" SEEN'), ['* SEARCH 1'])
})
