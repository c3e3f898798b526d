/** The page of one-time links in Chromium, over the real web server and API: from the links of the messages to the password. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import type { BrowserContextOptions, Page, Request } from 'playwright-core'
import { createWebServer } from '../src/protocols/http/web-server.ts'
import { PARAMETERS, testApiParts } from '../src/protocols/http/api/test-api.ts'
import { ANNA, begin, openTestDesk, withMailbox } from '../src/registry/agreement/test-desk.ts'
import { loginQueries } from '../src/registry/login-queries.ts'
import { verifyPassword } from '../src/registry/passwords.ts'
import { createTestAuthority } from '../src/seal/test-authority.ts'
import { lastFirst, withTestDatabase } from '../src/storage/test-database.ts'
import { readPages } from '../src/wiring/built-pages.ts'
import { openBrowser } from './support/browser.ts'

const HOUR = 3_600_000
const PASSWORD = 'una frase lunga da ricordare'

const scope = lastFirst({ after })
execFileSync(process.execPath, [join(import.meta.dirname, '..', 'scripts', 'build-web.mjs')])
const { database } = await withTestDatabase(scope)
const desk = await openTestDesk(database)
const orders = [await desk.newOrder({ centsPerYear: 0 }), await desk.newOrder({ centsPerYear: 0 })]
const left = orders.flatMap(({ code, members }) => members.map((member) => [code, member] as const))
const nextMember = () => left.pop() ?? assert.fail()

const tls = await (await createTestAuthority({ name: 'Prova', now: Date.now() })).issueTlsCertificate({ names: ['localhost'] })
const server = createWebServer({
  tls: { cert: tls.certificate, key: tls.key },
  probe: async () => undefined,
  parameters: { provider: 'Prova', ...PARAMETERS },
  authenticateOperator: async () => undefined,
  status: async () => ({}),
  directoryRecord: async () => Buffer.alloc(0),
  api: { ...testApiParts(desk), waysIn: [], publicRate: 1000 },
  pages: readPages(),
  report: (name, data) => assert.fail(`${name} ${JSON.stringify(data)}`),
})
scope.after(() => server.close())
const origin = `https://localhost:${await server.listen({ host: 'localhost', port: 0 })}`
const browser = await openBrowser(scope)

interface Opened {
  readonly page: Page
  /** what was asked for, without the origin */
  readonly asked: string[]
  /** what the page complains of, and whatever goes to another origin */
  readonly wrong: string[]
}

async function open(path: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ locale: 'it-IT', ignoreHTTPSErrors: true, reducedMotion: 'reduce', ...options })
  scope.after(() => context.close())
  const page = await context.newPage()
  const [asked, wrong]: [string[], string[]] = [[], []]
  page.on('request', (request: Request) => {
    const url = new URL(request.url())
    if (url.origin === origin) asked.push(`${request.method()} ${url.pathname}${url.search}`)
    else wrong.push(request.url())
  })
  page.on('pageerror', (error) => wrong.push(error.message))
  page.on('console', (message) => {
    if (!/status of 4\d\d|ERR_INTERNET_DISCONNECTED/.test(message.text())) wrong.push(message.text())
  })
  await page.goto(`${origin}${path}`)
  return { page, asked, wrong }
}

const focused = (page: Page): Promise<string | undefined> => page.evaluate(() => document.activeElement?.id)
const verdict = (page: Page): Promise<string> => page.locator('#verdict').innerText()

async function confirmation() {
  const request = await begin(desk, ...nextMember())
  return { ...request, token: await desk.requests.confirmationLink(request.id, ANNA) }
}

async function activation() {
  const contract = await withMailbox(desk, ...nextMember())
  await desk.work()
  return { ...contract, token: await desk.contracts.activationLink(contract.id, ANNA) }
}

/** Whether the password of a mailbox is the one that the tests choose. */
async function hasPassword({ mailboxSlot: slot, mailbox: id }: { mailboxSlot: number; mailbox: string }): Promise<boolean> {
  const credential = await loginQueries(database).credential({ slot, id })
  return typeof credential?.hash === 'string' && verifyPassword(credential.hash, PASSWORD)
}

test('the link of the e-mail address: opened it changes nothing, the button confirms', async () => {
  const { id, address, token } = await confirmation()
  const { page, asked, wrong } = await open(`/conferma#${token}`)
  const button = page.getByRole('button', { name: 'Confermo' })
  await button.waitFor()
  assert.equal(page.url(), `${origin}/conferma`)
  assert.deepEqual(
    [await page.locator('#email').innerText(), await page.locator('#wanted').innerText()],
    ['mario@example.it', address],
  )
  assert.equal((await desk.requests.get(id)).state, 'requested')
  await button.dblclick()
  await page.locator('#verdict').waitFor()
  assert.equal(await verdict(page), 'L’indirizzo e-mail è confermato.')
  assert.equal(await focused(page), 'verdict')
  assert.equal(await page.locator('.steps li').count(), 3)
  assert.equal((await desk.requests.get(id)).state, 'identity-pending')
  assert.deepEqual(asked, ['GET /conferma', 'POST /api/v1/links', 'POST /api/v1/requests/confirmations'])
  assert.deepEqual(wrong, [])
})

