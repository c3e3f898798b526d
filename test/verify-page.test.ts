/** The page that verifies a bundle offline, from a file, in Chromium: it finds what the command finds. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, hash, type KeyObject } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { AxeBuilder } from '@axe-core/playwright'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { printable } from '../src/base/printable.ts'
import { PATH, pathsOf, type BundleFiles } from '../src/evidence/bundle-format.ts'
import { verifyBundle } from '../src/evidence/bundle-verify.ts'
import { HEADINGS, wordsOf, type Language } from '../src/evidence/bundle-words.ts'
import { unzipBundle, zipBundle } from '../src/evidence/bundle-zip.ts'
import { createWebServer } from '../src/protocols/http/web-server.ts'
import { lastFirst, testFolder } from '../src/storage/test-database.ts'
import { readPages } from '../src/wiring/built-pages.ts'
import { openBrowser } from './support/browser.ts'
import { changed, flipped, signedOtherwise, unevenStamp } from './support/bundle-tampering.ts'
import { DAY_MS, openTestBundles } from './support/bundles.ts'
import { requireTools } from './support/tools.ts'

const root = join(import.meta.dirname, '..')
const url = pathToFileURL(join(root, 'web', 'dist', 'verify.html')).href
const scope = lastFirst({ after })
execFileSync(process.execPath, [join(root, 'scripts', 'build-web.mjs')])

const bundles = await openTestBundles(scope)
const mario = await bundles.holder('mario')
const [lucia, anna] = [await bundles.holder('lucia'), await bundles.holder('anna')]
const nobody = { address: bundles.address('nessuno'), mailbox: mario.mailbox }
const sent = await bundles.send(mario, [lucia, anna, nobody], { abroad: [anna] })
const second = await bundles.send(mario, [lucia], { fields: ['X-TipoRicevuta: breve'] })
await bundles.stampLedger()
const make = (id: string) => bundles.make({ id, mailbox: null, language: 'it' })
const { zip } = await make(sent)
const files = unzipBundle(zip)
const others = unzipBundle((await make(second)).zip)
const browser = await openBrowser(scope)

/** A page without a network; whatever it asks for beyond itself is noted. */
async function openPage(options: BrowserContextOptions = {}, at = url): Promise<{ page: Page; asked: string[] }> {
  const context = await browser.newContext({ locale: 'it-IT', offline: true, reducedMotion: 'reduce', ...options })
  scope.after(() => context.close())
  const page = await context.newPage()
  const asked: string[] = []
  page.on('request', (request) => asked.push(request.url()))
  page.on('console', (message) => asked.push(message.text()))
  page.on('pageerror', (error) => asked.push(error.message))
  await page.goto(at)
  asked.shift()
  return { page, asked }
}

/** Gives the page a file and waits for what comes of it. */
async function give(page: Page, bytes: Buffer, name: string): Promise<string> {
  await page.locator('#bundle').setInputFiles({ name, mimeType: 'application/zip', buffer: bytes })
  await page.locator('#result', { hasText: `File: ${name}` }).waitFor()
  return page.locator('#verdict').innerText()
}

async function believe(page: Page, pem: string): Promise<void> {
  const file = { name: 'ca.pem', mimeType: 'application/x-pem-file', buffer: Buffer.from(pem) }
  await page.locator('#authorities').setInputFiles(file)
}

/** What the command says of a bundle: the first line, and all that is listed. */
function saysTheCommand(of: BundleFiles, trusted: Buffer[] | null, language: Language): { verdict: string; list: string[] } {
  const { wrong, proved, notProved } = verifyBundle(of, trusted)
  const [first, ...more] = [...wrong, ...(wrong.length === 0 ? proved : [])].map((one) => printable(wordsOf(one, language)))
  const list = [...(wrong.length === 0 && first !== undefined ? [first] : []), ...more]
  const open = notProved.map((one) => printable(wordsOf(one, language)))
  const { verified, wrong: notVerified } = HEADINGS[language]
  return { verdict: wrong.length === 0 ? verified : `${notVerified}: ${first}`, list: [...list, ...open].sort() }
}

const listOf = async (page: Page): Promise<string[]> => (await page.locator('#result ul li').allInnerTexts()).sort()

test('a bundle verifies without a network, also after all its certificates have ended, in both languages', async () => {
  for (const [locale, language] of [
    ['it-IT', 'it'],
    ['en-GB', 'en'],
  ] as const) {
    const { page, asked } = await openPage({ locale })
    await page.clock.setFixedTime(bundles.clock.ms + 9000 * DAY_MS)
    assert.equal(await page.evaluate(() => document.documentElement.lang), language)
    await believe(page, bundles.authority.certificate)
    const { verdict, list } = saysTheCommand(files, bundles.roots, language)
    assert.equal(await give(page, zip, 'sent.zip'), verdict)
    assert.deepEqual(await listOf(page), list)
    assert.equal(await page.locator('.timeline li').count(), verifyBundle(files, bundles.roots).timeline.length)
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'verdict')
    assert.equal(await page.title(), `${verdict} – ${await page.locator('h1').innerText()}`)
    assert.deepEqual(asked, [])
  }
})

