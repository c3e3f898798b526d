/** The states of a mailbox, and the policies, as the operator sets them and as the holder meets them. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Dialog, plainLogin } from './support/dialog.ts'
import { connectMailbox } from './support/mailbox-reader.ts'
import { startProvider, type Account } from './support/provider.ts'

const provider = await startProvider({ after })
const [mario, lucia] = provider.accounts

/** What `ceralacca ARGS --json` prints. */
async function run(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await provider.ceralacca(...args, '--json')
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as Record<string, unknown>
}

/** What the server answers to a login over IMAP: '' if it is in. */
async function imapLogin(account: Account): Promise<string> {
  try {
    await (await connectMailbox(provider, account)).logout()
    return ''
  } catch (error) {
    return (error as { responseText?: string }).responseText ?? String(error)
  }
}

test('suspended: reads, does not send, not even in a session that was open; disabled: does not come in', async (t) => {
  const open = await Dialog.open(t, provider, 'submissions')
  await open.say('EHLO client.test')
  assert.match(await open.say(`AUTH PLAIN ${plainLogin(mario.address, mario.password)}`), /^235 /)
  assert.match(await open.say(`MAIL FROM:<${mario.address}>`), /^250 /)
  await open.say('RSET')

  assert.equal((await run('mailbox', 'set', mario.address, '--status', 'suspended'))['status'], 'suspended')
  const refused = /^550 5\.7\.1 This mailbox is suspended and cannot send/
  assert.match(await open.say(`MAIL FROM:<${mario.address}>`), refused)
  const later = await Dialog.open(t, provider, 'submissions')
  await later.say('EHLO client.test')
  assert.match(await later.say(`AUTH PLAIN ${plainLogin(mario.address, mario.password)}`), /^235 /)
  assert.match(await later.say(`MAIL FROM:<${mario.address}>`), refused)
  assert.equal(await imapLogin(mario), '')

  await run('mailbox', 'set', mario.address, '--status', 'disabled')
  const closed = await Dialog.open(t, provider, 'submissions')
  await closed.say('EHLO client.test')
  assert.match(
    await closed.say(`AUTH PLAIN ${plainLogin(mario.address, mario.password)}`),
    /^535 5\.7\.8 This mailbox is disabled/,
  )
  assert.match(await closed.say(`AUTH PLAIN ${plainLogin(mario.address, 'wrong')}`), /^535 5\.7\.8 Wrong user name or password/)
  assert.match(await imapLogin(mario), /disabled: ask your provider/)

  await run('mailbox', 'set', mario.address, '--status', 'active')
  assert.match(await later.say(`MAIL FROM:<${mario.address}>`), /^250 /)
})

test('a new password ends what an older one had opened', async (t) => {
  const open = await Dialog.open(t, provider, 'submissions')
  await open.say('EHLO client.test')
  assert.match(await open.say(`AUTH PLAIN ${plainLogin(lucia.address, lucia.password)}`), /^235 /)
  await run('mailbox', 'set-password', lucia.address)
  assert.match(await open.say(`MAIL FROM:<${lucia.address}>`), /^530 5\.7\.0 The password was changed/)
})

test('what is set is shown', async () => {
  const set = await run(
    'mailbox',
    'set',
    mario.address,
    '--incoming-ordinary',
    'forward',
    '--forward-to',
    'Mario@ordinary.test',
    '--outgoing-ordinary',
    'refuse',
  )
  const expected = {
    status: 'active',
    incomingOrdinary: 'forward',
    forwardTo: 'mario@ordinary.test',
    outgoingOrdinary: 'refuse',
  }
  const pick = (from: Record<string, unknown>): object =>
    Object.fromEntries(Object.keys(expected).map((name) => [name, from[name]]))
  assert.deepEqual(pick(set), expected)
  assert.deepEqual(pick(await run('mailbox', 'show', mario.address)), expected)
  const listed = (await run('mailbox', 'list')) as unknown as Record<string, unknown>[]
  assert.deepEqual(pick(listed.find(({ address }) => address === mario.address) ?? {}), expected)
  const { stdout } = await provider.ceralacca('mailbox', 'show', mario.address)
  assert.match(stdout, /^Ordinary mail in +forward to mario@ordinary\.test$/m)
  const back = await run('mailbox', 'set', mario.address, '--incoming-ordinary', 'default', '--outgoing-ordinary', 'default')
  assert.deepEqual(pick(back), { status: 'active', incomingOrdinary: null, forwardTo: null, outgoingOrdinary: null })
})

test('the policy of a domain', async () => {
  const answer = await run('domain', 'set', 'PEC.ceralacca.test', '--outgoing-ordinary', 'refuse')
  assert.deepEqual(answer, { domain: 'pec.ceralacca.test', outgoingOrdinary: 'refuse' })
  const { stdout } = await provider.ceralacca('domain', 'list')
  assert.match(stdout, /^pec\.ceralacca\.test +refuse$/m)
})

test('says what to do when something is wrong', async () => {
  const cases: [args: string[], code: number, message: RegExp][] = [
    [['mailbox', 'set', mario.address], 2, /Say what to change/],
    [['mailbox', 'set', mario.address, '--status', 'asleep'], 2, /active, suspended, disabled, revoked/],
    [['mailbox', 'set', mario.address, '--incoming-ordinary', 'forward', '--forward-to', lucia.address], 1, /ordinary address/],
    [['domain', 'set', 'unknown.test', '--outgoing-ordinary', 'allow'], 1, /is not served here/],
  ]
  for (const [args, code, message] of cases) {
    const result = await provider.ceralacca(...args)
    assert.equal(result.code, code, args.join(' '))
    assert.match(result.stderr, message)
  }
})
