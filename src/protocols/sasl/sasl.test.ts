import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { clientError } from '../../base/errors.ts'
import { checkProof, deriveScramKeys } from '../../registry/scram-keys.ts'
import { scramClient } from '../../registry/test-scram.ts'
import { decodeBase64 } from './base64.ts'
import { offeredMechanisms, runSasl } from './dialogue.ts'
import type { SaslLogins } from './mechanism.ts'
import { createScram } from './scram.ts'

const MARIO = 'mario@pec.test'
const PASSWORD = 'una parola, lunga = bella'
const BINDING = Buffer.from('what this connection alone knows')
const KEYS = await deriveScramKeys(PASSWORD, Buffer.from('salt of mario'), 4096)

const refused = (): Promise<never> => Promise.reject(clientError('bad-credentials', 'Wrong user name or password'))

const logins: SaslLogins<string> = {
  authenticate: (user, password, clientAddress) =>
    user === MARIO && password === PASSWORD ? Promise.resolve(`${user} from ${clientAddress}`) : refused(),
  beginScram: (user, clientAddress) =>
    Promise.resolve({
      salt: KEYS.salt,
      iterations: KEYS.iterations,
      finish(authMessage, proof) {
        const signature = checkProof(KEYS, authMessage, proof)
        return user === MARIO && signature ? Promise.resolve({ login: `${user} from ${clientAddress}`, signature }) : refused()
      },
    }),
}

const encode = (text: string | Buffer): string => Buffer.from(text).toString('base64')

interface Exchange {
  readonly mechanism: string
  readonly initial?: string | undefined
  readonly channelBinding?: Buffer | undefined
  /** what the client says to each challenge, in base64 */
  readonly says?: readonly ((challenge: string) => string)[]
}

/** Runs an exchange; answers the login, and what the server said. */
async function run({ mechanism, initial, channelBinding, says = [] }: Exchange): Promise<{ login: string; heard: string[] }> {
  const heard: string[] = []
  const left = [...says]
  const ask = (challenge: string): Promise<string> => {
    heard.push(Buffer.from(challenge, 'base64').toString())
    const answer = left.shift()
    assert.ok(answer, `asked once more: ${heard.at(-1)}`)
    return Promise.resolve(answer(heard.at(-1) ?? ''))
  }
  const login = await runSasl({ mechanism, initial, ask, channelBinding, clientAddress: '192.0.2.1' }, logins)
  assert.deepEqual(left, [], 'the client had more to say')
  return { login, heard }
}

const always = (text: string) => () => encode(text)
const raw = (line: string) => () => line

test('PLAIN and LOGIN, with an initial response and without', async () => {
  const plain = encode(`\0${MARIO}\0${PASSWORD}`)
  const login = `${MARIO} from 192.0.2.1`
  assert.deepEqual(await run({ mechanism: 'PLAIN', initial: plain }), { login, heard: [] })
  assert.deepEqual(await run({ mechanism: 'PLAIN', says: [raw(plain)] }), { login, heard: [''] })
  assert.deepEqual(
    (await run({ mechanism: 'PLAIN', initial: encode(`${MARIO.toUpperCase()}\0${MARIO}\0${PASSWORD}`) })).login,
    login,
  )
  const [user, password] = [always(MARIO), always(PASSWORD)]
  assert.deepEqual(await run({ mechanism: 'LOGIN', says: [user, password] }), { login, heard: ['Username:', 'Password:'] })
  assert.deepEqual(await run({ mechanism: 'LOGIN', initial: encode(MARIO), says: [password] }), { login, heard: ['Password:'] })
})