test('whose authorities nobody has named is verified only if they are the true ones', async () => {
  const { page } = await openPage()
  assert.match(await give(page, zip, 'sent.zip'), /^Verificato, se le autorità sono quelle vere/)
  assert.equal(await page.locator('.good').count(), 0)
  const { list } = saysTheCommand(files, null, 'it')
  assert.deepEqual(await listOf(page), list)
  await page.getByRole('button', { name: 'English' }).click()
  assert.match(await page.locator('#verdict').innerText(), /^Verified, if the authorities/)
  assert.deepEqual(await listOf(page), saysTheCommand(files, null, 'en').list)
})

test('whatever was tampered with, the page names what the command names, and shows nothing as proved', async () => {
  const { page, asked } = await openPage()
  await believe(page, bundles.authority.certificate)
  const kinds = [
    ...Object.values(PATH),
    ...(['receipt', 'list', 'proof', 'token', 'root'] as const).map((form) => pathsOf(files, form)[0] ?? ''),
  ]
  const tampered = [
    ...kinds.map((path) => ({ what: `${path} changed`, of: changed(files, { [path]: flipped(files, path) }) })),
    { what: 'the signature of a certificate ends within a byte', of: changed(files, { [PATH.stamp]: unevenStamp(files) }) },
    { what: 'no stamp', of: changed(files, { [PATH.stamp]: null }) },
    { what: 'no original', of: changed(files, { [PATH.original]: null }) },
    { what: 'a receipt added', of: changed(files, { 'messages/receipt-99.eml': files.get(PATH.envelope) ?? null }) },
    { what: 'another file added', of: changed(files, { 'messages/x.exe': Buffer.alloc(1) }) },
    ...(await signedOtherwise(bundles, files, others)).map(({ what, files: of }) => ({ what, of })),
  ]
  const wrong = new Set<string>()
  for (const [number, { what, of }] of tampered.entries()) {
    const { verdict, list } = saysTheCommand(of, bundles.roots, 'it')
    assert.equal(await give(page, zipBundle(of, bundles.clock.ms), `${number}.zip`), verdict, what)
    assert.deepEqual(await listOf(page), list, what)
    const { verified, wrong: found } = verifyBundle(of, bundles.roots)
    assert.equal(await page.locator('.bad').count(), verified ? 0 : 1, what)
    assert.equal(await page.locator('.good, .timeline, dl').count(), verified ? 3 : 0, what)
    for (const { code } of found) wrong.add(code)
  }
  assert.ok(wrong.size >= 20, [...wrong].join())
  assert.deepEqual(asked, [])
})

test('there is no result before the end, and what is no bundle is none', async () => {
  const { page } = await openPage()
  await give(page, zip, 'sent.zip')
  const before = await page.locator('#bundle').evaluate((input) => {
    input.dispatchEvent(new Event('change'))
    const result = document.getElementById('result')
    return { hidden: result?.hidden, inside: result?.childElementCount, status: document.getElementById('status')?.textContent }
  })
  assert.deepEqual(before, { hidden: true, inside: 0, status: 'Verifica in corso: nessun esito finché non è finita.' })
  await page.locator('#verdict').waitFor()
  assert.match(await give(page, Buffer.from('PK no'), 'no.zip'), /^NON verificato: non è un fascicolo/)
  assert.match(await give(page, zip.subarray(0, zip.length - 100), 'cut.zip'), /^NON verificato: non è un fascicolo/)
  await give(page, zip, 'again.zip')
  await believe(page, 'no certificate')
  await page.locator('#verdict', { hasText: 'Nessun esito: nel file delle autorità' }).waitFor()
  assert.equal(await page.locator('.good, .conditional').count(), 0)
})

test('a file may be dropped', async () => {
  const { page } = await openPage()
  const dropped = await page.evaluateHandle((base64) => {
    const data = new DataTransfer()
    data.items.add(new File([Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))], 'dropped.zip'))
    return data
  }, zip.toString('base64'))
  await page.locator('#drop').dispatchEvent('drop', { dataTransfer: dropped })
  await page.locator('#result', { hasText: 'File: dropped.zip' }).waitFor()
  assert.equal(await page.locator('.conditional').count(), 1)
})

/** The bundle signed by openssl with a key of another kind. */
async function signedWith(folder: string, key: KeyObject, ...options: string[]): Promise<BundleFiles> {
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString()
  const request = { providerName: 'Gestore Prova', address: 'posta-certificata@pec.points.test', key: pem }
  const { certificate } = await bundles.authority.issueSealCertificate(request)
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const [manifest, signer, inkey] = [
    file('manifest', files.get(PATH.manifest) ?? ''),
    file('signer', certificate),
    file('key', pem),
  ]
  const certfile = file('ca', bundles.authority.certificate)
  const args = ['-binary', '-outform', 'DER', '-in', manifest, '-signer', signer, '-inkey', inkey, '-certfile', certfile]
  const signature = execFileSync('openssl', ['cms', '-sign', ...args, ...options])
  const { token } = await bundles.stamps.stamp(hash('sha256', signature, 'buffer'))
  return changed(files, { [PATH.signature]: signature, [PATH.stamp]: token })
}

