/** Logins of holders on a real database: passwords, app passwords, SCRAM, the second factor, networks. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { Client } from 'pg'
import { asCeralaccaError } from '../base/errors.ts'
import { slotOf } from '../base/ids.ts'
import { createDomains } from '../directory/domains.ts'
import { findViolations } from '../storage/consistency.ts'
import { openDatabase } from '../storage/database.ts'
import { migrate, readMigrations } from '../storage/migrations.ts'
import { lastFirst, withTestDatabase } from '../storage/test-database.ts'
import { createAppPasswords } from './app-passwords.ts'
import { REGISTRY_CHECKS } from './consistency.ts'
import type { Login } from './login.ts'
import type { LoginGateQueries } from './login-gate.ts'
import { createLoginBrake, type LoginBrake } from './login-brake.ts'
import { createLogins } from './logins.ts'
import { createMailboxes } from './mailboxes.ts'
import { hashPassword } from './passwords.ts'
import { createProfiles } from './profiles.ts'
import { PROTOCOLS, type Protocol } from './protocols.ts'
import { registryQueries } from './queries.ts'
import { parseScramKeys, deriveScramKeys } from './scram-keys.ts'
import { saslprep } from './saslprep.ts'
import { scramClient } from './test-scram.ts'

const scope = lastFirst({ after })
const { database, connection } = await withTestDatabase(scope)
const clock = { now: Date.now() }
const now = (): number => clock.now
const HOUR = 60 * 60_000
const PASSWORD = 'parola segreta'
const HOME = '192.0.2.1'

const domains = createDomains(database, now)
const queries = registryQueries(database)
const mailboxes = createMailboxes({ database, queries, domains, now })
const appPasswords = createAppPasswords({ database, queries, mailboxes, now })
const profiles = createProfiles({ database, domains, now })
const ref = async (address: string) => (await mailboxes.find(address)) ?? assert.fail()

before(() => domains.add('pec.test'))
scope.after(async () => assert.deepEqual(await findViolations(database.reader, REGISTRY_CHECKS), []))

let made = 0
async function newMailbox(password = PASSWORD): Promise<string> {
  const address = `holder${++made}@pec.test`
  await mailboxes.create(address, password, 1e6)
  return address
}

interface Process {
  readonly reported: unknown[]
  readonly failed: string[]
  password(user: string, password: string, service?: Protocol, from?: string): Promise<Login>
  scram(user: string, password: string, service?: Protocol, from?: string): Promise<Login>
  /** A wrong proof: an attempt that costs the test nothing. */
  guess(user: string, from?: string): Promise<string>
}

/** The logins of a process of its own. */
function process(change: Partial<LoginGateQueries> = {}, brake: LoginBrake = createLoginBrake(now)): Process {
  const [reported, failed]: [unknown[], string[]] = [[], []]
  const logins = createLogins({
    queries: { ...queries, ...change },
    brake,
    now,
    report: (error) => reported.push(error),
    failed: (service, { code }, clientAddress) => failed.push(`${service} ${code} ${clientAddress}`),
  })
  return {
    reported,
    failed,
    password: (user, password, service = 'imap', from = HOME) => logins(service).authenticate(user, password, from),
    async scram(user, password, service = 'imap', from = HOME) {
      const question = await logins(service).beginScram(user, from)
      const authMessage = `n=${user},r=${randomBytes(9).toString('base64')}`
      const { proof, signature } = scramClient(password, question, authMessage)
      const answer = await question.finish(authMessage, proof)
      assert.deepEqual(answer.signature, signature, 'the server knows the password too')
      return answer.login
    },
    async guess(user, from = HOME) {
      const question = await logins('imap').beginScram(user, from)
      return codeOf(question.finish('', Buffer.alloc(32)))
    },
  }
}

/** A database as an older version has left it, and what becomes of it. */
async function databaseOfVersion(version: number) {
  const name = `version_${version}`
  const admin = new Client(connection)
  await admin.connect()
  await admin.query(`create database ${name}`)
  await admin.end()
  const old = { ...connection, database: name }
  await migrate(old, readMigrations().slice(0, version))
  return {
    async transact(work: (query: (sql: string, params: unknown[]) => Promise<unknown>) => Promise<void>) {
      const client = new Client(old)
      await client.connect()
      await work((sql, params) => client.query(sql, params))
      await client.end()
    },
    async migrated() {
      await migrate(old)
      const opened = openDatabase(old, { max: 2 })
      scope.after(() => opened.close())
      return opened
    },
  }
}

