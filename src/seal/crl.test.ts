import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey, createPublicKey } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createCertificateCache } from './certificate-cache.ts'
import type { KnownCertificate } from './certificate-cache.ts'
import { extension, nameDer, signDer, writeCertificate } from './certificate-writer.ts'
import { readCertificate } from './certificate.ts'
import { readList, verifyList } from './crl.ts'
import { TAG, childrenOf, element, octetString, readOnly, sequence, timeElement } from './der.ts'
import { OID } from './oids.ts'
import { createTestAuthority, generateKey } from './test-authority.ts'
import { ADDRESS, NOW, openBench, skipOpenssl } from './test-openssl.ts'
import type { Bench } from './test-openssl.ts'

const DAY = 86_400_000
const cache = createCertificateCache()

let bench: Bench
let issuer: KnownCertificate
before(async () => {
  bench = await openBench()
  issuer = open(bench.roots[0])
})
after(() => bench.close())

function open(der: Buffer | undefined): KnownCertificate {
  const known = der && cache.open(der)
  assert.ok(known)
  return known
}

const serialOf = (pem: string): Buffer => readCertificate(new X509Certificate(pem).raw).serial

/** A list that openssl makes for the bench's authority from the lines of its index, which are about serials in hexadecimal. */
function opensslList(revoked: readonly { serial: string; how: string }[], extensions: string, ...args: string[]): Buffer {
  const lines = revoked.map(({ serial, how }) => `R\t271231000000Z\t${how}\t${serial}\tunknown\t/CN=${serial}\n`)
  bench.file('index.txt', lines.join(''))
  bench.file('crlnumber', '1000\n')
  bench.file('ca-key.pem', bench.authority.key)
  const settings = ['[ca]', 'default_ca=a', '[a]', 'database=index.txt', 'crlnumber=crlnumber', 'default_md=sha256']
  bench.file('ca.cnf', [...settings, 'crl_extensions=e', '[e]', extensions, ''].join('\n'))
  const times = ['-crl_lastupdate', '260315000000Z', '-crl_nextupdate', '260316000000Z']
  const signer = args.includes('-cert') ? [] : ['-cert', 'ca.pem', '-keyfile', 'ca-key.pem']
  const made = bench.openssl('ca', '-gencrl', '-config', 'ca.cnf', ...times, ...signer, ...args)
  assert.ok(made.ok, made.stderr)
  return made.stdout
}

const AUTHORITY_KEY = 'authorityKeyIdentifier=keyid'

test(
  'what openssl writes is read: PEM and DER, dates, reasons, since when a key was known to others',
  { skip: skipOpenssl },
  () => {
    const revoked = [
      { serial: '0A', how: '260301101112Z' },
      { serial: '0B', how: '260302000000Z,keyTime,20260201000000Z' },
      { serial: '00F1', how: '260303000000Z,superseded' },
      { serial: '40'.repeat(20), how: '260304000000Z,CACompromise' },
      { serial: '0C', how: '260305000000Z,removeFromCRL' },
    ]
    const pem = opensslList(revoked, AUTHORITY_KEY)
    bench.file('list.pem', pem)
    const der = bench.openssl('crl', '-in', 'list.pem', '-outform', 'DER').stdout
    for (const bytes of [pem, der]) {
      const list = readList(bytes)
      verifyList(list, issuer)
      assert.deepEqual(list.issuer, issuer.fields.subject)
      assert.equal(list.thisUpdate, Date.UTC(2026, 2, 15))
      assert.equal(list.nextUpdate, Date.UTC(2026, 2, 16))
      assert.deepEqual(list.scope, { of: 'all', names: null })
      assert.equal(list.revoked.size, 4)
      const find = (hex: string) => list.revoked.find(Buffer.from(hex, 'hex'))
      assert.deepEqual(find('0a'), { date: Date.UTC(2026, 2, 1, 10, 11, 12), reason: 0, invalidSince: null })
      assert.deepEqual(find('0b'), { date: Date.UTC(2026, 2, 2), reason: 1, invalidSince: Date.UTC(2026, 1, 1) })
      assert.deepEqual(find('00f1'), { date: Date.UTC(2026, 2, 3), reason: 4, invalidSince: null })
      assert.deepEqual(find('40'.repeat(20)), { date: Date.UTC(2026, 2, 4), reason: 2, invalidSince: null })
      for (const other of ['0c', '0d', '', '0a0b', 'f1']) assert.equal(find(other), null)
    }
  },
)

