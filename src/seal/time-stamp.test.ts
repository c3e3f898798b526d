import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { certificatesOf } from './pem.ts'
import { readSignedData } from './signed-data.ts'
import { createTestAuthority } from './test-authority.ts'
import { NOW, openBench, skipOpenssl } from './test-openssl.ts'
import { createTestTimeStamps } from './test-time-stamps.ts'
import { createTimeStampClient, httpAuthority } from './time-stamp-client.ts'
import type { TimeStampAuthority } from './time-stamp-client.ts'
import { nonceOf, readRequest, tokenOf, writeRequest } from './time-stamp-messages.ts'
import { verifyTimeStamp } from './time-stamp.ts'

const bench = await openBench()
after(() => bench.close())
const { authority, roots } = bench
const stampPair = await authority.issueTimeStampCertificate()
const rsaPair = await authority.issueTimeStampCertificate({ key: bench.seal.key })
const ours = createTestTimeStamps(stampPair, () => NOW)
const DIGEST = createHash('sha256').update('radice').digest()
const OTHER = createHash('sha256').update('altra').digest()
const NONCE = nonceOf(Buffer.alloc(16, 0x85))
const request = writeRequest({ digest: DIGEST, nonce: NONCE, policy: null })
const token = tokenOf(await ours.ask(request))
const failing: TimeStampAuthority = { name: 'failing', ask: () => Promise.reject(new Error('it is closed')) }

test('openssl accepts our token, for its digest and no other', { skip: skipOpenssl }, () => {
  bench.file('ours.tst', token)
  const verify = (digest: Buffer) =>
    bench.openssl(
      'ts',
      '-verify',
      '-digest',
      digest.toString('hex'),
      '-in',
      'ours.tst',
      '-token_in',
      '-CAfile',
      'ca.pem',
      '-attime',
      `${NOW / 1000}`,
    )
  const { ok, stderr } = verify(DIGEST)
  assert.ok(ok, stderr)
  assert.equal(verify(OTHER).ok, false)
})

test('an authority with an RSA key stamps too', { skip: skipOpenssl }, async () => {
  const rsa = createTestTimeStamps({ certificate: rsaPair.certificate, key: rsaPair.key }, () => NOW)
  const answer = tokenOf(await rsa.ask(request))
  assert.equal(verifyTimeStamp(answer, { digest: DIGEST, nonce: NONCE, roots }).ok, true)
  bench.file('rsa.tst', answer)
  const { ok, stderr } = bench.openssl(
    'ts',
    '-verify',
    '-digest',
    DIGEST.toString('hex'),
    '-in',
    'rsa.tst',
    '-token_in',
    '-CAfile',
    'ca.pem',
    '-attime',
    `${NOW / 1000}`,
  )
  assert.ok(ok, stderr)
})

test('openssl reads our request as it is meant', { skip: skipOpenssl }, () => {
  bench.file('ours.tsq', request)
  const { ok, stdout } = bench.openssl('ts', '-query', '-in', 'ours.tsq', '-text')
  assert.ok(ok)
  assert.match(
    stdout.toString(),
    /Hash Algorithm: sha256[^]*Policy OID: unspecified[^]*Nonce: 0x4585[^]*Certificate required: yes/,
  )
})

/** `openssl ts -reply` as an authority. */
function opensslAuthority(options: readonly string[] = [], certificate = stampPair): TimeStampAuthority {
  bench.file('tsa.pem', certificate.certificate)
  bench.file('tsa-key.pem', certificate.key)
  bench.file('serial', '01\n')
  bench.file(
    'tsa.cnf',
    [
      '[tsa]',
      'serial = serial',
      'default_policy = 1.2.3.4.5',
      'other_policies = 1.2.3.4.6',
      'digests = sha256',
      'signer_digest = sha256',
      'accuracy = secs:1',
      'clock_precision_digits = 3',
      'ordering = yes',
      'tsa_name = yes',
      ...options,
      '',
    ].join('\n'),
  )
  return {
    name: 'openssl',
    async ask(query) {
      bench.file('query.tsq', query)
      const { ok, stderr } = bench.openssl(
        'ts',
        '-reply',
        '-config',
        'tsa.cnf',
        '-section',
        'tsa',
        '-queryfile',
        'query.tsq',
        '-signer',
        'tsa.pem',
        '-inkey',
        'tsa-key.pem',
        '-chain',
        'ca.pem',
        '-out',
        'reply.tsr',
      )
      assert.ok(ok, stderr)
      return readFileSync(join(bench.folder, 'reply.tsr'))
    },
  }
}