const codeOf = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'in',
    (error: unknown) => asCeralaccaError(error).code,
  )

test('a password that was set opens the mailbox in clear and by SCRAM; a new one, that one alone', async () => {
  const { password, scram, failed } = process()
  const address = await newMailbox()
  for (const login of [await password(address.toUpperCase(), PASSWORD), await scram(address.toUpperCase(), PASSWORD)])
    assert.deepEqual([login.address, login.mailbox], [address, await ref(address)])
  assert.equal(await codeOf(scram(address, 'parola sbagliata')), 'bad-credentials')
  assert.deepEqual(failed, [`imap bad-credentials ${HOME}`])
  await mailboxes.setPassword(address, 'una del tutto nuova')
  assert.equal(await codeOf(scram(address, PASSWORD)), 'bad-credentials')
  assert.equal(await codeOf(scram(address, 'una del tutto nuova')), 'in')
})

test('a password that was set before there were keys has them after it opened the mailbox in clear', async () => {
  const old = await databaseOfVersion(15)
  const mailbox = { slot: 7, id: '0198c0de-0000-7000-8000-000000000000' }
  const [address, at] = ['antica@pec.test', new Date(now())]
  await old.transact(async (query) => {
    await query('insert into address (slot, address, mailbox_slot, mailbox, created_at) values ($1, $2, $3, $4, $5)', [
      slotOf(address),
      address,
      mailbox.slot,
      mailbox.id,
      at,
    ])
    await query(
      `insert into mailbox (slot, id, address, modseq, used, quota, reserve, uid_validity, created_at)
       values ($1, $2, $3, 1, 0, 1, 1, 0, $4)`,
      [mailbox.slot, mailbox.id, address, at],
    )
    await query(`insert into credential (slot, mailbox, kind, hash, updated_at) values ($1, $2, 'password', $3, $4)`, [
      mailbox.slot,
      mailbox.id,
      await hashPassword(PASSWORD),
      at,
    ])
    await query(`insert into mailbox_profile (slot, mailbox, status, changed_at) values ($1, $2, 'suspended', $3)`, [
      mailbox.slot,
      mailbox.id,
      at,
    ])
  })
  const migrated = await old.migrated()
  const stored = () => registryQueries(migrated).credential(mailbox)
  const { password, scram } = process(registryQueries(migrated))
  const before = await stored()
  assert.deepEqual([before?.scram, before?.secondFactor, before?.status], [null, false, 'suspended'])
  assert.equal(await codeOf(scram(address, PASSWORD)), 'bad-credentials')
  assert.equal(await codeOf(password(address, 'parola sbagliata')), 'bad-credentials')
  assert.equal((await stored())?.scram, null)
  await password(address, PASSWORD)
  assert.equal((await stored())?.hash, before?.hash)
  assert.equal(await codeOf(scram(address, PASSWORD)), 'in')
})

test('keys are not added to a password that was changed meanwhile', async () => {
  const address = await newMailbox()
  const mailbox = await ref(address)
  const before = await queries.credential(mailbox)
  await queries.addScram(mailbox, before?.hash ?? '', 'other keys')
  assert.deepEqual(await queries.credential(mailbox), before, 'keys that are there stay')
  await database.transactor.call(mailbox.slot, `update credential set scram = null where slot = $1 and mailbox = $2`, [
    mailbox.slot,
    mailbox.id,
  ])
  await queries.addScram(mailbox, 'hash of an older password', 'other keys')
  assert.equal((await queries.credential(mailbox))?.scram, null)
})

test('a password in letters beyond ASCII opens by SCRAM in its prepared form; one that SCRAM forbids opens in clear only', async () => {
  const { password, scram } = process()
  const composed = await newMailbox('perché no? è così')
  assert.equal(await codeOf(scram(composed, 'perché no? è così'.normalize('NFC'))), 'in')
  const forbidden = await newMailbox('parola\u0007segreta')
  assert.equal(await codeOf(password(forbidden, 'parola\u0007segreta')), 'in')
  assert.equal(await codeOf(scram(forbidden, 'parola\u0007segreta')), 'bad-credentials')
})

test('PostgreSQL makes the same keys of the same passwords', async () => {
  const passwords = [
    'pencil',
    'perche\u0301',
    '\u00aa\u2168 IX',
    'I\u00adX',
    'una\u00a0parola',
    '\u05d0\u05d1\u05d2',
    '\u06271\u0628',
    'sar\u00e0 \u{1f600}',
  ]
  for (const [index, password] of passwords.entries()) {
    const name = `judge${index}`
    await database.transactor.reference((tx) => tx.query(`create role ${name} password '${password}'`))
    const [role] = await database.reader.read<{ keys: string }>('select rolpassword as keys from pg_authid where rolname = $1', [
      name,
    ])
    const theirs = parseScramKeys(role?.keys ?? '')
    assert.deepEqual(await deriveScramKeys(saslprep(password) ?? '', theirs.salt, theirs.iterations), theirs, password)
  }
})

