/**
 * I9: no private key, no password, nothing of a message's content reaches a log, also at its most talkative: neither the provider's output
 * nor the files of its database's log.
 */
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { test, type TestContext } from 'node:test'
import { TestClient } from '../src/protocols/imap/test-imap.ts'
import { Dialog, plainLogin } from './support/dialog.ts'
import { execute } from './support/execute.ts'
import { openMailbox, waitForMessages } from './support/mailbox-reader.ts'
import { startProvider, type Account, type Provider } from './support/provider.ts'
import { plainMessage, submit } from './support/submit.ts'
import { requireTools } from './support/tools.ts'

const WRONG = 'wrong-password-7391'
/** Words that stand for content: each in a place of its own, so that what leaks is known. */
const WORDS = {
  subject: 'subjectword4471',
  refusedSubject: 'refusedsubject4472',
  body: 'bodyword4473',
  header: 'headerword4474',
  file: 'fileword4475',
  appended: 'appendedword4476',
  searched: 'searchedword4477',
  keyword: 'garbageword4478',
}

const message = (from: string, to: string): string =>
  plainMessage(from, [to], {
    headers: [
      `Subject: ${WORDS.subject} =?utf-8?B?${Buffer.from(WORDS.subject).toString('base64')}?=`,
      `X-Note: ${WORDS.header}`,
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
    ],
    body: [
      '--b',
      '',
      WORDS.body,
      '--b',
      `Content-Disposition: attachment; filename="${WORDS.file}.txt"`,
      'Content-Transfer-Encoding: base64',
      '',
      Buffer.from(WORDS.body).toString('base64'),
      '--b--',
      '',
    ].join('\r\n'),
  })

/** Every form in which a secret might be written. */
const forms = (secret: string): string[] => {
  const bytes = Buffer.from(secret)
  return [secret, bytes.toString('base64').replace(/=+$/, ''), bytes.toString('hex'), encodeURIComponent(secret)]
}

/** Submissions that are accepted, refused by each check, and logins right and wrong by every method. */
async function useSmtp(t: TestContext, provider: Provider, anna: Account): Promise<void> {
  const [mario] = provider.accounts
  const usual = { account: anna, recipients: [mario.address], message: message(anna.address, mario.address) }
  assert.equal((await submit(provider, usual)).code, 0)
  const refused = (to: string): string =>
    plainMessage(anna.address, [to], { headers: [`Subject: ${WORDS.refusedSubject}`], body: WORDS.body })
  for (const text of [
    refused('other@pec.ceralacca.test'),
    `${refused(mario.address)}\0\r\n`,
    `Subject: ${WORDS.refusedSubject}\r\n\r\n${WORDS.body}\r\n`,
  ])
    assert.match((await submit(provider, { ...usual, message: text })).stdout, /250 2\.0\.0 NOT accepted/)
  assert.notEqual((await submit(provider, { ...usual, account: { ...anna, password: WRONG } })).code, 0)
  const server = ['--server', `localhost:${provider.ports.submission}`, '--tls', '--quit-after', 'AUTH', '--auth', 'LOGIN']
  assert.equal((await execute('swaks', [...server, '--auth-user', anna.address, '--auth-password', anna.password])).code, 0)
  const dialog = await Dialog.open(t, provider, 'submission')
  await dialog.say('EHLO client.test')
  assert.match(await dialog.say(`AUTH PLAIN ${plainLogin(anna.address, anna.password)}`), /^5\d\d /)
  const secured = await Dialog.open(t, provider, 'submissions')
  await secured.say('EHLO client.test')
  for (const odd of [
    `AUTH PLAIN ${anna.password}`,
    `AUTH XOAUTH2 ${anna.password}`,
    `${WORDS.keyword} ${anna.password}`,
    `MAIL FROM:<${WORDS.keyword}`,
  ])
    assert.match(await secured.say(odd), /^[45]\d\d /)
  // What is still connected is waited for when the provider stops.
  for (const open of [dialog, secured]) open.close()
}