test('a wrong password, another identity, what is cancelled, not well formed, or not known', async () => {
  const cases: [Exchange, string][] = [
    [{ mechanism: 'PLAIN', initial: encode(`\0${MARIO}\0other`) }, 'bad-credentials'],
    [{ mechanism: 'PLAIN', initial: encode(`anna@pec.test\0${MARIO}\0${PASSWORD}`) }, 'authorization-refused'],
    [{ mechanism: 'PLAIN', says: [raw('*')] }, 'sasl-cancelled'],
    [{ mechanism: 'LOGIN', says: [always(MARIO), raw('*')] }, 'sasl-cancelled'],
    [{ mechanism: 'PLAIN', initial: '=' }, 'sasl-syntax'],
    [{ mechanism: 'PLAIN', initial: encode(`\0${MARIO}`) }, 'sasl-syntax'],
    [{ mechanism: 'PLAIN', initial: encode(`\0${MARIO}\0x\0y`) }, 'sasl-syntax'],
    [{ mechanism: 'PLAIN', initial: encode(`\0\0${PASSWORD}`) }, 'sasl-syntax'],
    [{ mechanism: 'PLAIN', initial: encode(Buffer.from([0, 0xff, 0, 65])) }, 'sasl-syntax'],
    [{ mechanism: 'PLAIN', initial: 'not base64' }, 'sasl-syntax'],
    [{ mechanism: 'PLAIN', initial: '*' }, 'sasl-syntax'],
    [{ mechanism: 'PLAIN', says: [raw('AAA')] }, 'sasl-syntax'],
    [{ mechanism: 'CRAM-MD5' }, 'sasl-unknown'],
    [{ mechanism: 'SCRAM-SHA-256-PLUS' }, 'sasl-unknown'],
  ]
  for (const [exchange, code] of cases) await assert.rejects(run(exchange), { code, fault: 'client' })
})

