/** A member's way by the command line, against a running provider: from the roll to a mailbox that is used, stopped and refused. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Dialog, plainLogin } from './support/dialog.ts'
import { connectMailbox } from './support/mailbox-reader.ts'
import { startProvider } from './support/provider.ts'

const provider = await startProvider({ after })

/** What `ceralacca ARGS --json` prints. */
async function run<T = Record<string, string>>(args: readonly string[]): Promise<T> {
  const result = await provider.ceralacca(...args, '--json')
  assert.equal(result.code, 0, result.stderr)
  return JSON.parse(result.stdout) as T
}

const file = (name: string, text: string): string => {
  const path = join(provider.dataFolder, name)
  writeFileSync(path, text)
  return path
}

test('a member gets a mailbox by the agreement, uses it, and loses it', async (t) => {
  const roll = file('roll.csv', 'CF;Cognome;Nome\nRSSMRA80A01H501U;Rossì;Mario Maria\nRSSMRA80A01H501X;Rossi;Mario\n')
  const report = await provider.ceralacca('roll', 'import', 'OMCEO-XX', roll)
  assert.equal(report.code, 1)
  assert.match(report.stdout, /added +1\n[^]*rejected +1\n[^]*line 3: "RSSMRA80A01H501X" is no codice fiscale/)
  await run(['agreement', 'set', 'OMCEO-XX-0051', '--price', '1500', '--rule', 'surname.name'])

  const person = ['omceo-xx-0051', 'rssmra80a01h501u', 'ROSSI', 'Mario']
  const address = 'rossi.mario@pec.ceralacca.test'
  const contact = ['--address', address, '--email', 'mario@example.it', '--terms', '1', '--years', '2']
  const { id = '' } = await run(['request', 'start', ...person, ...contact])
  const { token = '' } = await run(['request', 'link', id])
  await run(['request', 'confirm', token])
  const { payment } = await run<{ payment: { reference: string } }>([
    'request',
    'document',
    id,
    file('id.pdf', `%PDF-1.4\n${'x'.repeat(500)}`),
  ])
  const bank = file('bank.csv', `Data;Importo;Causale\n15/03/2026;30,00;BONIFICO ${payment.reference}\n`)
  const { reports } = await run<{ reports: { outcome: string }[] }>(['payment', 'import', bank])
  assert.equal(reports[0]?.outcome, 'registered')
  assert.equal((await run(['request', 'approve', id]))['state'], 'active')

  const link = await run(['contract', 'link', address])
  const { password = '' } = await run(['contract', 'activate', link['token'] ?? ''])
  await (await connectMailbox(provider, { address, password })).logout()

  assert.equal((await run(['contract', 'stop', address, '--because', 'withdraw']))['state'], 'withdrawn')
  const dialog = await Dialog.open(t, provider, 'submissions')
  await dialog.say('EHLO client.test')
  assert.match(await dialog.say(`AUTH PLAIN ${plainLogin(address, password)}`), /^235 /)
  assert.match(await dialog.say(`MAIL FROM:<${address}>`), /^550 5\.7\.1 This mailbox is suspended and cannot send/)
  assert.equal((await provider.ceralacca('check')).code, 0)
})
