/** The directory of the providers is fetched, verified and put in the place of the last one, or the last good one stays. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { temporaryError } from '../src/base/errors.ts'
import type { EventSink, Events } from '../src/base/events.ts'
import { createDirectory } from '../src/directory/directory.ts'
import { createDomains } from '../src/directory/domains.ts'
import { createDownload, type Download } from '../src/directory/download.ts'
import { createOwnRecord } from '../src/directory/own-record.ts'
import { directoryQueries } from '../src/directory/queries.ts'
import { createDirectoryRefresh, type DirectoryRefreshDeps } from '../src/directory/refresh.ts'
import { readLdif } from '../src/directory/ldif.ts'
import { readRecords } from '../src/directory/records.ts'
import { openSignedDirectory } from '../src/directory/signed-directory.ts'
import type { ProviderRecord } from '../src/directory/types.ts'
import { createWebServer } from '../src/protocols/http/web-server.ts'
import { createSealer } from '../src/seal/cms-template.ts'
import { identityOfFiles } from '../src/seal/file-identity.ts'
import { certificatesOf } from '../src/seal/pem.ts'
import { signFile } from '../src/seal/signed-file.ts'
import { withTestDatabase } from '../src/storage/test-database.ts'
import { createDirectoryAuthority } from './support/directory-authority.ts'
import { execute } from './support/execute.ts'
import { temporaryFolder } from './support/provider.ts'
import { requireTools } from './support/tools.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

const { database } = await withTestDatabase({ after })
const queries = directoryQueries(database)
const clock = { ms: Date.now() }
const now = (): number => clock.ms
const central = await createDirectoryAuthority(clock.ms)
const { authority, roots } = central
const server = await central.serve({ after })
const [uno, due, tre] = await Promise.all([
  central.provider('Uno', ['uno.test', 'pec.uno.test']),
  central.provider('Due, Posta S.p.A.', ['due.test']),
  central.provider('Tre', ['tre.test']),
])
const own: ProviderRecord = { ...tre, name: 'Noi', domains: ['noi.test'], certificates: [] }
const download = createDownload({ ca: [authority.certificate], client: server.client })

type Reported = { [Name in keyof Events]: [name: Name, data: Events[Name]] }[keyof Events]

/** A process that refreshes, with what it has reported. */
function worker(options: Partial<DirectoryRefreshDeps> = {}) {
  const reported: Reported[] = []
  const report: EventSink = (...event) => void reported.push(event as Reported)
  const revocation = { check: async () => 'good' as const }
  const refresh = createDirectoryRefresh({ database, url: server.url, download, roots, revocation, report, now, ...options })
  const directory = createDirectory({ database, own: async () => own, now, report })
  const names = (): string[] => reported.map(([name]) => name)
  return { refresh, directory, reported, names }
}

/** Puts a copy in use that the others are measured by. */
async function inUse(...records: ProviderRecord[]): Promise<void> {
  clock.ms += MINUTE
  await worker().refresh.importFile(await central.sign(records, { at: now() }), true)
}

test('fetched over HTTPS with a client certificate, verified, and in use', async () => {
  server.answer({ file: await central.sign([uno, due], { at: now() }) })
  const { refresh, directory, reported } = worker()
  assert.equal(await directory.providerOf('uno.test'), undefined)
  const result = await refresh.refresh()
  assert.deepEqual({ ...result, version: 0 }, { version: 0, changed: true, providers: 2, domains: 3, problems: [] })
  clock.ms += 2000
  assert.deepEqual(await directory.providerOf('PEC.uno.test'), uno)
  assert.deepEqual(await directory.providerOfCertificate(due.certificates[0] ?? assert.fail()), due)
  assert.equal(await directory.providerOf('noi.test'), own)
  const state = await directory.state()
  assert.deepEqual(state.signer, certificatesOf(central.signer.certificate)[0])
  assert.equal(state.fetchedAt?.getTime(), now() - 2000)
  assert.ok(state.nextRefresh.getTime() - now() > 22 * HOUR && state.nextRefresh.getTime() - now() <= 24 * HOUR)
  assert.deepEqual(reported, [['directory-refreshed', { version: result.version, changed: true, providers: 2, domains: 3 }]])

  // The same file once more is no other copy.
  clock.ms += HOUR
  assert.deepEqual(await refresh.refresh(), { ...result, changed: false })
  const again = await queries.state()
  assert.deepEqual([again.version, again.fetchedAt?.getTime()], [state.version, now()])
})