test('what is offered depends on the connection and on what the house can do', () => {
  const names = (channelBinding: Buffer | undefined, has: SaslLogins<string>): string[] =>
    offeredMechanisms({ channelBinding }, has)
  assert.deepEqual(names(BINDING, logins), ['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'PLAIN', 'LOGIN'])
  assert.deepEqual(names(undefined, logins), ['SCRAM-SHA-256', 'PLAIN', 'LOGIN'])
  assert.deepEqual(names(BINDING, { authenticate: logins.authenticate }), ['PLAIN', 'LOGIN'])
})

test('the example of RFC 7677, word for word', async () => {
  const keys = await deriveScramKeys('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), 4096)
  const scram = createScram(false, () => '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0')
  const said = ['c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', '']
  const heard: string[] = []
  const login = await scram.run(
    {
      clientAddress: '',
      channelBinding: undefined,
      first: () => Promise.resolve(Buffer.from('n,,n=user,r=rOprNGfwEbeRWgbNEkqO')),
      ask(challenge) {
        heard.push(challenge)
        return Promise.resolve(Buffer.from(said.shift() ?? assert.fail()))
      },
    },
    {
      authenticate: refused,
      beginScram: (user) =>
        Promise.resolve({
          ...keys,
          finish: (authMessage, proof) =>
            Promise.resolve({ login: user, signature: checkProof(keys, authMessage, proof) ?? assert.fail() }),
        }),
    },
  )
  assert.equal(login, 'user')
  assert.deepEqual(heard, [
    'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  ])
})

interface ScramClient {
  readonly user?: string
  readonly password?: string
  readonly header?: string
  readonly mechanism?: string
  /** of the server's end */
  readonly channelBinding?: Buffer
  /** of the client's end */
  readonly bindsTo?: Buffer
  readonly nonce?: (nonce: string) => string
  readonly confirms?: string
}

/** A client that does it right, but for what is given. */
async function scram(client: ScramClient = {}): Promise<{ login: string; heard: string[] }> {
  const { user = MARIO, password = PASSWORD, header = 'n,,', mechanism = 'SCRAM-SHA-256', bindsTo = Buffer.alloc(0) } = client
  const bare = `n=${user},r=clientnonce`
  let expected = ''
  const finish = (serverFirst: string): string => {
    const [, nonce = '', salt = '', iterations] = /^r=(clientnonce[!-+\--~]{20,}),s=([^,]+),i=(\d+)$/.exec(serverFirst) ?? []
    const binding = encode(Buffer.concat([Buffer.from(header), bindsTo]))
    const withoutProof = `c=${binding},r=${client.nonce?.(nonce) ?? nonce}`
    const question = { salt: Buffer.from(salt, 'base64'), iterations: Number(iterations) }
    const { proof, signature } = scramClient(password, question, `${bare},${serverFirst},${withoutProof}`)
    expected = `v=${encode(signature)}`
    return encode(`${withoutProof},p=${encode(proof)}`)
  }
  const confirm = (serverFinal: string): string => {
    assert.equal(serverFinal, expected)
    return client.confirms ?? ''
  }
  return run({ mechanism, initial: encode(header + bare), channelBinding: client.channelBinding, says: [finish, confirm] })
}

test('SCRAM: who knows the password is in, and knows that the server knows it', async () => {
  assert.equal((await scram()).login, `${MARIO} from 192.0.2.1`)
  const nonces = await Promise.all(Array.from({ length: 20 }, () => scram()))
  assert.equal(new Set(nonces.map(({ heard }) => heard[0])).size, 20, 'no nonce comes twice')
  await assert.rejects(scram({ password: 'another one' }), { code: 'bad-credentials' })
  await assert.rejects(scram({ user: 'anna@pec.test' }), { code: 'bad-credentials' })
  assert.ok(await scram({ header: `n,a=${MARIO.toUpperCase()},` }))
  await assert.rejects(scram({ header: 'n,a=anna@pec.test,' }), { code: 'authorization-refused' })
})

test('SCRAM: another nonce, a header that changed, words after the end', async () => {
  for (const nonce of [() => 'clientnonce', (right: string) => `${right}x`, (right: string) => right.slice(0, -1), () => 'other'])
    await assert.rejects(scram({ nonce }), { code: 'sasl-syntax' })
  await assert.rejects(scram({ bindsTo: Buffer.from('x') }), { code: 'channel-binding-refused' })
  await assert.rejects(scram({ confirms: 'AAAA' }), { code: 'sasl-syntax' })
  await assert.rejects(scram({ confirms: '*' }), { code: 'sasl-cancelled' })
})

test('SCRAM-PLUS is bound to its connection, and a client is told when somebody hid it from him', async () => {
  const plus = { mechanism: 'SCRAM-SHA-256-PLUS', header: 'p=tls-exporter,,', channelBinding: BINDING }
  assert.equal((await scram({ ...plus, bindsTo: BINDING })).login, `${MARIO} from 192.0.2.1`)
  await assert.rejects(scram({ ...plus, bindsTo: Buffer.from('another connection') }), { code: 'channel-binding-refused' })
  await assert.rejects(scram(plus), { code: 'channel-binding-refused' })
  await assert.rejects(scram({ ...plus, header: 'p=tls-unique,,', bindsTo: BINDING }), { code: 'channel-binding-refused' })
  for (const header of ['n,,', 'y,,']) await assert.rejects(scram({ ...plus, header }), { fault: 'client' })
  // RFC 5802 6
  await assert.rejects(scram({ header: 'y,,', channelBinding: BINDING }), { code: 'channel-binding-refused' })
  assert.ok(await scram({ header: 'y,,' }))
  assert.ok(await scram({ header: 'n,,', channelBinding: BINDING }), 'a client that has none')
  await assert.rejects(scram({ header: 'p=tls-exporter,,', bindsTo: BINDING, channelBinding: BINDING }), { code: 'sasl-syntax' })
})

test('property: base64 has one way to write bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), (bytes, text) => {
      const written = Buffer.from(bytes).toString('base64')
      assert.deepEqual(decodeBase64(written), Buffer.from(bytes))
      assert.equal(decodeBase64(`${written} `), undefined)
      const read = decodeBase64(text)
      assert.ok(read === undefined || read.toString('base64') === text)
    }),
  )
  for (const lax of ['AA', 'AAA', 'AA=', 'AAA==', '=AAA', 'AAA=BBB=', 'AB==', 'A-_=', 'AAAA\n'])
    assert.equal(decodeBase64(lax), undefined, lax)
})
