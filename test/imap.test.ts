/** Certified mail read by IMAP: byte for byte what was sealed, with clients that are not ours, as they fetch, poll or wait for it. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { consistent } from './support/consistent.ts'
import { execute } from './support/execute.ts'
import { judge } from './support/judges.ts'
import { openMailbox, waitForMessages } from './support/mailbox-reader.ts'
import { startProgram } from './support/program.ts'
import { startProvider, temporaryFolder, type Account } from './support/provider.ts'
import { plainMessage, submit } from './support/submit.ts'
import { requireTools } from './support/tools.ts'

const provider = await startProvider({ after })
const [mario, lucia] = provider.accounts
const port = provider.ports.imaps

async function send(from: Account, to: Account, subject: string, body = 'Perché no? €\r\n'): Promise<void> {
  const headers = [`Subject: ${subject}`, 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8']
  const message = plainMessage(from.address, [to.address], { headers, body })
  const { code, stdout } = await submit(provider, { account: from, recipients: [to.address], message })
  assert.equal(code, 0, stdout)
}

const withLf = (source: Buffer): string => source.toString('latin1').replaceAll('\r\n', '\n')

/** It folds header lines anew, and adds some of its own. */
const asGetmailWrites = (text: string): string =>
  text.replace(/\n[ \t]+/g, ' ').replace(/^(Return-Path|X-getmail-.*): .*\n/gm, '')

const IMAPLIB = `
import imaplib, ssl, sys
port, certificate, address, password = sys.argv[1:]
client = imaplib.IMAP4_SSL('localhost', int(port), ssl_context=ssl.create_default_context(cafile=certificate))
client.login(address, password)
client.select('INBOX', readonly=True)
for uid in client.uid('SEARCH', 'ALL')[1][0].split():
    whole = client.uid('FETCH', uid, '(BODY.PEEK[])')[1][0][1]
    halves = [client.uid('FETCH', uid, '(BODY.PEEK[]<%d.%d>)' % part)[1][0][1] for part in ((0, 1000), (1000, len(whole)))]
    assert whole == b''.join(halves)
    sys.stdout.buffer.write(whole)
client.logout()
`

test('curl, imaplib and getmail fetch what was sealed (I5); getmail knows what it has seen', async (t) => {
  if (!requireTools(t, 'swaks', 'curl', 'python3', 'getmail', 'openssl', 'xmllint')) return
  const bodies = ['.\r\n..\r\n.x\r\n\r\n.\r\n', 'Perché no? €\r\n', `${'0123456789'.repeat(7)}\r\n`.repeat(20_000)]
  for (const [index, body] of bodies.entries()) await send(mario, lucia, `IMAP ${index}`, body)
  const stored = await waitForMessages(await openMailbox(t, provider, lucia), bodies.length)
  const { address, password } = lucia

  for (const { uid, source } of stored) {
    const url = `imaps://localhost:${port}/INBOX;UID=${uid}`
    const fetched = await execute('curl', [
      '-sS',
      '--max-time',
      '20',
      '--cacert',
      provider.ca,
      '-u',
      `${address}:${password}`,
      url,
    ])
    assert.equal(fetched.code, 0, fetched.stderr)
    assert.ok(Buffer.from(fetched.stdout, 'latin1').equals(source), `envelope ${uid}`)
    await judge(t, provider.ca, source)
  }

  const imaplib = await execute('python3', ['-c', IMAPLIB, String(port), provider.ca, address, password])
  assert.equal(imaplib.code, 0, imaplib.stderr)
  assert.ok(imaplib.stdout === stored.map(({ source }) => source.toString('latin1')).join(''))

  const folder = temporaryFolder(t)
  const mbox = join(folder, 'mbox')
  writeFileSync(
    join(folder, 'config'),
    `[retriever]\ntype = SimpleIMAPSSLRetriever\nserver = localhost\nport = ${port}\nusername = ${address}\npassword = ${password}\n` +
      `ca_certs = ${provider.ca}\nmailboxes = ("INBOX",)\n[destination]\ntype = MDA_external\npath = /bin/sh\n` +
      `arguments = ("-c", "cat >> ${mbox}")\nallow_root_commands = true\n` +
      '[options]\nread_all = false\ndelivered_to = false\nreceived = false\n',
    { mode: 0o600 },
  )
  const getmail = async (): Promise<string> => {
    const { code, stdout, stderr } = await execute('getmail', ['--getmaildir', folder, '--rcfile', 'config'])
    assert.equal(code, 0, stdout + stderr)
    return asGetmailWrites(readFileSync(mbox, 'latin1'))
  }
  const wanted = asGetmailWrites(stored.map(({ source }) => withLf(source)).join(''))
  assert.ok((await getmail()) === wanted)
  assert.ok((await getmail()) === wanted, 'nothing twice')
  await consistent(provider)
})

test('fetchmail takes what is there, then waits in IDLE and takes what comes', async (t) => {
  if (!requireTools(t, 'swaks', 'fetchmail')) return
  const far = await openMailbox(t, provider, mario)
  const isEnvelope = ({ subject }: { subject: string }): boolean => subject.startsWith('POSTA CERTIFICATA: fetchmail')
  const folder = temporaryFolder(t)
  const mbox = join(folder, 'mbox')
  // What has come for Mario so far is receipts, and not for fetchmail.
  await far.mailboxOpen('INBOX')
  await far.messageFlagsAdd('1:*', ['\\Seen'])
  await send(lucia, mario, 'fetchmail prima')
  await waitForMessages(far, 1, isEnvelope)
  writeFileSync(
    join(folder, 'config'),
    `set invisible\npoll localhost protocol IMAP port ${port} no dns\n  user "${mario.address}" password "${mario.password}" ` +
      `ssl sslproto "TLS1.2+" sslcertck sslcertfile "${provider.ca}" no rewrite keep idle mda "cat >> ${mbox}"\n`,
    { mode: 0o600 },
  )
  const files = ['-f', join(folder, 'config'), '--pidfile', join(folder, 'pid'), '-i', join(folder, 'ids')]
  const fetchmail = startProgram(t, 'fetchmail', [...files, '-N', '-v'], { HOME: folder, FETCHMAILHOME: folder, LC_ALL: 'C' })
  const taken = (subject: string): true | undefined =>
    (existsSync(mbox) && readFileSync(mbox, 'latin1').includes(`Subject: POSTA CERTIFICATA: ${subject}\n`)) || undefined
  await fetchmail.until(() => taken('fetchmail prima'))
  await fetchmail.until(() => /> A\d+ IDLE\s+(?:\S.*\s+)?fetchmail: IMAP< \+ /.test(fetchmail.output()) || undefined)
  await send(lucia, mario, 'fetchmail dopo')
  await fetchmail.until(() => taken('fetchmail dopo'))
  // What it has taken, it marks as read.
  while (((await far.search({ seen: false })) || []).length > 0) await far.noop()
  const stored = await waitForMessages(await openMailbox(t, provider, mario), 2, isEnvelope)
  assert.ok(readFileSync(mbox, 'latin1') === stored.map(({ source }) => withLf(source)).join(''), 'what was sealed (I5)')
  await consistent(provider)
})