async function useImap(t: TestContext, provider: Provider, anna: Account): Promise<void> {
  const client = await openMailbox(t, provider, anna)
  await waitForMessages(client, 2)
  await client.append('INBOX', Buffer.from(`Subject: ${WORDS.appended}\r\n\r\n${WORDS.appended}\r\n`), ['\\Seen', WORDS.keyword])
  const lock = await client.getMailboxLock('INBOX')
  for (const query of [{ body: WORDS.searched }, { subject: WORDS.subject }, { header: { 'X-Note': WORDS.header } }])
    await client.search(query)
  await client.messageCopy('1:*', 'Archivio')
  lock.release()
  const raw = new TestClient(connectTls({ host: 'localhost', port: provider.ports.imaps, ca: readFileSync(provider.ca) }))
  await raw.response()
  for (const odd of [
    `LOGIN ${anna.address} ${WRONG}`,
    `LOGIN ${anna.address} "${anna.password}`,
    `LOGIN ${anna.address} ${anna.password} ${WORDS.keyword}`,
    `AUTHENTICATE PLAIN ${anna.password}`,
    `AUTHENTICATE PLAIN ${plainLogin(anna.address, WRONG)}`,
    `${WORDS.keyword} ${anna.password}`,
  ])
    assert.match(await raw.tagged(odd), /^(NO|BAD) /, odd)
  await raw.ok(`LOGIN ${anna.address} {${anna.password.length}+}\r\n${anna.password}`)
  assert.match(await raw.append(`no/${WORDS.keyword}`, `Subject: ${WORDS.appended}\r\n\r\n`), /^NO /)
  assert.match(await raw.tagged(`SEARCH BODY "${WORDS.searched}`), /^BAD /)
  raw.destroy()
  client.close()
}

/** The files of a folder, as one text. */
const textsIn = (folder: string): string =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => readFileSync(join(folder, name), 'latin1'))
    .join('\n')

test('I9: no key, password or content reaches a log', async (t) => {
  if (!requireTools(t, 'swaks')) return
  const provider = await startProvider(t, { environment: { CERALACCA_LOG_LEVEL: 'debug' } })
  const made = await provider.ceralacca('mailbox', 'create', 'anna.verdi@pec.ceralacca.test', '--json')
  const anna = JSON.parse(made.stdout) as Account
  await useSmtp(t, provider, anna)
  await useImap(t, provider, anna)
  await provider.stop()

  const output = provider.output()
  // What a first start shows its owner, and no log: the access data of the demo, until it says that it is ready.
  const ready = output.indexOf('\nready\n')
  assert.ok(ready > 0)
  const lines = output.split('\n').filter((line) => line.startsWith('{'))
  const events = new Set(lines.map((line) => (JSON.parse(line) as { event: string }).event))
  for (const event of ['submission-accepted', 'submission-refused', 'login-failed', 'delivered', 'listening', 'stopping'])
    assert.ok(events.has(event), `${event} was logged: ${[...events].join(' ')}`)

  const postgres = textsIn(join(provider.dataFolder, 'postgres', 'log'))
  assert.match(postgres, /database system is ready/)
  const keyLines = readdirSync(join(provider.dataFolder, 'keys'))
    .filter((name) => /key/.test(name))
    .flatMap((name) => readFileSync(join(provider.dataFolder, 'keys', name), 'latin1').split(/\r?\n/))
    .filter((line) => line.length > 40 && !line.startsWith('-----'))
  assert.ok(keyLines.length > 20)
  const secrets = [
    ...[anna.password, WRONG, ...Object.values(WORDS)].flatMap(forms),
    ...[anna.password, WRONG].map((password) => plainLogin(anna.address, password)),
    ...keyLines,
    'PRIVATE KEY',
    '$argon2',
  ]
  const found = (text: string, words: readonly string[]): string[] =>
    words.filter((word) => text.toLowerCase().includes(word.toLowerCase()))
  assert.deepEqual(found(output, secrets), [])
  assert.deepEqual(found(postgres, secrets), [])
  const demo = provider.accounts.flatMap(({ password }) => forms(password))
  assert.deepEqual(found(lines.join('\n') + output.slice(ready) + postgres, demo), [])
})
