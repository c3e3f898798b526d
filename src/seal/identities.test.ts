import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { clientError, temporaryError } from '../base/errors.ts'
import type { Events } from '../base/events.ts'
import { createSealer } from './cms-template.ts'
import { openFileKey } from './file-key.ts'
import { createFileKeyStore } from './file-key-store.ts'
import { createSealIdentities, settingsName } from './identities.ts'
import type { KeyStore, SealKey } from './key-store.ts'
import { certificatesOf } from './pem.ts'
import type { IdentityQueries, StoredIdentity } from './queries.ts'
import { addIdentity } from './rotation.ts'
import type { IssuedPair } from './test-authority.ts'
import { ADDRESS, NOW, openBench, type Bench } from './test-openssl.ts'
import { verifyDetached } from './verify.ts'

const DAY = 86_400_000
const CONTENT = Buffer.from('contenuto')
let bench: Bench
let next: IssuedPair
const folder = mkdtempSync(join(tmpdir(), 'ceralacca-identities-'))
after(() => rmSync(folder, { recursive: true, force: true }))
before(async () => {
  bench = await openBench()
  next = await bench.authority.issueSealCertificate({ providerName: 'Società Esempio S.p.A.', address: ADDRESS, days: 2000 })
})
after(() => bench.close())

const derOf = (pair: IssuedPair): Buffer => certificatesOf(pair.certificate)[0] ?? Buffer.alloc(0)

/** The table, in memory. */
function memory(): IdentityQueries & { fail: boolean } {
  const rows: StoredIdentity[] = []
  return {
    fail: false,
    async all() {
      if (this.fail) throw temporaryError('database-unavailable', 'away')
      return [...rows]
    },
    async add(identities) {
      for (const one of identities) {
        if (rows.some(({ name }) => name === one.name)) throw clientError('identity-exists', 'x')
        rows.push(one)
      }
    },
  }
}

/** Keys by name, which can be taken away. */
function keyring(keys: Record<string, SealKey>): KeyStore {
  return {
    open: (name) => {
      const key = keys[name]
      return key ? Promise.resolve(key) : Promise.reject(temporaryError('seal-token-unavailable', 'away'))
    },
    create: () => Promise.reject(new Error('not here')),
    close: () => Promise.resolve(),
  }
}

function setUp() {
  const clock = { ms: NOW }
  const keys: Record<string, SealKey> = { next: openFileKey(next.key) }
  const revoked = new Set<Buffer>()
  const events: { name: keyof Events; data: unknown }[] = []
  const queries = memory()
  const own = { sealer: bench.sealer, chain: bench.roots }
  const now = (): number => clock.ms
  const identities = createSealIdentities({
    own,
    queries,
    stores: { file: keyring(keys), token: null },
    revocationOf: async (certificate) => ([...revoked].some((one) => one.equals(certificate)) ? 'revoked' : 'good'),
    report: (name, data) => void events.push({ name, data }),
    now,
  })
  const rotate = (options: { sealsFrom?: number; force?: boolean; pair?: IssuedPair; name?: string } = {}) => {
    const { sealsFrom = NOW + 2 * DAY, force = false, pair = next, name = 'next' } = options
    const key = openFileKey(pair.key)
    const request = { name, store: 'file' as const, key, certificate: derOf(pair), chain: bench.roots, sealsFrom, force }
    return addIdentity(request, { own, queries, now })
  }
  const sealed = async (at = clock.ms): Promise<Buffer> => {
    const cms = await identities.seal(hash('sha256', CONTENT, 'buffer'), at)
    const result = verifyDetached({ cms, content: CONTENT, roots: bench.roots, at })
    assert.ok(result.ok, JSON.stringify(result))
    return result.certificate
  }
  return { clock, keys, revoked, events, queries, own, identities, rotate, sealed }
}

test('the next identity is published when it is added, seals from its time on by the instant of the seal, and the old one stays', async () => {
  const { clock, identities, rotate, sealed } = setUp()
  await identities.refresh()
  const before = identities.certificates()
  await rotate()
  await identities.refresh()
  const announced = identities.certificates()
  assert.notEqual(announced, before)
  assert.ok([bench.identity.certificate, derOf(next)].every((der) => announced.some((one) => one.equals(der))))
  assert.deepEqual(await sealed(), bench.identity.certificate)
  assert.deepEqual(await sealed(NOW + 2 * DAY - 1), bench.identity.certificate)
  assert.deepEqual(await sealed(NOW + 2 * DAY), derOf(next))
  clock.ms = NOW + 3 * DAY
  await identities.refresh()
  assert.deepEqual(await sealed(), derOf(next))
  assert.equal(identities.certificates(), announced, 'nothing has changed')
  assert.deepEqual(
    identities.list().map(({ name, sealsNow }) => [name, sealsNow]),
    [
      ['next', true],
      [settingsName(bench.identity.certificate), false],
    ],
  )
})

