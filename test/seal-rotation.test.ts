/**
 * The seal's keys with a running provider: a rotation while messages come in, by commands, with the key in a file and in a token; and
 * what happens to a submission when no identity may seal.
 */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openSignedDirectory } from '../src/directory/signed-directory.ts'
import { certificatesOf } from '../src/seal/pem.ts'
import { createTestAuthority, openTestAuthority, type IssuedPair } from '../src/seal/test-authority.ts'
import { openTestTokens, PIN, SOFTHSM_MODULE, tokenReady } from '../src/seal/test-token.ts'
import { consistent } from './support/consistent.ts'
import { execute } from './support/execute.ts'
import { openMailbox, waitForMessages } from './support/mailbox-reader.ts'
import { startProvider, temporaryFolder, type Provider } from './support/provider.ts'
import { sharedClock, STEERED } from './support/steering.ts'
import { plainMessage, submit } from './support/submit.ts'
import { requireTools } from './support/tools.ts'

const DAY = 86_400_000
const PASSPHRASE = 'passphrase-5512'
const ADDRESS = 'posta-certificata@pec.ceralacca.test'

/** Certifies the key of a request with the provider's test authority, by openssl: no code of ours reads the request. */
async function certify(t: TestContext, provider: Provider, request: string): Promise<string> {
  const folder = temporaryFolder(t)
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const csr = file('request.pem', request)
  const verified = await execute('openssl', ['req', '-verify', '-in', csr, '-noout'])
  assert.match(verified.stderr, /verify OK/)
  const [ca, key] = [provider.ca, join(provider.dataFolder, 'keys', 'ca-key.pem')]
  const extensions = file('extensions', 'authorityKeyIdentifier = keyid\n')
  const args = [
    'x509',
    '-req',
    '-in',
    csr,
    '-CA',
    ca,
    '-CAkey',
    key,
    '-set_serial',
    '4660',
    '-days',
    '900',
    '-out',
    join(folder, 'new.pem'),
  ]
  const signed = await execute('openssl', [...args, '-copy_extensions', 'copyall', '-extfile', extensions])
  assert.equal(signed.code, 0, signed.stderr)
  return file('chain.pem', `${readFileSync(join(folder, 'new.pem'), 'utf8')}${readFileSync(ca, 'utf8')}`)
}

interface StatusRow {
  readonly name: string
  readonly state: string
  readonly serial: string
}

async function statusOf(provider: Provider): Promise<StatusRow[]> {
  const { stdout, stderr } = await provider.ceralacca('seal', 'status', '--json')
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout) as StatusRow[]
}

/** The serials of the certificates that the own record has. */
async function published(provider: Provider): Promise<string[]> {
  const signed = await provider.ceralacca('directory', 'export', '--signed')
  const roots = certificatesOf(readFileSync(provider.ca, 'utf8'))
  const { records } = openSignedDirectory(Buffer.from(signed.stdout, 'latin1'), { roots, at: Date.now() })
  return records[0]?.certificates.map((der) => new X509Certificate(der).serialNumber) ?? []
}

/** Serial of the certificate of the seal, which openssl verifies. */
async function sealedBy(t: TestContext, ca: string, source: Buffer): Promise<string> {
  const signer = join(temporaryFolder(t), 'signer.pem')
  const args = ['cms', '-verify', '-CAfile', ca, '-out', '/dev/null', '-signer', signer]
  const verified = await execute('openssl', args, { input: source })
  assert.match(verified.stderr, /CMS Verification successful/)
  return new X509Certificate(readFileSync(signer)).serialNumber
}

