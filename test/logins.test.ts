/** Logins as programs of others make them: SCRAM by GNU SASL and Cyrus SASL, app passwords, the second factor; over IMAP and SMTP. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Dialog, plainLogin } from './support/dialog.ts'
import { execute, type Result } from './support/execute.ts'
import { startProvider, temporaryFolder, type Account } from './support/provider.ts'
import { requireTools } from './support/tools.ts'

const provider = await startProvider({ after })
const [mario, lucia] = provider.accounts
const { ports, ca } = provider
const folder = temporaryFolder({ after })

/** What `ceralacca ARGS --json` prints. */
async function run<T = Record<string, unknown>>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await provider.ceralacca(...args, '--json')
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as T
}

let files = 0
/** A file that only its owner may read: some programs want that of one with a password. */
function file(text: string): string {
  const path = join(folder, `file${++files}`)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}

/** GNU SASL's own client: it says what it hears. */
function gsasl(protocol: 'imap' | 'smtp', mechanism: string, { address, password }: Account, ...more: string[]): Promise<Result> {
  const port = protocol === 'imap' ? ports.imap : ports.submission
  const where = [`--${protocol}`, '--connect', `localhost:${port}`, '--x509-ca-file', ca]
  return execute('gsasl', ['--client', ...where, '--mechanism', mechanism, '-a', address, '-z', '', '-p', password, ...more])
}

async function mbsync({ address, password }: Account): Promise<Result> {
  const mail = join(folder, `mail${++files}`)
  mkdirSync(mail)
  const config = file(
    [
      `IMAPStore far\nHost localhost\nPort ${ports.imaps}\nUser ${address}\nPass ${password}\nSSLType IMAPS\nCertificateFile ${ca}`,
      'AuthMechs SCRAM-SHA-256',
      `\nMaildirStore near\nPath ${mail}/\nInbox ${mail}/INBOX\nSubfolders Verbatim`,
      '\nChannel both\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Near\nSyncState *\n',
    ].join('\n'),
  )
  return execute('mbsync', ['-D', '-c', config, 'both'])
}

function msmtp({ address, password }: Account): Promise<Result> {
  const config = file(
    `host localhost\nport ${ports.submissions}\ntls on\ntls_starttls off\ntls_trust_file ${ca}\n` +
      `auth scram-sha-256\nuser ${address}\npassword ${password}\nfrom ${address}\n`,
  )
  const message = `From: ${address}\r\nTo: ${lucia.address}\r\nSubject: da msmtp\r\n\r\nciao\r\n`
  return execute('msmtp', ['-C', config, '-d', lucia.address], { input: message })
}

function mutt({ address, password }: Account): Promise<Result> {
  const config = file(
    `set folder="imaps://localhost:${ports.imaps}/"\nset spoolfile="+INBOX"\nset imap_user="${address}"\nset imap_pass="${password}"\n` +
      `set certificate_file="${ca}"\nset ssl_force_tls=yes\nset copy=yes\nset record="+Inviati"\nset sendmail=/bin/true\n` +
      `set from=${address}\nset imap_authenticators="scram-sha-256"\n`,
  )
  return execute('mutt', ['-n', '-F', config, '-s', 'da mutt', 'b@pec.test'], { input: 'testo\n', environment: { HOME: folder } })
}

/** curl, with the password in clear. */
const curl = ({ address, password }: Account): Promise<Result> =>
  execute('curl', [
    '-sS',
    '--max-time',
    '20',
    '--cacert',
    ca,
    '-u',
    `${address}:${password}`,
    `imaps://localhost:${ports.imaps}/`,
  ])

