import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { after, before, test } from 'node:test'
import { extension, nameDer, writeCertificate, type Extension } from './certificate-writer.ts'
import { OID } from './oids.ts'
import { certificatesOf } from './pem.ts'
import { profileProblems } from './profile.ts'
import { ADDRESS, NOW, openBench, skipOpenssl, type Bench } from './test-openssl.ts'

let bench: Bench
before(async () => {
  bench = await openBench()
})
after(() => bench.close())

const PROVIDER = 'Società Esempio S.p.A.'
const ID = Buffer.alloc(20, 7)

/** A certificate with these extensions, of the bench's seal key. */
async function written(
  extensions: readonly Extension[],
  organization = PROVIDER,
  commonName = 'Posta Certificata',
): Promise<Buffer> {
  const subject = { country: 'IT', organization, commonName }
  const publicKey = createPublicKey(bench.seal.key).export({ type: 'spki', format: 'der' })
  const request = { subject, publicKey, notBefore: NOW, notAfter: NOW + 86_400_000, extensions }
  return writeCertificate(request, { name: nameDer(subject), key: createPrivateKey(bench.authority.key) })
}

const PROFILE = {
  keyUsage: extension.keyUsage(0x80),
  authorityKeyIdentifier: extension.authorityKeyIdentifier(ID),
  subjectKeyIdentifier: extension.subjectKeyIdentifier(ID),
  subjectAltName: extension.rfc822Name(ADDRESS),
}
const critical = (one: Extension): Extension => ({ ...one, critical: true })
const problems = async (changed: Partial<Record<keyof typeof PROFILE | 'other', Extension | null>>): Promise<string[]> => {
  const extensions = Object.values({ ...PROFILE, ...changed }).filter((one) => one !== null)
  return profileProblems(await written(extensions), PROVIDER)
}

test('what the test authority issues has the profile', () => {
  const [certificate] = certificatesOf(bench.seal.certificate)
  assert.ok(certificate)
  assert.deepEqual(profileProblems(certificate, PROVIDER), [])
})

test('the name of the provider stands in O or in CN of the subject', async () => {
  const extensions = Object.values(PROFILE)
  assert.deepEqual(profileProblems(await written(extensions, 'Altro', PROVIDER), PROVIDER), [])
  assert.match(
    profileProblems(await written(extensions, 'Altro'), PROVIDER).join(),
    /^neither O nor CN of its subject is "Società Esempio/,
  )
})

test('each extension that must be there, its content and whether it is critical', async () => {
  assert.deepEqual(await problems({}), [])
  assert.deepEqual(await problems({ keyUsage: null }), ['it has no keyUsage with digitalSignature (RFC 6109 5.5.2)'])
  assert.match((await problems({ keyUsage: extension.keyUsage(0x20) })).join(), /^it has no keyUsage with digitalSignature/)
  assert.match((await problems({ keyUsage: { ...PROFILE.keyUsage, critical: false } })).join(), /^keyUsage .* is not critical/)
  assert.match((await problems({ authorityKeyIdentifier: null })).join(), /^it has no authorityKeyIdentifier/)
  const withoutKey = { id: OID.authorityKeyIdentifier, value: Buffer.from('3000', 'hex') }
  assert.match((await problems({ authorityKeyIdentifier: withoutKey })).join(), /^it has no authorityKeyIdentifier/)
  assert.match((await problems({ authorityKeyIdentifier: critical(PROFILE.authorityKeyIdentifier) })).join(), /is critical/)
  assert.match((await problems({ subjectKeyIdentifier: null })).join(), /^it has no subjectKeyIdentifier/)
  assert.match((await problems({ subjectKeyIdentifier: critical(PROFILE.subjectKeyIdentifier) })).join(), /is critical/)
  assert.match((await problems({ subjectAltName: null })).join(), /^it has no subjectAltName/)
  assert.match((await problems({ subjectAltName: extension.hostNames(['a.example.it']) })).join(), /^it has no subjectAltName/)
  assert.match((await problems({ subjectAltName: critical(PROFILE.subjectAltName) })).join(), /is critical/)
})

test('no basicConstraints, and nothing else that is critical', async () => {
  assert.deepEqual(await problems({ other: extension.basicConstraintsCa() }), ['it has basicConstraints (RFC 6109 5.5.2)'])
  const purpose = extension.extendedKeyUsage(OID.emailProtection)
  assert.deepEqual(await problems({ other: purpose }), [])
  assert.match((await problems({ other: critical(purpose) })).join(), /^its extension 2\.5\.29\.37 is critical/)
})

test('openssl writes a mail address into the subject: it should not be there', { skip: skipOpenssl }, () => {
  const subject = `/C=IT/O=${PROVIDER}/CN=Posta Certificata/emailAddress=${ADDRESS}`
  const made = bench.openssl('req', '-x509', '-utf8', '-key', 'seal-key.pem', '-subj', subject, '-out', 'mail.pem')
  assert.ok(made.ok, made.stderr)
  const [certificate] = certificatesOf(bench.openssl('x509', '-in', 'mail.pem').stdout.toString())
  assert.ok(certificate)
  assert.ok(
    profileProblems(certificate, PROVIDER).some((problem) => problem.startsWith('there is a mail address in its subject')),
  )
})
