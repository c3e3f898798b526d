/** The figures and the probe of a running provider, by its commands. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { converse, DIALOGUES } from '../src/service-level/dialogues.ts'
import type { Report } from '../src/service-level/report.ts'
import { consistent } from './support/consistent.ts'
import { openMailbox, waitForMessages } from './support/mailbox-reader.ts'
import { startProvider, type Provider } from './support/provider.ts'
import { plainMessage, submit } from './support/submit.ts'
import { requireTools } from './support/tools.ts'

const reportOf = async (provider: Provider): Promise<Report> => {
  const { stdout, stderr, code } = await provider.ceralacca('stats', '--json')
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as Report
}

const HOUR = 3_600_000
const later = (ms: number): string => new Date(Date.now() + ms).toISOString().replace(/\.\d+/, '')

test('a provider counts what it certifies, and finds out which of its services do not answer', async (t) => {
  if (!requireTools(t, 'swaks')) return
  // Where nobody listens: only the database is found.
  const provider = await startProvider(t, { environment: { CERALACCA_PROBE_SECONDS: '1', CERALACCA_PROBE_HOST: '127.0.0.2' } })
  const [mario, lucia] = provider.accounts
  const message = plainMessage(mario.address, [lucia.address])
  assert.equal((await submit(provider, { account: mario, recipients: [lucia.address], message })).code, 0)
  await waitForMessages(await openMailbox(t, provider, mario), 2)

  while (provider.output().split('"service-down"').length <= 5) await pause(100)
  const report = await reportOf(provider)
  assert.deepEqual(report.outages.map(({ service }) => service).toSorted(), ['access', 'imap', 'incoming', 'pop3', 'web'])
  const { figures, mailboxes } = report
  const counted = Object.entries(figures).filter(([, count]) => count > 0)
  assert.deepEqual(Object.fromEntries(counted), { accepted: 1, 'delivered-local': 1, 'receipts-local': 1 })
  assert.deepEqual(mailboxes, { active: 2, suspended: 0, opened: 2, closed: 0 })
  assert.match(provider.output(), /"event":"service-down","service":"imap"/)

  // Each answers where it listens.
  const { ports } = provider
  const listening = { access: ports.submissions, incoming: ports.mx, imap: ports.imaps, pop3: ports.pop3s, web: ports.https }
  for (const [service, port] of Object.entries(listening) as [keyof typeof DIALOGUES, number][]) {
    await converse({ host: '127.0.0.1', port }, DIALOGUES[service], 5000)
  }

  const shown = (await provider.ceralacca('stats')).stdout
  assert.match(shown, /^Messaggi accettati.* 1$/m)
  assert.match(shown, /^Base di dati +100,000% +0s/m)
  const csv = (await provider.ceralacca('stats', '--csv')).stdout
  assert.match(csv, /^accepted;"Messaggi accettati[^"]*";1$/m)
  assert.match(csv, /^database-down-seconds;"[^"]*";0$/m)
  for (const text of [shown, csv, JSON.stringify(report)]) assert.doesNotMatch(text, /mario|lucia|@/i)

  const window = ['--from', later(HOUR), '--to', later(2 * HOUR), '--reason', 'aggiornamento']
  const declared = await provider.ceralacca('maintenance', 'add', ...window, '--json')
  assert.equal(declared.code, 0, declared.stderr)
  const { id } = JSON.parse(declared.stdout) as { id: string }
  assert.equal((await provider.ceralacca('maintenance', 'remove', id)).code, 0)
  assert.doesNotMatch((await provider.ceralacca('maintenance', 'list')).stdout, /aggiornamento/)
  const past = ['--from', later(-HOUR), '--to', later(HOUR), '--reason', 'x']
  assert.equal((await provider.ceralacca('maintenance', 'add', ...past)).code, 1)
  await consistent(provider)
})