test('whatever is wrong with the file or the way to it, the last good copy stays in use', async () => {
  await inUse(uno, due)
  const before = await queries.state()
  clock.ms += MINUTE
  const at = now()
  const good = await central.sign([uno, due, tre], { at })
  const otherAuthority = await createDirectoryAuthority(clock.ms)
  const otherSigner = await authority.issueSealCertificate({ providerName: 'Uno', address: 'posta-certificata@uno.test' })
  const expired = await authority.issueSealCertificate({ providerName: 'IGPEC', address: 'x@y.test', days: -0.5 })
  const flipped = Buffer.from(good)
  const place = flipped.indexOf('due.test')
  flipped[place] = (flipped[place] ?? 0) ^ 1
  const closed = await central.serve({ after })
  await closed.close()
  const noClient = createDownload({ ca: [authority.certificate] })
  const strange = createDownload({ client: server.client })
  const short = createDownload({ ca: [authority.certificate], client: server.client, mostBytes: good.length - 1 })

  const cases: [
    what: string,
    code: string,
    answer: Parameters<typeof server.answer>[0],
    options?: Partial<DirectoryRefreshDeps>,
  ][] = [
    ['a changed byte', 'directory-signature', { file: flipped }],
    ['cut', 'directory-signature', { file: good.subarray(0, -1) }],
    ['not signed', 'directory-signature', { file: central.ldif([uno, due, tre]) }],
    ['another authority', 'directory-signature', { file: await otherAuthority.sign([uno, due, tre], { at }) }],
    ['another signer', 'directory-signer-changed', { file: await central.sign([uno, due, tre], { at, signer: otherSigner }) }],
    [
      'an expired certificate',
      'directory-signature',
      { file: await central.sign([uno, due, tre], { at: at - 20 * HOUR, signer: expired }) },
    ],
    ['signed before', 'directory-older', { file: await central.sign([uno, due, tre], { at: at - HOUR }) }],
    ['no provider', 'directory-empty', { file: await central.sign([], { at }) }],
    ['no usable provider', 'directory-empty', { file: await central.sign([{ ...uno, domains: [] }], { at }) }],
    ['most providers gone', 'directory-shrunk', { file: await central.sign([tre], { at }) }],
    ['no LDIF', 'ldif-malformed', { file: await central.sign(Buffer.from('ciao'), { at }) }],
    ['changes', 'ldif-unsupported', { file: await central.sign(Buffer.from('dn: o=postacert\nchangetype: delete\n'), { at }) }],
    ['not there', 'directory-unreachable', { status: 404 }],
    ['broken', 'directory-unreachable', { status: 500 }],
    ['a connection that breaks', 'directory-unreachable', { cut: good }],
    ['no server', 'directory-unreachable', { file: good }, { url: closed.url }],
    ['no client certificate', 'directory-unreachable', { file: good }, { download: noClient }],
    ['a server that nobody vouches for', 'directory-unreachable', { file: good }, { download: strange }],
    ['too large', 'directory-unreachable', { file: good }, { download: short }],
    ['a signer who was revoked', 'directory-signature', { file: good }, { revocation: { check: async () => 'revoked' } }],
    [
      'a revocation list that cannot be had',
      'revocation-unknown',
      { file: good },
      {
        revocation: {
          check: async () => {
            throw temporaryError('revocation-unknown', 'no list')
          },
        },
      },
    ],
  ]
  for (const [what, code, answer, options] of cases) {
    server.answer(answer)
    const { refresh, directory } = worker(options)
    await assert.rejects(refresh.refresh(), { code }, what)
    const state = await queries.state()
    assert.deepEqual(
      [state.version, state.sha256, state.fetchedAt, state.failedAt?.getTime()],
      [before.version, before.sha256, before.fetchedAt, now()],
      what,
    )
    assert.match(state.lastError ?? '', new RegExp(`^${code}: .`), what)
    const wait = state.nextRefresh.getTime() - now()
    assert.ok(wait >= 45 * MINUTE && wait <= 75 * MINUTE, what)
    assert.deepEqual([await directory.providerOf('uno.test'), await directory.providerOf('tre.test')], [uno, undefined], what)
  }
  server.answer({ file: good })
  assert.equal((await worker().refresh.refresh()).changed, true)
  assert.equal((await queries.state()).lastError, null)
})

test('force takes what is not plausible, but nothing without a good signature', async () => {
  await inUse(uno, due, tre)
  const at = now()
  const otherSigner = await authority.issueSealCertificate({ providerName: 'Altro', address: 'igpec@authority.test' })
  const file = await central.sign([uno], { at: at - HOUR, signer: otherSigner })
  const { refresh, directory } = worker()
  await assert.rejects(refresh.importFile(file), { code: 'directory-shrunk' })
  assert.equal((await refresh.importFile(file, true)).providers, 1)
  assert.equal(await directory.providerOf('tre.test'), undefined)
  file[file.length - 1] = (file.at(-1) ?? 0) ^ 1
  await assert.rejects(refresh.importFile(file, true), { code: 'directory-signature' })
})

