import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto'
import { before, test } from 'node:test'
import type { Events } from '../base/events.ts'
import { temporaryError } from '../base/errors.ts'
import { extension, nameDer, signDer, writeCertificate } from './certificate-writer.ts'
import type { Extension } from './certificate-writer.ts'
import { writeList } from './crl-writer.ts'
import { TAG, element, sequence } from './der.ts'
import { OID } from './oids.ts'
import { createRevocation } from './revocation.ts'
import { createTestAuthority, generateKey } from './test-authority.ts'
import type { IssuedPair, TestAuthority } from './test-authority.ts'
import { ADDRESS, NOW } from './test-openssl.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const URL_OF_LIST = 'http://crl.example.it/ca.crl'

let authority: TestAuthority
let root: Buffer
let seal: IssuedPair
let certificate: Buffer
before(async () => {
  authority = await createTestAuthority({ name: 'Prova', now: NOW })
  root = new X509Certificate(authority.certificate).raw
  seal = await authority.issueSealCertificate({ providerName: 'Prova', address: ADDRESS, listUrl: URL_OF_LIST })
  certificate = new X509Certificate(seal.certificate).raw
})

/** Places that lists are served from, a clock that is moved by hand, and what was fetched and reported. */
function createWorld(lists: Record<string, Buffer | undefined> = {}, refreshMs = HOUR) {
  const world = {
    lists,
    time: NOW,
    fetched: [] as string[],
    stale: [] as Events['revocation-list-stale'][],
    /** what a fetch waits for */
    gate: Promise.resolve(),
  }
  const revocation = createRevocation({
    refreshMs,
    now: () => world.time,
    async fetchList(url) {
      world.fetched.push(url)
      await world.gate
      const list = world.lists[url]
      if (list) return list
      throw temporaryError('list-unfetchable', 'no such list')
    },
    report(name, data) {
      assert.equal(name, 'revocation-list-stale')
      assert.ok('validUntil' in data)
      world.stale.push(data)
    },
  })
  const check = (at = world.time, one = certificate, chain: readonly Buffer[] = [root]) => revocation.check(one, chain, at)
  return Object.assign(world, { check })
}

const listOf = (...request: Parameters<TestAuthority['issueRevocationList']>) => authority.issueRevocationList(...request)
const revokedList = (facts: { at?: number; reason?: number; invalidSince?: number } = {}, thisUpdate = NOW) =>
  listOf({ revoked: [{ certificate: seal.certificate, ...facts }], thisUpdate })

const UNKNOWN = { code: 'revocation-unknown', fault: 'temporary' }

test('good while the list does not name it, revoked when it does', async () => {
  const other = await authority.issueSealCertificate({ providerName: 'Altro', address: ADDRESS, listUrl: URL_OF_LIST })
  assert.equal(await createWorld({ [URL_OF_LIST]: await listOf() }).check(), 'good')
  const world = createWorld({ [URL_OF_LIST]: await revokedList() })
  assert.equal(await world.check(), 'revoked')
  assert.equal(await world.check(NOW, new X509Certificate(other.certificate).raw), 'good')
  assert.deepEqual(world.fetched, [URL_OF_LIST])
})

test('a certificate without a distribution point is good, and nothing is fetched', async () => {
  const plain = await authority.issueSealCertificate({ providerName: 'P', address: ADDRESS })
  const world = createWorld()
  assert.equal(await world.check(NOW, new X509Certificate(plain.certificate).raw), 'good')
  assert.deepEqual(world.fetched, [])
})

