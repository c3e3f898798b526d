/**
 * The agreement as a story: an order, its members and an operator over a year and a half, by the REST API of a running installation whose clock is
 * moved, with the letters that it sends. Whatever happens by itself is done by the installation's own worker, at the time that it takes for now.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readMessage } from '../src/pec/reading.ts'
import { addDays, addYears, dayOf, startOf } from '../src/registry/agreement/days.ts'
import { basic, bearer, openBrowser, operatorSignIn, type Asked } from './support/api.ts'
import { consistent } from './support/consistent.ts'
import { connectMailbox, openMailbox, readInbox, waitForMessages } from './support/mailbox-reader.ts'
import { startOrdinaryPost } from './support/ordinary-post.ts'
import { startProvider, type Account } from './support/provider.ts'
import { crowd, person, rollFile, type RollPerson } from './support/roll.ts'
import { movedBy, sharedClock } from './support/steering.ts'
import { plainMessage, submit } from './support/submit.ts'

const ORDER = 'ORDINE-ALFA'
const AGREEMENT = 'ORDINE-ALFA-0001'
const DOMAIN = 'pec.ordine-alfa.test'
const SECRETARIAT = 'segreteria@ordine-alfa.example'
const CENTS = 1500
const MEMBERS = 5000
const PASSWORD = 'Sette cavalli in salita'
const PDF = Buffer.from(`%PDF-1.7\n${'identity card '.repeat(100)}`)
const NOON_MS = 12 * 3_600_000

const owner = { after }
const post = await startOrdinaryPost(owner)
const clock = sharedClock(owner)
const provider = await startProvider(owner, { environment: { CERALACCA_ROUTES: post.route, ...movedBy(clock) } })
const [correspondent] = provider.accounts
const anybody = openBrowser(provider)
const desk = openBrowser(provider)
const signIn = operatorSignIn(provider, desk, clock.now)
const today = (): string => dayOf(clock.now())

/** The day comes, at noon; the operator's session of before is over. */
async function dayComes(day: string): Promise<void> {
  clock.advance(startOf(day) + NOON_MS - clock.now())
  assert.equal(today(), day)
  await signIn()
}

/** What is answered to what may be done. */
async function done<T = Record<string, string>>(browser: typeof desk, method: string, path: string, asked?: Asked): Promise<T> {
  const { status = 0, body } = await browser.ask(method, path, asked)
  assert.ok(status >= 200 && status < 300, `${method} ${path}: ${status} ${JSON.stringify(body)}`)
  return body as T
}

/** What `ceralacca ARGS --json` prints. */
async function run<T = Record<string, string>>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await provider.ceralacca(...args, '--json')
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as T
}

interface Member extends RollPerson, Account {
  readonly email: string
}

const member = (surname: string, givenName: string, day: number): Member => ({
  ...person(surname, givenName, { year: 70, day, registerNumber: String(day) }),
  address: `${givenName}.${surname}@${DOMAIN}`.toLowerCase(),
  password: PASSWORD,
  email: `${givenName}@example.it`.toLowerCase(),
})

const anna = member('Ferri', 'Anna', 1)
const bruno = member('Conti', 'Bruno', 2)
const carla = member('Serra', 'Carla', 3)
const dario = member('Monti', 'Dario', 4)
const elisa = member('Rossetti', 'Elisa', 5)
const people = [anna, bruno, carla, dario, elisa]
const everybody = [...people, ...crowd(MEMBERS - people.length)]

const personOf = ({ taxCode, surname, givenName }: RollPerson) => ({ taxCode, surname, givenName })

interface Payment {
  readonly reference: string
  readonly cents: number
}

let token = ''
interface RollReport {
  readonly changes: Record<string, number>
  readonly revoked: number
  readonly rejected: object[]
  readonly doubtful: object[]
}
async function importRoll(those: readonly RollPerson[]): Promise<RollReport> {
  if (token === '') {
    const body = { name: 'gestionale', scopes: ['roll:read', 'roll:write'], order: ORDER }
    ;({ token = '' } = await done(desk, 'POST', '/tokens', { body }))
  }
  const asked = { headers: bearer(token), file: rollFile(those), fields: { whole: 'true' } }
  return done<RollReport>(anybody, 'POST', `/orders/${ORDER}/roll`, asked)
}