/** Rotates while messages come in, and looks at every one of them. */
async function rotateUnderLoad(t: TestContext, environment: Record<string, string>, inToken: boolean): Promise<Provider> {
  const provider = await startProvider(t, { environment: { CERALACCA_SEAL_KEY_PASSPHRASE: PASSPHRASE, ...environment } })
  const [mario, lucia] = provider.accounts
  const [old] = await statusOf(provider)
  assert.equal(old?.state, 'seals now')
  const where = inToken ? ['--token'] : []
  const requested = await provider.ceralacca('seal', 'csr', 'seal-2027', ...where)
  assert.equal(requested.code, 0, requested.stderr)
  // Asked again, the same key asks for the same.
  assert.equal((await provider.ceralacca('seal', 'csr', 'seal-2027', ...where)).stdout, requested.stdout)
  const file = join(provider.dataFolder, 'seal', 'seal-2027-key.pem')
  assert.equal(existsSync(file), !inToken)
  if (!inToken) assert.match(readFileSync(file, 'utf8'), /^-----BEGIN ENCRYPTED PRIVATE KEY-----/)
  const chain = await certify(t, provider, requested.stdout)
  const tooSoon = await provider.ceralacca(
    'seal',
    'rotate',
    'seal-2027',
    chain,
    ...where,
    '--from',
    new Date().toISOString().slice(0, 10),
  )
  assert.notEqual(tooSoon.code, 0)

  let sent = 0
  const stopping = new AbortController()
  async function client(): Promise<void> {
    while (!stopping.signal.aborted) {
      const message = plainMessage(mario.address, [lucia.address], { headers: [`Subject: n${sent++}`] })
      const { code, stdout } = await submit(provider, { account: mario, recipients: [lucia.address], message })
      assert.equal(code, 0, stdout)
      // Each message makes three, which openssl looks at one by one.
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
  const clients = [client(), client()]
  const from = `${new Date(Date.now() + 20_000).toISOString().slice(0, 19)}Z`
  const rotated = await provider.ceralacca('seal', 'rotate', 'seal-2027', chain, ...where, '--from', from, '--force')
  assert.equal(rotated.code, 0, rotated.stderr)
  assert.deepEqual((await published(provider)).sort(), [old?.serial ?? '', '1234'].sort(), 'published before it seals')
  assert.deepEqual(
    (await statusOf(provider)).map(({ name, state }) => [name, state]),
    [
      ['seal-2027', 'to come'],
      [old?.name ?? '', 'seals now'],
    ],
  )
  const until = Date.parse(from) + 4000
  while (Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 200))
  stopping.abort()
  await Promise.all(clients)
  assert.deepEqual(
    (await statusOf(provider)).map(({ name, state }) => [name, state]),
    [
      ['seal-2027', 'seals now'],
      [old?.name ?? '', 'kept for verification'],
    ],
  )

  const [received, receipts] = await Promise.all([
    openMailbox(t, provider, lucia).then((client) => waitForMessages(client, sent)),
    openMailbox(t, provider, mario).then((client) => waitForMessages(client, 2 * sent)),
  ])
  const subjects = (all: readonly { subject: string }[], prefix: string): string[] =>
    all.flatMap(({ subject }) => (subject.startsWith(prefix) ? [subject.slice(prefix.length)] : [])).sort()
  const expected = Array.from({ length: sent }, (_, number) => `n${number}`).sort()
  assert.deepEqual(subjects(received, 'POSTA CERTIFICATA: '), expected)
  assert.deepEqual(subjects(receipts, 'ACCETTAZIONE: '), expected)
  assert.deepEqual(subjects(receipts, 'CONSEGNA: '), expected)
  const signers = new Map<string, number>()
  for (const { source } of [...received, ...receipts]) {
    const serial = await sealedBy(t, provider.ca, source)
    signers.set(serial, (signers.get(serial) ?? 0) + 1)
  }
  t.diagnostic(`${sent} messages; seals by certificate: ${JSON.stringify([...signers])}`)
  assert.deepEqual([...signers.keys()].sort(), [old?.serial ?? '', '1234'].sort(), 'both have sealed')
  await consistent(provider)
  return provider
}

test('a rotation under load loses and doubles nothing, and every message verifies', { timeout: 300_000 }, async (t) => {
  if (!requireTools(t, 'openssl', 'swaks')) return
  const provider = await rotateUnderLoad(t, {}, false)
  assert.ok(!provider.output().includes(PASSPHRASE))
})

test('the same into a token; after a restart the token goes on sealing', { timeout: 300_000 }, async (t) => {
  if (!requireTools(t, 'openssl', 'swaks') || !tokenReady(t)) return
  const tokens = openTestTokens(false)
  t.after(() => tokens.close())
  const environment = {
    SOFTHSM2_CONF: tokens.configuration,
    CERALACCA_PKCS11_MODULE: SOFTHSM_MODULE,
    CERALACCA_PKCS11_LABEL: tokens.add(),
    CERALACCA_PKCS11_PIN: PIN,
    CERALACCA_LOG_LEVEL: 'debug',
  }
  const first = await rotateUnderLoad(t, environment, true)
  await first.stop()
  assert.ok(!first.output().includes(PIN))
  const second = await startProvider(t, { environment, dataFolder: first.dataFolder })
  const [mario, lucia] = second.accounts
  const message = plainMessage(mario.address, [lucia.address], { headers: ['Subject: dopo'] })
  assert.equal((await submit(second, { account: mario, recipients: [lucia.address], message })).code, 0)
  const [envelope] = await waitForMessages(await openMailbox(t, second, lucia), 1, ({ subject }) => subject.endsWith(': dopo'))
  assert.ok(envelope)
  assert.equal(await sealedBy(t, second.ca, envelope.source), '1234')
})

/** A seal certificate and its key, as files that the settings name. */
function sealFiles(t: TestContext, pair: IssuedPair, authority: { readonly certificate: string }): Record<string, string> {
  const folder = temporaryFolder(t)
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 })
    return join(folder, name)
  }
  return {
    CERALACCA_SEAL_CERTIFICATE_FILE: file('seal.pem', `${pair.certificate}${authority.certificate}`),
    CERALACCA_SEAL_KEY_FILE: file('seal-key.pem', pair.key),
    CERALACCA_TRUSTED_CA_FILE: file('ca.pem', authority.certificate),
  }
}

