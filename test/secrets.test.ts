/** I9: no password, no key and nothing of a message's content reaches the log, however talkative it is. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openMailbox, waitForMessages } from './support/mailbox-reader.ts'
import { startProvider } from './support/provider.ts'
import { plainMessage, submit } from './support/submit.ts'
import { requireTools } from './support/tools.ts'

const BODY = 'parole riservate del corpo'
const SUBJECT = 'oggetto riservato'
const WRONG = 'una password sbagliata'

test('nothing secret reaches a log (I9)', async (t) => {
  if (!requireTools(t, 'swaks')) return
  const provider = await startProvider(t, { environment: { CERALACCA_LOG_LEVEL: 'debug' } })
  const announced = provider.output()
  const [mario, lucia] = provider.accounts
  const message = plainMessage(mario.address, [lucia.address], { headers: [`Subject: ${SUBJECT}`], body: `${BODY}\r\n` })
  const usual = { account: mario, recipients: [lucia.address], message }
  await submit(provider, { ...usual, account: { ...mario, password: WRONG } })
  await submit(provider, { ...usual, message: `${message}\0` })
  assert.equal((await submit(provider, usual)).code, 0)
  await waitForMessages(await openMailbox(t, provider, mario), 2)
  await assert.rejects(openMailbox(t, provider, { ...mario, password: WRONG }))
  const client = await openMailbox(t, provider, lucia)
  await waitForMessages(client, 1)
  await client.append('INBOX', message)
  await provider.stop()

  const log = provider.output().slice(announced.length)
  for (const event of ['submission-accepted', 'submission-refused', 'login-failed', 'delivered', 'stopping'])
    assert.match(log, new RegExp(event))
  // The database's own log too.
  const folder = join(provider.dataFolder, 'postgres', 'log')
  const databaseLog = readdirSync(folder)
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n')
  const token = Buffer.from(`\0${mario.address}\0${mario.password}`).toString('base64')
  for (const secret of [mario.password, lucia.password, token, WRONG, BODY, SUBJECT, 'PRIVATE KEY', '$argon2']) {
    assert.ok(!log.includes(secret), `the log has ${secret}`)
    assert.ok(!databaseLog.includes(secret), `the database's log has ${secret}`)
  }
})