/** Up to the payment that is awaited. */
async function request(who: Member): Promise<{ id: string; payment: Payment }> {
  const { proposals } = await done<{ proposals: { address: string; free: boolean }[] }>(
    anybody,
    'POST',
    `/agreements/${AGREEMENT}/check`,
    { body: personOf(who) },
  )
  assert.deepEqual(proposals[0], { address: who.address, free: true })
  const { address, email } = who
  const wanted = { code: AGREEMENT, ...personOf(who), address, email, years: 1, phone: '', termsVersion: '1' }
  const { id = '' } = await done(anybody, 'POST', '/requests', { body: wanted })
  const confirm = await post.letter(/confermi che questo indirizzo e-mail/, email)
  const confirmed = await done(anybody, 'POST', '/requests/confirmations', { body: { token: confirm.token } })
  assert.equal(confirmed['id'], id)
  const asked = { headers: bearer(confirmed['token'] ?? ''), file: PDF, fields: { method: 'bank-transfer' } }
  const { state, payments } = await done<{ state: string; payments: Payment[] }>(
    anybody,
    'POST',
    `/requests/${id}/document`,
    asked,
  )
  const [payment] = payments
  assert.ok(payment)
  assert.deepEqual([state, payment.cents], ['payment-pending', CENTS])
  return { id, payment }
}

/** The bank tells of money that has come, and the operator imports its file. */
async function pay(payments: readonly Payment[]): Promise<void> {
  const lines = payments.map(({ reference, cents }) => `${today()};${cents / 100},00;BONIFICO ${reference}`)
  const file = Buffer.from(['Data;Importo;Causale', ...lines].join('\n'))
  const { movements, rejected } = await done<{ movements: { outcome: string }[]; rejected: object[] }>(
    desk,
    'POST',
    '/payments/bank-files',
    { file },
  )
  assert.deepEqual(
    movements.map(({ outcome }) => outcome),
    payments.map(() => 'registered'),
  )
  assert.deepEqual(rejected, [])
}

/** Line of a file for the register: 2 inserts, 3 deletes. */
const registerLine = (
  { address, givenName, surname, registerNumber, taxCode }: Member,
  operation: 2 | 3,
  struckOff = '',
): string => [address, givenName, surname, registerNumber, taxCode, operation, '', struckOff].join(';')

let exports = 0
/** The lines of the next file for the register, which the register takes. */
async function exported(): Promise<string[]> {
  const path = join(provider.dataFolder, `register-${++exports}.csv`)
  await run('register', 'export', ORDER, path)
  await run('register', 'confirm', ORDER, String(exports))
  return readFileSync(path, 'utf8').split('\r\n').slice(1, -1).toSorted()
}

async function nothingToExport(): Promise<void> {
  const { code, stderr } = await provider.ceralacca('register', 'export', ORDER, join(provider.dataFolder, 'none.csv'), '--json')
  assert.notEqual(code, 0)
  assert.match(stderr, /nothing-to-export/)
}

/** The member tells of a step, by the password of the mailbox. */
const own = <T = Record<string, string>>(who: Member, method: string, path: string, body?: object): Promise<T> =>
  done<T>(anybody, method, `/mailbox${path}`, { headers: basic(who), ...(body && { body }) })

async function send(from: Account, to: readonly string[], subject: string): Promise<void> {
  const message = plainMessage(from.address, to, { headers: [`Subject: ${subject}`] })
  const { code, stdout } = await submit(provider, { account: from, recipients: to, message })
  assert.equal(code, 0, stdout)
}

/** Waits for messages of a kind about a subject, and answers them. */
async function comes(account: Account, kind: string, subject: string, count = 1): Promise<Buffer[]> {
  const client = await connectMailbox(provider, account)
  const messages = await waitForMessages(client, count, (message) => message.subject === `${kind}: ${subject}`)
  await client.logout()
  return messages.map(({ source }) => source)
}

/** Mail to an address comes back to its sender, as the rules want it: not delivered. */
async function isRefused(address: string, subject: string): Promise<void> {
  await send(correspondent, [address], subject)
  await comes(correspondent, 'AVVISO DI MANCATA CONSEGNA', subject)
}

