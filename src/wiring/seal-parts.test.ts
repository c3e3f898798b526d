/** The identities as `wiring` builds them: on the table, with real revocation lists, and what is watched for its end. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { readConfig } from '../config/config.ts'
import { createCertificateCache } from '../seal/certificate-cache.ts'
import { openSealer } from '../seal/cms-template.ts'
import { openFileKey } from '../seal/file-key.ts'
import { createFileKeyStore } from '../seal/file-key-store.ts'
import { identityOfFiles } from '../seal/file-identity.ts'
import { certificatesOf } from '../seal/pem.ts'
import { identityQueries } from '../seal/queries.ts'
import { createRevocation } from '../seal/revocation.ts'
import { addIdentity } from '../seal/rotation.ts'
import { ADDRESS, NOW, openBench } from '../seal/test-openssl.ts'
import { createTestTimeStamps } from '../seal/test-time-stamps.ts'
import { tokenOf, writeRequest, nonceOf } from '../seal/time-stamp-messages.ts'
import { lastFirst, withTestDatabase } from '../storage/test-database.ts'
import { expiringCertificates, sealIdentities } from './seal-parts.ts'

const DAY = 86_400_000
const DIGEST = hash('sha256', 'text', 'buffer')
const scope = lastFirst({ after })
const { database, folder } = await withTestDatabase(scope)
const bench = await openBench()
scope.after(() => bench.close())
const { authority, roots } = bench
const config = readConfig({ CERALACCA_DATA: folder, CERALACCA_TRUSTED_CA_FILE: bench.file('trusted.pem', authority.certificate) })
const listed = await authority.issueSealCertificate({ providerName: 'P', address: ADDRESS, listUrl: 'http://crl.test/list' })

async function setUp(list: () => Promise<Buffer>) {
  const sealer = await openSealer(identityOfFiles({ ...listed, chain: authority.certificate }))
  const own = { sealer, chain: roots }
  const stores = { file: createFileKeyStore(join(folder, 'keys')), token: null }
  const events: string[] = []
  const report = (name: string): void => void events.push(name)
  const clock = { ms: NOW }
  const now = (): number => clock.ms
  const certificates = createCertificateCache()
  const revocation = createRevocation({ fetchList: list, refreshMs: 60_000, now, report }, certificates)
  const identities = sealIdentities(config, { database, own, stores, revocation, certificates, report, now })
  return { clock, own, stores, events, identities, now }
}

test('a certificate that its authority has revoked seals no more; a list that cannot be had changes nothing', async () => {
  let list = await authority.issueRevocationList()
  let away = false
  const { clock, events, identities } = await setUp(() => (away ? Promise.reject(new Error('away')) : Promise.resolve(list)))
  await identities.refresh()
  await identities.seal(DIGEST, NOW)
  clock.ms += 61_000
  list = await authority.issueRevocationList({ revoked: [listed], thisUpdate: clock.ms })
  await identities.refresh()
  await assert.rejects(identities.seal(DIGEST, clock.ms), { code: 'seal-certificate-revoked', fault: 'temporary' })
  assert.deepEqual(events, ['seal-certificate-revoked'])
  away = true
  clock.ms += 2 * DAY
  await identities.refresh()
  await assert.rejects(identities.seal(DIGEST, clock.ms), { code: 'seal-certificate-revoked' })
})

test('the table: all or nothing, each once; what it holds is public', async () => {
  const { own, stores, identities, now } = await setUp(() => authority.issueRevocationList())
  const queries = identityQueries(database)
  const key = await stores.file.create('next', 2048)
  const pem = await authority.issueSealCertificate({ providerName: 'P', address: ADDRESS, key: listed.key })
  const [certificate = Buffer.alloc(0)] = certificatesOf(pem.certificate)
  const request = { name: 'next', store: 'file' as const, certificate, chain: roots, sealsFrom: NOW + 2 * DAY, force: false }
  await assert.rejects(addIdentity({ ...request, key }, { own, queries, now }), { code: 'seal-key-mismatch' })
  assert.deepEqual(await queries.all(), [])
  await addIdentity({ ...request, key: openFileKey(listed.key) }, { own, queries, now })
  const rows = await queries.all()
  assert.deepEqual(
    rows.map(({ name, store, sealsFrom }) => [name.replace(/-.*/, ''), store, sealsFrom.getTime()]),
    [
      ['settings', 'settings', NOW - DAY - (NOW % 1000)],
      ['next', 'file', NOW + 2 * DAY],
    ],
  )
  await queries.add(rows)
  const [first, second] = rows
  assert.ok(first && second)
  const third = { ...second, name: 'third' }
  await assert.rejects(queries.add([third, { ...second, certificate: first.certificate }]), { code: 'identity-exists' })
  assert.deepEqual(await queries.all(), rows)
  const stored = await database.reader.read<{ row: string }>('select to_jsonb(i)::text as row from seal_identity i')
  assert.ok(stored.every(({ row }) => !/PRIVATE/.test(row)))

  // The key of the new one is another: it is told, and the old one seals on.
  await identities.refresh()
  assert.match(identities.list().find(({ name }) => name === 'next')?.problem ?? '', /^seal-key-mismatch/)
})

test('watched are the certificates that seal or will, the one of the servers, and that of the last time stamp', async () => {
  const { identities } = await setUp(() => authority.issueRevocationList())
  const tls = await authority.issueTlsCertificate({ names: ['localhost'] })
  const ends = async () => (await expiringCertificates(identities, { cert: tls.certificate }, database)).map(({ what }) => what)
  assert.deepEqual(await ends(), ['seal', 'tls'])
  const stamps = createTestTimeStamps(await authority.issueTimeStampCertificate(), () => NOW)
  const token = tokenOf(await stamps.ask(writeRequest({ digest: DIGEST, nonce: nonceOf(Buffer.alloc(16, 1)), policy: null })))
  const none = Buffer.alloc(32)
  await database.transactor.call(
    0,
    `insert into ledger_stamp (slot, number, at, chains, numbers, hashes, previous, root, token)
     values ($1, 1, $2, '{}', '{}', '{}', $3, $3, $4)`,
    [0, new Date(NOW), none, token],
  )
  assert.deepEqual(await ends(), ['seal', 'tls', 'time-stamp'])
})
