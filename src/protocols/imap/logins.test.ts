/** Logging in by SCRAM, connections that are counted, logins that are checked again. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createConnectionLimits } from '../../base/connection-limits.ts'
import { clientError, temporaryError } from '../../base/errors.ts'
import { checkProof, deriveScramKeys } from '../../registry/scram-keys.ts'
import { scramClient } from '../../registry/test-scram.ts'
import { PASSWORD, TestClient, withImap } from './test-imap.ts'
import type { TestMailbox } from './test-imap.ts'

const KEYS = await deriveScramKeys(PASSWORD, Buffer.from('salt'), 4096)
const state = { refusal: undefined as Error | undefined, checked: 0, mailbox: undefined as TestMailbox | undefined }

const imap = await withImap(
  { after },
  {
    limits: { loginCheck: 20 },
    connections: createConnectionLimits({ perAddress: 6, perAccount: 2 }),
    check() {
      state.checked++
      return state.refusal ? Promise.reject(state.refusal) : Promise.resolve()
    },
    beginScram: (user) =>
      Promise.resolve({
        ...KEYS,
        finish(authMessage, proof) {
          const signature = checkProof(KEYS, authMessage, proof)
          const { mailbox } = state
          return mailbox?.address === user && signature
            ? Promise.resolve({ login: { mailbox: mailbox.ref, address: user }, signature })
            : Promise.reject(clientError('bad-credentials', 'Wrong user name or password'))
        },
      }),
  },
)

const encode = (text: string | Buffer): string => Buffer.from(text).toString('base64')
const decode = (challenge: string): string => Buffer.from(challenge.replace(/^\+ /, ''), 'base64').toString()

/** The client's side from its first message on; answers the tagged response. */
async function scram(client: TestClient, user: string, password: string, tag: string): Promise<string> {
  const serverFirst = decode(await client.response())
  const [, nonce = '', salt = ''] = /^r=(.*),s=(.*),i=4096$/.exec(serverFirst) ?? []
  const withoutProof = `c=${encode('n,,')},r=${nonce}`
  const question = { salt: Buffer.from(salt, 'base64'), iterations: 4096 }
  const { proof, signature } = scramClient(password, question, `n=${user},r=abc,${serverFirst},${withoutProof}`)
  client.write(`${encode(`${withoutProof},p=${encode(proof)}`)}\r\n`)
  const next = await client.response()
  if (!next.startsWith('+ ')) return next
  assert.equal(decode(next), `v=${encode(signature)}`)
  client.write('\r\n')
  return (await client.answer(tag)).tagged
}

test('AUTHENTICATE SCRAM-SHA-256, with an initial response and without; not before TLS', async () => {
  const mailbox = (state.mailbox = await imap.mailbox())
  const client = await imap.connect()
  const [capabilities = ''] = await client.ok('CAPABILITY')
  assert.match(capabilities, / AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN$/)
  const first = encode(`n,,n=${mailbox.address},r=abc`)
  client.write(`a AUTHENTICATE SCRAM-SHA-256 ${first}\r\n`)
  assert.match(await scram(client, mailbox.address, 'wrong', 'a'), /^a NO \[AUTHENTICATIONFAILED\]/)
  client.write('b authenticate scram-sha-256\r\n')
  assert.equal(await client.response(), '+ ')
  client.write(`${first}\r\n`)
  assert.match(await scram(client, mailbox.address, PASSWORD, 'b'), /^OK \[CAPABILITY (?!.*AUTH=)/)
  await client.ok('SELECT INBOX')
  client.destroy()

  const open = TestClient.plain(imap.starttlsPort)
  await open.response()
  assert.ok(!(await open.ok('CAPABILITY'))[0]?.includes('AUTH='))
  assert.match(await open.tagged(`AUTHENTICATE SCRAM-SHA-256 ${first}`), /^NO \[PRIVACYREQUIRED\]/)
  open.destroy()
})

test('what is wrong in an exchange ends it, not the connection', async () => {
  const client = await imap.connect()
  const cases: [string, string, RegExp][] = [
    ['SCRAM-SHA-256', '*', /^BAD/],
    ['SCRAM-SHA-256', encode('nonsense'), /^BAD/],
    ['SCRAM-SHA-256', encode('y,,n=a,r=b'), /^NO \[AUTHENTICATIONFAILED\] Channel binding/],
    ['SCRAM-SHA-256', encode('n,a=other,n=a,r=b'), /^NO \[AUTHORIZATIONFAILED\]/],
    ['SCRAM-SHA-256-PLUS', encode('p=tls-unique,,n=a,r=b'), /^NO \[AUTHENTICATIONFAILED\]/],
    ['PLAIN', 'no base64!', /^BAD/],
  ]
  for (const [mechanism, says, expected] of cases) {
    client.write(`a AUTHENTICATE ${mechanism}\r\n${says}\r\n`)
    assert.match((await client.answer('a')).tagged, expected, says)
  }
  await client.ok('NOOP')
  client.destroy()
})

test('a mailbox has so many connections, and an address so many, whoever they are for', async () => {
  const mailbox = await imap.mailbox()
  const [one, two] = [await imap.login(mailbox), await imap.login(mailbox)]
  const third = await imap.connect()
  const login = `LOGIN ${mailbox.address} "${Buffer.from(PASSWORD).toString('latin1')}"`
  assert.match(await third.tagged(login), /^NO \[LIMIT\] This mailbox has too many connections open/)
  const others = [await imap.connect(), await imap.connect(), await imap.connect()]
  await assert.rejects(imap.connect(), /\* BYE \[LIMIT\] Too many connections from your address/)
  await one.ok('LOGOUT')
  // The server counts it out once it has seen the end of the connection.
  for (;;) {
    const tagged = await third.tagged(login)
    if (tagged.startsWith('OK')) break
    assert.match(tagged, /^NO \[LIMIT\]/)
  }
  for (const client of [two, third, ...others]) client.destroy()
})

test('a session ends soon after what opened it opens nothing more', async () => {
  const mailbox = await imap.mailbox()
  const [idle, waiting] = [await imap.login(mailbox, 'INBOX'), await imap.login(mailbox)]
  idle.write('a IDLE\r\n')
  assert.equal(await idle.response(), '+ idling')
  const { checked } = state
  while (state.checked < checked + 4) await waiting.ok('NOOP')
  state.refusal = temporaryError('database-unavailable', 'the database is away')
  while (imap.reported.length < 2) await waiting.ok('NOOP')
  assert.ok(
    imap.reported.splice(0).every((error) => error === state.refusal),
    'nobody is sent away for a fault of ours',
  )
  state.refusal = clientError('login-stale', 'The app password was revoked: log in with another')
  assert.equal(await idle.response(), '* BYE The app password was revoked: log in with another')
  assert.equal(await waiting.response(), '* BYE The app password was revoked: log in with another')
  for (const client of [idle, waiting]) assert.equal(await client.response(), '')
  state.refusal = undefined
  imap.reported.splice(0)
})
