/** What is refused, with a clear answer and without a trace: nothing is half accepted. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { consistent } from './support/consistent.ts'
import { openMailbox, readInbox } from './support/mailbox-reader.ts'
import { startProvider, type Account } from './support/provider.ts'
import { plainMessage, submit, type Submission } from './support/submit.ts'
import { requireTools } from './support/tools.ts'

interface Refusal {
  readonly name: string
  readonly submission: (mario: Account, lucia: Account) => Partial<Submission>
  readonly answer: RegExp
}

const message = (from: string, to: readonly string[], headers: string[] = []): string => plainMessage(from, to, { headers })

const REFUSALS: readonly Refusal[] = [
  {
    name: 'a wrong password',
    submission: (mario) => ({ account: { ...mario, password: 'not the password' } }),
    answer: /535 5\.7\.8 .*Wrong user name or password/,
  },
  {
    name: 'a user that does not exist',
    submission: (mario) => ({ account: { ...mario, address: `nobody@${mario.address.split('@')[1]}` } }),
    answer: /535 5\.7\.8 .*Wrong user name or password/,
  },
  {
    name: 'a reverse path that is not the login',
    submission: (_, lucia) => ({ sender: lucia.address }),
    answer: /553 5\.7\.1 .*MAIL FROM must be that address/,
  },
  {
    name: 'a From that is not the login',
    submission: (mario, lucia) => ({ message: message(lucia.address, [lucia.address]), account: mario }),
    answer: /550 5\.7\.1 .*The From address must be the certified address/,
  },
  {
    name: 'a recipient who is neither in To nor in Cc',
    submission: (mario, lucia) => ({ message: message(mario.address, [mario.address]), recipients: [lucia.address] }),
    answer: /550 5\.7\.1 .*blind copies are not allowed/,
  },
  {
    name: 'a Bcc field',
    submission: (mario, lucia) => ({ message: message(mario.address, [lucia.address], [`Bcc: ${mario.address}`]) }),
    answer: /550 5\.7\.1 .*The Bcc field must be empty/,
  },
  {
    name: 'no To field',
    submission: (mario, lucia) => ({ message: `From: ${mario.address}\r\nCc: ${lucia.address}\r\n\r\nx\r\n` }),
    answer: /550 5\.6\.0 .*needs a To field/,
  },
  {
    name: 'two Message-IDs',
    submission: (mario, lucia) => ({
      message: message(mario.address, [lucia.address], ['Message-ID: <a@b>', 'Message-ID: <c@d>']),
    }),
    answer: /550 5\.6\.0 .*more than one Message-ID/,
  },
  {
    name: 'a NUL byte',
    submission: (mario, lucia) => ({ message: `${message(mario.address, [lucia.address])}\0\r\n` }),
    answer: /550 5\.6\.0 .*NUL bytes/,
  },
  {
    name: 'a domain that is not served',
    submission: (mario) => ({ message: message(mario.address, ['a@elsewhere.test']), recipients: ['a@elsewhere.test'] }),
    answer: /550 5\.1\.2 .*elsewhere\.test cannot be reached/,
  },
]

suite('refusals', () => {
  test('say what is wrong, and leave no trace', async (t) => {
    if (!requireTools(t, 'swaks')) return
    const provider = await startProvider(t)
    const [mario, lucia] = provider.accounts
    for (const { name, submission, answer } of REFUSALS) {
      await t.test(name, async () => {
        const usual = { account: mario, recipients: [lucia.address], message: message(mario.address, [lucia.address]) }
        const { code, stdout } = await submit(provider, { ...usual, ...submission(mario, lucia) })
        assert.notEqual(code, 0)
        assert.match(stdout, answer)
      })
    }
    for (const account of provider.accounts) assert.deepEqual(await readInbox(await openMailbox(t, provider, account)), [])
    const { stdout } = await provider.ceralacca('check', '--json')
    assert.equal((JSON.parse(stdout) as { submissions: number }).submissions, 0)
    await consistent(provider)
  })

  test('a message over the limit is refused by size times recipients', async (t) => {
    if (!requireTools(t, 'swaks')) return
    const provider = await startProvider(t, { environment: { CERALACCA_MAX_TOTAL_BYTES: '30000000' } })
    const [mario, lucia] = provider.accounts
    const body = `${'a'.repeat(70)}\r\n`.repeat(250_000)
    const usual = { account: mario, recipients: [lucia.address, mario.address] }
    const two = await submit(provider, { ...usual, message: plainMessage(mario.address, usual.recipients, { body }) })
    assert.match(two.stdout, /552 5\.3\.4 .*send it to fewer at a time/)
    const big = await submit(provider, {
      ...usual,
      recipients: [lucia.address],
      message: plainMessage(mario.address, [lucia.address], { body: body + body }),
    })
    assert.match(big.stdout, /552 5\.3\.4 .*larger than 30000000 bytes/)
    await consistent(provider)
  })

  test('guessing passwords is slowed down, while the holder gets in from elsewhere', async (t) => {
    if (!requireTools(t, 'swaks')) return
    const provider = await startProvider(t)
    const [mario, lucia] = provider.accounts
    const guess = { account: { ...mario, password: 'not the password' }, recipients: [lucia.address], message: '' }
    for (let attempt = 0; attempt < 4; attempt++) assert.match((await submit(provider, guess)).stdout, /535 /)
    assert.match((await submit(provider, guess)).stdout, /454 4\.7\.0 .*try again in \d+ second/)
    const other = await openMailbox(t, provider, lucia)
    assert.ok(other.authenticated)
  })
})