test('for old mail a later revocation does not count, but a key compromised before it does', async () => {
  const at = NOW - 2 * HOUR
  const status = async (facts: Parameters<typeof revokedList>[0]) =>
    createWorld({ [URL_OF_LIST]: await revokedList(facts) }).check(at)
  assert.equal(await status({ at }), 'revoked')
  assert.equal(await status({ at: at + 1000 }), 'good')
  assert.equal(await status({ at: at + 1000, reason: 1 }), 'good', 'nobody says since when')
  for (const reason of [1, 2, 10]) {
    assert.equal(await status({ at: at + 1000, reason, invalidSince: at }), 'revoked')
    assert.equal(await status({ at: at + 1000, reason, invalidSince: at + 1000 }), 'good')
  }
  assert.equal(
    await status({ at: at + 1000, reason: 4, invalidSince: at - DAY }),
    'good',
    'superseded: the key was in good hands',
  )
  assert.equal(await status({ at, reason: 6 }), 'revoked', 'on hold')
  assert.equal(await status({ at, reason: 8 }), 'good', 'taken back')
})

test('what a list names is revoked now, even with a date to come', async () => {
  const world = createWorld({ [URL_OF_LIST]: await revokedList({ at: NOW + DAY }) })
  assert.equal(await world.check(), 'revoked')
})

test('no list, one that is over, not valid yet, of a stranger, forged or no list at all: unknown, and reported', async () => {
  const stranger = await createTestAuthority({ name: 'Prova', now: NOW })
  const forged = Buffer.from(await listOf())
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
  const lists: [string, Buffer | undefined][] = [
    ['list-unfetchable', undefined],
    ['crl-unfit', await listOf({ thisUpdate: NOW - DAY, nextUpdate: NOW })],
    ['crl-unfit', await listOf({ thisUpdate: NOW + 1000 })],
    ['crl-unfit', await stranger.issueRevocationList()],
    ['crl-unfit', forged],
    ['der-malformed', Buffer.from('<html>moved</html>')],
  ]
  for (const [code, list] of lists) {
    const world = createWorld({ [URL_OF_LIST]: list })
    await assert.rejects(world.check(), UNKNOWN)
    assert.deepEqual(
      world.stale.map(({ url, validUntil, error }) => [url, validUntil, error.code]),
      [[URL_OF_LIST, null, code]],
    )
  }
})

test('fetched anew after the refresh time, and at nextUpdate if that is earlier', async () => {
  const world = createWorld({ [URL_OF_LIST]: await listOf({ nextUpdate: NOW + 90 * MINUTE }) })
  await world.check()
  world.time = NOW + HOUR - 1
  await world.check()
  assert.equal(world.fetched.length, 1)
  world.time = NOW + HOUR
  await world.check()
  assert.equal(world.fetched.length, 2)
  world.time = NOW + 90 * MINUTE - 1
  await world.check()
  assert.equal(world.fetched.length, 2)
  world.lists[URL_OF_LIST] = await revokedList({ at: NOW + 80 * MINUTE }, NOW + 89 * MINUTE)
  world.time = NOW + 90 * MINUTE
  assert.equal(await world.check(), 'revoked')
  assert.equal(world.fetched.length, 3)
  assert.deepEqual(world.stale, [])
})

test('a fetch that fails leaves the last good list in force until its nextUpdate, and is not repeated with every check', async () => {
  const world = createWorld({ [URL_OF_LIST]: await listOf({ nextUpdate: NOW + 2 * HOUR }) })
  await world.check()
  const good = world.lists[URL_OF_LIST]
  world.lists[URL_OF_LIST] = undefined
  world.time = NOW + HOUR
  assert.equal(await world.check(), 'good')
  assert.equal(await world.check(), 'good')
  assert.equal(world.fetched.length, 2)
  assert.deepEqual(
    world.stale.map(({ validUntil }) => validUntil),
    [new Date(NOW + 2 * HOUR).toISOString()],
  )
  world.time += MINUTE
  assert.equal(await world.check(), 'good')
  assert.equal(world.fetched.length, 3)
  world.time = NOW + 2 * HOUR - 1
  assert.equal(await world.check(), 'good')
  world.time = NOW + 2 * HOUR
  await assert.rejects(world.check(), UNKNOWN)
  assert.equal(world.fetched.length, 5)
  await assert.rejects(world.check(), UNKNOWN)
  assert.equal(world.fetched.length, 5)
  world.lists[URL_OF_LIST] = good
  world.time += MINUTE
  await assert.rejects(world.check(), UNKNOWN)
  world.lists[URL_OF_LIST] = await listOf({ thisUpdate: world.time })
  world.time += MINUTE
  assert.equal(await world.check(), 'good')
})

