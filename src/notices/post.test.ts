/** The way of a notice to its reader, on a real database and a real SMTP server: sent, tried again, given back, cut short by crashes. */
import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { parseStructure } from '../mime/structure.ts'
import { decodeTransfer } from '../mime/transfer-encoding.ts'
import { ANNA, begin, openTestDesk, withMailbox } from '../registry/agreement/test-desk.ts'
import { lastFirst, withTestDatabase } from '../storage/test-database.ts'
import type { Received } from '../transport/test-smtp.ts'
import { dkimResults, failureReport, openTestPost } from './test-post.ts'

const scope = lastFirst({ after })
const { database } = await withTestDatabase(scope)
const desk = await openTestDesk(database)
const post = await openTestPost(scope as never, desk)
const HOUR = 3_600_000

beforeEach(async () => {
  post.server.refusal = null
  post.hooks.afterSending = () => undefined
  await post.drain()
  post.received()
  post.reports.length = 0
})

/** The text and the HTML of a mail. */
function partsOf({ bytes }: Received): string[] {
  const { root } = parseStructure(bytes)
  return root.children.map(({ body, end, encoding }) => decodeTransfer(bytes.subarray(body, end), encoding).toString())
}

const header = ({ bytes }: Received): string => bytes.toString('latin1').split('\r\n\r\n', 1)[0] ?? ''
const tokenOf = (mail: Received): string => /#(\S+)/.exec(partsOf(mail)[0] ?? '')?.[1] ?? ''

async function newRequest() {
  const { code, members } = await desk.newOrder()
  const [member] = members
  assert.ok(member)
  return begin(desk, code, member)
}

/** The only mail that came. */
async function onlyMail(): Promise<Received> {
  await post.drain()
  const [mail, ...others] = post.received()
  assert.ok(mail)
  assert.equal(others.length, 0)
  return mail
}

const noticeOf = async (row: { slot: number; id: string }) => (await desk.notices.of(row.slot, row.id))[0]
const audited = async (object: string): Promise<string[]> =>
  (await database.reader.read<{ act: string }>('select act from audit_entry where object = $1', [object])).map(({ act }) => act)

test('a request’s first notice reaches its reader with a link that works, and leaves no trace of it', async () => {
  const request = await newRequest()
  const mail = await onlyMail()
  assert.deepEqual(mail.to, ['mario@example.it'])
  assert.match(mail.from, /^rimbalzi\+[0-9a-f]{35}@prova\.test$/)
  assert.deepEqual(await dkimResults(mail.bytes), ['pass prova.test'])
  for (const field of [
    /^From: Gestore di Prova <avvisi@prova\.test>\r$/m,
    /^To: mario@example\.it\r$/m,
    /^Auto-Submitted: auto-generated\r$/m,
    /^Content-Language: it\r$/m,
    /^Date: Sun, 15 Mar 2026 09:00:00 \+0000\r$/m,
    /^Message-ID: <[0-9a-f]{32}@prova\.test>\r$/m,
    /^Content-Type: multipart\/alternative;/m,
  ])
    assert.match(`${header(mail)}\r\n`, field)
  const token = tokenOf(mail)
  assert.ok(partsOf(mail)[1]?.includes(`href="https://pec.prova.test/conferma#${token}"`))
  const notice = await noticeOf(request)
  assert.equal(notice?.outcome, 'queued')
  const rows = await database.reader.read('select * from ordinary_mail')
  assert.ok(!JSON.stringify([rows, notice, post.reports]).includes(token), 'nothing stored or reported holds the link')
  assert.equal(await desk.requests.confirmEmail(token), request.id)
})