test('what a name is asked for tells nothing: it is the same for ever, in every process, and like that of others', async () => {
  const logins = () =>
    createLogins({ queries, brake: createLoginBrake(now), now, report: () => assert.fail(), failed: () => undefined })
  const ask = async (user: string) => {
    const { salt, iterations } = await logins()('imap').beginScram(user, HOME)
    return { salt: salt.toString('hex'), iterations }
  }
  const later = 'later@pec.test'
  const [unknown, other] = [await ask(later), await ask('nobody@pec.test')]
  await mailboxes.create(later, PASSWORD, 1e6)
  assert.deepEqual(await ask(later), unknown, 'when it becomes a mailbox')
  await mailboxes.setPassword(later, 'una del tutto nuova')
  assert.deepEqual(await ask(later), unknown, 'when its password is changed')
  await appPasswords.create(later, { name: 'telefono', protocols: ['imap'] })
  assert.deepEqual(await ask('LATER@pec.test '), unknown)
  assert.deepEqual(await ask('nobody@pec.test'), other)
  assert.notEqual(unknown.salt, other.salt)
  assert.deepEqual([unknown.salt.length, unknown.iterations], [32, other.iterations])
  assert.ok(unknown.iterations >= 4096)
})

test('processes that need a secret for the first time at the same time agree on it', async () => {
  const proposals = Array.from({ length: 8 }, () => queries.secret('new', randomBytes(32), new Date(now())))
  const decided = (await Promise.all(proposals)).map((value) => value.toString('hex'))
  assert.equal(new Set(decided).size, 1)
  assert.match(decided[0] ?? '', /^[0-9a-f]{64}$/)
})

test('an unknown name, a wrong password and a mailbox without one fail alike by SCRAM, and are counted', async () => {
  const { scram, guess, failed } = process()
  const address = await newMailbox()
  await mailboxes.ensureUnattended('unattended@pec.test', 1e6)
  for (const user of [address, 'nobody@pec.test', 'unattended@pec.test'])
    await assert.rejects(scram(user, 'parola sbagliata'), { code: 'bad-credentials', message: /^Wrong user name or password/ })
  assert.equal(failed.length, 3)
  for (const user of [address, 'nobody@pec.test'])
    for (let time = 0; time < 4; time++) assert.equal(await guess(user, '203.0.113.1'), 'bad-credentials')
  const throttled = { code: 'login-throttled', fault: 'temporary' }
  await assert.rejects(scram('nobody@pec.test', 'x', 'imap', '203.0.113.1'), throttled)
  await assert.rejects(scram(address, PASSWORD, 'imap', '203.0.113.1'), throttled)
})

test('an app password opens what it is for, beside the password, in clear and by SCRAM', async () => {
  const { password, scram } = process()
  const address = await newMailbox()
  const { secret } = await appPasswords.create(address, { name: 'telefono', protocols: ['smtp', 'imap', 'imap'] })
  const other = await appPasswords.create(address, { name: 'portatile', protocols: ['pop3'] })
  for (const service of ['imap', 'smtp'] as const) {
    for (const login of [password, scram]) assert.equal(await codeOf(login(address, secret, service)), 'in', service)
    await assert.rejects(password(address, other.secret, service), { code: 'login-refused', message: /not for (IMAP|SMTP)/ })
  }
  for (const service of ['pop3', 'jmap'] as const) {
    for (const login of [password, scram]) assert.equal(await codeOf(login(address, secret, service)), 'login-refused', service)
    assert.equal(await codeOf(password(address, PASSWORD, service)), 'in')
  }
  assert.equal(await codeOf(scram(address, other.secret, 'pop3')), 'in')
  assert.equal(await codeOf(password(address, secret.toUpperCase().replaceAll('-', ' '))), 'in', 'as people type it')
  const stranger = await newMailbox()
  for (const login of [password, scram]) assert.equal(await codeOf(login(stranger, secret)), 'bad-credentials')
})