test('openssl lists without an entry, of version 1, and of one distribution point', { skip: skipOpenssl }, () => {
  const empty = readList(opensslList([], AUTHORITY_KEY))
  verifyList(empty, issuer)
  assert.equal(empty.revoked.size, 0)
  const point = (...more: string[]) =>
    readList(opensslList([], ['issuingDistributionPoint=critical,@p', '[p]', ...more].join('\n'))).scope
  assert.deepEqual(point('fullname=URI:http://a.example/1.crl,URI:ldap://a.example/'), {
    of: 'all',
    names: ['http://a.example/1.crl', 'ldap://a.example/'].map((url) => element(0x86, Buffer.from(url))),
  })
  assert.deepEqual(point('onlyuser=TRUE'), { of: 'users', names: null })
  assert.deepEqual(point('onlyCA=TRUE'), { of: 'authorities', names: null })
  for (const odd of ['indirectCRL=TRUE', 'onlyAA=TRUE', 'onlysomereasons=keyCompromise', 'relativename=dn\n[dn]\nCN=x']) {
    assert.throws(() => point(odd), { code: 'crl-unfit' }, odd)
  }
  const delta = opensslList([], '2.5.29.27=critical,ASN1:INTEGER:1')
  assert.throws(() => readList(delta), { code: 'crl-unfit', message: /delta/ })
  const unknown = opensslList([], '1.2.3.4=critical,ASN1:NULL')
  assert.throws(() => readList(unknown), { code: 'crl-unfit', message: /critical extension 1\.2\.3\.4/ })
  readList(opensslList([], '1.2.3.4=ASN1:NULL'))
})

test('lists signed with ECDSA, RSA-PSS and other digests', { skip: skipOpenssl }, async () => {
  for (const args of [
    ['-md', 'sha512'],
    ['-sigopt', 'rsa_padding_mode:pss'],
  ])
    verifyList(readList(opensslList([], AUTHORITY_KEY, ...args)), issuer)
  const key = await generateKey('ec')
  const subject = { country: 'IT', organization: 'Prova', commonName: 'EC' }
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' })
  const extensions = [extension.basicConstraintsCa(), extension.keyUsage(0x06)]
  const request = { subject, publicKey, notBefore: NOW - DAY, notAfter: NOW + DAY, extensions }
  // Who has signed this certificate does not matter here.
  const ec = await writeCertificate(request, { name: nameDer(subject), key: createPrivateKey(bench.authority.key) })
  bench.file('ec.pem', new X509Certificate(ec).toString())
  bench.file('ec-key.pem', key)
  const list = readList(opensslList([], '1.2.3.4=ASN1:NULL', '-cert', 'ec.pem', '-keyfile', 'ec-key.pem'))
  verifyList(list, open(ec))
  assert.throws(() => verifyList(list, issuer), { code: 'crl-unfit', message: /another issuer/ })
})

test('openssl accepts our lists, and finds in them who was revoked', { skip: skipOpenssl }, async () => {
  const revoked = [
    { certificate: bench.seal.certificate, at: NOW - 3000, reason: 1, invalidSince: NOW - DAY },
    { certificate: bench.authority.certificate },
  ]
  bench.file('ours.crl', await bench.authority.issueRevocationList({ revoked }))
  bench.file('none.crl', await bench.authority.issueRevocationList())
  const text = bench.openssl('crl', '-in', 'ours.crl', '-CAfile', 'ca.pem', '-noout', '-text')
  assert.match(text.stderr, /verify OK/)
  const printed = text.stdout.toString()
  assert.match(printed, /Version 2[\s\S]+Last Update: Mar 15 09:30:21 2026 GMT\n +Next Update: Mar 16 09:30:21 2026 GMT/)
  assert.match(printed, new RegExp(`X509v3 CRL Number: \n +${NOW / 1000}\n`))
  assert.match(printed, /Key Compromise\n +Invalidity Date: *\n +Mar 14 09:30:21 2026 GMT/)
  const check = (file: string) =>
    bench.openssl('verify', '-crl_check', '-attime', String(NOW / 1000 + 1), '-CAfile', 'ca.pem', '-CRLfile', file, 'seal.pem')
  assert.match(check('ours.crl').stderr, /certificate revoked/)
  assert.ok(check('none.crl').ok)
  const list = readList(await bench.authority.issueRevocationList({ revoked }))
  verifyList(list, issuer)
  assert.deepEqual(list.revoked.find(serialOf(bench.seal.certificate)), { date: NOW - 3000, reason: 1, invalidSince: NOW - DAY })
})

