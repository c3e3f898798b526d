/** The way of a request on a real database: each wrong input says why and changes nothing. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { auditReads } from '../../audit/queries.ts'
import { findViolations } from '../../storage/consistency.ts'
import { withTestDatabase } from '../../storage/test-database.ts'
import { AGREEMENT_CHECKS } from './consistency.ts'
import { addDays } from './days.ts'
import { ANNA, begin, BRUNO, openTestDesk, PDF, referenceOf, withDocument, withMailbox } from './test-desk.ts'

const { database } = await withTestDatabase({ after })
const desk = await openTestDesk(database)
const { requests, contracts, payments, documents } = desk
const HOLDER = { actor: 'holder:x', role: 'holder' } as const

/** Every row of the room: what must not change when something is refused. */
async function rows(): Promise<string> {
  const counts = [
    'request',
    'contract',
    'holder',
    'payment',
    'document',
    'notice',
    'agreement_timer',
    'link_token',
    'address_hold',
    'address',
  ]
  const [all] = await database.reader.read<{ all: string }>(
    `select ${counts.map((table) => `(select coalesce(string_agg(t::text, '|' order by t::text), '') from ${table} t)`).join(` || '#' || `)} as all`,
  )
  return all?.all ?? ''
}

async function refused(work: () => Promise<unknown>, code: string): Promise<void> {
  const before = await rows()
  await assert.rejects(work(), { code })
  assert.equal(await rows(), before, `${code}: nothing has changed`)
}

test('from the code to the mailbox, with the payment by bank transfer', async () => {
  const { code, members } = await desk.newOrder()
  const [mario] = members
  assert.ok(mario)
  const request = await begin(desk, code, mario, 2)
  assert.deepEqual([request.state, await desk.noticesOf(request)], ['requested', ['confirm-email']])
  const token = await requests.confirmationLink(request.id, ANNA)
  assert.equal(await requests.confirmEmail(token), request.id)
  assert.ok((await requests.get(request.id)).emailConfirmedAt)
  assert.equal((await requests.giveDocument(request.id, PDF, HOLDER)).state, 'payment-pending')
  const [payment] = await payments.of(request.slot, request.id)
  assert.deepEqual([payment?.cents, payment?.method, payment?.state], [2000, 'bank-transfer', 'awaited'])
  const [report] = await payments.importBank(
    [
      {
        day: '15/03/2026',
        cents: 2000,
        note: `Bonifico ${payment?.reference.slice(0, 6)} ${payment?.reference.slice(6)} PEC`,
        bankId: 'T1',
      },
    ],
    ANNA,
  )
  assert.equal(report?.outcome, 'registered')
  assert.deepEqual((await documents.show(request.id, ANNA)).bytes, PDF)
  const contract = await contracts.get(await requests.approve(request.id, ANNA))
  assert.deepEqual(
    [contract.state, contract.startsOn, contract.expiresOn, contract.address],
    ['active', '2026-03-15', '2028-03-15', 'mario.rossib@pec.ordine.test'],
  )
  assert.deepEqual((await desk.noticesOf(contract)).toSorted(), ['activation', 'address-communicated'])
  assert.equal((await desk.mailboxes.show(contract.address)).quota, 1e9)
  const link = await contracts.activationLink(contract.id, ANNA)
  await assert.rejects(contracts.activate(link, 'short'), { code: 'weak-password' })
  assert.equal(await contracts.activate(link, 'una parola lunga'), contract.address)
  await refused(() => contracts.activate(link, 'una altra parola'), 'link-used')
  const acts = (await auditReads(database.reader).list({})).filter(
    ({ object }) => object.includes(request.id) || object.includes(contract.id),
  )
  assert.deepEqual(acts.map(({ act, details }) => String(details['event'] ?? act)).toSorted(), [
    'approve',
    'begin',
    'confirm-email',
    'document-shown',
    'give-document',
    'link-made',
    'link-made',
    'pay',
    'start',
  ])
})

