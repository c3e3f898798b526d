/** A full mailbox: it loses no receipt (I10), takes no envelope, and its holder is told why his message is not taken. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { ImapFlow } from 'imapflow'
import { openDatabase } from '../src/storage/database.ts'
import { embeddedConnection } from '../src/storage/embedded-postgres.ts'
import { defer, type Owner } from './support/cleanup.ts'
import { consistent } from './support/consistent.ts'
import { judge } from './support/judges.ts'
import { openMailbox, readInbox, waitForMessages } from './support/mailbox-reader.ts'
import { startProvider, type Account, type Provider } from './support/provider.ts'
import { plainMessage, submit } from './support/submit.ts'
import { requireTools } from './support/tools.ts'

async function makeSmallMailbox(provider: Provider, address: string, quota: number): Promise<Account> {
  const { code, stdout, stderr } = await provider.ceralacca('mailbox', 'create', address, '--quota', String(quota), '--json')
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as Account
}

/** Fills a mailbox of 20,000 bytes up to its quota, by IMAP. */
async function fill(client: ImapFlow): Promise<void> {
  await client.append('Archivio', `Subject: x\r\n\r\n${'a'.repeat(19_900)}\r\n`)
  await assert.rejects(client.append('Archivio', `Subject: x\r\n\r\n${'a'.repeat(1000)}\r\n`), {
    serverResponseCode: 'OVERQUOTA',
  })
}

const send = (provider: Provider, account: Account, recipient: string, subject: string) =>
  submit(provider, {
    account,
    recipients: [recipient],
    message: plainMessage(account.address, [recipient], { headers: [`Subject: ${subject}`] }),
  })

/** The database of a provider, past all rules: for what takes 50 MB to bring about otherwise. */
function databaseOf(owner: Owner, provider: Provider) {
  const database = openDatabase(embeddedConnection(join(provider.dataFolder, 'postgres')).connection, { max: 1 })
  defer(owner, () => database.close())
  return database
}

suite('a full mailbox', () => {
  test('still gets every receipt (I10)', async (t) => {
    if (!requireTools(t, 'swaks')) return
    const provider = await startProvider(t)
    const [, lucia] = provider.accounts
    const full = await makeSmallMailbox(provider, 'pieno@pec.ceralacca.test', 20_000)
    const client = await openMailbox(t, provider, full)
    await fill(client)
    assert.equal((await send(provider, full, lucia.address, 'piena')).code, 0)
    const receipts = await waitForMessages(client, 2)
    assert.deepEqual(receipts.map(({ subject }) => subject).sort(), ['ACCETTAZIONE: piena', 'CONSEGNA: piena'])
    await consistent(provider)
  })

  test('takes no envelope, and the sender gets one notice that says so (I2 I3)', async (t) => {
    if (!requireTools(t, 'swaks', 'openssl', 'xmllint', 'python3')) return
    const provider = await startProvider(t)
    const [mario] = provider.accounts
    const full = await makeSmallMailbox(provider, 'pieno@pec.ceralacca.test', 20_000)
    const client = await openMailbox(t, provider, full)
    await fill(client)
    assert.equal((await send(provider, mario, full.address, 'piena')).code, 0)
    const receipts = await waitForMessages(await openMailbox(t, provider, mario), 2)
    const notice = receipts.find(({ subject }) => subject === 'AVVISO DI MANCATA CONSEGNA: piena')
    assert.ok(notice)
    const { daticert } = await judge(t, provider.ca, notice.source)
    assert.match(daticert, /tipo="errore-consegna" errore="altro"/)
    assert.match(daticert, /<errore-esteso>5\.2\.2 - Ceralacca Demo - casella piena<\/errore-esteso>/)
    assert.deepEqual(await readInbox(client), [])
    await consistent(provider)
  })

  test('whose reserve is used up too sends nothing more, and nothing is half accepted (I2)', async (t) => {
    if (!requireTools(t, 'swaks')) return
    const provider = await startProvider(t)
    const [, lucia] = provider.accounts
    const full = await makeSmallMailbox(provider, 'pieno@pec.ceralacca.test', 20_000)
    const database = databaseOf(t, provider)
    const [row] = await database.reader.read<{ slot: number; id: string }>('select slot, id from mailbox where address = $1', [
      full.address,
    ])
    assert.ok(row)
    await database.transactor.call(row.slot, 'update mailbox set reserve = -quota where slot = $1 and id = $2', [
      row.slot,
      row.id,
    ])
    const answer = await send(provider, full, lucia.address, 'troppo')
    assert.match(answer.stdout, /552 5\.2\.2 .*Your mailbox is full/)
    const { stdout } = await provider.ceralacca('check', '--json')
    assert.equal((JSON.parse(stdout) as { submissions: number }).submissions, 0)
    assert.deepEqual(await readInbox(await openMailbox(t, provider, full)), [])
    await consistent(provider)
  })
})
