/** The submission ports as mail programs and curious people use them: STARTTLS, ways to log in, sizes, pipelining (RFC 6409, RFC 8314). */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { consistent } from './support/consistent.ts'
import { Dialog, plainLogin } from './support/dialog.ts'
import { execute } from './support/execute.ts'
import { openMailbox, readInbox, waitForMessages, type ReadMessage } from './support/mailbox-reader.ts'
import { startProvider, temporaryFolder } from './support/provider.ts'
import { plainMessage } from './support/submit.ts'
import { requireTools } from './support/tools.ts'

const MAX = 30_000_000
const provider = await startProvider({ after }, { environment: { CERALACCA_MAX_TOTAL_BYTES: String(MAX) } })
const [mario, lucia] = provider.accounts
const login = plainLogin(mario.address, mario.password)

const message = (subject: string): string =>
  plainMessage(mario.address, [lucia.address], { headers: [`Subject: ${subject}`], body: 'Buongiorno.\r\n' })

const about =
  (word: string) =>
  ({ subject }: ReadMessage): boolean =>
    subject.includes(word)

test('STARTTLS and AUTH LOGIN, as older mail programs do it', async (t) => {
  if (!requireTools(t, 'swaks')) return
  for (const method of ['LOGIN', 'PLAIN']) {
    const server = ['--server', `localhost:${provider.ports.submission}`, '--tls', '--tls-verify', '--tls-ca-path', provider.ca]
    const auth = ['--auth', method, '--auth-user', mario.address, '--auth-password', mario.password]
    const mail = ['--from', mario.address, '--to', lucia.address, '--header', `Subject: starttls-${method}`]
    const { code, stdout } = await execute('swaks', [...server, ...auth, ...mail, '--helo', 'client.test'])
    assert.equal(code, 0, stdout)
    assert.match(stdout, /TLS started with cipher TLSv1\.[23]/)
    const received = await waitForMessages(await openMailbox(t, provider, lucia), 1, about(`starttls-${method}`))
    assert.match(
      received[0]?.source.toString('latin1') ?? '',
      /^Received: from \[127\.0\.0\.1\] by pec\.ceralacca\.test with ESMTPSA id /,
    )
  }
  await consistent(provider)
})

test('curl sends over smtps', async (t) => {
  if (!requireTools(t, 'curl')) return
  const file = join(temporaryFolder(t), 'message.eml')
  writeFileSync(file, message('da curl'))
  const server = ['--cacert', provider.ca, '--url', `smtps://localhost:${provider.ports.submissions}/client.test`]
  const login = ['--user', `${mario.address}:${mario.password}`]
  const mail = ['--mail-from', mario.address, '--mail-rcpt', lucia.address, '--upload-file', file]
  const { code, stderr } = await execute('curl', ['--silent', '--show-error', ...server, ...login, ...mail])
  assert.equal(code, 0, stderr)
  await waitForMessages(await openMailbox(t, provider, lucia), 1, about('da curl'))
  await waitForMessages(await openMailbox(t, provider, mario), 2, about('da curl'))
  await consistent(provider)
})

test('in clear there is no login, and what is said before TLS is forgotten (RFC 3207 4.2)', async (t) => {
  const dialog = await Dialog.open(t, provider, 'submission')
  const before = await dialog.say('EHLO client.test')
  assert.match(before, /^250.STARTTLS$/m)
  assert.doesNotMatch(before, /AUTH/)
  // The right password, so that only the open connection can be the reason.
  assert.match(await dialog.say(`AUTH PLAIN ${login}`), /^5\d\d /)
  assert.match(await dialog.say('AUTH LOGIN'), /^5\d\d /)
  assert.match(await dialog.say(`MAIL FROM:<${mario.address}>`), /^530 /)
  // What somebody in the middle puts behind STARTTLS must not count as said within TLS.
  assert.match(await dialog.say('STARTTLS', 'EHLO attacker.test', 'NOOP'), /^220 /)
  await dialog.secure()
  const within = await dialog.say('EHLO client.test')
  assert.match(within, /^250-localhost/)
  assert.match(within, /^250.AUTH SCRAM-SHA-256 PLAIN LOGIN$/m)
  assert.doesNotMatch(within, /attacker/)
  assert.match(await dialog.say(`AUTH PLAIN ${login}`), /^235 /)
})