test('an older list that is still valid does not take the place of a newer one', async () => {
  const world = createWorld({ [URL_OF_LIST]: await revokedList({ at: NOW - HOUR }) })
  assert.equal(await world.check(), 'revoked')
  world.lists[URL_OF_LIST] = await listOf({ thisUpdate: NOW - DAY, nextUpdate: NOW + DAY })
  world.time = NOW + HOUR
  assert.equal(await world.check(), 'revoked')
  assert.match(world.stale[0]?.error.message ?? '', /older/)
})

test('checks at the same time share one fetch, its success and its failure', async () => {
  for (const list of [await revokedList(), undefined]) {
    const world = createWorld({ [URL_OF_LIST]: list })
    const { promise, resolve } = Promise.withResolvers<void>()
    world.gate = promise
    const checks = Array.from({ length: 50 }, () => world.check())
    resolve()
    const answers = await Promise.allSettled(checks)
    assert.equal(world.fetched.length, 1)
    assert.ok(
      answers.every((answer) =>
        list ? answer.status === 'fulfilled' && answer.value === 'revoked' : answer.status === 'rejected',
      ),
    )
    assert.equal(world.stale.length, list ? 0 : 1)
  }
})

/** A certificate and an authority above it, both with lists; what is signed is by keys made for it. */
async function createPath(options: { leaf?: Extension[] } = {}) {
  const middleKey = await generateKey('rsa')
  const name = { country: 'IT', organization: 'Prova', commonName: 'Middle' }
  const spki = (key: string) => createPublicKey(key).export({ type: 'spki', format: 'der' })
  const validity = { notBefore: NOW - DAY, notAfter: NOW + DAY }
  const top = { name: nameDer({ ...name, commonName: 'Prova Test Root' }), key: createPrivateKey(authority.key) }
  const middleIssuer = { name: nameDer(name), key: createPrivateKey(middleKey) }
  const point = (url: string) => extension.crlDistributionPoints([url])
  const middle = await writeCertificate(
    {
      subject: name,
      publicKey: spki(middleKey),
      ...validity,
      extensions: [extension.basicConstraintsCa(), extension.keyUsage(0x06), point(URL_OF_LIST)],
    },
    top,
  )
  const leaf = await writeCertificate(
    {
      subject: { ...name, commonName: 'Leaf' },
      publicKey: spki(seal.key),
      ...validity,
      extensions: [extension.keyUsage(0x80), ...(options.leaf ?? [point('http://middle.example/1')])],
    },
    middleIssuer,
  )
  const list = (revoked: Parameters<typeof writeList>[0]['revoked'], extensions: Extension[] = []) =>
    writeList({ revoked, thisUpdate: NOW, nextUpdate: NOW + DAY, extensions }, middleIssuer)
  return { middle, leaf, list, middlePem: new X509Certificate(middle).toString() }
}

const scope = (...fields: Buffer[]): Extension => ({
  id: OID.issuingDistributionPoint,
  critical: true,
  value: sequence(...fields),
})
const TRUE = Buffer.from([0xff])