test('GNU SASL logs in by SCRAM-SHA-256, bound to its TLS connection and not; it knows a wrong password', async (t) => {
  if (!requireTools(t, 'gsasl')) return
  for (const mechanism of ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256']) {
    const unbound = mechanism.endsWith('PLUS') ? [] : ['--no-cb']
    const right = await gsasl('imap', mechanism, mario, ...unbound)
    assert.match(right.stdout, new RegExp(`AUTHENTICATE ${mechanism}`))
    assert.equal(right.code, 0, right.stdout + right.stderr)
    const wrong = await gsasl('imap', mechanism, { ...mario, password: 'wrong' }, ...unbound)
    assert.match(wrong.stdout, /NO \[AUTHENTICATIONFAILED\]/)
  }
  const older = await gsasl('imap', 'SCRAM-SHA-256', mario, '--no-cb', '--priority', 'NORMAL:-VERS-TLS1.3')
  assert.equal(older.code, 0, older.stderr)
  assert.ok(!older.stdout.includes('AUTH=SCRAM-SHA-256-PLUS'), 'no binding is offered before TLS 1.3')
})

test('GNU SASL logs in to send, by SCRAM-SHA-256; msmtp sends', async (t) => {
  if (!requireTools(t, 'gsasl', 'msmtp')) return
  const right = await gsasl('smtp', 'SCRAM-SHA-256', mario, '--no-cb')
  assert.equal(right.code, 0, right.stdout + right.stderr)
  assert.match(right.stdout, /250-AUTH SCRAM-SHA-256 PLAIN LOGIN/)
  const wrong = await gsasl('smtp', 'SCRAM-SHA-256', { ...mario, password: 'wrong' }, '--no-cb')
  assert.match(wrong.stdout, /535 5\.7\.8 Wrong user name or password/)
  const sent = await msmtp(mario)
  assert.match(sent.stdout, /AUTH SCRAM-SHA-256[^]*235 2\.7\.0[^]*250 2\.0\.0 Accepted as certified mail/, sent.stderr)
  assert.notEqual((await msmtp({ ...mario, password: 'wrong' })).code, 0)
})

test('mbsync, with Cyrus SASL, and mutt, with GNU SASL, log in by SCRAM-SHA-256', async (t) => {
  if (!requireTools(t, 'mbsync', 'mutt')) return
  const synced = await mbsync(mario)
  assert.match(synced.stdout, /AUTHENTICATE SCRAM-SHA-256 /)
  assert.equal(synced.code, 0, synced.stdout + synced.stderr)
  const stored = await mutt(mario)
  assert.equal(stored.code, 0, stored.stderr)
  assert.match(stored.stdout + stored.stderr, /Authenticating \(SCRAM-SHA-256\)/)
})

test('AUTH SCRAM-SHA-256 of SMTP, word by word', async (t) => {
  const encode = (text: string): string => Buffer.from(text).toString('base64')
  const dialog = await Dialog.open(t, provider, 'submissions')
  assert.match(await dialog.say('EHLO client.test'), /^250[ -]AUTH SCRAM-SHA-256 PLAIN LOGIN$/m)
  assert.equal(await dialog.say('AUTH SCRAM-SHA-256'), '334')
  assert.match(await dialog.say('*'), /^501 5\.7\.0 /)
  assert.equal(await dialog.say('AUTH SCRAM-SHA-256'), '334')
  assert.match(await dialog.say(encode('nonsense')), /^501 5\.5\.2 /)
  assert.match(await dialog.say('AUTH SCRAM-SHA-256 no-base64'), /^501 5\.5\.2 /)
  assert.match(await dialog.say('AUTH SCRAM-SHA-256 AAAA AAAA'), /^501 5\.5\.2 /)
  assert.match(await dialog.say('AUTH SCRAM-SHA-256-PLUS AAAA'), /^504 /)
  assert.match(await dialog.say(`AUTH SCRAM-SHA-256 ${encode(`n,a=${lucia.address},n=${mario.address},r=x`)}`), /^535 5\.7\.8 /)
  assert.match(await dialog.say(`AUTH SCRAM-SHA-256 ${encode(`n,,n=${mario.address},r=x`)}`), /^334 /)
  const proof = encode('x'.repeat(32))
  assert.match(await dialog.say(encode(`c=biws,r=another,p=${proof}`)), /^501 5\.5\.2 Another nonce/)
  assert.match(await dialog.say(`MAIL FROM:<${mario.address}>`), /^530 /)
  assert.match(await dialog.say(`AUTH PLAIN ${plainLogin(mario.address, mario.password)}`), /^235 /)
  assert.match(await dialog.say('AUTH SCRAM-SHA-256'), /^503 /)
})