test('a rotation that could go wrong is refused, and nothing is written', async () => {
  const { identities, queries, rotate } = setUp()
  await identities.refresh()
  await assert.rejects(rotate({ sealsFrom: NOW + DAY - 1 }), { code: 'rotation-too-soon' })
  await assert.rejects(rotate({ sealsFrom: NOW + 9_999, force: true }), { code: 'rotation-too-soon', message: /10 seconds/ })
  await assert.rejects(rotate({ sealsFrom: NOW + 2001 * DAY }), { code: 'certificate-not-valid' })
  const other = await bench.authority.issueSealCertificate({ providerName: 'X', address: 'other@pec.example.it' })
  await assert.rejects(rotate({ pair: other }), { code: 'seal-address-differs' })
  await assert.rejects(rotate({ pair: { certificate: next.certificate, key: other.key } }), { code: 'seal-key-mismatch' })
  await assert.rejects(rotate({ pair: bench.seal, name: 'same' }), { code: 'identity-exists' })
  assert.deepEqual(await queries.all(), [])
  await rotate({ sealsFrom: NOW + 10_000, force: true })
  await assert.rejects(rotate({ name: 'twice' }), { code: 'identity-exists' })
  assert.equal((await queries.all()).length, 2)
})

test('with a key that is not there the old identity goes on, it is said once, and the new one seals once the key is there', async () => {
  const { clock, keys, events, identities, rotate, sealed } = setUp()
  const key = keys['next']
  assert.ok(key)
  delete keys['next']
  await rotate()
  await identities.refresh()
  clock.ms = NOW + 3 * DAY
  await identities.refresh()
  assert.deepEqual(await sealed(), bench.identity.certificate)
  assert.deepEqual(
    events.map(({ name }) => name),
    ['seal-identity-unusable'],
  )
  keys['next'] = key
  await identities.refresh()
  assert.deepEqual(await sealed(), derOf(next))
})

test('a revoked certificate seals nothing: a temporary error that says so; it leaves the record; another one may go on', async () => {
  const { clock, revoked, events, identities, rotate, sealed } = setUp()
  revoked.add(bench.identity.certificate)
  await identities.start()
  await assert.rejects(sealed(), { code: 'seal-certificate-revoked', fault: 'temporary' })
  assert.deepEqual(
    events.map(({ name }) => name),
    ['seal-certificate-revoked', 'seal-stopped'],
  )
  await identities.stop()
  await rotate({ sealsFrom: NOW + 10_000, force: true })
  await identities.refresh()
  assert.deepEqual(identities.certificates(), [derOf(next)])
  clock.ms += 20_000
  assert.deepEqual(await sealed(), derOf(next))
  revoked.clear()
  revoked.add(derOf(next))
  clock.ms += 60_000
  await identities.refresh()
  assert.deepEqual(await sealed(), bench.identity.certificate, 'revoked on hold, and released')
})

test('an expired certificate seals nothing: a temporary error that says so', async () => {
  const { clock, events, identities, sealed } = setUp()
  clock.ms = NOW + 2000 * DAY
  await identities.start()
  await identities.stop()
  await assert.rejects(sealed(), { code: 'seal-certificate-expired', fault: 'temporary' })
  assert.deepEqual(
    events.map(({ name }) => name),
    ['seal-stopped'],
  )
})

test('what was read goes on counting while the database cannot be asked', async () => {
  const { clock, queries, identities, rotate, sealed } = setUp()
  await rotate()
  await identities.refresh()
  queries.fail = true
  await assert.rejects(identities.refresh(), { code: 'database-unavailable' })
  clock.ms = NOW + 2 * DAY
  assert.deepEqual(await sealed(), derOf(next))
})

test('an old identity of the settings stays published after the settings have changed', async () => {
  const first = setUp()
  await first.rotate()
  const renewed = await bench.authority.issueSealCertificate({ providerName: 'Y', address: ADDRESS })
  const sealer = createSealer({ certificate: derOf(renewed), chain: bench.roots, sign: openFileKey(renewed.key).sign })
  const identities = createSealIdentities({
    own: { sealer, chain: bench.roots },
    queries: first.queries,
    stores: { file: createFileKeyStore(folder), token: null },
    revocationOf: async () => null,
    report: () => undefined,
    now: () => NOW,
  })
  await identities.refresh()
  const published = identities.certificates()
  for (const der of [bench.identity.certificate, derOf(next), derOf(renewed)]) assert.ok(published.some((one) => one.equals(der)))
})