test(
  'with an expired certificate a submission is put off with a reason, and goes through after a rotation',
  { timeout: 300_000 },
  async (t) => {
    if (!requireTools(t, 'openssl', 'swaks')) return
    const clock = sharedClock(t)
    const authority = await createTestAuthority({ name: 'Autorità', now: Date.now() })
    const pair = await authority.issueSealCertificate({ providerName: 'Ceralacca Demo', address: ADDRESS, days: 2 })
    const environment = { ...sealFiles(t, pair, authority), ...clock.environment }
    const provider = await startProvider(t, { environment, main: STEERED })
    const [mario, lucia] = provider.accounts
    const send = (subject: string) => {
      const message = plainMessage(mario.address, [lucia.address], { headers: [`Subject: ${subject}`] })
      return submit(provider, { account: mario, recipients: [lucia.address], message })
    }
    assert.equal((await send('prima')).code, 0)
    await waitForMessages(await openMailbox(t, provider, mario), 2)
    clock.advance(3 * DAY)
    const refused = await send('durante')
    assert.notEqual(refused.code, 0)
    assert.match(refused.stdout, /451 4\.3\.5 the certificate of the provider is not valid at this time/)
    const deadline = Date.now() + 30_000
    while (!/"event":"seal-stopped"/.test(provider.output())) {
      assert.ok(Date.now() < deadline, 'the alarm')
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    assert.match(provider.output(), /"event":"certificate-expiring","what":"seal"/)

    const requested = await provider.ceralacca('seal', 'csr', 'next')
    assert.equal(requested.code, 0, requested.stderr)
    const key = readFileSync(join(provider.dataFolder, 'seal', 'next-key.pem'), 'utf8')
    const later = openTestAuthority({ ...authority, now: Date.now() })
    const next = await later.issueSealCertificate({ providerName: 'Ceralacca Demo', address: ADDRESS, days: 900, key })
    const file = join(temporaryFolder(t), 'next.pem')
    writeFileSync(file, `${next.certificate}${authority.certificate}`)
    // The command's clock is the real one, three days behind the provider's: from its view the old certificate still seals.
    const from = `${new Date(Date.now() + 20_000).toISOString().slice(0, 19)}Z`
    const rotated = await provider.ceralacca('seal', 'rotate', 'next', file, '--from', from, '--force')
    assert.equal(rotated.code, 0, rotated.stderr)
    let again = await send('durante')
    while (again.code !== 0) {
      assert.ok(Date.now() < deadline + 60_000, again.stdout)
      again = await send('durante')
    }
    const inbox = await waitForMessages(await openMailbox(t, provider, lucia), 2)
    assert.deepEqual(
      inbox.map(({ subject }) => subject),
      ['POSTA CERTIFICATA: prima', 'POSTA CERTIFICATA: durante'],
    )
    await consistent(provider)
  },
)
