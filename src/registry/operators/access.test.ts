/** Signing in, from the password to the session that may act, and everything that must not open one. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { auditReads } from '../../audit/queries.ts'
import type { CeralaccaError } from '../../base/errors.ts'
import { lastFirst, withTestDatabase } from '../../storage/test-database.ts'
import { createLoginBrake } from '../login-brake.ts'
import { createOperatorAccess } from './access.ts'
import { createOperators } from './operators.ts'
import { createTestAuthenticator } from './test-authenticator.ts'

const scope = lastFirst({ after })
const { database } = await withTestDatabase(scope)
const PASSWORD = 'una parola lunga'
const CLIENT = '192.0.2.1'
const HOST = { actor: 'host:root', role: 'host' } as const
const party = { id: 'pec.example.it', name: 'Prova', origins: ['https://pec.example.it'] }
const here = { origin: 'https://pec.example.it', rpId: 'pec.example.it' }
const MINUTE = 60_000
let made = 0

/** An operator of his own, with a clock of his own. */
async function newOperator(roles: string[] = ['desk']) {
  const name = `anna.${++made}`
  const clock = { at: Date.UTC(2026, 2, 15, 9, 30) + made * 86_400_000 }
  const now = (): number => clock.at
  const operators = createOperators({ database, brake: createLoginBrake(now), now })
  await operators.set(name, PASSWORD, HOST, roles)
  const key = randomBytes(32)
  const openAccess = () => createOperatorAccess({ database, brake: createLoginBrake(now), party, key, now })
  const access = openAccess()
  const { signIn, account, current } = access

  const begin = async (password = PASSWORD) => {
    clock.at += 1000
    const opened = await signIn.begin(name, password, CLIENT)
    return { ...opened, current: () => current(opened.token) }
  }

  /** With an authenticator app; `code` gives what it shows. */
  async function withApp() {
    const { current: session } = await begin()
    const { secret } = await account.offerTotp(await session())
    const totp = new TOTP({ secret: Secret.fromBase32(secret) })
    const code = (): string => totp.generate({ timestamp: clock.at })
    const { recoveryCodes, opened } = await account.confirmTotp(await session(), code())
    assert.ok(opened && recoveryCodes)
    clock.at += MINUTE
    return { code, recoveryCodes, token: opened.token }
  }

  const acts = async (): Promise<string[]> =>
    (await auditReads(database.reader).list({ object: `operator:${name}` })).map(({ act }) => act)
  return { name, clock, operators, access, openAccess, signIn, account, current, begin, withApp, acts }
}

test('who has no second factor can do nothing but add one', async () => {
  const { begin, account, signIn, acts } = await newOperator()
  const { stage, factors, current } = await begin()
  assert.deepEqual([stage, factors], ['enrolment', []])
  const session = await current()
  const wrongStage = { code: 'wrong-stage' }
  await assert.rejects(account.sessions(session), wrongStage)
  await assert.rejects(account.endSession(session, session.session.id), wrongStage)
  await assert.rejects(account.renewRecoveryCodes(session), wrongStage)
  await assert.rejects(account.removeFactor(session, 'totp'), wrongStage)
  await assert.rejects(
    account.changePassword(session, { from: PASSWORD, to: 'un’altra parola', clientAddress: CLIENT }),
    wrongStage,
  )
  await assert.rejects(signIn.giveCode(session, '123456', CLIENT), wrongStage)
  await assert.rejects(signIn.passkeyOptions(session), wrongStage)
  assert.deepEqual(await acts(), ['operator-added'])
})

test('a one-time code opens a session once, and the session that had the password alone is gone', async () => {
  const { begin, withApp, signIn, current, clock, acts } = await newOperator()
  const app = await withApp()
  const first = await begin()
  assert.deepEqual([first.stage, first.factors], ['second-factor', ['totp', 'recovery-code']])
  const code = app.code()
  const opened = await signIn.giveCode(await first.current(), code, CLIENT)
  assert.equal(opened.stage, 'full')
  assert.equal((await current(opened.token)).session.stage, 'full')
  await assert.rejects(first.current(), { code: 'no-session' })
  const second = await begin()
  await assert.rejects(signIn.giveCode(await second.current(), code, CLIENT), { code: 'bad-second-factor' }, 'a code counts once')
  clock.at += MINUTE
  await signIn.giveCode(await second.current(), app.code(), CLIENT)
  assert.deepEqual((await acts()).slice(-3), ['operator-signed-in', 'operator-sign-in-failed', 'operator-signed-in'])
})

