import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { after, before, test } from 'node:test'
import { readCertificate } from './certificate.ts'
import { ADDRESS, NOW, openBench, skipOpenssl } from './test-openssl.ts'
import type { Bench } from './test-openssl.ts'

let bench: Bench
before(async () => {
  bench = await openBench()
})
after(() => bench.close())

/** The text of an extension: its heading line and the lines below it. */
function extensionOf(text: string, name: string): string {
  const match = new RegExp(`${name}:( critical)? *\\n +(.*)`).exec(text)
  return match ? `${match[1] ?? ''}|${match[2] ?? ''}` : 'absent'
}

const textOf = (file: string): string =>
  bench.openssl('x509', '-in', file, '-noout', '-text', '-nameopt', 'RFC2253,-esc_msb,utf8').stdout.toString()

test('the seal certificate has the profile of RFC 6109 5.5, as openssl reads it', { skip: skipOpenssl }, () => {
  const text = textOf('seal.pem')
  assert.match(text, /Version: 3 /)
  assert.match(text, /Subject: CN=Posta Certificata,O=Società Esempio S\.p\.A\.,C=IT\n/)
  assert.match(text, /Public-Key: \(2048 bit\)/)
  assert.match(text, /Signature Algorithm: sha256WithRSAEncryption/)
  assert.equal(extensionOf(text, 'X509v3 Key Usage'), ' critical|Digital Signature')
  assert.equal(extensionOf(text, 'X509v3 Subject Alternative Name'), `|email:${ADDRESS}`)
  assert.equal(extensionOf(text, 'X509v3 Extended Key Usage'), '|E-mail Protection')
  assert.equal(extensionOf(text, 'X509v3 Basic Constraints'), 'absent')
  const keyId = extensionOf(textOf('ca.pem'), 'X509v3 Subject Key Identifier')
  assert.match(keyId, /^\|([0-9A-F]{2}:){19}[0-9A-F]{2}$/)
  assert.equal(extensionOf(text, 'X509v3 Authority Key Identifier'), keyId)
  assert.match(extensionOf(text, 'X509v3 Subject Key Identifier'), /^\|([0-9A-F]{2}:){19}[0-9A-F]{2}$/)
  const serial = bench.openssl('x509', '-in', 'seal.pem', '-noout', '-serial').stdout.toString()
  assert.match(serial, /^serial=[4-7][0-9A-F]{31}\n$/)
})

test('the root may sign certificates and revocation lists, and nothing else', { skip: skipOpenssl }, () => {
  const text = textOf('ca.pem')
  assert.equal(extensionOf(text, 'X509v3 Basic Constraints'), ' critical|CA:TRUE')
  assert.equal(extensionOf(text, 'X509v3 Key Usage'), ' critical|Certificate Sign, CRL Sign')
  const { notBefore, notAfter } = readCertificate(new X509Certificate(bench.authority.certificate).raw)
  assert.ok(notBefore <= NOW && notAfter > NOW + 3650 * 86_400_000)
})

test('openssl verifies both kinds for their purpose, strictly', { skip: skipOpenssl }, async () => {
  const names = ['mail.example.it', 'caffè.example.it', 'localhost', '127.0.0.1', '::1', '2001:db8::ff:1']
  const tls = await bench.authority.issueTlsCertificate({ names })
  bench.file('tls.pem', tls.certificate)
  const verify = (purpose: string, file: string) =>
    bench.openssl('verify', '-x509_strict', '-attime', String(NOW / 1000), '-CAfile', 'ca.pem', '-purpose', purpose, file)
  for (const [purpose, file] of [
    ['smimesign', 'seal.pem'],
    ['sslserver', 'tls.pem'],
  ] as const) {
    const verified = verify(purpose, file)
    assert.ok(verified.ok, verified.stderr)
  }
  assert.equal(verify('sslserver', 'seal.pem').ok, false)
  assert.equal(verify('smimesign', 'tls.pem').ok, false)
  assert.equal(
    extensionOf(textOf('tls.pem'), 'X509v3 Subject Alternative Name'),
    '|DNS:mail.example.it, DNS:xn--caff-8oa.example.it, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:2001:DB8:0:0:0:0:FF:1',
  )
  const x509 = new X509Certificate(tls.certificate)
  assert.equal(x509.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
  assert.ok(x509.checkPrivateKey(createPrivateKey(tls.key)))
  const { notBefore, notAfter } = readCertificate(x509.raw)
  assert.equal(notAfter - notBefore, 398 * 86_400_000)
})