test('app passwords: what is stored, what is listed, what is refused', async () => {
  const address = await newMailbox()
  const { secret, ...shown } = await appPasswords.create(address, { name: ' telefono di Anna ', protocols: ['smtp', 'imap'] })
  assert.deepEqual(shown, { name: 'telefono di Anna', protocols: ['imap', 'smtp'], createdAt: new Date(now()), lastUsedAt: null })
  assert.deepEqual(await appPasswords.list(address.toUpperCase()), [shown])
  const stored = JSON.stringify(await database.reader.read('select * from app_password'))
  assert.ok(!stored.includes(secret) && !stored.includes(secret.replaceAll('-', '')))
  const refused: [string, readonly string[], string][] = [
    ['telefono di Anna', ['imap'], 'app-password-exists'],
    ['', ['imap'], 'bad-app-password'],
    ['x'.repeat(61), ['imap'], 'bad-app-password'],
    ['a\nb', ['imap'], 'bad-app-password'],
    ['altro', [], 'bad-app-password'],
    ['altro', ['imap', 'telnet'], 'bad-app-password'],
  ]
  for (const [name, protocols, code] of refused)
    await assert.rejects(appPasswords.create(address, { name, protocols: protocols as Protocol[] }), { code, fault: 'client' })
  await assert.rejects(appPasswords.create('nobody@pec.test', { name: 'x', protocols: ['imap'] }), { code: 'no-such-mailbox' })
  await assert.rejects(appPasswords.revoke(address, 'altro'), { code: 'no-such-app-password', fault: 'client' })
  await appPasswords.revoke(address, 'telefono di Anna')
  assert.deepEqual(await appPasswords.list(address), [])
})

test('a mailbox has so many app passwords, also when several are made at the same time; all can be taken away at once', async () => {
  const address = await newMailbox()
  const made = await Promise.allSettled(
    Array.from({ length: 55 }, (_, index) => appPasswords.create(address, { name: String(index), protocols: ['imap'] })),
  )
  assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 50)
  assert.equal((await appPasswords.list(address)).length, 50)
  assert.equal((await appPasswords.revokeAll(address)).length, 50)
  assert.deepEqual(await appPasswords.revokeAll(address), [])
})

test('the use of an app password is noted, once an hour', async () => {
  const { password, scram } = process()
  const address = await newMailbox()
  const { secret } = await appPasswords.create(address, { name: 'telefono', protocols: ['imap'] })
  const lastUse = async () => (await appPasswords.list(address))[0]?.lastUsedAt?.getTime() ?? null
  assert.equal(await lastUse(), null)
  await codeOf(password(address, secret, 'smtp'))
  assert.equal(await lastUse(), null, 'a refusal is no use')
  const first = clock.now
  await password(address, secret)
  assert.equal(await lastUse(), first)
  clock.now += HOUR - 1
  await password(address, secret)
  assert.equal(await lastUse(), first)
  clock.now += 1
  await scram(address, secret)
  assert.equal(await lastUse(), first + HOUR)
})

test('what is revoked opens nothing, and stops what it had opened', async () => {
  const { password, scram } = process()
  const address = await newMailbox()
  const telephone = await appPasswords.create(address, { name: 'telefono', protocols: ['imap'] })
  const laptop = await appPasswords.create(address, { name: 'portatile', protocols: ['imap'] })
  const [open, kept] = [await password(address, telephone.secret), await password(address, laptop.secret)]
  for (const login of [open, kept]) await Promise.all([login.check(), login.checkMaySend()])
  await appPasswords.revoke(address, 'telefono')
  for (const login of [password, scram]) assert.equal(await codeOf(login(address, telephone.secret)), 'bad-credentials')
  await assert.rejects(open.check(), { code: 'login-stale', fault: 'client', message: /revoked/ })
  await assert.rejects(open.checkMaySend(), { code: 'login-stale' })
  await Promise.all([kept.check(), kept.checkMaySend()])
  await mailboxes.setPassword(address, 'una del tutto nuova')
  await kept.check()
})

test('with a second factor the password alone opens nothing to a mail program, and who knows it learns why', async () => {
  const { password, scram, failed } = process()
  const address = await newMailbox()
  const mailbox = await ref(address)
  const { secret } = await appPasswords.create(address, { name: 'tutto', protocols: PROTOCOLS })
  const open = await password(address, PASSWORD)
  await profiles.set(mailbox, { secondFactor: true })
  for (const service of PROTOCOLS) {
    for (const login of [password, scram]) {
      await assert.rejects(login(address, PASSWORD, service), { code: 'login-refused', fault: 'client', message: /app password/ })
      assert.equal(await codeOf(login(address, secret, service)), 'in')
    }
  }
  assert.equal(await codeOf(password(address, 'parola sbagliata')), 'bad-credentials')
  await assert.rejects(open.check(), { code: 'login-stale', message: /app password/ })
  await assert.rejects(open.checkMaySend(), { code: 'login-stale' })
  assert.deepEqual(failed.filter((line) => line.includes('login-refused')).length, 2 * PROTOCOLS.length)
  await profiles.set(mailbox, { secondFactor: false })
  assert.equal(await codeOf(password(address, PASSWORD)), 'in')
  await open.check()
})