test('the order pays: no payment is awaited', async () => {
  const { code, members } = await desk.newOrder({ payer: 'order' })
  const [mario] = members
  assert.ok(mario)
  assert.equal((await withDocument(desk, code, mario)).state, 'review-pending')
})

test('who is not who he says has no request', async () => {
  const { order, code, members, lines, roll } = await desk.newOrder()
  const [mario, luca] = members
  assert.ok(mario && luca)
  const check = (change: object) => () => requests.check({ code, ...mario, ...change })
  await refused(check({ code: 'NESSUNO-1' }), 'no-such-agreement')
  await refused(check({ taxCode: 'RSSMRA60A01H999X' }), 'bad-tax-code')
  await refused(check({ taxCode: 'MRTMTT25D09F205Z' }), 'not-on-roll')
  await refused(check({ taxCode: luca.taxCode }), 'name-differs')
  await refused(check({ givenName: 'Maria' }), 'name-differs')
  await desk.rolls.importFile(order, roll(lines.slice(1)), ANNA, { whole: true })
  await refused(check({}), 'struck-off')
})

test('what is wrong in a request is said, and nothing begins', async () => {
  const { code, members } = await desk.newOrder({ durations: [1, 3] })
  const [mario, luca] = members
  assert.ok(mario && luca)
  const { proposals } = await requests.check({ code, ...mario })
  const [first] = proposals
  assert.ok(first)
  const right = { code, ...mario, address: first.address, years: 1, email: 'mario@example.it', phone: '', termsVersion: '1' }
  const start = (change: object) => () => requests.start({ ...right, ...change })
  await refused(start({ address: 'presidente@pec.ordine.test' }), 'address-not-proposed')
  await refused(start({ email: 'mario@pec.ordine.test' }), 'bad-address')
  await refused(start({ email: 'mario' }), 'bad-address')
  await refused(start({ phone: '<script>' }), 'bad-phone')
  await refused(start({ years: 2 }), 'bad-years')
  await refused(start({ termsVersion: '0' }), 'terms-not-accepted')
  const id = await requests.start(right)
  await refused(start({ address: proposals[1]?.address }), 'request-open')
  await refused(start({}), 'address-taken')
  assert.equal((await requests.get(id)).state, 'requested')
})

test('a double click begins one request', async () => {
  const { code, members } = await desk.newOrder()
  const [mario] = members
  assert.ok(mario)
  const both = await Promise.allSettled([begin(desk, code, mario), begin(desk, code, mario)])
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
})

test('an address is held while its request is under way, and one that was given is never proposed again', async () => {
  const { code, members } = await desk.newOrder()
  const [mario] = members
  assert.ok(mario)
  // Another member whose name makes the same address.
  const namesake = { ...mario, taxCode: members[1]?.taxCode ?? '' }
  const other = await desk.newOrder()
  await desk.rolls.importFile(other.order, other.roll([`${namesake.taxCode};${mario.surname};${mario.givenName}`]), ANNA)
  const firstFree = async () =>
    (await requests.check({ code: other.code, ...namesake })).proposals.find(({ free }) => free)?.address
  const { address, id } = await begin(desk, code, mario)
  assert.notEqual(await firstFree(), address)
  await requests.abandon(id, HOLDER)
  assert.equal(await firstFree(), address, 'free again')
  const contract = await withMailbox(desk, code, mario)
  assert.equal(contract.address, address)
  await contracts.stop(contract.id, 'withdraw', null, HOLDER)
  await desk.goTo(addDays(desk.today(), 200))
  assert.equal((await contracts.get(contract.id)).state, 'ended')
  assert.notEqual(await firstFree(), address)
})

