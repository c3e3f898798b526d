/** I10: a full mailbox never loses a receipt, and takes nothing else; who is refused for it leaves no trace. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { ImapFlow } from 'imapflow'
import { registryQueries } from '../src/registry/queries.ts'
import { openDatabase } from '../src/storage/database.ts'
import { embeddedConnection } from '../src/storage/embedded-postgres.ts'
import { defer } from './support/cleanup.ts'
import { consistent } from './support/consistent.ts'
import { judge } from './support/judges.ts'
import { openMailbox, readInbox, waitForMessages, type ReadMessage } from './support/mailbox-reader.ts'
import { startProvider, type Account } from './support/provider.ts'
import { plainMessage, submit } from './support/submit.ts'
import { requireTools } from './support/tools.ts'

/** Of two or three certified messages. */
const SMALL_QUOTA = 20_000

const provider = await startProvider({ after })
const [mario, lucia] = provider.accounts

async function makeMailbox(name: string, quota: number): Promise<Account> {
  const { code, stdout, stderr } = await provider.ceralacca(
    'mailbox',
    'create',
    `${name}@pec.ceralacca.test`,
    '--quota',
    String(quota),
    '--json',
  )
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as Account
}

async function usedBy({ address }: Account): Promise<{ used: number; quota: number; reserve: number }> {
  const { stdout } = await provider.ceralacca('mailbox', 'show', address, '--json')
  return JSON.parse(stdout) as { used: number; quota: number; reserve: number }
}

const filler = (bytes: number): Buffer => Buffer.from(`Subject: riempie\r\n\r\n${'a'.repeat(70)}`.padEnd(bytes, '\r\n'))

/** What the server answers to an APPEND that it refuses. */
async function refusedAppend(client: ImapFlow, bytes: number): Promise<string | undefined> {
  try {
    await client.append('INBOX', filler(bytes))
  } catch (error) {
    return (error as { serverResponseCode?: string }).serverResponseCode
  }
  throw new Error('the message was appended')
}

const send = (from: Account, to: readonly Account[], subject: string) => {
  const recipients = to.map(({ address }) => address)
  const message = plainMessage(from.address, recipients, { headers: [`Subject: ${subject}`] })
  return submit(provider, { account: from, recipients, message })
}

const subjects = (messages: readonly ReadMessage[]): string[] => messages.map(({ subject }) => subject).sort()

/** Those of one test among all that a mailbox has. */
const about =
  (word: string) =>
  ({ subject }: ReadMessage): boolean =>
    subject.includes(word)

test('I10: a full mailbox of the sender takes every receipt, and nothing else', async (t) => {
  if (!requireTools(t, 'swaks')) return
  const full = await makeMailbox('mittente', SMALL_QUOTA)
  const client = await openMailbox(t, provider, full)
  await client.append('INBOX', filler(SMALL_QUOTA - 1000))
  assert.equal(await refusedAppend(client, 2000), 'OVERQUOTA')
  for (const subject of ['uno', 'due']) assert.equal((await send(full, [mario, lucia], subject)).code, 0)
  const expected = ['uno', 'due'].flatMap((subject) => [
    `ACCETTAZIONE: ${subject}`,
    `CONSEGNA: ${subject}`,
    `CONSEGNA: ${subject}`,
  ])
  assert.deepEqual(subjects(await waitForMessages(client, 7)), ['riempie', ...expected].sort())
  const { used, quota } = await usedBy(full)
  assert.equal(quota, SMALL_QUOTA)
  assert.ok(used > quota)
  // An envelope is no receipt.
  assert.equal((await send(mario, [full], 'per chi ne ha troppi')).code, 0)
  await waitForMessages(await openMailbox(t, provider, mario), 1, about('MANCATA CONSEGNA: per chi'))
  assert.equal((await readInbox(client)).length, 7)
  assert.equal(await refusedAppend(client, 100), 'OVERQUOTA')
  // Room that is made is room again.
  const lock = await client.getMailboxLock('INBOX')
  await client.messageDelete('1:*')
  lock.release()
  assert.equal((await usedBy(full)).used, 0)
  await client.append('INBOX', filler(SMALL_QUOTA - 1000))
  await consistent(provider)
})