for (const [name, options] of Object.entries({
  'the usual': [],
  'the certificate named by SHA-1': ['ess_cert_id_alg = sha1'],
  'named by SHA-512, with its chain': ['ess_cert_id_alg = sha512', 'ess_cert_id_chain = yes'],
})) {
  test(`a token of openssl is accepted: ${name}`, { skip: skipOpenssl }, async () => {
    // The time is openssl's own, and the certificates of the bench are of another year.
    const now = Date.now()
    const today = await createTestAuthority({ name: 'Oggi', now, key: authority.key })
    bench.file('ca.pem', today.certificate)
    const authorities = [opensslAuthority(options, await today.issueTimeStampCertificate({ key: stampPair.key }))]
    const client = createTimeStampClient({ authorities, roots: certificatesOf(today.certificate), policy: '1.2.3.4.6' })
    const stamp = await client.stamp(DIGEST)
    bench.file('ca.pem', authority.certificate)
    assert.ok(Math.abs(stamp.time - now) < 60_000)
    const check = { digest: DIGEST, roots: certificatesOf(today.certificate) }
    assert.equal(verifyTimeStamp(stamp.token, check).ok, true)
    assert.deepEqual(verifyTimeStamp(stamp.token, { ...check, policy: '1.2.3.4.5' }), { ok: false, reason: 'other-policy' })
    assert.deepEqual(verifyTimeStamp(stamp.token, { ...check, roots }), { ok: false, reason: 'untrusted-chain' })
  })
}

test('what it says comes out, and is not taken for something else', () => {
  const result = verifyTimeStamp(token, { digest: DIGEST, nonce: NONCE, roots })
  assert.ok(result.ok)
  assert.equal(result.time, NOW)
  assert.deepEqual(result.certificate, certificatesOf(stampPair.certificate)[0])
  const refusal = (expected: object) => verifyTimeStamp(token, { digest: DIGEST, roots, ...expected })
  assert.deepEqual(refusal({ digest: OTHER }), { ok: false, reason: 'other-digest' })
  assert.deepEqual(refusal({ nonce: nonceOf(Buffer.alloc(16)) }), { ok: false, reason: 'other-nonce' })
  assert.deepEqual(refusal({ policy: '1.2.3' }), { ok: false, reason: 'other-policy' })
  assert.deepEqual(refusal({ roots: [] }), { ok: false, reason: 'untrusted-chain' })
})

test('no byte of a token can be changed', () => {
  const accepted: number[] = []
  for (let at = 0; at < token.length; at++) {
    const other = Buffer.from(token)
    other[at] = (other[at] ?? 0) ^ 0x01
    const result = verifyTimeStamp(other, { digest: DIGEST, nonce: NONCE, roots })
    if (result.ok) accepted.push(at)
  }
  // The parameters of rsaEncryption and the versions of CMS are not signed, and say nothing.
  assert.ok(accepted.length <= 2, `accepted at ${accepted.join(' ')}`)
})

test('a certificate for something else makes no time stamps', async () => {
  for (const pair of [
    await authority.issueTlsCertificate({ names: ['tsa.test'], key: stampPair.key }),
    await authority.issueSealCertificate({ providerName: 'x', address: 'a@b.it', key: stampPair.key }),
  ]) {
    const other = createTestTimeStamps({ certificate: pair.certificate, key: stampPair.key }, () => NOW)
    assert.deepEqual(verifyTimeStamp(tokenOf(await other.ask(request)), { digest: DIGEST, roots }), {
      ok: false,
      reason: 'not-for-time-stamps',
    })
  }
})

