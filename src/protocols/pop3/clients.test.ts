/** Real clients as judges: what we think of the protocol must be what they think. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { execute, type Result } from '../../../test/support/execute.ts'
import { requireTools } from '../../../test/support/tools.ts'
import { clientError } from '../../base/errors.ts'
import { checkProof, deriveScramKeys } from '../../registry/scram-keys.ts'
import { PASSWORD, SIMPLE_PASSWORD, withPop3 } from './test-pop3.ts'
import type { TestMailbox } from './test-pop3.ts'

const pop3 = await withPop3({ after })

/** Each in a form that could go wrong, with the header fields that some clients look for. */
const MESSAGES = [
  'From: a@pec.test\r\nSubject: dots\r\nMessage-ID: <1@pec.test>\r\n\r\n.\r\n..\r\n.x\r\n\r\n.\r\n',
  `From: a@pec.test\r\nSubject: large\r\nMessage-ID: <2@pec.test>\r\n\r\n${`${'0123456789'.repeat(7)}\r\n`.repeat(20_000)}`,
  'From: a@pec.test\r\nSubject: 8-bit\r\nMessage-ID: <3@pec.test>\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\nperch\xe9\r\n',
]
const withLf = (text: string): string => text.replaceAll('\r\n', '\n')

const left = async ({ ref }: TestMailbox): Promise<number> => (await pop3.folderOf(ref, 'INBOX')).total

/** A folder with a file in it, readable by its owner only, as clients want their configuration. */
function configuration(name: string, text: string): string {
  const folder = join(pop3.folder, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'config'), text, { mode: 0o600 })
  return folder
}

test('curl lists, fetches and deletes, over TLS and with STLS', async (t) => {
  if (!requireTools(t, 'curl')) return
  const mailbox = await pop3.filled(...MESSAGES)
  const curl = async (path: string, ...more: string[]): Promise<string> => {
    const always = ['-sS', '--max-time', '20', '--cacert', pop3.certificate, '-u', `${mailbox.address}:${PASSWORD}`]
    const { code, stdout, stderr } = await execute('curl', [...always, ...more, path])
    if (code !== 0) throw new Error(`${code} ${stderr}`)
    return stdout
  }
  for (const [url, ...more] of [
    [`pop3s://localhost:${pop3.tlsPort}/`],
    [`pop3://localhost:${pop3.starttlsPort}/`, '--ssl-reqd'],
    [`pop3s://localhost:${pop3.tlsPort}/`, '--login-options', 'AUTH=PLAIN', '--sasl-ir'],
  ] as const) {
    assert.equal(await curl(url, ...more), MESSAGES.map((text, index) => `${index + 1} ${text.length}\r\n`).join(''))
    for (const [index, text] of MESSAGES.entries()) assert.ok((await curl(`${url}${index + 1}`, ...more)) === text)
    assert.equal(
      await curl(url, '-X', 'TOP 1 1', ...more),
      'From: a@pec.test\r\nSubject: dots\r\nMessage-ID: <1@pec.test>\r\n\r\n.\r\n',
    )
    await assert.rejects(curl(`${url}4`, ...more))
    await assert.rejects(curl(url, '-u', `${mailbox.address}:wrong`, ...more), /^Error: 67 /)
  }
  await curl(`pop3s://localhost:${pop3.tlsPort}/2`, '-I', '-X', 'DELE')
  assert.equal(await left(mailbox), 2)
  await assert.rejects(curl(`pop3://localhost:${pop3.starttlsPort}/`), /^Error: 67 /)
})

const POPLIB = `
import poplib, ssl, sys
tls_port, plain_port, certificate, address, password = sys.argv[1:]
context = ssl.create_default_context(cafile=certificate)
client = poplib.POP3('localhost', int(plain_port))
assert set(client.capa()) == {'STLS', 'TOP', 'UIDL', 'RESP-CODES', 'AUTH-RESP-CODE', 'PIPELINING', 'EXPIRE', 'IMPLEMENTATION'}
try: client.user(address); assert False
except poplib.error_proto as error: assert error.args[0] == b'-ERR Use STLS first'
client.stls(context)
assert client.capa()['SASL'] == ['PLAIN', 'LOGIN'] and 'STLS' not in client.capa()
client.user(address)
client.pass_(password)
other = poplib.POP3_SSL('localhost', int(tls_port), context=context)
other.user(address)
try: other.pass_(password); assert False
except poplib.error_proto as error: assert error.args[0].startswith(b'-ERR [IN-USE]')
other.quit()
count, octets = client.stat()
_, listing, _ = client.list()
assert count == len(listing) and octets == sum(int(line.split()[1]) for line in listing)
unique = client.uidl()[1]
for number, line in enumerate(listing, 1):
    _, lines, _ = client.retr(number)
    message = b''.join(line + b'\\r\\n' for line in lines)
    assert len(message) == int(line.split()[1])
    sys.stdout.buffer.write(message)
    assert client.top(number, 0)[1] == lines[:lines.index(b'') + 1]
    assert client.uidl(number) == b'+OK ' + unique[number - 1]
client.dele(1)
client.rset()
client.noop()
client.dele(2)
client.quit()
client = poplib.POP3_SSL('localhost', int(tls_port), context=context)
client.user(address)
client.pass_(password)
again = client.uidl()[1]
assert [line.split()[1] for line in again] == [line.split()[1] for line in unique if not line.startswith(b'2 ')]
client.close()
`

