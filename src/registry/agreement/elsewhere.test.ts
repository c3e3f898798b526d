/** Addresses that members have elsewhere: proved by a code in a certified message, told to order and register, by a clock that is moved. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { auditReads } from '../../audit/queries.ts'
import { findViolations } from '../../storage/consistency.ts'
import { withTestDatabase } from '../../storage/test-database.ts'
import { AGREEMENT_CHECKS } from './consistency.ts'
import { createCodeSender } from './elsewhere-sender.ts'
import { ANNA, openTestDesk, withMailbox, type TestMember } from './test-desk.ts'

const { database } = await withTestDatabase({ after })
const desk = await openTestDesk(database)
const { elsewhere, registerExports, rolls } = desk
const HOLDER = { actor: 'holder:x', role: 'holder' } as const

/** What was sent, and how the next ones are answered. */
const sent: { recipient: string; text: string; pecMsgid: string }[] = []
const answer = { outcome: 'accepted' as 'accepted' | 'refused', fails: false }
const errors: unknown[] = []
const sender = createCodeSender({
  database,
  sender: 'ricevute@pec.ordine.test',
  findMailbox: async () => ({ slot: 7, id: '00000000-0000-7000-8000-000000000007' }),
  async send({ recipient, bytes }) {
    if (answer.fails) throw new Error('no scanner')
    const pecMsgid = `opec.${sent.length}@pec.ordine.test`
    sent.push({ recipient, text: bytes.toString(), pecMsgid })
    return { outcome: answer.outcome, pecMsgid }
  },
  report: (_, data) => void errors.push(data),
  now: () => desk.clock.now,
})

async function sendAll(): Promise<void> {
  for (const slot of await sender.dueSlots(new Date(desk.clock.now))) while (await sender.workOff(slot));
}

/** The code of the last message, whose delivery receipt has come. */
async function deliveredCode(): Promise<string> {
  await sendAll()
  const last = sent.at(-1)
  assert.ok(last)
  desk.delivered.add(last.pecMsgid)
  return /^ {4}(\S+)\r$/m.exec(last.text)?.[1] ?? ''
}

async function proved(order: string, member: TestMember, address: string): Promise<string> {
  const id = await elsewhere.start(order, member, address, HOLDER)
  await elsewhere.prove(id, await deliveredCode(), HOLDER)
  return id
}

async function lastExport(order: string): Promise<string[]> {
  const { file, receipt } = await registerExports.next(order, ANNA)
  await registerExports.confirm(order, receipt.number, [], ANNA)
  const rows = file.toString().split('\r\n').slice(1, -1)
  return rows.map((row) => [row.split(';')[0], row.split(';')[5]].join(' '))
}

async function newMember(): Promise<{
  order: string
  code: string
  mario: TestMember
  roll: (lines: readonly string[]) => Buffer
}> {
  const { order, code, members, roll } = await desk.newOrder()
  const [mario] = members
  assert.ok(mario)
  return { order, code, mario, roll }
}

test('a code in a certified message proves it; then order and register know', async () => {
  const { order, mario } = await newMember()
  const id = await elsewhere.start(order, mario, 'Mario@pec.altrove.test', HOLDER)
  await assert.rejects(elsewhere.prove(id, 'ABCD-EFGH-2345', HOLDER), { code: 'wrong-code' }, 'none was sent')
  const code = await deliveredCode()
  assert.equal(sent.at(-1)?.recipient, 'mario@pec.altrove.test')
  const row = await elsewhere.prove(id, code.toLowerCase().replaceAll('-', ' '), HOLDER)
  assert.deepEqual([row.state, row.sentMsgid], ['proved', sent.at(-1)?.pecMsgid])
  await assert.rejects(elsewhere.prove(id, code, HOLDER), { code: 'wrong-state' })
  assert.deepEqual(await lastExport(order), ['mario@pec.altrove.test 2'])
  const [told] = await desk.notices.of(row.slot, id)
  assert.deepEqual([told?.kind, told?.subjectKind, told?.data['fact']], ['address-communicated', 'elsewhere', 'elsewhere'])
  const acts = await auditReads(database.reader).list({ object: `elsewhere:${id}` })
  assert.deepEqual(
    acts.map(({ details }) => details['event']),
    ['start', 'wrong-code', 'sent', 'prove'],
  )
  const [stored] = await database.reader.read<{ text: string }>(
    `select e::text || (select string_agg(a::text, '') from audit_entry a) as text from address_elsewhere e where id = $1`,
    [id],
  )
  assert.ok(!stored?.text.includes(code.replaceAll('-', '')) && !stored?.text.includes(code), 'the code is nowhere')
})

test('the right code counts only once the delivery receipt is here', async () => {
  const { order, mario } = await newMember()
  const id = await elsewhere.start(order, mario, 'due@pec.altrove.test', HOLDER)
  const code = await deliveredCode()
  desk.delivered.clear()
  await assert.rejects(elsewhere.prove(id, code, HOLDER), { code: 'not-delivered', fault: 'temporary' })
  desk.delivered.add(sent.at(-1)?.pecMsgid ?? '')
  assert.equal((await elsewhere.prove(id, code, HOLDER)).triesLeft, 5, 'it cost no try')
})