test('the link of the activation: the password by keyboard, then what a mail program needs', async () => {
  const contract = await activation()
  const { page, asked, wrong } = await open(`/attivazione#${contract.token}`, {
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  await page.locator('#password').waitFor()
  assert.equal(await page.locator('#user').inputValue(), contract.address)
  const write = async (password: string, again: string): Promise<void> => {
    await page.locator('#password').fill(password)
    await page.keyboard.press('Tab')
    await page.keyboard.insertText(again)
    await page.keyboard.press('Enter')
    await page.locator('[aria-invalid=true]').waitFor()
  }
  await write('corta', 'corta')
  assert.equal(await page.locator('#password-wrong').innerText(), 'La password è troppo corta: servono almeno 10 caratteri.')
  assert.equal(await focused(page), 'password')
  await write(PASSWORD, '')
  assert.equal(await page.locator('#again-wrong').innerText(), 'Le due password sono diverse: le scriva di nuovo.')
  assert.deepEqual([await focused(page), await page.locator('#password-wrong').innerText()], ['again', ''])
  await page.getByLabel('Mostra la password').check()
  assert.equal(await page.locator('#password').getAttribute('type'), 'text')
  await page.locator('#again').fill(PASSWORD)
  const activations = '**/api/v1/activations'
  await page.route(activations, (route) => route.fulfill({ status: 422, json: { code: 'weak-password' } }))
  await page.keyboard.press('Enter')
  await page.locator('#password-wrong', { hasText: 'Questa password non va bene' }).waitFor()
  assert.deepEqual([await focused(page), await page.locator('#again').inputValue()], ['password', PASSWORD])
  await page.unroute(activations)
  assert.equal(await hasPassword(contract), false)
  await page.keyboard.press('Enter')
  await page.locator('.parameters').waitFor()
  assert.equal(await focused(page), 'verdict')
  assert.equal(await hasPassword(contract), true)
  const shown = await page.locator('.parameters').innerText()
  for (const value of [contract.address, PARAMETERS.serverName, 'porta 993, SSL/TLS', 'porta 995', 'porta 465'])
    assert.ok(shown.includes(value), value)
  await page.getByRole('button', { name: 'Copia: Nome utente' }).click()
  await page.locator('#status', { hasText: 'Copiato.' }).waitFor()
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), contract.address)
  assert.ok(!(await page.content()).includes(PASSWORD))
  assert.deepEqual(asked, ['GET /attivazione', 'POST /api/v1/links', 'POST /api/v1/activations', 'POST /api/v1/activations'])
  assert.deepEqual(wrong, [])
})

test('a link that is used, expired, incomplete or replaced says so and what to do; a page of one kind knows the other', async () => {
  const used = await confirmation()
  await desk.requests.confirmEmail(used.token)
  const replaced = await confirmation()
  await desk.requests.confirmationLink(replaced.id, ANNA)
  const gone = await confirmation()
  await desk.requests.abandon(gone.id, { actor: `holder:${gone.id}`, role: 'holder' })
  const { page } = await open('/conferma')
  const lead = async (path: string): Promise<string> => {
    await page.goto(`${origin}/`)
    await page.goto(`${origin}${path}`)
    await page.locator('#verdict').waitFor()
    assert.equal(await focused(page), 'verdict')
    assert.equal(
      await page.locator('#confirm, #activate').evaluateAll((all) => all.every((one) => one.hasAttribute('hidden'))),
      true,
    )
    return verdict(page)
  }
  const broken = 'Il collegamento è incompleto, o ne è stato inviato uno più recente.'
  for (const path of ['/conferma', '/attivazione', `/conferma#${used.token.slice(1)}`, `/conferma#${replaced.token}`])
    assert.equal(await lead(path), broken, path)
  assert.match(await lead(`/conferma#${used.token}`), /^Questo collegamento è già stato usato: l’indirizzo è confermato/)

  await page.goto(`${origin}/conferma#${gone.token}`)
  await page.getByRole('button', { name: 'Confermo' }).click()
  await page.locator('#verdict').waitFor()
  assert.equal(await verdict(page), 'La richiesta non attende questa conferma.')

  // Another link in the same window, at the path of the other kind.
  const { token } = await activation()
  await page.evaluate((hash) => (location.hash = hash), token)
  await page.locator('#password').waitFor()
  assert.equal(await page.locator('h1').innerText(), 'Scegliere la password della casella')
  await desk.contracts.activate(token, PASSWORD)
  assert.match(await lead(`/attivazione#${token}`), /^Questo collegamento è già stato usato: la password è impostata/)

  const late = await confirmation()
  desk.clock.now += 49 * HOUR
  assert.equal(await lead(`/conferma#${late.token}`), 'Il collegamento è scaduto.')
})