test('the activation says all that is needed but the password, which its link sets; the order hears of the address', async () => {
  const { code, members } = await desk.newOrder({ payer: 'order' })
  const [member] = members
  assert.ok(member)
  const contract = await withMailbox(desk, code, member)
  await post.drain()
  const mails = post.received().filter((mail) => (partsOf(mail)[0] ?? '').includes(contract.address))
  const activation = mails.find((mail) => tokenOf(mail) !== '' && header(mail).includes('attiva'))
  assert.ok(activation)
  const [text = ''] = partsOf(activation)
  for (const said of [
    `Nome utente: ${contract.address}`,
    'mail.prova.test, porta 993, SSL/TLS',
    'mail.prova.test, porta 465',
    'https://pec.prova.test/\r\n',
  ])
    assert.ok(text.includes(said), said)
  assert.equal(await desk.contracts.activate(tokenOf(activation), 'una frase lunga da ricordare'), contract.address)
  const toOrder = mails.filter(({ to }) => to[0]?.startsWith('ordine'))
  assert.deepEqual(
    toOrder.map((mail) => tokenOf(mail)),
    [''],
  )
})

test('a notice of what is over is not sent', async () => {
  const request = await newRequest()
  await desk.requests.confirmEmail(await desk.requests.confirmationLink(request.id, ANNA))
  await post.drain()
  assert.deepEqual(post.received(), [])
  assert.equal((await noticeOf(request))?.outcome, 'obsolete')
})

test('a crash after queueing sends nothing twice, and the link on its way stays good', async () => {
  const request = await newRequest()
  const close = desk.notices.close
  desk.notices.close = () => Promise.reject(new Error('crash'))
  for (const slot of await post.sender.queue.dueSlots(new Date(desk.clock.now))) await post.sender.queue.workOff(slot)
  desk.notices.close = close
  desk.clock.now += HOUR
  const mail = await onlyMail()
  assert.equal((await noticeOf(request))?.outcome, 'queued')
  assert.equal(await desk.requests.confirmEmail(tokenOf(mail)), request.id)
})

test('a crash after sending repeats the same message once', async () => {
  await newRequest()
  post.hooks.afterSending = () => {
    post.hooks.afterSending = () => undefined
    throw new Error('crash')
  }
  const first = await onlyMail()
  desk.clock.now += HOUR
  const second = await onlyMail()
  const id = (mail: Received) => /^Message-ID: .*$/m.exec(header(mail))?.[0]
  assert.equal(id(first), id(second))
  desk.clock.now += HOUR
  await post.drain()
  assert.deepEqual(post.received(), [])
})

test('what a server puts off is tried again, for four days', async () => {
  const request = await newRequest()
  post.server.refusal = { code: 451, words: '4.2.1 come back later' }
  await post.drain()
  const [waiting] = await post.desk.list(['waiting'], 1)
  assert.ok(waiting)
  assert.deepEqual([waiting.attempts, waiting.lastWord], [1, '4.2.1 localhost: 451 4.2.1 come back later'])
  assert.ok(waiting.dueAt.getTime() > desk.clock.now)
  await post.drain()
  assert.equal((await post.desk.get(waiting.id)).attempts, 1, 'not before its time')
  post.server.refusal = null
  assert.equal(await post.desk.retry(waiting.id, ANNA), 'now')
  await onlyMail()
  assert.equal((await post.desk.get(waiting.id)).state, 'sent')

  const other = await newRequest()
  post.server.refusal = { code: 451, words: '4.2.1 come back later' }
  await post.drain()
  desk.clock.now += 4 * 24 * HOUR + 1
  await post.drain()
  assert.deepEqual([(await noticeOf(request))?.outcome, (await noticeOf(other))?.outcome], ['queued', 'undeliverable'])
})