test("Python's poplib, with STLS and without", async (t) => {
  if (!requireTools(t, 'python3')) return
  const mailbox = await pop3.filled(...MESSAGES)
  const ports = [String(pop3.tlsPort), String(pop3.starttlsPort)]
  const { code, stdout, stderr } = await execute('python3', ['-c', POPLIB, ...ports, pop3.certificate, mailbox.address, PASSWORD])
  assert.equal(code, 0, stderr)
  assert.ok(stdout === MESSAGES.join(''))
  assert.equal(await left(mailbox), 2)
})

test('mpop logs in by SCRAM-SHA-256 (RFC 7677)', async (t) => {
  if (!requireTools(t, 'mpop')) return
  const mailbox = await pop3.filled(...MESSAGES)
  const keys = await deriveScramKeys(SIMPLE_PASSWORD, Buffer.from('salt'), 4096)
  const { tlsPort } = await pop3.serve({
    beginScram: () =>
      Promise.resolve({
        ...keys,
        finish(authMessage, proof) {
          const signature = checkProof(keys, authMessage, proof)
          return signature
            ? Promise.resolve({ login: { mailbox: mailbox.ref }, signature })
            : Promise.reject(clientError('bad-credentials', 'Wrong user name or password'))
        },
      }),
  })
  const mpop = (name: string, password: string): Promise<Result> => {
    const folder = configuration(
      name,
      `account default\nhost localhost\nport ${tlsPort}\ntls on\ntls_starttls off\ntls_trust_file ${pop3.certificate}\nauth scram-sha-256\n` +
        `user ${mailbox.address}\npassword ${password}\nkeep on\ndelivery mbox ${join(pop3.folder, name, 'mbox')}\n` +
        `uidls_file ${join(pop3.folder, name, 'uidls')}\n`,
    )
    return execute('mpop', ['-C', join(folder, 'config'), '-d', '-a'])
  }
  const wrong = await mpop('mpop-wrong', 'wrong')
  assert.match(wrong.stdout + wrong.stderr, /-ERR \[AUTH\] Wrong user name or password/)
  const right = await mpop('mpop-right', SIMPLE_PASSWORD)
  assert.match(right.stdout, /AUTH SCRAM-SHA-256[^]*\+OK Maildrop has 3 messages/, right.stderr)
  assert.equal(right.code, 0, right.stderr)
})

test('fetchmail keeps or takes what it fetches, and knows what it has seen', async (t) => {
  if (!requireTools(t, 'fetchmail')) return
  for (const [name, way] of [
    ['fetchmail-tls', `port ${pop3.tlsPort}`],
    ['fetchmail-stls', `port ${pop3.starttlsPort}`],
  ] as const) {
    const mailbox = await pop3.filled(...MESSAGES)
    const security = name === 'fetchmail-tls' ? 'ssl' : ''
    const folder = configuration(
      name,
      `set invisible\npoll localhost protocol POP3 ${way} uidl no dns\n  user "${mailbox.address}" password "${SIMPLE_PASSWORD}" ` +
        `${security} sslproto "TLS1.2+" sslcertck sslcertfile "${pop3.certificate}" no rewrite mda "cat >> ${join(pop3.folder, name, 'mbox')}"\n`,
    )
    const fetchmail = (...more: string[]) =>
      execute(
        'fetchmail',
        ['-f', join(folder, 'config'), '--pidfile', join(folder, 'pid'), '-i', join(folder, 'ids'), '-N', ...more],
        {
          environment: { HOME: folder, FETCHMAILHOME: folder },
        },
      )
    const kept = await fetchmail('--keep')
    assert.equal(kept.code, 0, kept.stdout + kept.stderr)
    const mbox = readFileSync(join(folder, 'mbox'), 'latin1')
    assert.ok(mbox === MESSAGES.map(withLf).join(''), mbox.slice(0, 500))
    assert.equal(await left(mailbox), 3)
    assert.equal((await fetchmail('--keep')).code, 1, 'nothing new')
    assert.equal((await fetchmail('--nokeep', '--fetchall')).code, 0)
    assert.equal(await left(mailbox), 0)
  }
})

test('getmail leaves or takes what it fetches, and knows what it has seen', async (t) => {
  if (!requireTools(t, 'getmail')) return
  const mailbox = await pop3.filled(...MESSAGES)
  const mbox = join(pop3.folder, 'getmail', 'mbox')
  const folder = configuration(
    'getmail',
    `[retriever]\ntype = SimplePOP3SSLRetriever\nserver = localhost\nport = ${pop3.tlsPort}\nusername = ${mailbox.address}\n` +
      `password = ${SIMPLE_PASSWORD}\nca_certs = ${pop3.certificate}\n[destination]\ntype = MDA_external\npath = /bin/sh\n` +
      `arguments = ("-c", "cat >> ${mbox}")\nallow_root_commands = true\n` +
      '[options]\nread_all = false\ndelivered_to = false\nreceived = false\n',
  )
  const getmail = async (...more: string[]): Promise<string> => {
    const { code, stdout, stderr } = await execute('getmail', ['--getmaildir', folder, '--rcfile', 'config', ...more])
    assert.equal(code, 0, stdout + stderr)
    return readFileSync(mbox, 'latin1').replace(/^Return-Path: .*\n/gm, '')
  }
  const wanted = MESSAGES.map(withLf).join('')
  assert.ok((await getmail()) === wanted)
  assert.equal(await left(mailbox), 3)
  assert.ok((await getmail()) === wanted, 'what it has seen it knows by its unique-id')
  assert.ok((await getmail('--delete', '--all')) === wanted + wanted)
  assert.equal(await left(mailbox), 0)
})