test('the state of the mailbox counts for app passwords too, and for a login that is checked again', async () => {
  const { password } = process()
  const address = await newMailbox()
  const mailbox = await ref(address)
  const { secret } = await appPasswords.create(address, { name: 'telefono', protocols: ['imap'] })
  const open = await password(address, secret)
  await profiles.set(mailbox, { status: 'suspended' })
  await open.check()
  await assert.rejects(open.checkMaySend(), { code: 'sending-refused' })
  await profiles.set(mailbox, { status: 'disabled' })
  await assert.rejects(open.check(), { code: 'login-refused' })
  assert.equal(await codeOf(password(address, secret)), 'login-refused')
})

test('nobody is locked out: an app password is never held up, nor a password where its holder has logged in lately', async () => {
  const { password, scram, guess } = process()
  const address = await newMailbox()
  const { secret } = await appPasswords.create(address, { name: 'telefono', protocols: ['imap'] })
  await password(address, PASSWORD)
  for (let stranger = 1; stranger <= 40; stranger++) await guess(address, `198.51.100.${stranger}`)
  for (let time = 0; time < 5; time++) await guess(address, '203.0.113.9')
  assert.equal(
    await codeOf(password(address, PASSWORD, 'imap', '203.0.113.10')),
    'login-throttled',
    'a network that nobody knows',
  )
  assert.equal(await codeOf(password(address, PASSWORD)), 'in')
  assert.equal(await codeOf(scram(address, PASSWORD)), 'in')
  for (const from of ['203.0.113.9', '203.0.113.10', '198.51.100.1']) {
    assert.equal(await codeOf(password(address, secret, 'imap', from)), 'in', from)
    await codeOf(password(address, 'x', 'imap', from))
    assert.equal(await codeOf(scram(address, secret, 'imap', from)), 'in', from)
  }
})

test('where a holder has logged in lately is known in every process and after a restart, for a month', async () => {
  const address = await newMailbox()
  await process().password(address, PASSWORD, 'imap', '2001:db8:0:1::1')
  const underAttack = async (): Promise<Process> => {
    const other = process()
    for (let stranger = 1; stranger <= 40; stranger++) await other.guess(address, `198.51.100.${stranger}`)
    return other
  }
  const restarted = await underAttack()
  assert.equal(await codeOf(restarted.password(address, PASSWORD, 'imap', '2001:db8:0:2::1')), 'login-throttled')
  assert.equal(await codeOf(restarted.password(address, PASSWORD, 'imap', '2001:db8:0:1:ffff::2')), 'in')
  const stored = JSON.stringify(await database.reader.read('select network from login_network'))
  assert.ok(!stored.includes('2001:db8'), 'where he was is not written down')

  clock.now += 31 * 24 * HOUR
  assert.equal(await codeOf((await underAttack()).password(address, PASSWORD, 'imap', '2001:db8:0:1::1')), 'login-throttled')
  const { slot, id } = await ref(address)
  const networks = async () =>
    (await database.reader.read('select 1 from login_network where slot = $1 and mailbox = $2', [slot, id])).length
  clock.now += HOUR
  assert.equal(await networks(), 1)
  await process().password(address, PASSWORD, 'imap', '192.0.2.77')
  assert.equal(await networks(), 1, 'what is too old is forgotten')
})

test('what cannot be noted keeps nobody out, and is reported', async () => {
  const address = await newMailbox()
  const { slot, id } = await ref(address)
  const { secret } = await appPasswords.create(address, { name: 'telefono', protocols: ['imap'] })
  await database.transactor.call(slot, 'update credential set scram = null where slot = $1 and mailbox = $2', [slot, id])
  const full = (): Promise<never> => Promise.reject(new Error('the disk is full'))
  const { password, reported } = process({ noteUse: full, noteNetwork: full, addScram: full })
  assert.equal(await codeOf(password(address, PASSWORD)), 'in')
  assert.equal(reported.length, 2)
  assert.equal(await codeOf(password(address, secret)), 'in')
  assert.equal(reported.length, 4)
})
