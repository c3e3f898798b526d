/**
 * What is asked for one message reads that message and not its folder, also on a fresh table, of which the planner knows nothing yet. Rows
 * read are counted by the server, within the transaction that reads them.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Client } from 'pg'
import { clientConfig } from '../storage/connection.ts'
import { createStatementNames } from '../storage/statements.ts'
import { lastFirst } from '../storage/test-database.ts'
import type { MessageContent } from './content.ts'
import { mailboxQueries, type MailboxQueries } from './queries.ts'
import { contentOfParts, withStore } from './test-store.ts'
import type { MailboxRef } from './types.ts'

const scope = lastFirst({ after })
const { connection, mailbox, arrive, folderOf } = await withStore(scope)

const MESSAGES = 5000
const BATCH = 500
const content = contentOfParts(Buffer.from('Subject: x\r\n\r\nx\r\n'), null, Buffer.alloc(0), Buffer.alloc(0))
/** What one message may cost: its row by its key, once and again. */
const FEW = 20

let client: Client
let queries: MailboxQueries
let owner: MailboxRef
let inbox: string

/** The statements of the store on one connection, prepared as there: after some calls the server plans for any values. */
before(async () => {
  client = new Client(clientConfig(connection, 'test'))
  await client.connect()
  scope.after(() => client.end())
  const named = createStatementNames()
  const run = async <R>(sql: string, params: readonly unknown[] = []): Promise<R[]> =>
    (await client.query(named(sql, params))).rows as R[]
  const refuse = (): Promise<never> => Promise.reject(new Error('not used here'))
  queries = mailboxQueries({
    reader: { read: run },
    transactor: { call: (_, sql, params) => run(sql, params), transact: refuse, reference: refuse },
    close: refuse,
  })
  owner = await mailbox()
  inbox = (await folderOf(owner, 'INBOX')).id
  for (const table of ['message', 'content']) await client.query(`alter table ${table} set (autovacuum_enabled = off)`)
  for (let at = 0; at < MESSAGES; at += BATCH) await arrive(owner, Array<MessageContent>(BATCH).fill(content))
})

async function counter(): Promise<number> {
  const { rows } = await client.query<{ read: string }>(
    `select seq_tup_read + idx_tup_fetch as read from pg_stat_xact_user_tables where relname = 'message'`,
  )
  return Number(rows[0]?.read)
}

/** Rows of table `message` that `work` read, by scan or by index, in a transaction that is then undone. */
async function rowsRead(work: () => Promise<unknown>): Promise<number> {
  await client.query('begin')
  try {
    const before = await counter()
    await work()
    return (await counter()) - before
  } finally {
    await client.query('rollback')
  }
}

const CASES: Record<string, (uid: number) => Promise<{ length: number }>> = {
  'messages()': (uid) => queries.messages(owner.slot, inbox, [uid]),
  'storeFlags()': (uid) => queries.storeFlags(owner, inbox, [uid], 'add', 1, ['word'], null),
  'copy()': async (uid) => queries.copy(owner, inbox, [uid], (await folderOf(owner, 'Archivio')).id, false, new Date()),
  'changes() since the last but one': () => queries.changes(owner, inbox, 1e6),
}

for (const [name, work] of Object.entries(CASES)) {
  test(`${name} of one message in ${MESSAGES} reads few rows`, async () => {
    // The sixth call of a prepared statement may get another plan.
    for (let time = 1; time <= 8; time++) {
      const uid = (MESSAGES / 10) * time
      let found = 0
      const read = await rowsRead(async () => void (found = (await work(uid)).length))
      assert.equal(found, 1, 'the message was found')
      assert.ok(read <= FEW, `call ${time} read ${read} rows of the table message`)
    }
  })
}

test('what is read is counted: a whole folder is', async () => {
  const read = await rowsRead(() => queries.states(owner, inbox))
  assert.ok(read >= MESSAGES)
})