test('a signature must name its certificate', { skip: skipOpenssl }, async () => {
  const content = readSignedData(token).content
  assert.ok(content)
  bench.file('info.der', content)
  bench.file('tsa.pem', stampPair.certificate)
  bench.file('tsa-key.pem', stampPair.key)
  const sign = (...more: string[]) => {
    const type = ['-binary', '-nodetach', '-econtent_type', '1.2.840.113549.1.9.16.1.4']
    const signer = ['-signer', 'tsa.pem', '-inkey', 'tsa-key.pem', '-md', 'sha256']
    const { ok, stdout, stderr } = bench.openssl(
      'cms',
      '-sign',
      '-in',
      'info.der',
      '-outform',
      'DER',
      ...type,
      ...signer,
      ...more,
    )
    assert.ok(ok, stderr)
    return verifyTimeStamp(stdout, { digest: DIGEST, roots })
  }
  assert.equal(sign('-cades').ok, true)
  assert.deepEqual(sign(), { ok: false, reason: 'other-certificate' })
})

test('a token made when the certificate had ended is refused, one of before is good for ever', async () => {
  const late = createTestTimeStamps(stampPair, () => NOW + 11 * 365 * 86_400_000)
  const result = verifyTimeStamp(tokenOf(await late.ask(request)), { digest: DIGEST, roots })
  assert.deepEqual(result, { ok: false, reason: 'expired' })
})

test('what is no token never throws', () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('no'), request, token.subarray(0, 200), Buffer.from('3000', 'hex')]) {
    assert.equal(verifyTimeStamp(bytes, { digest: DIGEST, roots }).ok, false)
  }
})

test('a refusal is told in the words of the authority', async () => {
  const sha1 = Buffer.from(request.toString('hex').replace('608648016503040201', '608648016503040202'), 'hex')
  assert.equal(readRequest(sha1).algorithm, '2.16.840.1.101.3.4.2.2')
  assert.throws(() => tokenOf(Buffer.from('3003020102', 'hex')), { code: 'der-malformed' })
  const answer = await ours.ask(sha1)
  assert.throws(() => tokenOf(answer), { code: 'time-stamp-refused', message: /only SHA-256 is stamped/ })
})

const closers: (() => void)[] = []
after(() => closers.forEach((close) => close()))

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/tsa`
}

test('by HTTP: the second authority is asked where the first one fails, and the reasons are told where all do', async () => {
  const seen: (string | undefined)[] = []
  const url = await serve((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      seen.push(request.method, request.headers['content-type'])
      void ours.ask(Buffer.concat(chunks)).then((answer) => response.end(answer))
    })
  })
  const good = httpAuthority({ url })
  const stamp = await createTimeStampClient({ authorities: [failing, good], roots }).stamp(DIGEST)
  assert.equal(stamp.authority, url)
  assert.equal(verifyTimeStamp(stamp.token, { digest: DIGEST, roots }).ok, true)
  assert.deepEqual(seen, ['POST', 'application/timestamp-query'])

  const closed = httpAuthority({ url: await serve((_, response) => void response.writeHead(503).end('later')) })
  const silent = httpAuthority({ url: await serve(() => undefined), timeoutMs: 100 })
  const endless = httpAuthority({ url: await serve((_, response) => void response.end(Buffer.alloc(5000))), mostBytes: 1000 })
  const replayed = httpAuthority({
    url: await serve((_, response) => void ours.ask(request).then((answer) => response.end(answer))),
  })
  const authorities = [failing, closed, silent, endless, replayed]
  await assert.rejects(createTimeStampClient({ authorities, roots }).stamp(DIGEST), {
    code: 'time-stamp-unavailable',
    fault: 'temporary',
    message: /it is closed.*answered 503.*aborted.*longer than 1000.*other-nonce/s,
  })
})