test('I10: a full mailbox of the recipient gives exactly one notice 5.2.2 and no envelope; a message to others arrives', async (t) => {
  if (!requireTools(t, 'swaks', 'openssl', 'xmllint', 'python3')) return
  const full = await makeMailbox('destinatario', 1000)
  assert.equal((await send(mario, [full, lucia], 'prova')).code, 0)
  const messages = await waitForMessages(await openMailbox(t, provider, mario), 3, about('prova'))
  assert.deepEqual(subjects(messages), ['ACCETTAZIONE: prova', 'AVVISO DI MANCATA CONSEGNA: prova', 'CONSEGNA: prova'])
  const notice = messages.find(({ subject }) => subject.startsWith('AVVISO'))
  assert.ok(notice)
  const { daticert, parts } = await judge(t, provider.ca, notice.source)
  assert.match(daticert, /<postacert tipo="errore-consegna" errore="altro">/)
  assert.ok(daticert.includes(`<consegna>${full.address}</consegna>`))
  assert.match(daticert, /<errore-esteso>5\.2\.2 - Ceralacca Demo - casella piena<\/errore-esteso>/)
  assert.ok(parts['multipart/alternative']?.toString('latin1').includes('5.2.2 - Ceralacca Demo - casella piena'))
  assert.deepEqual(await readInbox(await openMailbox(t, provider, full)), [])
  assert.equal((await usedBy(full)).used, 0)
  await consistent(provider)
})

test('I10: a mailbox with its reserve used up sends no more: 552 5.2.2, no trace; what is under way still arrives', async (t) => {
  if (!requireTools(t, 'swaks')) return
  const full = await makeMailbox('riserva', SMALL_QUOTA)
  assert.equal((await usedBy(full)).reserve, 50_000_000)
  const database = openDatabase(embeddedConnection(join(provider.dataFolder, 'postgres')).connection, { max: 2 })
  defer(t, () => database.close())
  const mailbox = await registryQueries(database).find(full.address)
  assert.ok(mailbox)
  const { slot, id } = mailbox
  await database.transactor.call(slot, 'update mailbox set reserve = $3 where slot = $1 and id = $2', [slot, id, 100])
  const client = await openMailbox(t, provider, full)
  await client.append('INBOX', filler(SMALL_QUOTA))
  // Within the reserve by a few bytes: its receipts go far beyond it, and every one comes.
  assert.equal((await send(full, [mario, lucia], 'ultima')).code, 0)
  const expected = ['ACCETTAZIONE: ultima', 'CONSEGNA: ultima', 'CONSEGNA: ultima', 'riempie']
  assert.deepEqual(subjects(await waitForMessages(client, 4)), expected)

  const everything = (): Promise<Record<string, number>[]> =>
    database.reader.read(
      `select (select count(*) from submission) as submissions, (select count(*) from dispatch) as dispatches,
           (select count(*) from blob) as blobs, (select count(*) from content) as contents, (select count(*) from message) as messages,
           (select count(*) from ledger_entry where event <> 'audit-sealed') as entries,
           (select sum(next_seq - 1) from ledger_head) - (select count(*) from ledger_entry where event = 'audit-sealed') as numbers`,
    )
  const before = await everything()
  for (let time = 0; time < 2; time++) {
    const { code, stdout } = await send(full, [mario], 'di troppo')
    assert.notEqual(code, 0)
    assert.match(stdout, /552 5\.2\.2 .*Your mailbox is full.*remove messages/)
  }
  assert.deepEqual(await everything(), before)
  assert.deepEqual(subjects(await readInbox(client)), expected)
  assert.deepEqual((await readInbox(await openMailbox(t, provider, mario))).filter(about('di troppo')), [])
  await consistent(provider)
})