test('a record that is broken costs itself, and an alarm; the rest is in use', async () => {
  await inUse(uno, due)
  const { refresh, directory, reported } = worker()
  const broken = { ...tre, mailReceipt: 'nobody' }
  server.answer({ file: await central.sign([uno, broken, due], { at: now() }) })
  const result = await refresh.refresh()
  assert.equal(result.providers, 2)
  assert.deepEqual(
    [(await directory.providerOf('due.test'))?.name, await directory.providerOf('tre.test')],
    [due.name, undefined],
  )
  const [, problems] = reported
  assert.deepEqual(problems?.[0], 'directory-problems')
  assert.match(JSON.stringify(problems?.[1]), /"count":1.*providerName=Tre,o=postacert.*mailReceipt is no mail address/)
})

test('once a day, each hour after a failure, and an alarm when the copy is older than 48 hours', async () => {
  await inUse(uno, due)
  const fetched = now()
  const { refresh, names, reported } = worker({ random: () => 1 })
  const asked = server.asked()
  assert.equal(await refresh.refreshIfDue(), false)
  server.answer({ status: 503 })
  clock.ms = fetched + 24 * HOUR
  assert.equal(await refresh.refreshIfDue(), true)
  assert.equal(await refresh.refreshIfDue(), false)
  assert.deepEqual(names(), ['directory-refresh-failed'])
  while (now() + 75 * MINUTE <= fetched + 48 * HOUR) {
    clock.ms += 75 * MINUTE
    assert.equal(await refresh.refreshIfDue(), true)
  }
  assert.deepEqual(new Set(names()), new Set(['directory-refresh-failed']))
  clock.ms += 75 * MINUTE
  await refresh.refreshIfDue()
  assert.deepEqual(reported.at(-1), ['directory-stale', { fetchedAt: new Date(fetched).toISOString() }])
  clock.ms += 75 * MINUTE
  server.answer({ file: await central.sign([uno, due], { at: now() }) })
  assert.equal(await refresh.refreshIfDue(), true)
  assert.equal(names().at(-1), 'directory-refreshed')
  assert.equal(server.asked() - asked, names().filter((name) => name !== 'directory-stale').length)
  clock.ms += 24 * HOUR - 1
  assert.equal(await refresh.refreshIfDue(), false)
})

/** A download that waits until it is let go, or cut. */
function heldDownload() {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  const held: Download = async (url, signal) => {
    begin()
    const cut = new Promise<never>((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(temporaryError('directory-unreachable', 'cut')))
    })
    await Promise.race([released, cut])
    return download(url, signal)
  }
  return { download: held, begun, release }
}

test('of two processes one works, and one that was thought lost changes nothing any more', async () => {
  await inUse(uno, due)
  const held = heldDownload()
  const [slow, quick] = [worker({ download: held.download }), worker()]
  server.answer({ file: await central.sign([uno, due, tre], { at: now() }) })
  clock.ms += 25 * HOUR
  const first = slow.refresh.refresh()
  await held.begun
  assert.equal(await quick.refresh.refreshIfDue(), false)
  await assert.rejects(quick.refresh.refresh(), { code: 'directory-busy', fault: 'temporary' })
  clock.ms += 16 * MINUTE
  const { version, changed } = await quick.refresh.refresh()
  assert.equal(changed, true)
  server.answer({ file: await central.sign([uno, due], { at: now() }) })
  held.release()
  await assert.rejects(first, { code: 'directory-lease-lost' })
  const state = await queries.state()
  assert.deepEqual([state.version, state.lastError], [version, null])
  assert.deepEqual((await queries.stored()).records, [uno, due, tre])
})

test('started, it fetches at once when it is due; stopped, it cuts the download and leaves the work to others', async () => {
  await inUse(uno, due)
  clock.ms += 25 * HOUR
  const held = heldDownload()
  const first = worker({ download: held.download })
  first.refresh.start()
  await held.begun
  await first.refresh.stop()
  assert.deepEqual(first.reported, [])
  server.answer({ file: await central.sign([uno, due, tre], { at: now() }) })
  const { promise: done, resolve } = Promise.withResolvers<void>()
  const second = worker({ report: (name) => (name === 'directory-refreshed' ? resolve() : assert.fail(name)) })
  second.refresh.start()
  await done
  await second.refresh.stop()
  assert.equal((await queries.stored()).records.length, 3)
})

