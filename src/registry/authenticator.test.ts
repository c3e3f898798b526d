import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { asCeralaccaError } from '../base/errors.ts'
import { createAuthenticator } from './authenticator.ts'
import { createLoginBrake, type LoginBrake } from './login-brake.ts'
import type { LoginGateQueries } from './login-gate.ts'
import { hashPassword } from './passwords.ts'
import type { MailboxStatus } from './status.ts'

const MARIO = 'mario@pec.it'
const PASSWORD = 'parola segreta'
const MAILBOX = { slot: 7, id: '0198c0de-0000-7000-8000-000000000000' }
const NEW_MAILBOX = { slot: 8, id: '0198c0de-0000-7000-8000-000000000001' }
const MINUTE = 60_000

let hash: string
before(async () => {
  hash = await hashPassword(PASSWORD)
})

const NOTHING_STORED: LoginGateQueries = {
  find: () => Promise.resolve(undefined),
  credential: () => Promise.resolve(undefined),
  appPasswords: () => Promise.resolve([]),
  appPasswordExists: () => Promise.resolve(false),
  noteUse: () => Promise.resolve(),
  addScram: () => Promise.resolve(),
  secret: (_name, proposed) => Promise.resolve(proposed),
  isKnownNetwork: () => Promise.resolve(false),
  noteNetwork: () => Promise.resolve(),
}

interface BrakeCalls {
  failed: string[]
  succeeded: string[]
}

function bench(brakeOf?: (now: () => number) => LoginBrake) {
  const state = { now: 1_000_000, hash, status: 'active' as MailboxStatus, asked: 0, wait: 0 }
  const calls: BrakeCalls = { failed: [], succeeded: [] }
  const reported: unknown[] = []
  const brake: LoginBrake = brakeOf?.(() => state.now) ?? {
    wait: () => state.wait,
    failed: (account, address) => void calls.failed.push(`${account} ${address}`),
    succeeded: (account, address) => void calls.succeeded.push(`${account} ${address}`),
    trusts: () => false,
    trust: () => undefined,
  }
  const queries: LoginGateQueries = {
    ...NOTHING_STORED,
    // A mailbox that is being made has no password yet.
    find: (address) => Promise.resolve({ [MARIO]: MAILBOX, 'nuova@pec.it': NEW_MAILBOX }[address]),
    credential: ({ id }) => {
      state.asked++
      const common = { scram: 'SCRAM-SHA-256$', status: state.status, secondFactor: false }
      if (id === NEW_MAILBOX.id) return Promise.resolve({ ...common, hash: null })
      return Promise.resolve(id === MAILBOX.id ? { ...common, hash: state.hash } : undefined)
    },
  }
  const authenticate = createAuthenticator({ queries, brake, now: () => state.now, report: (error) => reported.push(error) })
  return { state, calls, reported, login: (user: string, password: string) => authenticate(user, password, '192.0.2.1', 'imap') }
}

const codeOf = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'in',
    (error: unknown) => asCeralaccaError(error).code,
  )

test('the right password opens the mailbox, the address in any case', async () => {
  const { login, calls } = bench()
  const { mailbox, address } = await login(` ${MARIO.toUpperCase()} `, PASSWORD)
  assert.deepEqual({ mailbox, address }, { mailbox: MAILBOX, address: MARIO })
  assert.deepEqual(calls, { failed: [], succeeded: [`${MARIO} 192.0.2.1`] })
})

test('a wrong password, an unknown account and one without a password are refused alike, and counted', async () => {
  const { login, calls } = bench()
  const refused = { code: 'bad-credentials', fault: 'client', message: /^Wrong user name or password/ }
  for (const [user, password] of [
    [MARIO, 'parola sbagliata'],
    [MARIO, ''],
    ['altro@pec.it', PASSWORD],
    ['nuova@pec.it', PASSWORD],
    ['', ''],
    ['mario\0@pec.it', PASSWORD],
  ] as const) {
    await assert.rejects(login(user, password), refused)
  }
  assert.deepEqual(calls, {
    failed: [MARIO, MARIO, 'altro@pec.it', 'nuova@pec.it', '', 'mario\0@pec.it'].map((account) => `${account} 192.0.2.1`),
    succeeded: [],
  })
})

test('an unknown account is not known by the time that the answer takes', async () => {
  const { login } = bench()
  const duration = async (user: string): Promise<number> => {
    const started = performance.now()
    await codeOf(login(user, 'parola sbagliata'))
    return performance.now() - started
  }
  await duration('altro@pec.it')
  const median = async (user: string): Promise<number> => {
    const durations: number[] = []
    for (let time = 0; time < 7; time++) durations.push(await duration(user))
    return durations.sort((a, b) => a - b)[3] ?? 0
  }
  // Without the decoy it would be some thousandths.
  const [unknown, known] = [await median('altro@pec.it'), await median(MARIO)]
  assert.ok(unknown > known / 5, `${unknown} ms against ${known} ms`)
})