test('a link for the e-mail address is good once, for its time, and only the newest', async () => {
  const { code, members } = await desk.newOrder()
  const [mario, luca] = members
  assert.ok(mario && luca)
  const one = await begin(desk, code, mario)
  const [old, token] = [await requests.confirmationLink(one.id, ANNA), await requests.confirmationLink(one.id, ANNA)]
  await refused(() => requests.confirmEmail(old), 'bad-link')
  await refused(() => requests.confirmEmail('abc'), 'bad-link')
  await refused(() => requests.confirmEmail(`${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`), 'bad-link')
  await requests.confirmEmail(token)
  await refused(() => requests.confirmEmail(token), 'link-used')
  const stored = await database.reader.read<{ row: string }>('select t::text as row from link_token t')
  assert.ok(!stored.some(({ row }) => row.includes(token.slice(3))))
  const two = await begin(desk, code, luca)
  const late = await requests.confirmationLink(two.id, ANNA)
  desk.clock.now += 48 * 3_600_000
  await refused(() => requests.confirmEmail(late), 'link-expired')
})

test('documents: kind, size, virus; stored encrypted; a better one takes the place of the first', async () => {
  const { code, members } = await desk.newOrder()
  const [mario] = members
  assert.ok(mario)
  const { id } = await begin(desk, code, mario)
  const give = (bytes: Buffer) => () => requests.giveDocument(id, bytes, HOLDER)
  await refused(give(PDF), 'wrong-state')
  await requests.confirmEmail(await requests.confirmationLink(id, ANNA))
  await refused(give(Buffer.alloc(20_000_000, '%PDF-')), 'document-too-large')
  await refused(give(Buffer.from(`MZ${'x'.repeat(500)}`)), 'document-kind')
  desk.infected.name = 'Eicar'
  await refused(give(PDF), 'document-infected')
  desk.infected.name = null
  await give(PDF)()
  await refused(give(PDF), 'wrong-state')
  const [stored] = await database.reader.read<{ sealed: Buffer }>('select sealed from document where request = $1', [id])
  assert.ok(stored && !stored.sealed.includes('identity card'))
  await assert.rejects(documents.show(id, HOLDER), { code: 'not-yours' })
  await requests.askDocument(id, 'cannot be read', ANNA)
  const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(500)])
  await give(jpeg)()
  assert.equal((await documents.show(id, ANNA)).mediaType, 'image/jpeg')
  assert.equal((await payments.of((await requests.get(id)).slot, id)).length, 1, 'one payment')
  // Moved to another request, a document does not open.
  const luca = members[1]
  assert.ok(luca)
  const other = await withDocument(desk, code, luca)
  await database.transactor.call(
    other.slot,
    `update document d set sealed = o.sealed, nonce = o.nonce from document o
     where d.slot = $1 and d.request = $2 and o.slot = $1 and o.request = $3 and o.sealed is not null`,
    [other.slot, other.id, id],
  )
  await assert.rejects(documents.show(other.id, ANNA), { code: 'document-damaged' })
})