test('keys of all kinds that browsers know; of another one it says that it cannot tell', async (t) => {
  if (!requireTools(t, 'openssl')) return
  const folder = testFolder(scope)
  const { page } = await openPage()
  await believe(page, bundles.authority.certificate)
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const ec = (namedCurve: string): KeyObject => generateKeyPairSync('ec', { namedCurve }).privateKey
  const known: [string, KeyObject, ...string[]][] = [
    ['rsa-sha512', rsa, '-md', 'sha512'],
    ['rsa-pss', rsa, '-md', 'sha256', '-keyopt', 'rsa_padding_mode:pss'],
    ['p256', ec('P-256'), '-md', 'sha256'],
    ['p384', ec('P-384'), '-md', 'sha384'],
    ['p521', ec('P-521'), '-md', 'sha512'],
  ]
  for (const [name, key, ...options] of known) {
    const of = await signedWith(folder, key, ...options)
    assert.equal(verifyBundle(of, bundles.roots).verified, true, name)
    assert.equal(await give(page, zipBundle(of, bundles.clock.ms), `${name}.zip`), 'Verificato.', name)
  }
  const unknown = await signedWith(folder, ec('secp256k1'), '-md', 'sha256')
  assert.equal(verifyBundle(unknown, bundles.roots).verified, true)
  assert.match(await give(page, zipBundle(unknown, bundles.clock.ms), 'unknown.zip'), /^Nessun esito: questo browser/)
  assert.equal(await page.locator('.good, .bad, .conditional').count(), 0)
})

test('a server sends the same page, and it can be kept', async () => {
  const tls = await bundles.authority.issueTlsCertificate({ names: ['localhost'] })
  const server = createWebServer({
    tls: { cert: tls.certificate, key: tls.key },
    probe: async () => undefined,
    parameters: {
      provider: 'Prova',
      serverName: 'localhost',
      ports: { submissions: 1, submission: 2, imaps: 3, imap: 4, pop3s: 5, pop3: 6 },
    },
    authenticateOperator: async () => undefined,
    status: async () => ({}),
    directoryRecord: async () => Buffer.alloc(0),
    pages: readPages(),
    report: () => undefined,
  })
  scope.after(() => server.close())
  const port = await server.listen({ host: 'localhost', port: 0 })
  const address = `https://localhost:${port}/verify`
  const { page, asked } = await openPage({ offline: false, ignoreHTTPSErrors: true }, address)
  await believe(page, bundles.authority.certificate)
  assert.equal(await give(page, zip, 'sent.zip'), 'Verificato.')
  assert.deepEqual(asked, [])
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#keep a').click()])
  assert.equal(download.suggestedFilename(), 'ceralacca-verify.html')
  assert.deepEqual(readFileSync(await download.path()), readPages().get('/verify'))
})

test('everybody can use it: by keyboard, at any width, light and dark', async () => {
  const broken = zipBundle(changed(files, { [PATH.original]: null }), bundles.clock.ms)
  for (const [width, colorScheme] of [
    [1280, 'light'],
    [390, 'dark'],
  ] as const) {
    const { page } = await openPage({ viewport: { width, height: 800 }, colorScheme })
    const judge = async (what: string): Promise<void> => {
      const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
      const where = `${what}, ${width} ${colorScheme}`
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`)
      assert.deepEqual(found, [], where)
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      assert.ok(wide <= 0, `${where}: ${wide} pixels too wide`)
      await screenshot(page, `${what}-${width}-${colorScheme}`)
    }
    await page.locator('summary').click()
    await judge('empty')
    await give(page, zip, 'sent.zip')
    await judge('conditional')
    await believe(page, bundles.authority.certificate)
    await page.locator('.good').waitFor()
    await judge('good')
    await give(page, broken, 'broken.zip')
    await judge('bad')
  }
  const { page } = await openPage()
  const reached: string[] = []
  for (let presses = 0; presses < 6; presses++) {
    await page.keyboard.press('Tab')
    reached.push(await page.evaluate(() => document.activeElement?.id || (document.activeElement?.textContent ?? '')))
  }
  assert.deepEqual(reached.slice(0, 4), ['Vai al contenuto', 'Italiano', 'English', 'bundle'])
  assert.match(reached[4] ?? '', /^Indicare le autorità/)
})

/** For people to look at, where SCREENSHOTS names a folder. */
async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS']
  if (folder !== undefined) await page.screenshot({ path: join(folder, `verify-${name}.png`), fullPage: true })
}
