/** Operators sign in to a running provider, and what they do to a holder's things is in the audit log, where the holder can see it. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { lastFirst } from '../src/storage/test-database.ts'
import { openBrowser, operatorOf } from './support/api.ts'
import { consistent } from './support/consistent.ts'
import { startProvider } from './support/provider.ts'

const provider = await startProvider(lastFirst({ after }))
const operator = operatorOf(provider)

/** A browser at the operators' API. */
function browser() {
  const { ask, keep, cookie } = openBrowser(provider)
  return {
    ask: (method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
      ask(method, `/operator${path}`, { headers, ...(body && { body }) }),
    keep,
    cookie,
  }
}

test('an operator signs in with a password and a second factor, and out again', async () => {
  const { ask, cookie, keep } = browser()
  const signIn = { name: operator.user, password: operator.password }
  assert.equal((await ask('GET', '/session')).status, 401)
  assert.equal((await ask('POST', '/session', { ...signIn, password: 'sbagliata' })).body['code'], 'bad-credentials')
  // What another site could make a browser send.
  assert.equal((await ask('POST', '/session', signIn, { origin: 'https://evil.test' })).body['code'], 'other-origin')
  assert.equal((await ask('POST', '/session', signIn, { 'sec-fetch-site': 'cross-site' })).body['code'], 'other-origin')
  assert.equal((await ask('POST', '/session', signIn, { 'content-type': 'text/plain' })).body['code'], 'bad-request')
  assert.equal((await ask('POST', '/session', { name: operator.user })).status, 400)

  const begun = await ask('POST', '/session', signIn, { origin: `https://localhost:${provider.ports.https}` })
  assert.match(begun.cookie ?? '', /^__Host-ceralacca-operator=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Expires=/)
  assert.equal(begun.body['stage'], 'enrolment')
  assert.equal((await ask('GET', '/sessions')).body['code'], 'wrong-stage')
  const before = cookie()

  const { secret, uri } = (await ask('POST', '/second-factors/totp', {})).body
  assert.match(String(uri), /^otpauth:\/\/totp\//)
  const totp = new TOTP({ secret: Secret.fromBase32(String(secret)) })
  assert.equal((await ask('POST', '/second-factors/totp/confirm', { code: '000000' })).body['code'], 'bad-second-factor')
  const enrolled = await ask('POST', '/second-factors/totp/confirm', { code: totp.generate() })
  assert.equal(enrolled.body['stage'], 'full')
  assert.equal((enrolled.body['recoveryCodes'] as string[]).length, 10)
  assert.notEqual(cookie(), before)
  const shown = await ask('GET', '/session')
  assert.deepEqual([shown.body['operator'], shown.body['factors']], [operator.user, ['totp', 'recovery-code']])

  const full = cookie()
  assert.equal((await ask('DELETE', '/session')).status, 204)
  keep(full)
  assert.equal((await ask('GET', '/session')).status, 401)
  const recovering = browser()
  assert.equal((await recovering.ask('POST', '/session', signIn)).body['stage'], 'second-factor')
  const [code] = enrolled.body['recoveryCodes'] as string[]
  assert.equal((await recovering.ask('POST', '/session/recovery-code', { code })).body['stage'], 'full')
  await provider.ceralacca('operator', 'disable', operator.user)
  assert.equal((await recovering.ask('GET', '/session')).status, 401)
})

test('a holder sees what was done to his things, but for what a judge forbids to show', async () => {
  const [{ address }, { address: other }] = provider.accounts
  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await provider.ceralacca(...args)
    assert.equal(code, 0, stderr)
    return stdout
  }
  const accesses = async (of: string): Promise<string[]> => {
    const all = JSON.parse(await run('mailbox', 'accesses', of, '--json')) as { details: { command: string } }[]
    return all.map(({ details }) => details.command)
  }
  await run('mailbox', 'show', address)
  await run('app-password', 'list', address, '--judicial-order', 'Procura di Roma 12/2026')
  assert.deepEqual(await accesses(address), ['mailbox show', 'mailbox accesses'])
  assert.deepEqual(await accesses(other), ['mailbox accesses'])

  const all = JSON.parse(await run('audit', 'list', '--json')) as {
    entry: string
    withheld: boolean
    details: { order?: string }
  }[]
  const withheld = all.filter((entry) => entry.withheld)
  assert.deepEqual(
    withheld.map(({ details }) => details.order),
    ['Procura di Roma 12/2026'],
  )
  await run('audit', 'disclose', withheld[0]?.entry ?? '', '--reason', 'Procura di Roma, nulla osta')
  assert.deepEqual(await accesses(address), ['mailbox show', 'app-password list', 'mailbox accesses', 'mailbox accesses'])

  await run('ledger', 'seal')
  const verified = JSON.parse(await run('audit', 'verify', '--json')) as { verified: boolean; waiting: number; segments: number }
  assert.equal(verified.verified, true)
  assert.equal(verified.waiting, 0)
  assert.ok(verified.segments > 0)
  assert.match(await run('ledger', 'verify'), /^Verified/)
  await consistent(provider)
})
