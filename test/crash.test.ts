/**
 * I1-I4 hold when the process dies at the worst moments: at each named checkpoint, and under load at moments that nobody chose. What was
 * answered 250 has its acceptance and its delivery exactly once after the next start; what was not answered is there whole or not at all.
 */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { Submitter, type Sent } from '../bench/load.ts'
import { CHECKPOINTS } from '../src/base/checkpoint.ts'
import { consistent } from './support/consistent.ts'
import { openMailbox, readInbox, waitForMessages } from './support/mailbox-reader.ts'
import type { Owner } from './support/cleanup.ts'
import { startProvider, type Provider } from './support/provider.ts'
import { plainMessage, submit } from './support/submit.ts'
import { requireTools } from './support/tools.ts'

const CRASHING = new URL('./support/crashing-provider.ts', import.meta.url).pathname

/** Message-IDs that the submissions' receipts name, by kind, of all messages of the sender's inbox. */
async function receiptsOf(owner: Owner, provider: Provider): Promise<Map<string, string[]>> {
  const [sender] = provider.accounts
  const client = await openMailbox(owner, provider, sender)
  const kinds = new Map<string, string[]>()
  for (const { source } of await readInbox(client)) {
    const header = source.toString('latin1').split('\r\n\r\n')[0] ?? ''
    const kind = /^X-Ricevuta: (\S+)/m.exec(header)?.[1]
    const msgid = /^X-Riferimento-Message-ID: (\S+)/m.exec(header)?.[1]
    if (kind !== undefined && msgid !== undefined) kinds.set(msgid, [...(kinds.get(msgid) ?? []), kind])
  }
  client.close()
  return kinds
}

/** Waits until no dispatch is under way. */
async function settled(provider: Provider): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const { stdout, stderr } = await provider.ceralacca('check', '--json')
    const { open } = JSON.parse(stdout || '{}') as { open?: number }
    if (open === 0) return
    if (Date.now() > deadline) throw new Error(`dispatches are still under way: ${stdout}${stderr}`)
  }
}

/** Those that an accepted message between two holders passes; of the others refusals.test.ts has those of a refusal. */
const PASSED = CHECKPOINTS.filter((name) => /^(?:accept|deliver|receive)-/.test(name))

suite('a provider that is killed', { concurrency: 1 }, () => {
  for (const name of PASSED) {
    test(`at ${name} loses nothing and doubles nothing (I1 I2 I3 I4)`, async (t) => {
      if (!requireTools(t, 'swaks')) return
      const first = await startProvider(t, { main: CRASHING, environment: { CRASH_AT: name } })
      const [mario, lucia] = first.accounts
      const message = plainMessage(mario.address, [lucia.address], {
        headers: ['Subject: crash', 'Message-ID: <crash@client.test>'],
      })
      const answer = await submit(first, { account: mario, recipients: [lucia.address], message })
      await first.gone
      const provider = await startProvider(t, { dataFolder: first.dataFolder })
      // The client that got no answer tries again, as mail clients do.
      if (answer.code !== 0)
        assert.equal((await submit(provider, { account: mario, recipients: [lucia.address], message })).code, 0)
      const committed = !name.startsWith('accept-before')
      const submissions = (committed ? 1 : 0) + (answer.code === 0 ? 0 : 1)
      const sender = await openMailbox(t, provider, mario)
      const receipts = await waitForMessages(sender, 2 * submissions)
      await settled(provider)
      assert.deepEqual(receipts.map(({ subject }) => subject).sort(), [
        ...Array<string>(submissions).fill('ACCETTAZIONE: crash'),
        ...Array<string>(submissions).fill('CONSEGNA: crash'),
      ])
      const envelopes = await waitForMessages(await openMailbox(t, provider, lucia), submissions)
      assert.equal(envelopes.length, submissions)
      await consistent(provider)
    })
  }

  test('ten times under load, half of them with its database, loses nothing and doubles nothing (I1 I2 I3 I4)', async (t) => {
    const acknowledged: Sent[] = []
    let provider = await startProvider(t)
    const { dataFolder } = provider
    for (let round = 0; round < 10; round++) {
      const [mario, lucia] = provider.accounts
      const submitters = await Promise.all(Array.from({ length: 5 }, () => Submitter.open(provider, mario)))
      const killAfter = acknowledged.length + 5 + round * 3
      let killed: Promise<void> | undefined
      const work = submitters.map(async (submitter) => {
        for (;;) {
          const sent = await submitter.send(lucia.address, 2000).catch(() => undefined)
          if (!sent) return
          acknowledged.push(sent)
          if (acknowledged.length >= killAfter) killed ??= provider.kill(round % 2 === 0 ? 'server' : 'server and database')
        }
      })
      await Promise.all(work)
      await killed
      provider = await startProvider(t, { dataFolder })
    }
    await settled(provider)
    const receipts = await receiptsOf(t, provider)
    for (const { msgid } of acknowledged) {
      assert.deepEqual(receipts.get(msgid)?.sort(), ['accettazione', 'avvenuta-consegna'], `receipts of ${msgid}`)
    }
    // What was cut before its 250 may have been accepted, but then wholly.
    for (const [msgid, kinds] of receipts)
      assert.deepEqual(kinds.sort(), ['accettazione', 'avvenuta-consegna'], `receipts of ${msgid}`)
    assert.ok(acknowledged.length >= 100)
    await consistent(provider)
  })
})