test('who does not log in sends nothing', async (t) => {
  const dialog = await Dialog.open(t, provider, 'submissions')
  await dialog.say('EHLO client.test')
  const required = /^530 .*Log in first/
  assert.match(await dialog.say(`MAIL FROM:<${mario.address}>`), required)
  assert.match(await dialog.say(`RCPT TO:<${lucia.address}>`), /^5\d\d /)
  assert.match(await dialog.say('DATA'), /^5\d\d /)
  assert.match(await dialog.say(`AUTH PLAIN ${plainLogin(mario.address, 'wrong')}`), /^535 5\.7\.8 /)
  assert.match(await dialog.say(`MAIL FROM:<${mario.address}>`), required)
  // To log in as oneself and act as another (RFC 4616 2) is no way either.
  const other = Buffer.from(`${lucia.address}\0${mario.address}\0${mario.password}`).toString('base64')
  await dialog.say(`AUTH PLAIN ${other}`)
  assert.match(await dialog.say(`MAIL FROM:<${lucia.address}>`), /^5\d\d /)
})

test('a message that says that it is too large is refused before it is sent (RFC 1870 6.1)', async (t) => {
  const dialog = await Dialog.open(t, provider, 'submissions')
  assert.match(await dialog.say('EHLO client.test'), new RegExp(`^250.SIZE ${MAX}$`, 'm'))
  await dialog.say(`AUTH PLAIN ${login}`)
  assert.match(await dialog.say(`MAIL FROM:<${mario.address}> SIZE=${MAX + 1}`), /^552 /)
  assert.match(await dialog.say(`RCPT TO:<${lucia.address}>`), /^503 /)
  assert.match(await dialog.say(`MAIL FROM:<${mario.address}> SIZE=${MAX}`), /^250 /)
  assert.match(await dialog.say('RSET'), /^250 /)
})

test('commands may come all at once, and each is answered in order (RFC 2920)', async (t) => {
  const dialog = await Dialog.open(t, provider, 'submissions')
  assert.match(await dialog.say('EHLO client.test'), /^250.PIPELINING$/m)
  await dialog.say(`AUTH PLAIN ${login}`)
  const envelope = [`MAIL FROM:<${mario.address}>`, `RCPT TO:<${lucia.address}>`, 'RCPT TO:<nobody@@elsewhere.test>', 'DATA']
  assert.match(await dialog.say(...envelope), /^250 /)
  assert.match(await dialog.reply(), /^250 /)
  assert.match(await dialog.reply(), /^501 /)
  assert.match(await dialog.reply(), /^354 /)
  // The next message follows at once behind the dot of the first.
  const [first, second] = [message('pipeline-1'), message('pipeline-2').replace('Buongiorno', '.punto')]
  const body = (text: string): string => `${text.replace(/^\./gm, '..')}.`
  assert.match(await dialog.say(body(first), ...envelope.filter((line) => !line.includes('elsewhere'))), /^250 2\.0\.0 Accepted/)
  assert.match(await dialog.reply(), /^250 /)
  assert.match(await dialog.reply(), /^250 /)
  assert.match(await dialog.reply(), /^354 /)
  assert.match(await dialog.say(body(second), 'QUIT'), /^250 2\.0\.0 Accepted/)
  assert.match(await dialog.reply(), /^221 /)
  const received = await waitForMessages(await openMailbox(t, provider, lucia), 2, about('pipeline-'))
  assert.equal(received.length, 2)
  assert.ok(received.some(({ source }) => source.includes('\r\n.punto.\r\n')))
  await consistent(provider)
})

test('a connection that breaks off in the middle of a message leaves nothing', async (t) => {
  const dialog = await Dialog.open(t, provider, 'submissions')
  await dialog.say('EHLO client.test')
  await dialog.say(`AUTH PLAIN ${login}`)
  await dialog.say(`MAIL FROM:<${mario.address}>`)
  await dialog.say(`RCPT TO:<${lucia.address}>`)
  assert.match(await dialog.say('DATA'), /^354 /)
  const submissions = async (): Promise<number> =>
    (JSON.parse((await provider.ceralacca('check', '--json')).stdout) as { submissions: number }).submissions
  const before = await submissions()
  await dialog.hangUp(message('interrotto'))
  const again = await Dialog.open(t, provider, 'submissions')
  await again.say('EHLO client.test')
  assert.equal(await submissions(), before)
  for (const account of [mario, lucia])
    assert.deepEqual((await readInbox(await openMailbox(t, provider, account))).filter(about('interrotto')), [])
})