test('of two who give the same code at once, one gets in', async () => {
  const { begin, withApp, signIn } = await newOperator()
  const app = await withApp()
  const sessions = [await (await begin()).current(), await (await begin()).current()]
  const results = await Promise.allSettled(sessions.map((session) => signIn.giveCode(session, app.code(), CLIENT)))
  assert.deepEqual(results.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
})

test('a code of another time, or of nobody, opens nothing; five wrong ones end the session', async () => {
  const { begin, withApp, openAccess, clock } = await newOperator()
  const app = await withApp()
  const old = app.code()
  clock.at += 2 * MINUTE
  const { current } = await begin()
  for (const code of [old, '000000', 'abcdef', '', '1234567']) {
    // Each time without what the brake remembers: it is tested elsewhere.
    await assert.rejects(openAccess().signIn.giveCode(await current(), code, CLIENT), { code: 'bad-second-factor' })
  }
  await assert.rejects(current(), { code: 'no-session' })
})

test('the brake holds up who guesses codes', async () => {
  const { begin, withApp, signIn } = await newOperator()
  await withApp()
  const { current } = await begin()
  for (let guess = 0; guess < 4; guess++) {
    await assert.rejects(signIn.giveCode(await current(), '000000', CLIENT), { code: 'bad-second-factor' })
  }
  await assert.rejects(signIn.giveCode(await current(), '000000', CLIENT), { code: 'login-throttled' })
})

test('a recovery code stands for the second factor, once', async () => {
  const { begin, withApp, signIn } = await newOperator()
  const { recoveryCodes } = await withApp()
  const [code = ''] = recoveryCodes
  assert.equal(new Set(recoveryCodes).size, 10)
  await signIn.giveRecoveryCode(await (await begin()).current(), code.toUpperCase().replaceAll('-', ' '), CLIENT)
  const again = signIn.giveRecoveryCode(await (await begin()).current(), code, CLIENT)
  await assert.rejects(again, { code: 'bad-second-factor' })
  const rows = await database.reader.read<{ hash: Buffer }>('select hash from operator_recovery_code')
  assert.ok(rows.every(({ hash }) => recoveryCodes.every((one) => !hash.includes(one.slice(0, 4)))))
})

test('the secret of an app is encrypted, for its operator alone', async () => {
  const { begin, withApp, name, signIn } = await newOperator()
  const other = await newOperator()
  const app = await withApp()
  await other.withApp()
  const [row] = await database.reader.read<{ totp: Buffer }>('select totp from operator where name = $1', [name])
  assert.ok(row && row.totp.length > 20)
  await database.transactor.reference((tx) =>
    tx.query('update operator set totp = (select totp from operator where name = $2) where name = $1', [name, other.name]),
  )
  await assert.rejects(signIn.giveCode(await (await begin()).current(), app.code(), CLIENT), { code: 'secret-unreadable' })
})

test('a passkey is added and opens a session; what it signed counts once, and its counter goes up', async () => {
  const { begin, account, signIn } = await newOperator()
  const key = createTestAuthenticator()
  const enrolling = await begin()
  const creation = await account.passkeyOptions(await enrolling.current())
  const { opened } = await account.addPasskey(await enrolling.current(), 'chiavetta', key.register(creation, here))
  assert.equal(opened?.stage, 'full')

  const first = await begin()
  assert.deepEqual(first.factors, ['passkey', 'recovery-code'])
  const asked = await signIn.passkeyOptions(await first.current())
  const answer = key.sign(asked, here)
  const session = await first.current()
  assert.equal((await signIn.givePasskey(session, answer, CLIENT)).stage, 'full')

  const second = await begin()
  await assert.rejects(
    signIn.givePasskey(await second.current(), answer, CLIENT),
    { code: 'bad-second-factor' },
    'nothing was asked',
  )
  const again = await signIn.passkeyOptions(await second.current())
  await assert.rejects(
    signIn.givePasskey(await second.current(), answer, CLIENT),
    { code: 'bad-second-factor' },
    'another challenge',
  )
  await assert.rejects(
    signIn.givePasskey(await second.current(), key.sign(again, here), CLIENT),
    { code: 'bad-second-factor' },
    'taken',
  )
})

/** What an authenticator may answer that must not open a session, and why it does not. */
type Answer = (key: ReturnType<typeof createTestAuthenticator>, asked: { challenge: string }) => object
const BAD: Record<string, [why: RegExp, answer: Answer]> = {
  'of another site': [/origin/, (key, asked) => key.sign(asked, { ...here, origin: 'https://pec.example.it.evil.test' })],
  'for another site': [/RP ID/, (key, asked) => key.sign(asked, { ...here, rpId: 'evil.test' })],
  'without its owner': [/could not be verified/, (key, asked) => key.sign(asked, { ...here, verified: false })],
  'with a counter that stayed': [
    /counter/,
    (key, asked) => {
      key.state.counter--
      return key.sign(asked, here)
    },
  ],
  'of another key with its name': [
    /^undefined$/,
    (key, asked) => {
      const { id } = key.sign(asked, here)
      const other = createTestAuthenticator()
      other.state.counter = 10
      return { ...other.sign(asked, here), id, rawId: id }
    },
  ],
  'of an unknown key': [/^undefined$/, (_key, asked) => createTestAuthenticator().sign(asked, here)],
  'with no shape': [/^undefined$/, () => ({ id: 1 })],
}

for (const [name, [why, answer]] of Object.entries(BAD)) {
  test(`refused: an answer ${name}`, async () => {
    const { begin, account, signIn } = await newOperator()
    const key = createTestAuthenticator()
    const { current: enrolling } = await begin()
    const creation = await account.passkeyOptions(await enrolling())
    await account.addPasskey(await enrolling(), 'a', key.register(creation, here))
    const { current: first } = await begin()
    await signIn.givePasskey(await first(), key.sign(await signIn.passkeyOptions(await first()), here), CLIENT)
    const { current: second } = await begin()
    const bad = answer(key, await signIn.passkeyOptions(await second()))
    await assert.rejects(signIn.givePasskey(await second(), bad, CLIENT), (error: CeralaccaError) => {
      assert.equal(error.code, 'bad-second-factor')
      // What the library says; nothing where a signature or a name is not the right one.
      assert.match(error.cause instanceof Error ? error.cause.message : String(error.cause), why)
      return true
    })
  })
}

test('a challenge ends, and a passkey of another site is not added', async () => {
  const { begin, account, clock } = await newOperator()
  const key = createTestAuthenticator()
  const { current } = await begin()
  const late = await account.passkeyOptions(await current())
  clock.at += 6 * MINUTE
  await assert.rejects(account.addPasskey(await current(), 'a', key.register(late, here)), { code: 'bad-second-factor' })
  const asked = await account.passkeyOptions(await current())
  const evil = key.register(asked, { ...here, origin: 'https://evil.test' })
  await assert.rejects(account.addPasskey(await current(), 'a', evil), { code: 'bad-second-factor' })
})

test('who came in with a password alone adds no second factor to one that is there', async () => {
  const { begin, withApp, account } = await newOperator()
  const thief = await begin()
  await account.offerTotp(await thief.current())
  await withApp()
  // His session went when the factor was added; and one that is opened later must give it.
  await assert.rejects(thief.current(), { code: 'no-session' })
  await assert.rejects(account.offerTotp(await (await begin()).current()), { code: 'wrong-stage' })
})

test('a session ends: unused after half an hour, in any case after twelve hours, by its owner, by an administrator', async () => {
  const { withApp, account, current, clock, operators, name, begin, signIn } = await newOperator()
  const app = await withApp()
  for (let minutes = 0; minutes < 11 * 60; minutes += 25) {
    assert.equal((await current(app.token)).session.stage, 'full')
    clock.at += 25 * MINUTE
  }
  clock.at += 60 * MINUTE
  await assert.rejects(current(app.token), { code: 'no-session' })

  const open = async () => {
    clock.at += MINUTE
    return (await signIn.giveCode(await (await begin()).current(), app.code(), CLIENT)).token
  }
  const idle = await open()
  clock.at += 31 * MINUTE
  await assert.rejects(current(idle), { code: 'no-session' })

  const [one, two] = [await open(), await open()]
  const listed = await account.sessions(await current(one))
  assert.deepEqual(
    listed.map((session) => session.current),
    [true, false],
  )
  await account.endSession(await current(one), listed[1]?.id ?? '')
  await assert.rejects(current(two), { code: 'no-session' })
  await assert.rejects(account.endSession(await current(one), 'x'), { code: 'no-such-session' })
  await account.signOut(await current(one))
  await assert.rejects(current(one), { code: 'no-session' })

  const three = await open()
  await operators.setDisabled(name, true, HOST)
  await assert.rejects(current(three), { code: 'no-session' })
  await assert.rejects(begin(), { code: 'bad-credentials' })
  await assert.rejects(operators.authenticate(name, PASSWORD, CLIENT), { code: 'bad-credentials' })
  await operators.setDisabled(name, false, HOST)
  const four = await open()
  await operators.resetSecondFactor(name, HOST)
  await assert.rejects(current(four), { code: 'no-session' })
  assert.equal((await begin()).stage, 'enrolment')
})

test('a session that waits for its second factor ends after ten minutes', async () => {
  const { begin, clock } = await newOperator()
  const { current } = await begin()
  clock.at += 11 * MINUTE
  await assert.rejects(current(), { code: 'no-session' })
})

test('a new password takes the old one, and ends the other sessions', async () => {
  const { withApp, begin, account, current, signIn, clock } = await newOperator()
  const app = await withApp()
  const other = (await signIn.giveCode(await (await begin()).current(), app.code(), CLIENT)).token
  clock.at += MINUTE
  const change = async (from: string, to: string) =>
    account.changePassword(await current(app.token), { from, to, clientAddress: CLIENT })
  await assert.rejects(change('sbagliata', 'una nuova parola'), { code: 'bad-credentials' })
  await assert.rejects(change(PASSWORD, 'corta'), { code: 'weak-password' })
  await change(PASSWORD, 'una nuova parola')
  await assert.rejects(current(other), { code: 'no-session' })
  await assert.rejects(begin(), { code: 'bad-credentials' })
  assert.equal((await begin('una nuova parola')).stage, 'second-factor')
})

test('the last second factor stays', async () => {
  const { withApp, account, current } = await newOperator()
  const { token } = await withApp()
  await assert.rejects(account.removeFactor(await current(token), 'totp'), { code: 'last-second-factor' })
  const key = createTestAuthenticator()
  const added = await account.addPasskey(
    await current(token),
    'a',
    key.register(await account.passkeyOptions(await current(token)), here),
  )
  assert.deepEqual(added, { recoveryCodes: null, opened: null })
  await account.removeFactor(await current(token), 'totp')
  await assert.rejects(account.removeFactor(await current(token), 'totp'), { code: 'no-such-second-factor' })
})

test('of a name that nobody has nothing is noted: it may be a password', async () => {
  const { signIn, begin, acts } = await newOperator()
  await assert.rejects(signIn.begin('segretissimo', 'x', CLIENT), { code: 'bad-credentials' })
  const all = await auditReads(database.reader).list({})
  assert.ok(!JSON.stringify(all).includes('segretissimo'))
  await assert.rejects(begin('sbagliata'), { code: 'bad-credentials' })
  assert.deepEqual(await acts(), ['operator-added', 'operator-sign-in-failed'])
})

test('nothing that opens a session is in the audit log or in the tables of sessions', async () => {
  const { withApp, begin, signIn, clock } = await newOperator()
  const app = await withApp()
  clock.at += MINUTE
  const code = app.code()
  const { token } = await signIn.giveCode(await (await begin()).current(), code, CLIENT)
  const rows = await database.reader.read<{ row: string }>(
    'select e::text as row from audit_entry e union all select s::text from operator_session s union all select o::text from operator o',
  )
  const text = rows.map(({ row }) => row).join('\n')
  for (const secret of [token, app.token, ...app.recoveryCodes, PASSWORD]) assert.ok(!text.includes(secret))
})