test('an agreement, from the roll to the end of its addresses', async (t) => {
  let expiresOn = ''
  let broken = false
  /** A step of the story; after one that fails the others are not told. */
  const chapter = (title: string, work: () => Promise<void>): Promise<void> =>
    t.test(title, async (step) => {
      if (broken) return step.skip('the story has ended before')
      broken = true
      await work()
      broken = false
    })

  await chapter('an order signs an agreement, and imports a roll of 5,000 members with a token of its own', async () => {
    // At noon: no day ends while the story goes on.
    await dayComes(addDays(today(), 1))
    await run('domain', 'add', DOMAIN)
    await done(desk, 'POST', '/orders', { body: { code: ORDER, name: 'Ordine Alfa', email: SECRETARIAT } })
    const terms = { code: AGREEMENT, domain: DOMAIN, centsPerYear: CENTS, durations: [1, 2, 3], addressRule: 'name.surname' }
    await done(desk, 'POST', `/orders/${ORDER}/agreements`, { body: terms })
    const report = await importRoll(everybody)
    assert.deepEqual([report.changes['added'], report.rejected, report.doubtful], [MEMBERS, [], []])
  })

  await chapter('members ask, confirm by the link of the letter, show who they are, and pay; an operator approves', async () => {
    const requests = await Promise.all(people.map(request))
    await pay(requests.map(({ payment }) => payment))
    for (const { id } of requests) await done(desk, 'POST', `/requests/${id}/approval`)
    const given = await Promise.all(people.map(({ address }) => post.letter(new RegExp(`è attivo .*${address}`), SECRETARIAT)))
    assert.equal(given.length, people.length)
  })

  await chapter('the activation letter opens the mailbox once: its link sets the password', async () => {
    const letters = await Promise.all(people.map(({ email }) => post.letter(/è attiva\. Per cominciare/, email)))
    for (const [index, { token, text }] of letters.entries()) {
      const { address = '' } = await done(anybody, 'POST', '/activations', { body: { token, password: PASSWORD } })
      assert.equal(address, people[index]?.address)
      assert.match(text, new RegExp(`Nome utente: ${address} .*localhost, porta ${provider.ports.imaps}, SSL/TLS`))
      assert.ok(!text.includes(PASSWORD))
      const again = await anybody.ask('POST', '/activations', { body: { token, password: PASSWORD } })
      assert.deepEqual([again.status, again.body['code']], [410, 'link-used'])
    }
    ;({ expiresOn = '' } = await own(anna, 'GET', ''))
    assert.equal(expiresOn, addYears(today(), 1))
    assert.deepEqual(await exported(), people.map((who) => registerLine(who, 2)).toSorted())
  })

  await chapter(
    'a member sends certified mail, and is told of certified mail by a letter that does not say what it says',
    async () => {
      await run('alerts', 'set', anna.address)
      await send(anna, [correspondent.address, carla.address], 'Convocazione')
      await comes(anna, 'ACCETTAZIONE', 'Convocazione')
      const receipts = await comes(anna, 'CONSEGNA', 'Convocazione', 2)
      assert.deepEqual(
        receipts.map((receipt) => readMessage(receipt).daticert?.recipient ?? '').toSorted(),
        [carla.address, correspondent.address].toSorted(),
      )
      await send(correspondent, [anna.address], 'Risposta riservata')
      await comes(anna, 'POSTA CERTIFICATA', 'Risposta riservata')
      // What comes together is told together: after a while.
      clock.advance(60_000)
      const alert = await post.letter(
        new RegExp(`casella di posta elettronica certificata ${anna.address} sono arrivati`),
        anna.email,
      )
      assert.doesNotMatch(alert.text, /riservata|Buongiorno/)
    },
  )

  await chapter('who is not on the next roll is struck off: the mailbox stops, the register is told', async () => {
    const report = await importRoll(everybody.filter((one) => one !== elisa))
    assert.deepEqual([report.changes['struck-off'], report.changes['changed'], report.revoked], [1, 0, 1])
    await post.letter(/è stata disattivata per revoca/, elisa.email)
    await post.letter(new RegExp(`disattivata per revoca.*${elisa.address}`), SECRETARIAT)
    await isRefused(elisa.address, 'A chi è cancellato')
    assert.deepEqual(await exported(), [registerLine(elisa, 3, today().split('-').toReversed().join('/'))])
  })

  /** Asks for a renewal in time. */
  const renew = async (who: Member, years: number): Promise<void> => {
    const { payment } = await own<{ payment: Payment }>(who, 'POST', '/renewals', { years })
    assert.equal(payment.cents, years * CENTS)
    await pay([payment])
    await post.letter(/è rinnovata per/, who.email)
  }

  await chapter('90 days before the expiry the letter comes, and a member renews for two years', async () => {
    const early = await anybody.ask('POST', '/mailbox/renewals', { headers: basic(anna), body: { years: 2 } })
    assert.deepEqual([early.status, early.body['code']], [409, 'renewal-too-early'])
    await dayComes(addDays(expiresOn, -90))
    const reminder = await post.letter(/scade .*, tra 90 giorni/, anna.email)
    assert.match(reminder.text, /entro/)
    const offer = await own(anna, 'GET', '/renewal')
    assert.deepEqual([offer['may'], offer['lastDay']], ['now', addDays(expiresOn, -15)])
    await renew(anna, 2)
    const { state, expiresOn: renewed } = await own(anna, 'GET', '')
    assert.deepEqual([state, renewed], ['active', addYears(expiresOn, 2)])
    await nothingToExport()
  })

  await chapter('14 days before the expiry is too late, and the answer says why; an operator may let it pass', async () => {
    await dayComes(addDays(expiresOn, -14))
    const { status, body } = await anybody.ask('POST', '/mailbox/renewals', { headers: basic(bruno), body: { years: 1 } })
    assert.deepEqual([status, body['code']], [409, 'renewal-late'])
    assert.match(String(body['detail']), new RegExp(`had to be paid by ${addDays(expiresOn, -15)}.*late renewal.*operator`))
    assert.equal((await own(bruno, 'GET', ''))['expiresOn'], expiresOn)
    const late = await own<{ id: string; state: string; payment: Payment }>(bruno, 'POST', '/renewals', { years: 1, late: true })
    const { id, state, payment } = late
    assert.equal(state, 'late-pending')
    const decided = await done(desk, 'POST', `/renewals/${id}/decision`, { body: { accept: true, reason: 'Era in ospedale' } })
    assert.equal(decided['state'], 'awaiting-payment')
    await pay([payment])
    await post.letter(/è rinnovata per un anno/, bruno.email)
    assert.equal((await own(bruno, 'GET', ''))['expiresOn'], addYears(expiresOn, 1))
  })

  await chapter('who does not renew is suspended: reads, does not send, and mail to him is not delivered', async () => {
    await dayComes(addDays(expiresOn, 1))
    for (const { email, address } of [carla, dario]) {
      await post.letter(/è scaduta .*ed è sospesa/, email)
      await post.letter(new RegExp(`scaduta senza rinnovo ed è sospesa.*${address}`), SECRETARIAT)
    }
    const client = await openMailbox(t, provider, carla)
    assert.deepEqual(
      (await readInbox(client)).map(({ subject }) => subject),
      ['POSTA CERTIFICATA: Convocazione'],
    )
    const message = plainMessage(carla.address, [correspondent.address])
    const refused = await submit(provider, { account: carla, recipients: [correspondent.address], message })
    assert.match(refused.stdout, /235 [^]*550 5\.7\.1 This mailbox is suspended and cannot send/)
    await isRefused(carla.address, 'A chi è sospeso')
    // It may come back: the register keeps the address.
    await nothingToExport()
  })

  await chapter('within 90 days the suspended comes back with the same address', async () => {
    await dayComes(addDays(expiresOn, 90))
    const offer = await own(carla, 'GET', '/renewal')
    assert.deepEqual([offer['may'], offer['lastDay']], ['now', null])
    await renew(carla, 1)
    await post.letter(new RegExp(`di nuovo attiva.*${carla.address}`), SECRETARIAT)
    await send(carla, [correspondent.address], 'Sono tornata')
    await send(correspondent, [carla.address], 'Bentornata')
    await comes(carla, 'POSTA CERTIFICATA', 'Bentornata')
    assert.equal((await own(carla, 'GET', ''))['expiresOn'], addYears(expiresOn, 1))
    await nothingToExport()
  })

  await chapter('after 90 days the other one ends, and the address is never given again', async () => {
    await dayComes(addDays(expiresOn, 91))
    await post.letter(/è cessata/, dario.email)
    const login = await anybody.ask('GET', '/mailbox', { headers: basic(dario) })
    assert.equal(login.body['code'], 'login-refused')
    assert.deepEqual(await exported(), [registerLine(dario, 3)])
    const { proposals } = await done<{ proposals: { address: string; free: boolean }[] }>(
      anybody,
      'POST',
      `/agreements/${AGREEMENT}/check`,
      { body: personOf(dario) },
    )
    assert.deepEqual(proposals[0], { address: dario.address, free: false })
    const { address, email } = dario
    const wanted = { code: AGREEMENT, ...personOf(dario), address, email, years: 1, phone: '', termsVersion: '1' }
    const { status, body } = await anybody.ask('POST', '/requests', { body: wanted })
    assert.deepEqual([status, body['code']], [409, 'address-taken'])
    await isRefused(dario.address, 'A chi non ha più la casella')
  })

  await chapter('30 days later the content goes, as the member was told; all that is kept is consistent', async () => {
    await dayComes(addDays(expiresOn, 121))
    await post.letter(/sono stati cancellati definitivamente/, dario.email)
    const { items } = await done<{ items: { address: string; state: string }[] }>(desk, 'GET', `/orders/${ORDER}/contracts`)
    assert.deepEqual(Object.fromEntries(items.map(({ address, state }) => [address, state])), {
      [anna.address]: 'active',
      [bruno.address]: 'active',
      [carla.address]: 'active',
      [dario.address]: 'ended',
      [elisa.address]: 'ended',
    })
    await consistent(provider)
  })
})