test('without a URL nothing is fetched, and files are imported', async () => {
  await inUse(uno)
  const { refresh } = worker({ url: undefined })
  clock.ms += 48 * HOUR
  assert.equal(await refresh.refreshIfDue(), false)
  await assert.rejects(refresh.refresh(), { code: 'directory-no-url', fault: 'client' })
  refresh.start()
  await refresh.stop()
  assert.equal((await refresh.importFile(await central.sign([uno, due], { at: now() }))).changed, true)
  const { nextRefresh, lastError } = await queries.state()
  await assert.rejects(refresh.importFile(Buffer.from('x')), { code: 'directory-signature' })
  const after = await queries.state()
  assert.deepEqual([after.nextRefresh, after.lastError], [nextRefresh, lastError], 'a bad import is the matter of who imports')
})

test('openssl verifies what is signed here, and what openssl signs is read', async (t) => {
  if (!requireTools(t, 'openssl')) return
  const folder = temporaryFolder(t)
  const path = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const ca = path('ca.pem', authority.certificate)
  const ldif = central.ldif([uno, due])
  const verify = ['cms', '-verify', '-binary', '-inform', 'DER', '-CAfile', ca, '-in']
  const verified = await execute('openssl', [...verify, path('ours.p7m', await central.sign(ldif))])
  assert.equal(verified.code, 0, verified.stderr)
  assert.equal(verified.stdout, ldif.toString('latin1'))

  const signer = ['-signer', path('signer.pem', central.signer.certificate), '-inkey', path('key.pem', central.signer.key)]
  for (const form of [[], ['-stream']]) {
    const args = ['cms', '-sign', '-nodetach', '-binary', '-outform', 'DER', ...form, ...signer, '-in', path('igpec.ldif', ldif)]
    const signed = await execute('openssl', args)
    assert.equal(signed.code, 0, signed.stderr)
    const opened = openSignedDirectory(Buffer.from(signed.stdout, 'latin1'), { roots, at: Date.now() })
    assert.deepEqual([opened.records, opened.problems], [[uno, due], []])
    assert.equal(opened.location, 'https://igpec.example.it/igpec.ldif.p7m')
  }
})

test('the own record is served signed, and signed anew only when domains change', async (t) => {
  const domains = createDomains(database, now)
  await domains.add('noi.test')
  const seal = await authority.issueSealCertificate({ providerName: 'Noi & gli altri', address: 'posta-certificata@noi.test' })
  const sealer = createSealer(identityOfFiles({ ...seal, chain: authority.certificate }))
  const certificates = [sealer.certificate]
  let failing = true
  let signatures = 0
  const record = createOwnRecord({
    name: 'Noi & gli altri',
    certificates: () => certificates,
    mailReceipt: 'ricevute@noi.test',
    domains,
    ldifUrl: 'https://noi.test/directory/record.ldif.p7m',
    async sign(content, at) {
      signatures++
      if (failing) throw temporaryError('seal-failed', 'no key')
      return signFile(content, sealer, at)
    },
    now,
  })
  const tls = await authority.issueTlsCertificate({ names: ['localhost'] })
  const web = createWebServer({
    tls: { cert: tls.certificate, key: tls.key },
    probe: async () => undefined,
    parameters: {
      provider: 'Noi',
      serverName: 'localhost',
      ports: { submissions: 1, submission: 2, imaps: 3, imap: 4, pop3s: 5, pop3: 6 },
    },
    authenticateOperator: async () => undefined,
    status: async () => ({}),
    directoryRecord: record.signed,
    report: () => undefined,
  })
  t.after(() => web.close())
  const port = await web.listen({ host: 'localhost', port: 0 })
  const url = `https://localhost:${port}/directory/record.ldif.p7m`
  await assert.rejects(download(url), { code: 'directory-unreachable', message: /503/ })
  failing = false
  const file = await download(url)
  const { records } = openSignedDirectory(file, { roots, at: now() })
  assert.deepEqual(records, [await record.record()])
  assert.deepEqual(readRecords(readLdif(await record.ldif())).records, records)
  assert.equal(records[0]?.ldifUrl, 'https://noi.test/directory/record.ldif.p7m')
  assert.deepEqual(await download(url), file)
  assert.equal(signatures, 2)
  if (requireTools(t, 'curl')) {
    const ca = join(temporaryFolder(t), 'ca.pem')
    writeFileSync(ca, authority.certificate)
    const head = await execute('curl', ['-sSI', '--cacert', ca, url])
    assert.match(head.stdout, /^content-type: application\/pkcs7-mime; smime-type=signed-data\r$/im, head.stderr)
  }

  await domains.add('nuovo.noi.test')
  const [changed] = openSignedDirectory(await download(url), { roots, at: now() }).records
  assert.deepEqual(changed?.domains, ['noi.test', 'nuovo.noi.test'])
  assert.equal(signatures, 3)
})