test('app passwords and the second factor, from the first command to the last', async (t) => {
  if (!requireTools(t, 'curl', 'mbsync', 'msmtp')) return
  const { address } = lucia
  const made = await run<{ secret: string }>('app-password', 'create', address, '--name', 'telefono', '--protocols', 'imap,smtp')
  const reader = await run<{ secret: string }>('app-password', 'create', address, '--name', 'lettore', '--protocols', 'imap')
  const [telephone, onlyReads] = [made, reader].map(({ secret }) => ({ address, password: secret }))
  assert.ok(telephone && onlyReads)
  const again = await provider.ceralacca('app-password', 'create', address, '--name', 'telefono')
  assert.deepEqual([again.code, again.stderr.includes('already')], [1, true])
  assert.equal((await provider.ceralacca('app-password', 'create', address)).code, 2)
  assert.equal((await provider.ceralacca('app-password', 'create', address, '--name', 'x', '--protocols', 'telnet')).code, 2)

  const works = async (account: Account): Promise<boolean[]> =>
    (await Promise.all([curl(account), mbsync(account), msmtp(account)])).map(({ code }) => code === 0)
  assert.deepEqual(await works(lucia), [true, true, true])
  assert.deepEqual(await works(telephone), [true, true, true])
  assert.deepEqual(await works(onlyReads), [true, true, false])

  const shown = await run('mailbox', 'set', address, '--second-factor', 'on')
  assert.equal(shown['secondFactor'], true)
  assert.deepEqual(await works(lucia), [false, false, false])
  assert.deepEqual(await works(telephone), [true, true, true])
  const dialog = await Dialog.open(t, provider, 'submissions')
  await dialog.say('EHLO client.test')
  assert.match(await dialog.say(`AUTH PLAIN ${plainLogin(address, lucia.password)}`), /^535 5\.7\.8 .*needs an app password/)
  assert.match(await dialog.say(`AUTH PLAIN ${plainLogin(address, telephone.password)}`), /^235 /)
  assert.match(await dialog.say(`MAIL FROM:<${address}>`), /^250 /)
  await dialog.say('RSET')

  await run('app-password', 'revoke', address, '--name', 'telefono')
  assert.match(await dialog.say(`MAIL FROM:<${address}>`), /^530 5\.7\.0 The app password was revoked/)
  assert.deepEqual(await works(telephone), [false, false, false])
  const [left, ...others] = await run<{ name: string; protocols: string[]; lastUsedAt: string }[]>(
    'app-password',
    'list',
    address,
  )
  assert.deepEqual([left?.name, left?.protocols, others], ['lettore', ['imap'], []])
  assert.ok(Math.abs(Date.now() - Date.parse(left?.lastUsedAt ?? '')) < 5 * 60_000)
  const text = (await provider.ceralacca('app-password', 'list', address)).stdout
  assert.match(text, /^NAME +OPENS +MADE +LAST USED\nlettore +imap +\d{4}-\d\d-\d\d +\d{4}-\d\d-\d\dT\d\d:\d\dZ\n$/)

  await run('mailbox', 'set', address, '--second-factor', 'off')
  assert.deepEqual((await run<{ revoked: string[] }>('app-password', 'revoke', address, '--all')).revoked, ['lettore'])
  assert.deepEqual(await works(lucia), [true, true, true])
  for (const { secret } of [made, reader]) assert.ok(!provider.output().includes(secret), 'I9: no secret in the log')
})
