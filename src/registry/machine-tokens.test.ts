/** Tokens of programs: shown once, kept as a hash, good for what they were made for until they end. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { withTestDatabase } from '../storage/test-database.ts'
import { clientError } from '../base/errors.ts'
import { idOfMachineToken, makeMachineToken } from './machine-token-secret.ts'
import { createMachineTokens } from './machine-tokens.ts'

const { database } = await withTestDatabase({ after })
const clock = { now: Date.parse('2026-03-15T09:00:00Z') }
const DAY = 24 * 3_600_000
const ANNA = { actor: 'operator:anna', role: 'administrator' } as const
const tokens = createMachineTokens({
  database,
  checkOwner: async ({ boundName }) => {
    if (boundName === 'NOBODY') throw clientError('no-such-order', 'There is no order NOBODY')
  },
  now: () => clock.now,
})
const PROVIDER = { bound: 'provider', boundName: '' } as const
const wanted = (name: string) => ({ ...PROVIDER, name, scopes: ['roll:read'], days: 30 })

test('a token has its check, and one that is mistyped is none', () => {
  const { token, id } = makeMachineToken()
  assert.match(token, /^cera_[0-9A-Za-z]{46}$/)
  assert.equal(idOfMachineToken(token), id)
  // CRC-32 of "cera_" with 40 zeros is 0xc8859224, which is 3ffpIK in base 62 (computed with Python): a scanner computes the same.
  assert.equal(idOfMachineToken(`cera_${'0'.repeat(40)}3ffpIK`), '00000000')
  for (let at = 5; at < token.length; at++) {
    const other = token[at] === 'x' ? 'y' : 'x'
    assert.equal(idOfMachineToken(`${token.slice(0, at)}${other}${token.slice(at + 1)}`), undefined)
  }
})

test('it opens what it is good for, until it ends or is revoked; nothing of it is stored', async () => {
  const { token, id } = await tokens.add(wanted('order-roll'), ANNA)
  const { name, scopes, lastUsedOn } = await tokens.authenticate(token)
  assert.deepEqual([name, scopes, lastUsedOn], ['order-roll', ['roll:read'], null])
  assert.equal((await tokens.authenticate(token)).lastUsedOn, '2026-03-15')
  const forged = `cera_${id}${token.slice(13, -6).split('').toReversed().join('')}`
  await assert.rejects(tokens.authenticate(forged), { code: 'bad-token' })
  const [row] = await database.reader.read<{ all: string }>(
    `select (select string_agg(t::text, '') from machine_token t) || (select string_agg(e::text, '') from audit_entry e) as all`,
  )
  assert.ok(row?.all.includes('order-roll') && !row.all.includes(token.slice(13)))
  clock.now += 30 * DAY
  await assert.rejects(tokens.authenticate(token), { code: 'bad-token' })
  clock.now -= DAY
  await tokens.authenticate(token)
  await tokens.revoke('order-roll', ANNA)
  await assert.rejects(tokens.authenticate(token), { code: 'bad-token' })
  await assert.rejects(tokens.revoke('order-roll', ANNA), { code: 'no-such-token' })
  const acts = await database.reader.read<{ act: string; object: string }>('select act, object from audit_entry order by at, seq')
  assert.deepEqual(acts.map(({ act, object }) => `${act} ${object}`).sort(), [
    'token-made token:order-roll',
    'token-revoked token:order-roll',
  ])
})

test('a name is used once; scopes and owners are such as there are', async () => {
  await tokens.add(wanted('once'), ANNA)
  await assert.rejects(tokens.add(wanted('once'), ANNA), { code: 'token-exists' })
  const refused: readonly (readonly [change: object, code: string])[] = [
    [{ name: 'Not A Name' }, 'bad-token-name'],
    [{ scopes: [] }, 'bad-token-scopes'],
    [{ scopes: ['roll:read', 'all'] }, 'bad-token-scopes'],
    [{ bound: 'mailbox', boundName: 'mario@pec.it', scopes: ['roll:read'] }, 'bad-token-scopes'],
    [{ bound: 'order', boundName: 'NOBODY' }, 'no-such-order'],
    [{ days: 0 }, 'bad-token-days'],
    [{ days: 2000 }, 'bad-token-days'],
  ]
  for (const [change, code] of refused) await assert.rejects(tokens.add({ ...wanted('other'), ...change }, ANNA), { code })
  assert.deepEqual(
    (await tokens.list()).map(({ name }) => name),
    ['once', 'order-roll'],
  )
})
