/** Starting, stopping, starting again; the CLI against a running installation; two installations side by side. */
import assert from 'node:assert/strict'
import { statSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { consistent } from './support/consistent.ts'
import { execute } from './support/execute.ts'
import { openMailbox, readInbox, waitForMessages } from './support/mailbox-reader.ts'
import { startProvider, temporaryFolder } from './support/provider.ts'
import { plainMessage, submit } from './support/submit.ts'
import { requireTools } from './support/tools.ts'

const MAIN = new URL('../src/cli/main.ts', import.meta.url).pathname

suite('an installation', () => {
  test('starts again on its data with the same accounts, mail and keys', async (t) => {
    if (!requireTools(t, 'swaks')) return
    const first = await startProvider(t)
    const [mario, lucia] = first.accounts
    const message = plainMessage(mario.address, [lucia.address], { headers: ['Subject: prima'] })
    assert.equal((await submit(first, { account: mario, recipients: [lucia.address], message })).code, 0)
    const before = await waitForMessages(await openMailbox(t, first, mario), 2)
    const ca = readFileSync(first.ca)
    await first.stop()
    const second = await startProvider(t, { dataFolder: first.dataFolder })
    assert.deepEqual(second.accounts, first.accounts)
    assert.ok(readFileSync(second.ca).equals(ca))
    assert.deepEqual(await readInbox(await openMailbox(t, second, mario)), before)
    assert.equal((await submit(second, { account: mario, recipients: [lucia.address], message })).code, 0)
    await waitForMessages(await openMailbox(t, second, mario), 4)
    await consistent(second)
  })

  test('tells in demo.json what a newcomer needs, for his eyes only', async (t) => {
    const provider = await startProvider(t)
    const path = join(provider.dataFolder, 'demo.json')
    const demo = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
    assert.equal(demo['provider'], 'Ceralacca Demo')
    assert.equal(demo['web'], `https://localhost:${provider.ports.https}`)
    assert.equal(demo['agreementCode'], 'OMCEO-XX-0051')
    assert.match(provider.output(), /Operator +operatore +password \S+\nAgreement +OMCEO-XX-0051\n/)
    assert.equal(statSync(path).mode & 0o077, 0)
    const { code, stdout } = await provider.ceralacca('agreement', 'list', '--json')
    assert.equal(code, 0)
    const [agreement] = JSON.parse(stdout) as { code: string; order: string; domain: string }[]
    assert.deepEqual([agreement?.code, agreement?.order, agreement?.domain], ['OMCEO-XX-0051', 'OMCEO-XX', 'pec.ceralacca.test'])
    assert.match(
      provider.output(),
      new RegExp(`Mailbox +${provider.accounts[0].address} +password ${provider.accounts[0].password}`),
    )
  })

  test('answers for its health, and gives the set-up of a mail client', async (t) => {
    if (!requireTools(t, 'curl')) return
    const provider = await startProvider(t)
    const web = `https://localhost:${provider.ports.https}`
    const health = await execute('curl', ['--silent', '--cacert', provider.ca, `${web}/healthz`])
    assert.equal(health.stdout, '{"status":"ok"}')
    const page = await execute('curl', ['--silent', '--cacert', provider.ca, web])
    assert.match(page.stdout, new RegExp(`<td>IMAP</td><td>${provider.ports.imaps}</td><td>TLS</td>`))
    assert.match(page.stdout, new RegExp(`<td>POP3</td><td>${provider.ports.pop3s}</td><td>TLS</td>`))
  })

  test('shows its figures to operators only', async (t) => {
    if (!requireTools(t, 'curl')) return
    const provider = await startProvider(t)
    const { operator } = JSON.parse(readFileSync(join(provider.dataFolder, 'demo.json'), 'utf8')) as {
      operator: { user: string; password: string }
    }
    const status = async (...credentials: string[]): Promise<string> => {
      const url = `https://localhost:${provider.ports.https}/api/v1/status`
      const args = ['--silent', '--cacert', provider.ca, '--write-out', ' %{http_code}', ...credentials, url]
      return (await execute('curl', args)).stdout
    }
    assert.match(await status(), /"bad-credentials".* 401$/)
    assert.match(await status('--user', `${operator.user}:wrong`), /"bad-credentials".* 401$/)
    const shown = await status('--user', `${operator.user}:${operator.password}`)
    assert.match(
      shown,
      /^{"submissions":0,"open":0,"messages":0,"availability":{"period":"\d{4}-[123]","downSeconds":{.*"all":0}}} 200$/,
    )
    const changed = await provider.ceralacca('operator', 'set', operator.user, '--json')
    const { password } = JSON.parse(changed.stdout) as { password: string }
    assert.match(await status('--user', `${operator.user}:${operator.password}`), / 401$/)
    assert.match(await status('--user', `${operator.user}:${password}`), / 200$/)
    const listed = JSON.parse((await provider.ceralacca('operator', 'list', '--json')).stdout) as { name: string }[]
    assert.deepEqual(
      listed.map(({ name }) => name),
      [operator.user],
    )
  })

  test('does not disturb another one beside it', async (t) => {
    if (!requireTools(t, 'swaks')) return
    const one = await startProvider(t)
    const two = await startProvider(t, { environment: { CERALACCA_DOMAIN: 'pec.altro.test' } })
    const [mario, lucia] = two.accounts
    assert.equal(mario.address, 'mario.rossi@pec.altro.test')
    const message = plainMessage(mario.address, [lucia.address])
    assert.equal((await submit(two, { account: mario, recipients: [lucia.address], message })).code, 0)
    await waitForMessages(await openMailbox(t, two, mario), 2)
    assert.deepEqual(await readInbox(await openMailbox(t, one, one.accounts[1])), [])
    await consistent(one)
    await consistent(two)
  })

  test('refuses a second server on its data, and ports that are taken', async (t) => {
    const provider = await startProvider(t)
    const same = await execute(process.execPath, [MAIN, 'serve'], { environment: provider.environment })
    assert.equal(same.code, 1)
    assert.match(same.stderr, /already|runs/i)
    const environment = { ...provider.environment, CERALACCA_DATA: join(temporaryFolder(t), 'data') }
    const ports = await execute(process.execPath, [MAIN, 'serve'], { environment })
    assert.equal(ports.code, 1)
    assert.match(ports.stderr, /Port \d+ is taken by another program.*CERALACCA_PORT_OFFSET/)
  })
})

suite('the CLI', () => {
  test('manages domains and mailboxes, and finds a message', async (t) => {
    if (!requireTools(t, 'swaks')) return
    const provider = await startProvider(t)
    const run = async (...args: string[]): Promise<unknown> => {
      const { code, stdout, stderr } = await provider.ceralacca(...args, '--json')
      assert.equal(code, 0, stderr)
      return JSON.parse(stdout)
    }
    await run('domain', 'add', 'Ordine.Test')
    assert.deepEqual(await run('domain', 'list'), ['ordine.test', 'pec.ceralacca.test'])
    const made = (await run('mailbox', 'create', 'Anna.Verdi@ordine.test')) as { address: string; password: string }
    assert.equal(made.address, 'anna.verdi@ordine.test')
    const anna = await openMailbox(t, provider, made)
    assert.deepEqual(await readInbox(anna), [])
    const changed = (await run('mailbox', 'set-password', made.address)) as { password: string }
    await assert.rejects(openMailbox(t, provider, made))
    const [mario] = provider.accounts
    const message = plainMessage(mario.address, [made.address], { headers: ['Message-ID: <find.me@client.test>'] })
    assert.equal((await submit(provider, { account: mario, recipients: [made.address], message })).code, 0)
    await waitForMessages(await openMailbox(t, provider, { ...made, password: changed.password }), 1)
    await waitForMessages(await openMailbox(t, provider, mario), 2)
    const [found] = (await run('message', 'show', '<find.me@client.test>')) as {
      pecMsgid: string
      dispatches: { recipient: string; outcome: string }[]
      ledger: { event: string }[]
    }[]
    assert.ok(found)
    assert.deepEqual(
      found.dispatches.map(({ recipient, outcome }) => [recipient, outcome]),
      [[made.address, 'delivered']],
    )
    assert.deepEqual(found.ledger.map(({ event }) => event).sort(), ['accepted', 'delivered', 'receipt-received'])
    assert.deepEqual(await run('message', 'show', found.pecMsgid), [found])
    const summary = (await run('mailbox', 'show', made.address)) as { used: number }
    assert.ok(summary.used > 1000)
    assert.equal(((await run('mailbox', 'list', '--domain', 'ordine.test')) as unknown[]).length, 1)
    await consistent(provider)
  })

  test('says what to do when something is wrong', async (t) => {
    const provider = await startProvider(t)
    const cases: [args: string[], code: number, message: RegExp][] = [
      [['mailbox', 'create', 'a@unknown.test'], 1, /domain add unknown\.test/],
      [['mailbox', 'create', provider.accounts[0].address], 1, /is given already/],
      [['mailbox', 'create', 'no address'], 1, /is not a mail address such as/],
      [['mailbox', 'show', 'nobody@pec.ceralacca.test'], 1, /mailbox list/],
      [['message', 'show', 'nothing@here'], 1, /Nothing is known here/],
      [['domain', 'add', 'no domain'], 1, /is not a domain name such as/],
      [['agreement', 'add', 'x y', 'Ordine', 'pec.ceralacca.test'], 1, /OMCEO-XX-0051/],
      [['agreement', 'add', 'OMCEO-XX-0051', 'Ordine', 'pec.ceralacca.test'], 1, /order list/],
      [['agreement', 'add', 'OMCEO-XX-0051', 'OMCEO-XX', 'pec.ceralacca.test'], 1, /already/],
      [['operator', 'set', 'No Name'], 1, /anna\.verdi/],
      [['domain', 'add'], 2, /expected DOMAIN/],
      [['frobnicate'], 2, /There is no command/],
      [['mailbox', 'list', '--frobnicate'], 2, /--help/],
    ]
    for (const [args, code, message] of cases) {
      const result = await provider.ceralacca(...args)
      assert.equal(result.code, code, args.join(' '))
      assert.match(result.stderr, message)
    }
  })

  test('helps without a running installation, and says when there is none', async (t) => {
    const environment = { CERALACCA_DATA: join(temporaryFolder(t), 'data') }
    const run = (args: string[], more: Record<string, string> = {}) =>
      execute(process.execPath, [MAIN, ...args], { environment: { ...environment, ...more } })
    assert.match((await run([])).stdout, /mailbox set-password/)
    for (const command of [
      'serve',
      'config',
      'domain add',
      'domain list',
      'domain set',
      'mailbox create',
      'mailbox list',
      'mailbox set',
      'mailbox set-password',
      'mailbox show',
      'message show',
      'agreement add',
      'agreement list',
      'operator set',
      'operator list',
      'check',
    ]) {
      const { code, stdout } = await run([...command.split(' '), '--help'])
      assert.equal(code, 0)
      assert.match(stdout, new RegExp(`^Usage: ceralacca ${command}`))
    }
    const stopped = await run(['check'])
    assert.equal(stopped.code, 3)
    assert.match(stopped.stderr, /npm start/)
    const wrong = await run(['config'], { CERALACCA_PORT_OFFSET: 'x', CERALACCA_NOSUCH: '1', CERALACCA_MAX_RECIPIENTS: '10' })
    assert.equal(wrong.code, 2)
    for (const problem of [
      /CERALACCA_PORT_OFFSET: must be a whole number/,
      /CERALACCA_NOSUCH: there is no such setting/,
      /the law wants at least 50/,
    ]) {
      assert.match(wrong.stderr, problem)
    }
    const secret = await run(['config'], { DATABASE_URL: 'postgres://user:hidden@host/db' })
    assert.doesNotMatch(secret.stdout, /hidden/)
  })
})