test('the authorities of the path are asked about too, the root is not', async () => {
  const { middle, leaf, list, middlePem } = await createPath()
  const lists = { 'http://middle.example/1': await list([]), [URL_OF_LIST]: await listOf() }
  const world = createWorld(lists)
  assert.equal(await world.check(NOW, leaf, [middle, root]), 'good')
  assert.deepEqual(world.fetched.toSorted(), [URL_OF_LIST, 'http://middle.example/1'])
  const revokedMiddle = await listOf({ revoked: [{ certificate: middlePem }] })
  assert.equal(await createWorld({ ...lists, [URL_OF_LIST]: revokedMiddle }).check(NOW, leaf, [middle, root]), 'revoked')
  const without = { [URL_OF_LIST]: revokedMiddle }
  assert.equal(
    await createWorld(without).check(NOW, leaf, [middle, root]),
    'revoked',
    'one is revoked: what the other is does not matter',
  )
  await assert.rejects(createWorld({ [URL_OF_LIST]: lists[URL_OF_LIST] }).check(NOW, leaf, [middle, root]), UNKNOWN)
  const swapped = createWorld({ ...lists, 'http://middle.example/1': await listOf() })
  await assert.rejects(swapped.check(NOW, leaf, [middle, root]), UNKNOWN, 'a list of the root says nothing of the leaf')
})

test('several places: the next one is asked where one fails, and a list for others is none', async () => {
  const urls = ['http://a.example/', 'http://b.example/', 'http://c.example/']
  const { middle, leaf, list } = await createPath({ leaf: [extension.crlDistributionPoints(...urls.map((url) => [url]))] })
  const uri = (url: string) => element(0xa0, element(0xa0, element(0x86, Buffer.from(url))))
  const check = (...lists: (Buffer | undefined)[]) => {
    const world = createWorld({ [urls[0] ?? '']: lists[0], [urls[1] ?? '']: lists[1], [urls[2] ?? '']: lists[2] })
    return world.check(NOW, leaf, [middle])
  }
  assert.equal(await check(undefined, Buffer.from('nonsense'), await list([])), 'good')
  const authorities = await list([], [scope(element(0x82, TRUE))])
  const foreign = await list([], [scope(uri('http://other.example/'))])
  await assert.rejects(check(authorities, foreign, foreign), UNKNOWN)
  assert.equal(await check(authorities, foreign, await list([], [scope(uri(urls[2] ?? ''), element(0x81, TRUE))])), 'good')
  await assert.rejects(check(authorities, foreign, await list([], [scope(uri(urls[1] ?? ''))])), UNKNOWN)
})

test('points that cannot be used are not taken for none', async () => {
  const ldap: Extension = extension.crlDistributionPoints(['ldap://a.example/cn=x'])
  const { middle, leaf } = await createPath({ leaf: [ldap] })
  const world = createWorld()
  await assert.rejects(world.check(NOW, leaf, [middle]), UNKNOWN)
  assert.deepEqual([world.fetched, world.stale], [[], []])
})

test('a chain that is none is a fault of ours', async () => {
  const fault = { code: 'revocation-chain', fault: 'bug' }
  await assert.rejects(createWorld().check(NOW, certificate, []), fault)
  await assert.rejects(createWorld().check(NOW, Buffer.from('none'), [root]), fault)
})

test('two authorities of one name and one URL do not share a list', async () => {
  const twin = await createTestAuthority({ name: 'Prova', now: NOW })
  const twinRoot = new X509Certificate(twin.certificate).raw
  const pair = await twin.issueSealCertificate({ providerName: 'Prova', address: ADDRESS, listUrl: URL_OF_LIST })
  const world = createWorld({ [URL_OF_LIST]: await listOf() })
  assert.equal(await world.check(), 'good')
  await assert.rejects(world.check(NOW, new X509Certificate(pair.certificate).raw, [twinRoot]), UNKNOWN)
})

test('a list for a version of the form that does not exist is unknown, never an untyped error', async () => {
  const odd = await signDer(sequence(element(TAG.integer, Buffer.from([9]))), createPrivateKey(authority.key))
  await assert.rejects(createWorld({ [URL_OF_LIST]: odd }).check(), UNKNOWN)
})
