import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { withTestDatabase } from '../storage/test-database.ts'
import { readCertificate } from './certificate.ts'
import { createCertificateCache } from './certificate-cache.ts'
import { createListStore } from './crl-store.ts'
import { keptLists } from './kept-lists.ts'
import { certificatesOf } from './pem.ts'
import { createTestAuthority } from './test-authority.ts'
import { NOW } from './test-openssl.ts'

const { database } = await withTestDatabase({ after })
const DAY = 86_400_000
const authority = await createTestAuthority({ name: 'Prova', now: NOW })
const [root = Buffer.alloc(0)] = certificatesOf(authority.certificate)
const issuer = readCertificate(root).subject
const lists = keptLists(database)

const rows = () =>
  database.reader.read<{ url: string; first_used: Date; last_used: Date }>(
    'select url, first_used, last_used from revocation_list order by this_update',
  )

test('a list that is fetched is kept once, with the time of its use, and told by the instant it is about', async () => {
  const clock = { at: NOW + 1000 }
  const served = { list: await authority.issueRevocationList({ thisUpdate: NOW, nextUpdate: NOW + DAY }) }
  const store = createListStore({
    fetchList: () => Promise.resolve(served.list),
    refreshMs: 3_600_000,
    now: () => clock.at,
    report: (name) => assert.fail(name),
    keep: lists.keep,
  })
  const known = createCertificateCache().open(root)
  assert.ok(known)
  const ask = () => store.list('http://ca.test/a.crl', known)
  await ask()
  clock.at += 2 * 3_600_000
  await ask()
  assert.deepEqual(await rows(), [
    { url: 'http://ca.test/a.crl', first_used: new Date(NOW + 1000), last_used: new Date(clock.at) },
  ])
  const first = served.list
  served.list = await authority.issueRevocationList({ thisUpdate: NOW + DAY / 2, nextUpdate: NOW + 2 * DAY })
  clock.at = NOW + DAY / 2 + 1000
  await ask()
  const second = served.list
  assert.deepEqual(await lists.about(issuer, NOW + 5000), [first, second], 'the one of then, and the newest')
  assert.deepEqual(await lists.about(issuer, NOW + DAY - 1000), [second])
  assert.deepEqual(await lists.about(issuer, NOW + 9 * DAY), [second])
  assert.deepEqual(await lists.about(Buffer.from('nobody'), NOW + 5000), [])
})

test('one that has not been used for 31 months goes when another one comes', async () => {
  const at = NOW + 32 * 31 * DAY
  await lists.keep({ url: 'http://ca.test/b.crl', bytes: await authority.issueRevocationList({ thisUpdate: at }) }, at)
  assert.deepEqual(
    (await rows()).map(({ url }) => url),
    ['http://ca.test/b.crl'],
  )
})

test('what cannot be kept is told of, and counts all the same', async () => {
  const told: string[] = []
  const store = createListStore({
    fetchList: () => authority.issueRevocationList({ thisUpdate: NOW }),
    refreshMs: 3_600_000,
    now: () => NOW + 1000,
    report: (name) => void told.push(name),
    keep: () => Promise.reject(new Error('no disk')),
  })
  const known = createCertificateCache().open(root)
  assert.ok(known)
  assert.equal((await store.list('http://ca.test/a.crl', known)).thisUpdate, NOW)
  assert.deepEqual(told, ['unexpected-error'])
})