test('a list of a stranger, with a wrong signature, or of one who may not sign lists, proves nothing', async () => {
  const good = await bench.authority.issueRevocationList()
  verifyList(readList(good), issuer)
  const wrong = Buffer.from(good)
  wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1
  assert.throws(() => verifyList(readList(wrong), issuer), { code: 'crl-unfit', message: /signature is wrong/ })
  const twin = await createTestAuthority({ name: 'Autorità di prova', now: NOW })
  assert.throws(() => verifyList(readList(good), open(new X509Certificate(twin.certificate).raw)), {
    code: 'crl-unfit',
    message: /signature is wrong/,
  })
  const request = (usage: number) => ({
    subject: { country: 'IT', organization: 'Autorità di prova', commonName: 'Autorità di prova Test Root' },
    publicKey: createPublicKey(bench.authority.key).export({ type: 'spki', format: 'der' }),
    notBefore: NOW - DAY,
    notAfter: NOW + DAY,
    extensions: [extension.basicConstraintsCa(), ...(usage === 0 ? [] : [extension.keyUsage(usage)])],
  })
  const self = { name: issuer.fields.subject, key: createPrivateKey(bench.authority.key) }
  const unfit = open(await writeCertificate(request(0x04), self))
  assert.throws(() => verifyList(readList(good), unfit), { code: 'crl-unfit', message: /not for signing lists/ })
  verifyList(readList(good), open(await writeCertificate(request(0), self)))
})

/** A list of the bench's authority with its fields changed. */
async function rewritten(change: (fields: Buffer[]) => Buffer[]): Promise<Buffer> {
  const [body] = childrenOf(readOnly(await bench.authority.issueRevocationList()), TAG.sequence)
  const fields = childrenOf(body, TAG.sequence).map(({ bytes }) => bytes)
  return signDer(sequence(...change(fields)), createPrivateKey(bench.authority.key))
}

const date = timeElement(NOW)
const serial = element(TAG.integer, Buffer.from([5]))
const entryExtension = (id: string, critical: boolean, value: Buffer) => {
  const flag = critical ? [element(TAG.boolean, Buffer.from([0xff]))] : []
  return sequence(sequence(element(TAG.oid, Buffer.from(id, 'hex')), ...flag, octetString(value)))
}

test('the form is held to strictly, and every entry is looked at', async () => {
  const withEntries = (...entries: Buffer[]) =>
    rewritten((fields) => [...fields.slice(0, 5), sequence(...entries), ...fields.slice(5)])
  assert.equal(readList(await withEntries(sequence(serial, date), sequence(serial, date))).revoked.size, 1)
  const reason = entryExtension('551d15', false, element(TAG.enumerated, Buffer.from([6])))
  const held = readList(await withEntries(sequence(serial, date, reason)))
  assert.deepEqual(held.revoked.find(Buffer.from([5])), { date: NOW, reason: 6, invalidSince: null })
  readList(await withEntries(sequence(serial, date, entryExtension('2a03', false, Buffer.alloc(0)))))

  const bad: [string, Buffer][] = [
    ['crl-unfit', await withEntries(sequence(serial, date, entryExtension('551d1d', true, sequence())))],
    ['crl-unfit', await withEntries(sequence(serial, date, entryExtension('551d1d', false, sequence())))],
    ['crl-unfit', await withEntries(sequence(serial, date, entryExtension('2a03', true, Buffer.alloc(0))))],
    ['der-malformed', await withEntries(sequence(serial))],
    ['der-malformed', await withEntries(sequence(date, serial))],
    ['der-malformed', await withEntries(sequence(serial, date, reason, reason))],
    ['der-malformed', await withEntries(sequence(serial, element(TAG.utcTime, Buffer.from('260230000000Z'))))],
    ['der-malformed', await withEntries(sequence(element(TAG.integer, Buffer.from([0, 5])), date))],
    ['der-malformed', await withEntries(sequence(element(TAG.integer), date))],
    ['der-malformed', await withEntries(sequence(serial, date).subarray(0, -1))],
    ['der-malformed', await withEntries(sequence(serial), date)],
    ['crl-unfit', await rewritten((fields) => fields.toSpliced(4, 1))],
    ['crl-unfit', await rewritten((fields) => fields.toSpliced(3, 2))],
    ['crl-unfit', await rewritten((fields) => [element(TAG.integer, Buffer.from([2])), ...fields.slice(1)])],
    ['crl-unfit', await rewritten((fields) => [...fields, serial])],
    ['crl-unfit', await rewritten((fields) => fields.toSpliced(1, 1, sequence(element(TAG.oid, Buffer.from('2a03', 'hex')))))],
    ['der-malformed', Buffer.alloc(0)],
    ['der-malformed', Buffer.from('-----BEGIN X509 CRL-----\nMAA=\n')],
    ['der-malformed', Buffer.from('<html>not found</html>')],
  ]
  for (const [index, [code, bytes]] of bad.entries()) assert.throws(() => readList(bytes), { code }, `case ${index}`)
  // Version 1 has no version field and no extensions.
  verifyList(readList(await rewritten((fields) => fields.slice(1, 5))), issuer)
})