test('a password is remembered for ten minutes, and only for its account', async () => {
  const { login, state, calls } = bench()
  for (let time = 0; time < 3; time++) await login(MARIO, PASSWORD)
  assert.equal(calls.succeeded.length, 1, 'verified once')
  assert.equal(await codeOf(login('nuova@pec.it', PASSWORD)), 'bad-credentials')
  assert.equal(await codeOf(login(MARIO, 'parola sbagliata')), 'bad-credentials')
  state.now += 10 * MINUTE - 1
  await login(MARIO, PASSWORD)
  assert.equal(calls.succeeded.length, 1)
  state.now += 1
  await login(MARIO, PASSWORD)
  assert.equal(calls.succeeded.length, 2, 'verified again')
})

test('a changed password counts at once, also against a remembered one', async () => {
  const { login, state } = bench()
  await login(MARIO, PASSWORD)
  state.hash = await hashPassword('parola del tutto nuova')
  assert.equal(await codeOf(login(MARIO, PASSWORD)), 'bad-credentials')
  assert.equal(await codeOf(login(MARIO, 'parola del tutto nuova')), 'in')
})

test('who has to wait is told how long, and whether his password is right is not looked at', async () => {
  const { login, state, calls } = bench()
  state.wait = 61_001
  const throttled = { code: 'login-throttled', fault: 'temporary', message: /in 62 seconds/ }
  await assert.rejects(login(MARIO, PASSWORD), throttled)
  await assert.rejects(login(MARIO, 'parola sbagliata'), throttled)
  await assert.rejects(login('altro@pec.it', PASSWORD), throttled)
  assert.deepEqual(calls, { failed: [], succeeded: [] })
})

test('guesses made at the same time do not get past the brake', async () => {
  const { login } = bench(createLoginBrake)
  const guesses = Array.from({ length: 20 }, (_, index) => (index === 19 ? PASSWORD : `parola sbagliata ${index}`))
  const codes = await Promise.all(guesses.map((guess) => codeOf(login(MARIO, guess))))
  // The thread pool may finish them in another order, so the right one may be among the first.
  const learnt = codes.filter((code) => code !== 'login-throttled')
  assert.ok(learnt.length <= 5, codes.join(' '))
  assert.equal(codes.length, 20)
})

test('what the database throws is passed on, and counts as no failure', async () => {
  const brake = createLoginBrake(() => 0)
  const down = (): Promise<never> => Promise.reject(new Error('no database'))
  const queries = { ...NOTHING_STORED, find: down, credential: down }
  const authenticate = createAuthenticator({ queries, brake, now: () => 0, report: () => assert.fail() })
  for (let time = 0; time < 10; time++) await assert.rejects(authenticate(MARIO, PASSWORD, '192.0.2.1', 'imap'), /no database/)
  assert.equal(brake.wait(MARIO, '192.0.2.1'), 0)
})

test('a disabled or revoked mailbox is closed, also to a remembered password, and only who knows the password learns why', async () => {
  const { login, state, calls } = bench()
  await login(MARIO, PASSWORD)
  for (const status of ['disabled', 'revoked'] as const) {
    state.status = status
    const reason = { code: 'login-refused', fault: 'client', message: new RegExp(`is ${status}`) }
    await assert.rejects(login(MARIO, PASSWORD), reason)
    state.now += 11 * MINUTE
    await assert.rejects(login(MARIO, PASSWORD), reason)
    assert.equal(await codeOf(login(MARIO, 'parola sbagliata')), 'bad-credentials')
  }
  assert.equal(calls.failed.length, 2, 'the right password is no guess')
  state.status = 'active'
  assert.equal(await codeOf(login(MARIO, PASSWORD)), 'in')
})

test('a suspended mailbox may be read, not sent from; a session that is open learns of it', async () => {
  const { login, state } = bench()
  const session = await login(MARIO, PASSWORD)
  await session.checkMaySend()
  for (const status of ['suspended', 'disabled', 'revoked'] as const) {
    state.status = status
    await assert.rejects(session.checkMaySend(), { code: 'sending-refused', fault: 'client', message: /cannot send/ })
  }
  state.status = 'suspended'
  const reading = await login(MARIO, PASSWORD)
  await assert.rejects(reading.checkMaySend(), { code: 'sending-refused' })
})

test('a session that was opened with an older password sends no more', async () => {
  const { login, state } = bench()
  const session = await login(MARIO, PASSWORD)
  state.hash = await hashPassword('parola del tutto nuova')
  await assert.rejects(session.checkMaySend(), { code: 'login-stale', fault: 'client' })
})