test('what nobody takes is told, recorded, and can be sent anew with another link', async () => {
  const request = await newRequest()
  post.server.refusal = { code: 550, words: '5.1.1 no such user' }
  await post.drain()
  const notice = await noticeOf(request)
  assert.deepEqual([notice?.outcome, notice?.detail], ['undeliverable', '5.1.1 localhost: 550 5.1.1 no such user'])
  assert.ok((await audited(`request:${request.id}`)).includes('notice-undeliverable'))
  const [failed] = await post.desk.list(['failed'], 1)
  assert.ok(failed)
  assert.deepEqual(
    post.reports.filter(({ name }) => name === 'mail-undeliverable').map(({ data }) => data),
    [{ mail: failed.id, about: 'notice', reason: '5.1.1 localhost: 550 5.1.1 no such user' }],
  )
  const [row] = await database.reader.read<{ body: unknown }>('select body from ordinary_mail where id = $1', [failed.id])
  assert.equal(row?.body, null)

  post.server.refusal = null
  await database.transactor.call(request.slot, 'update request set email = $3 where slot = $1 and id = $2', [
    request.slot,
    request.id,
    'mario.rossi@example.it',
  ])
  assert.equal(await post.desk.retry(failed.id, ANNA), 'anew')
  const mail = await onlyMail()
  assert.deepEqual(mail.to, ['mario.rossi@example.it'])
  assert.equal((await noticeOf(request))?.outcome, 'queued')
  assert.ok((await audited(`request:${request.id}`)).includes('notice-repeated'))
  assert.equal(await desk.requests.confirmEmail(tokenOf(mail)), request.id)
})

test('a report that comes back later closes its mail; nothing else does', async () => {
  const request = await newRequest()
  const { from } = await onlyMail()
  assert.ok(post.bounces.isOurs(from.toUpperCase()))
  assert.ok(!post.bounces.isOurs('rimbalzi@prova.test'))
  for (const answer of [
    failureReport('delayed', '4.4.7', 'not yet'),
    failureReport('delivered', '2.0.0', 'ok'),
    Buffer.from('Subject: In ferie\r\n\r\nTorno lunedì.\r\n'),
  ])
    await post.bounces.take([from], answer)
  const unknown = from.replace(/[0-9a-f]@/, (last) => (last === '0@' ? '1@' : '0@'))
  const report = failureReport('failed', '5.2.2', '552 5.2.2 Mailbox\r\n full')
  await post.bounces.take([unknown], report)
  await post.drain()
  assert.equal((await noticeOf(request))?.outcome, 'queued')
  await post.bounces.take([from], report)
  await post.bounces.take([from], report)
  await post.drain()
  const notice = await noticeOf(request)
  assert.deepEqual([notice?.outcome, notice?.detail], ['undeliverable', '5.2.2 552 5.2.2 Mailbox full'])
  assert.equal(post.reports.filter(({ name }) => name === 'mail-undeliverable').length, 1)
  const told = { subject: notice?.id ?? '', slot: request.slot, recipient: '', reason: 'again' }
  await post.sender.undeliverable(told)
  assert.equal((await audited(`request:${request.id}`)).filter((act) => act === 'notice-undeliverable').length, 1)
  assert.deepEqual(post.received(), [], 'nothing is answered')
})

test('the same key is queued once; who made it is told until he has heard; what is over is forgotten in time', async () => {
  const mail = { key: 'alert:1', to: 'Mario@example.it', language: 'it', subject: 'Prova', text: 'x', html: '<p>x</p>' } as const
  const about = { kind: 'alert', subject: 'one', slot: 7 }
  post.server.refusal = { code: 550, words: '5.7.1 no' }
  for (let time = 0; time < 2; time++)
    await post.post.queue({ ...mail, about, headers: { 'List-Unsubscribe': '<https://pec.prova.test/x>' } })
  assert.ok(await post.post.has('mario@example.it', 'alert:1'))
  await post.drain()
  assert.deepEqual(post.told, [
    { subject: 'one', slot: 7, recipient: 'Mario@example.it', reason: '5.7.1 localhost: 550 5.7.1 no' },
  ])
  const failed = (await post.desk.list(['failed'], 100)).find(({ key }) => key === mail.key)
  await assert.rejects(post.desk.retry(failed?.id ?? '', ANNA), { code: 'mail-over' })
  desk.clock.now += 29 * 24 * HOUR
  await post.drain()
  assert.ok(await post.post.has('mario@example.it', 'alert:1'))
  desk.clock.now += 2 * 24 * HOUR
  await post.drain()
  assert.ok(!(await post.post.has('mario@example.it', 'alert:1')))
  assert.equal(post.told.length, 1)
})