test('the distribution points of a certificate, as openssl writes them', { skip: skipOpenssl }, () => {
  const pointsOf = (...lines: string[]) => {
    bench.file('x.cnf', ['[req]', 'distinguished_name=n', 'x509_extensions=e', '[n]', '[e]', ...lines, ''].join('\n'))
    const made = bench.openssl(
      'req',
      '-x509',
      '-new',
      '-key',
      'seal-key.pem',
      '-subj',
      '/CN=x',
      '-config',
      'x.cnf',
      '-outform',
      'DER',
    )
    assert.ok(made.ok, made.stderr)
    return readCertificate(made.stdout).distributionPoints
  }
  const uri = (text: string) => element(0x86, Buffer.from(text))
  assert.equal(pointsOf('basicConstraints=CA:FALSE'), null)
  assert.deepEqual(pointsOf('crlDistributionPoints=URI:http://a.example/1.crl,URI:HTTPS://b.example/2.crl'), [
    { names: [uri('http://a.example/1.crl')], urls: ['http://a.example/1.crl'] },
    { names: [uri('HTTPS://b.example/2.crl')], urls: ['HTTPS://b.example/2.crl'] },
  ])
  const both = ['ldap://a.example/cn=x', 'http://a.example/1.crl']
  const section = (...more: string[]) =>
    pointsOf('crlDistributionPoints=p', '[p]', `fullname=URI:${both[0]},URI:${both[1]}`, ...more)
  assert.deepEqual(section(), [{ names: both.map(uri), urls: ['http://a.example/1.crl'] }])
  assert.deepEqual(section('reasons=keyCompromise'), [], 'a point for some reasons only')
  assert.deepEqual(section('CRLissuer=dirName:d', '[d]', 'CN=other'), [], 'a point with the list of another issuer')
  assert.deepEqual(pointsOf('crlDistributionPoints=p', '[p]', 'relativename=d', '[d]', 'CN=x'), [])
})

test('the address of a list comes into the certificate only where one is given', async () => {
  assert.equal(issuer.fields.distributionPoints, null)
  assert.equal(readCertificate(bench.identity.certificate).distributionPoints, null)
  const listUrl = 'http://crl.example.it/ca.crl'
  const { certificate } = await bench.authority.issueSealCertificate({ providerName: 'P', address: ADDRESS, listUrl })
  assert.deepEqual(
    readCertificate(new X509Certificate(certificate).raw).distributionPoints?.map(({ urls }) => urls),
    [[listUrl]],
  )
})

test('a hundred thousand entries are read at once, and each is found', async () => {
  const count = 100_000
  const serialAt = (index: number) => Buffer.from(`4${index.toString(16).padStart(31, '0')}`, 'hex')
  const entries = Array.from({ length: count }, (_, index) => sequence(element(TAG.integer, serialAt(index)), date))
  const bytes = await rewritten((fields) => [
    ...fields.slice(0, 5),
    element(TAG.sequence, Buffer.concat(entries)),
    ...fields.slice(5),
  ])
  const start = performance.now()
  const list = readList(bytes)
  verifyList(list, issuer)
  const milliseconds = performance.now() - start
  assert.equal(list.revoked.size, count)
  for (let index = 0; index < count; index += 997) assert.equal(list.revoked.find(serialAt(index))?.date, NOW)
  assert.equal(list.revoked.find(serialAt(count)), null)
  // A tenth of a second here; a thousand times slower would be something quadratic.
  assert.ok(milliseconds < 5000, `${milliseconds} ms`)
})

test('an extension that stands twice is refused in lists and certificates', async () => {
  // The authority writes one by itself.
  const list = await bench.authority.issueRevocationList({ extensions: [extension.crlNumber(128)] })
  assert.throws(() => readList(list), { code: 'der-malformed', message: new RegExp(OID.crlNumber) })
  const usage = extension.keyUsage(0x80)
  const subject = { country: 'IT', organization: 'Prova', commonName: 'Twice' }
  const publicKey = createPublicKey(bench.seal.key).export({ type: 'spki', format: 'der' })
  const request = { subject, publicKey, notBefore: NOW, notAfter: NOW + DAY, extensions: [usage, usage] }
  const certificate = await writeCertificate(request, { name: nameDer(subject), key: createPrivateKey(bench.authority.key) })
  assert.throws(() => readCertificate(certificate), { code: 'der-malformed', message: new RegExp(OID.keyUsage) })
})