test('without a network the link stays good, and the button tries again', async () => {
  const { id, token } = await confirmation()
  const { page, wrong } = await open('/conferma')
  await page.context().setOffline(true)
  await page.evaluate((hash) => (location.hash = hash), token)
  const retry = page.getByRole('button', { name: 'Riprova' })
  await retry.waitFor()
  assert.equal(await verdict(page), 'Il servizio non risponde.')
  await page.context().setOffline(false)
  await retry.click()
  const button = page.getByRole('button', { name: 'Confermo' })
  await button.waitFor()
  assert.equal(await focused(page), 'main')
  await page.context().setOffline(true)
  await button.click()
  await page.locator('#status', { hasText: 'Il servizio non risponde.' }).waitFor()
  await page.context().setOffline(false)
  await button.click()
  await page.locator('.good').waitFor()
  assert.equal((await desk.requests.get(id)).state, 'identity-pending')
  assert.deepEqual(wrong, [])
})

test('an answer that was lost on the way comes again, and the link is not said to be used', async () => {
  const { token } = await confirmation()
  const { page } = await open(`/conferma#${token}`)
  const confirmations = '**/api/v1/requests/confirmations'
  await page.route(confirmations, async (route) => {
    await route.fetch()
    await route.abort()
  })
  const button = page.getByRole('button', { name: 'Confermo' })
  await button.click()
  await page.locator('#status', { hasText: 'Il servizio non risponde.' }).waitFor()
  await page.unroute(confirmations)
  await button.click()
  await page.locator('.good').waitFor()
})

test('everybody can use it: in both languages, at any width, light and dark', async () => {
  for (const [width, colorScheme, locale] of [
    [1280, 'light', 'it-IT'],
    [390, 'dark', 'en-GB'],
  ] as const) {
    const look = { viewport: { width, height: 800 }, colorScheme, locale }
    const judge = async (page: Page, what: string): Promise<void> => {
      const where = `${what}, ${width} ${colorScheme}`
      const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
      assert.deepEqual(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join()}`),
        [],
        where,
      )
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      assert.ok(wide <= 0, `${where}: ${wide} pixels too wide`)
      assert.equal(await page.evaluate(() => document.documentElement.lang), locale.slice(0, 2))
      await screenshot(page, `${what}-${width}-${colorScheme}`)
    }
    const { page } = await open(`/conferma#${(await confirmation()).token}`, look)
    await page.locator('#confirm-button').waitFor()
    await judge(page, 'confirm')
    await page.locator('#confirm-button').click()
    await page.locator('.good').waitFor()
    await judge(page, 'confirmed')
    if (width === 390) {
      await page.goto(`${origin}/conferma#x`)
      await page.locator('.bad').waitFor()
      await judge(page, 'broken')
    }
    await page.goto(`${origin}/attivazione#${(await activation()).token}`)
    await page.locator('#password').fill('x')
    await page.keyboard.press('Enter')
    await judge(page, 'activate')
    for (const field of ['#password', '#again']) await page.locator(field).fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.locator('.parameters').waitFor()
    await judge(page, 'activated')
    await page.getByRole('button', { name: locale === 'it-IT' ? 'English' : 'Italiano' }).click()
    assert.match(await page.locator('.parameters').innerText(), locale === 'it-IT' ? /User name/ : /Nome utente/)
  }
})

test('the server keeps the page from frames and forms, and says nothing of where it was', async () => {
  const { page } = await open('/conferma')
  for (const path of ['/conferma', '/attivazione']) {
    const headers = (await page.request.get(`${origin}${path}`)).headers()
    const policy = String(headers['content-security-policy'])
    for (const rule of ["default-src 'none'", "connect-src 'self'", "form-action 'none'", "frame-ancestors 'none'"])
      assert.ok(policy.includes(rule), rule)
    assert.ok(!/unsafe/.test(policy))
    assert.deepEqual([headers['referrer-policy'], headers['cache-control']], ['no-referrer', 'no-cache'])
  }
})

/** For people to look at, where SCREENSHOTS names a folder. */
async function screenshot(page: Page, name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS']
  if (folder !== undefined) await page.screenshot({ path: join(folder, `link-${name}.png`), fullPage: true })
}