test('tries are limited, also those at the same time; codes expire; a newer one makes the older useless', async () => {
  const { order, mario } = await newMember()
  const first = await elsewhere.start(order, mario, 'tre@pec.altrove.test', HOLDER)
  const old = await deliveredCode()
  const guesses = await Promise.allSettled(Array.from({ length: 9 }, () => elsewhere.prove(first, 'AAAA-AAAA-AAAA', HOLDER)))
  const codes = guesses.map((guess) => (guess.status === 'rejected' ? (guess.reason as { code: string }).code : 'proved'))
  assert.deepEqual(
    [codes.filter((one) => one === 'wrong-code').length, codes.filter((one) => one === 'no-tries-left').length],
    [5, 4],
  )
  await assert.rejects(elsewhere.prove(first, old, HOLDER), { code: 'no-tries-left' })

  const second = await elsewhere.start(order, mario, 'tre@pec.altrove.test', HOLDER)
  await assert.rejects(elsewhere.prove(first, old, HOLDER), { code: 'wrong-state' })
  const code = await deliveredCode()
  await assert.rejects(elsewhere.prove(second, old, HOLDER), { code: 'wrong-code' })
  desk.clock.now += 4 * 86_400_000
  await assert.rejects(elsewhere.prove(second, code, HOLDER), { code: 'code-expired' })
})

test('who is not on the roll, a domain that is not certified, a mailbox here, too many a day: nothing begins', async () => {
  const { order, code, mario } = await newMember()
  const start = (address: string, person: TestMember = mario) => elsewhere.start(order, person, address, HOLDER)
  await assert.rejects(start('mario@gmail.test'), { code: 'not-certified' })
  await assert.rejects(start('nothing'), { code: 'bad-address' })
  await assert.rejects(start('x@pec.altrove.test', { ...mario, surname: 'Altro' }), { code: 'name-differs' })
  await assert.rejects(elsewhere.start('NESSUNO', mario, 'x@pec.altrove.test', HOLDER), { code: 'no-such-order' })
  for (let time = 0; time < 5; time++) await start('x@pec.altrove.test')
  await assert.rejects(start('x@pec.altrove.test'), { code: 'too-many-proofs' })
  await sendAll()
  const rows = await elsewhere.of(order, mario.taxCode)
  assert.equal(rows.filter(({ sentMsgid }) => sentMsgid !== null).length, 1, 'only the last one gets a message')
  await withMailbox(desk, code, mario)
  desk.clock.now += 2 * 86_400_000
  await assert.rejects(start('x@pec.altrove.test'), { code: 'has-mailbox' })
  assert.equal((await elsewhere.of(order, mario.taxCode)).at(-1)?.state, 'ended', 'a mailbox here ends what is being proved')
})

test('changed, ended, replaced by a mailbox here, struck off', async () => {
  const { order, code, mario, roll } = await newMember()
  const first = await proved(order, mario, 'uno@pec.altrove.test')
  assert.deepEqual(await lastExport(order), ['uno@pec.altrove.test 2'])
  const second = await proved(order, mario, 'due@pec.altrove.test')
  assert.deepEqual(await lastExport(order), ['due@pec.altrove.test 1'])
  await assert.rejects(elsewhere.end(first, HOLDER), { code: 'wrong-state' })
  assert.equal((await elsewhere.end(second, HOLDER)).state, 'ended')
  assert.deepEqual(await lastExport(order), ['due@pec.altrove.test 3'])

  await proved(order, mario, 'tre@pec.altrove.test')
  const { address, id } = await withMailbox(desk, code, mario)
  assert.deepEqual(await lastExport(order), [`${address} 2`], 'given between the exports, replaced before the second')
  await desk.contracts.stop(id, 'withdraw', null, HOLDER)
  desk.clock.now += 2 * 86_400_000
  await proved(order, mario, 'quattro@pec.altrove.test')
  assert.deepEqual(await lastExport(order), ['quattro@pec.altrove.test 1'])
  const all = await rolls.list(order, { limit: 100 })
  const others = all.members.filter(({ taxCode }) => taxCode !== mario.taxCode)
  await rolls.importFile(order, roll(others.map((one) => `${one.taxCode};${one.surname};${one.givenName}`)), ANNA, {
    whole: true,
  })
  assert.deepEqual(await lastExport(order), ['quattro@pec.altrove.test 3'])
})

test('what cannot be sent now is sent later with another code; what is refused ends', async () => {
  const { order, mario } = await newMember()
  const id = await elsewhere.start(order, mario, 'sei@pec.altrove.test', HOLDER)
  answer.fails = true
  const before = sent.length
  await sendAll()
  answer.fails = false
  await sendAll()
  assert.deepEqual([sent.length - before, errors.length], [0, 1], 'not at once')
  desk.clock.now += 60_000
  await elsewhere.prove(id, await deliveredCode(), HOLDER)
  answer.outcome = 'refused'
  const refused = await elsewhere.start(order, mario, 'sette@pec.altrove.test', HOLDER)
  await sendAll()
  answer.outcome = 'accepted'
  const rows = await elsewhere.of(order, mario.taxCode)
  assert.deepEqual(
    rows.map((row) => [row.id, row.state]),
    [
      [id, 'proved'],
      [refused, 'ended'],
    ],
  )
})

test('all of it is consistent', async () => {
  assert.deepEqual(await findViolations(database.reader, AGREEMENT_CHECKS), [])
})