test('two operators at once: one decides, the other is told', async () => {
  const { code, members } = await desk.newOrder({ payer: 'order' })
  const [mario, luca] = members
  assert.ok(mario && luca)
  const one = await withDocument(desk, code, mario)
  const decisions = await Promise.allSettled([
    requests.approve(one.id, ANNA),
    requests.approve(one.id, BRUNO),
    requests.approve(one.id, ANNA),
  ])
  assert.deepEqual(decisions.map((one) => (one.status === 'fulfilled' ? 'done' : (one.reason as { code: string }).code)).sort(), [
    'done',
    'wrong-state',
    'wrong-state',
  ])
  const two = await withDocument(desk, code, luca)
  const mixed = await Promise.allSettled([requests.approve(two.id, ANNA), requests.reject(two.id, 'not the person', BRUNO)])
  assert.deepEqual(mixed.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  const paolo = members[2]
  assert.ok(paolo)
  const three = await withDocument(desk, code, paolo)
  await refused(() => requests.approve(three.id, HOLDER), 'not-yours')
  await refused(() => requests.reject(three.id, ' ', ANNA), 'no-reason')
})

test('an address that was given meanwhile stops the approval', async () => {
  const { code, members } = await desk.newOrder({ payer: 'order' })
  const [mario] = members
  assert.ok(mario)
  const request = await withDocument(desk, code, mario)
  await desk.mailboxes.create(request.address, 'una parola lunga', 1e6)
  await refused(() => requests.approve(request.id, ANNA), 'address-taken')
  assert.equal((await requests.get(request.id)).state, 'review-pending')
})

test('a payment told again, of another sum, or of nothing', async () => {
  const { code, members } = await desk.newOrder()
  const [mario, luca] = members
  assert.ok(mario && luca)
  const request = await withDocument(desk, code, mario)
  const reference = await referenceOf(desk, request)
  const told = (cents: number, bankId: string, note = reference) => payments.importBank([{ day: '1', cents, note, bankId }], ANNA)
  const outcome = async (reports: ReturnType<typeof told>) =>
    (await reports).map(({ outcome, repeated }) => `${outcome} ${repeated}`)
  assert.deepEqual(await outcome(told(999, 'A')), ['wrong-amount false'])
  assert.equal((await requests.get(request.id)).state, 'payment-pending')
  assert.deepEqual(await outcome(told(1000, 'B', 'no reference')), ['unknown false'])
  const before = await Promise.all([told(1000, 'C'), told(1000, 'C'), told(1000, 'C')])
  assert.deepEqual(before.flat().filter(({ repeated }) => repeated).length, 2)
  const after = await rows()
  assert.deepEqual(await outcome(told(1000, 'C')), ['registered true'])
  assert.equal(await rows(), after)
  assert.deepEqual(await outcome(told(1000, 'D')), ['paid-already false'])
  const operator = await payments.register(reference, 'seen', ANNA)
  assert.equal(operator.outcome, 'paid-already')
  await assert.rejects(payments.register('PEC0', 'x', ANNA), { code: 'no-such-payment' })
  const late = await withDocument(desk, code, luca)
  await requests.reject(late.id, 'not the person', ANNA)
  assert.equal((await payments.register(await referenceOf(desk, late), 'x', ANNA)).outcome, 'too-late')
})

test('nobody goes on: the request ends; its personal data go after the term, and so does an approved document', async () => {
  const { code, members } = await desk.newOrder()
  const [mario, luca, paolo] = members
  assert.ok(mario && luca && paolo)
  const [one, two] = [await begin(desk, code, mario), await withDocument(desk, code, luca)]
  const contract = await withMailbox(desk, code, paolo)
  const start = desk.today()
  await desk.goTo(addDays(start, 14))
  assert.deepEqual([(await requests.get(one.id)).state, (await requests.get(two.id)).state], ['requested', 'payment-pending'])
  await desk.goTo(addDays(start, 15))
  assert.equal((await requests.get(one.id)).state, 'abandoned')
  await desk.goTo(addDays(start, 31))
  assert.equal((await requests.get(two.id)).state, 'abandoned')
  assert.equal((await requests.get(one.id)).surname, mario.surname)
  await desk.goTo(addDays(start, 45))
  const erased = await requests.get(one.id)
  assert.deepEqual([erased.surname, erased.taxCode, erased.email, erased.address, erased.state], ['', '', '', '', 'abandoned'])
  await desk.goTo(addDays(start, 61))
  await assert.rejects(documents.show(two.id, ANNA), { code: 'no-document' })
  const everything = await database.reader.read<{ text: string }>(
    `select (select coalesce(string_agg(t::text, ''), '') from request t) || (select coalesce(string_agg(t::text, ''), '') from notice t)
       || (select coalesce(string_agg(t::text, ''), '') from address_hold t) as text`,
  )
  assert.ok(!everything[0]?.text.includes(one.address))
  const documentsLeft = async (): Promise<number> =>
    (
      await database.reader.read(
        'select from document d join request r on r.id = d.request where r.mailbox = $1 and d.sealed is not null',
        [contract.mailbox],
      )
    ).length
  assert.equal(await documentsLeft(), 1)
  await desk.goTo(addDays(start, 181))
  assert.equal(await documentsLeft(), 0)
  assert.deepEqual(desk.errors, [])
})

test('all of it is consistent', async () => {
  assert.deepEqual(await findViolations(database.reader, AGREEMENT_CHECKS), [])
})
