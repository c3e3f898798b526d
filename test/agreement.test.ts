/**
 * A member's way by the command line, against a running provider, with the links of the notices that it sends: from the roll to a mailbox that
 * is used, stopped and refused. And what becomes of notices that nobody takes.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { failureReport } from '../src/notices/test-post.ts'
import { Dialog, plainLogin } from './support/dialog.ts'
import { connectMailbox, openMailbox, waitForMessages } from './support/mailbox-reader.ts'
import { startOrdinaryPost, until } from './support/ordinary-post.ts'
import { startProvider } from './support/provider.ts'

const owner = { after }
const post = await startOrdinaryPost(owner)
const provider = await startProvider(owner, { environment: { CERALACCA_ROUTES: post.route } })

/** Hands a message to the MX, as another server does. */
async function handIn(t: TestContext, to: string, message: Buffer): Promise<string> {
  const dialog = Dialog.connect(t, { port: provider.ports.mx, ca: provider.ca })
  await dialog.reply()
  await dialog.say('EHLO mx.example.it')
  await dialog.say('MAIL FROM:<>')
  await dialog.say(`RCPT TO:<${to}>`)
  await dialog.say('DATA')
  return dialog.say(`${message.toString('latin1')}\r\n.`)
}

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
  const roll = file(
    'roll.csv',
    'CF;Cognome;Nome\nRSSMRA80A01H501U;Rossì;Mario Maria\nRSSMRA80A01H501X;Rossi;Mario\nBNCLCU85T55F205D;Bianchi;Lucia\n',
  )
  const report = await provider.ceralacca('roll', 'import', 'OMCEO-XX', roll)
  assert.equal(report.code, 1)
  assert.match(report.stdout, /added +2\n[^]*rejected +1\n[^]*line 3: "RSSMRA80A01H501X" is no codice fiscale/)
  await run(['agreement', 'set', 'OMCEO-XX-0051', '--price', '1500', '--rule', 'surname.name'])

  const person = ['omceo-xx-0051', 'rssmra80a01h501u', 'ROSSI', 'Mario']
  const address = 'rossi.mario@pec.ceralacca.test'
  const contact = ['--address', address, '--email', 'mario@example.it', '--terms', '1', '--years', '2']
  const { id = '' } = await run(['request', 'start', ...person, ...contact])
  const confirm = await post.letter(/Confermi|confermi/)
  await run(['request', 'confirm', confirm.token])
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

  const activation = await post.letter(/è attiva\./)
  assert.match(activation.text, new RegExp(`Nome utente: ${address}`))
  assert.match(activation.text, new RegExp(`localhost, porta ${provider.ports.imaps}, SSL/TLS`))
  const { password = '' } = await run(['contract', 'activate', activation.token])
  for (const secret of [confirm.token, activation.token, password]) assert.ok(!provider.output().includes(secret))
  await (await connectMailbox(provider, { address, password })).logout()

  assert.equal((await run(['contract', 'stop', address, '--because', 'withdraw']))['state'], 'withdrawn')
  const dialog = await Dialog.open(t, provider, 'submissions')
  await dialog.say('EHLO client.test')
  assert.match(await dialog.say(`AUTH PLAIN ${plainLogin(address, password)}`), /^235 /)
  assert.match(await dialog.say(`MAIL FROM:<${address}>`), /^550 5\.7\.1 This mailbox is suspended and cannot send/)

  const stopped = await post.letter(/è stata disattivata per recesso/)
  assert.match(await handIn(t, stopped.from, failureReport('failed', '5.1.1', 'no such user')), /^250 /)
  interface Mail {
    readonly id: string
    readonly lastWord: string
    readonly recipient: string
  }
  const [failed] = await until('failed notice', async () => {
    const mails = await run<Mail[]>(['notices', 'list', '--state', 'failed'])
    return mails.length > 0 ? mails : undefined
  })
  assert.deepEqual([failed?.lastWord, failed?.recipient], ['5.1.1 no such user', 'mario@example.it'])
  assert.equal((await run(['notices', 'retry', failed?.id ?? '']))['done'], 'anew')
  await post.letter(/è stata disattivata per recesso/)
  assert.match(
    (await provider.ceralacca('notices', 'show', failed?.id ?? '')).stdout,
    /State +failed at .*\n[^]*Last word +5\.1\.1/,
  )
  const dkim = await run(['notices', 'dkim'])
  assert.equal(dkim['name'], 'ceralacca._domainkey.pec.ceralacca.test')
  assert.equal((await provider.ceralacca('check')).code, 0)
})

test('a member proves an address elsewhere; the register is told of both', async (t) => {
  const [, lucia] = provider.accounts
  const { id = '' } = await run(['elsewhere', 'start', 'OMCEO-XX', 'BNCLCU85T55F205D', 'Bianchi', 'Lucia', lucia.address])
  const client = await openMailbox(t, provider, lucia)
  const [envelope] = await waitForMessages(client, 1, ({ subject }) => subject.includes('Codice per il domicilio digitale'))
  const [, code = ''] = /^ {4}([0-9A-Z-]{14})\r$/m.exec(String(envelope?.source)) ?? []
  assert.equal((await run(['elsewhere', 'prove', id, code]))['state'], 'proved')

  const csv = join(provider.dataFolder, 'register.csv')
  const { sha256 } = await run(['register', 'export', 'OMCEO-XX', csv])
  const text = readFileSync(csv)
  assert.equal(sha256, createHash('sha256').update(text).digest('hex'))
  assert.deepEqual(text.toString().split('\r\n').slice(1), [`${lucia.address};Lucia;Bianchi;;BNCLCU85T55F205D;2;;`, ''])
  await run(['register', 'confirm', 'OMCEO-XX', '1'])
  const { members } = await run<{ members: { taxCode: string }[] }>(['roll', 'without-address', 'OMCEO-XX'])
  assert.deepEqual(
    members.map(({ taxCode }) => taxCode),
    ['RSSMRA80A01H501U'],
  )
  assert.equal((await provider.ceralacca('check')).code, 0)
})
