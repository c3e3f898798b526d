/** Certified mail read by POP3: byte for byte what IMAP gives, with clients that are not ours; and what a crash does to a session. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { TestClient } from '../src/protocols/pop3/test-pop3.ts'
import { consistent } from './support/consistent.ts'
import { plainLogin } from './support/dialog.ts'
import { execute, type Result } from './support/execute.ts'
import { judge } from './support/judges.ts'
import { openMailbox, readInbox, waitForMessages } from './support/mailbox-reader.ts'
import { startProvider, temporaryFolder, type Account, type Provider, type StartOptions } from './support/provider.ts'
import { plainMessage, submit } from './support/submit.ts'
import { requireTools } from './support/tools.ts'

interface Pop3Provider {
  readonly provider: Provider
  readonly pop3s: number
  readonly pop3: number
}

async function startWithPop3(t: TestContext, options: StartOptions = {}): Promise<Pop3Provider> {
  const provider = await startProvider(t, options)
  const { pop3s, pop3 } = provider.ports
  return { provider, pop3s, pop3 }
}

/** What could go wrong on the way: dots, 8-bit, much of it. */
const BODIES = ['.\r\n..\r\n.x\r\n\r\n.\r\n', 'Perché no? €\r\n', `${'0123456789'.repeat(7)}\r\n`.repeat(20_000)]

/** Mario writes to Lucia; answers when everything has come in: two receipts a message for him, an envelope for her. */
async function exchange(t: TestContext, provider: Provider): Promise<Record<'mario' | 'lucia', Buffer[]>> {
  const [mario, lucia] = provider.accounts
  for (const [index, body] of BODIES.entries()) {
    const message = plainMessage(mario.address, [lucia.address], { headers: [`Subject: POP3 ${index}`], body })
    const { code, stdout } = await submit(provider, { account: mario, recipients: [lucia.address], message })
    assert.equal(code, 0, stdout)
  }
  const inboxOf = async (account: Account, count: number): Promise<Buffer[]> =>
    (await waitForMessages(await openMailbox(t, provider, account), count)).map(({ source }) => source)
  return { mario: await inboxOf(mario, 2 * BODIES.length), lucia: await inboxOf(lucia, BODIES.length) }
}

const POPLIB = `
import poplib, ssl, sys
port, certificate, address, password = sys.argv[1:]
client = poplib.POP3('localhost', int(port))
client.stls(ssl.create_default_context(cafile=certificate))
client.user(address)
client.pass_(password)
for number in range(1, client.stat()[0] + 1):
    sys.stdout.buffer.write(b''.join(line + b'\\r\\n' for line in client.retr(number)[1]))
client.quit()
`

suite('POP3', async () => {
  test('gives certified messages byte for byte (I5), to curl, poplib and fetchmail', async (t) => {
    if (!requireTools(t, 'swaks', 'curl', 'python3', 'fetchmail', 'openssl', 'xmllint')) return
    const { provider, pop3s, pop3 } = await startWithPop3(t)
    const [mario, lucia] = provider.accounts
    const stored = await exchange(t, provider)

    const curl = (path: string): Promise<Result> => {
      const always = ['-sS', '--max-time', '20', '--cacert', provider.ca, '-u', `${lucia.address}:${lucia.password}`]
      return execute('curl', [...always, `pop3s://localhost:${pop3s}/${path}`])
    }
    assert.equal((await curl('')).stdout, stored.lucia.map((source, index) => `${index + 1} ${source.length}\r\n`).join(''))
    for (const [index, source] of stored.lucia.entries()) {
      const fetched = Buffer.from((await curl(String(index + 1))).stdout, 'latin1')
      assert.ok(fetched.equals(source), `envelope ${index + 1}`)
      await judge(t, provider.ca, fetched)
    }

    const poplib = await execute('python3', ['-c', POPLIB, String(pop3), provider.ca, mario.address, mario.password])
    assert.equal(poplib.code, 0, poplib.stderr)
    assert.ok(Buffer.from(poplib.stdout, 'latin1').equals(Buffer.concat(stored.mario)), 'receipts')

    const folder = temporaryFolder(t)
    const mbox = join(folder, 'mbox')
    writeFileSync(
      join(folder, 'config'),
      `set invisible\npoll localhost protocol POP3 port ${pop3s} uidl no dns\n  user "${lucia.address}" password "${lucia.password}" ` +
        `ssl sslproto "TLS1.2+" sslcertck sslcertfile "${provider.ca}" no rewrite fetchall nokeep mda "cat >> ${mbox}"\n`,
      { mode: 0o600 },
    )
    const files = ['-f', join(folder, 'config'), '--pidfile', join(folder, 'pid'), '-i', join(folder, 'ids'), '-N']
    const taken = await execute('fetchmail', files, { environment: { HOME: folder, FETCHMAILHOME: folder } })
    assert.equal(taken.code, 0, taken.stdout + taken.stderr)
    const withLf = Buffer.concat(stored.lucia).toString('latin1').replaceAll('\r\n', '\n')
    assert.ok(readFileSync(mbox, 'latin1') === withLf, 'what fetchmail has taken')
    assert.deepEqual(await readInbox(await openMailbox(t, provider, lucia)), [])
    await consistent(provider)
  })

  test('a wrong password and a mailbox that is disabled are refused, with their response code', async (t) => {
    const { provider, pop3s } = await startWithPop3(t)
    const [{ address, password }] = provider.accounts
    const client = await greeted(provider, pop3s)
    t.after(() => client.destroy())
    assert.match(
      (await client.say(`AUTH PLAIN ${plainLogin(address, 'sbagliata')}`)) ?? '',
      /^-ERR \[AUTH\] Wrong user name or password/,
    )
    assert.equal((await provider.ceralacca('mailbox', 'set', address, '--status', 'disabled')).code, 0)
    assert.match(
      (await client.say(`AUTH PLAIN ${plainLogin(address, password)}`)) ?? '',
      /^-ERR \[AUTH\] This mailbox is disabled/,
    )
    await client.ok('QUIT')
  })

  test('a killed server has removed nothing, and the maildrop is free at the next start', async (t) => {
    if (!requireTools(t, 'swaks')) return
    const { provider, pop3s } = await startWithPop3(t)
    const [, lucia] = provider.accounts
    await exchange(t, provider)
    const client = await greeted(provider, pop3s)
    await client.ok(`AUTH PLAIN ${plainLogin(lucia.address, lucia.password)}`)
    const before = await client.body('UIDL')
    await client.ok('DELE 1')
    await provider.kill('server')
    assert.equal(await client.line(), undefined)
    const again = await startWithPop3(t, { dataFolder: provider.dataFolder })
    const next = await greeted(again.provider, again.pop3s)
    await next.ok(`AUTH PLAIN ${plainLogin(lucia.address, lucia.password)}`)
    assert.equal(await next.body('UIDL'), before)
    await next.ok('QUIT')
    await consistent(again.provider)
  })
})

async function greeted({ ca }: Provider, port: number): Promise<TestClient> {
  const client = new TestClient(connectTls({ host: 'localhost', port, ca: readFileSync(ca) }))
  assert.equal(await client.line(), '+OK localhost POP3 ready')
  return client
}
