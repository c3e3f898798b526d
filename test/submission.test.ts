/** The submission service as clients use it: STARTTLS, the login methods, curl, pipelining, sizes announced beforehand. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { consistent } from './support/consistent.ts'
import { execute, type Result } from './support/execute.ts'
import { openMailbox, waitForMessages } from './support/mailbox-reader.ts'
import { startProvider, temporaryFolder, type Provider } from './support/provider.ts'
import { plainMessage } from './support/submit.ts'
import { requireTools } from './support/tools.ts'

/** swaks on the STARTTLS port; its output is what the server answers. */
function swaks({ ports, ca, accounts: [mario, lucia] }: Provider, ...args: string[]): Promise<Result> {
  const server = ['--server', `localhost:${ports.submission}`, '--tls-verify', '--tls-ca-path', ca, '--hide-send']
  return execute('swaks', [...server, '--from', mario.address, '--to', lucia.address, ...args])
}

suite('submission', () => {
  test('works by STARTTLS with AUTH LOGIN and AUTH PLAIN, pipelined or not', async (t) => {
    if (!requireTools(t, 'swaks')) return
    const provider = await startProvider(t)
    const [mario] = provider.accounts
    const credentials = ['--auth-user', mario.address, '--auth-password', mario.password]
    for (const more of [
      ['--auth', 'LOGIN'],
      ['--auth', 'PLAIN'],
      ['--auth', 'PLAIN', '--pipeline'],
    ]) {
      const { code, stdout } = await swaks(provider, '--tls', ...more, ...credentials)
      assert.equal(code, 0, stdout)
      assert.match(stdout, /250 2\.0\.0 Accepted as certified mail/)
    }
    await waitForMessages(await openMailbox(t, provider, mario), 6)
    await consistent(provider)
  })

  test('gives no login before TLS, and no mail before the login', async (t) => {
    if (!requireTools(t, 'swaks')) return
    const provider = await startProvider(t)
    const [mario] = provider.accounts
    const clear = await swaks(provider, '--auth', 'PLAIN', '--auth-user', mario.address, '--auth-password', mario.password)
    assert.notEqual(clear.code, 0)
    assert.doesNotMatch(clear.stdout, /AUTH PLAIN/)
    assert.match(clear.stdout, /250[ -]STARTTLS/)
    const nobody = await swaks(provider, '--tls')
    assert.match(nobody.stdout, /530 .*Log in first/)
  })

  test('refuses a size that is announced and too large before it is sent', async (t) => {
    if (!requireTools(t, 'curl')) return
    const provider = await startProvider(t, { environment: { CERALACCA_MAX_TOTAL_BYTES: '30000000' } })
    const [mario, lucia] = provider.accounts
    const upload = async (message: string): Promise<Result> => {
      const file = join(temporaryFolder(t), 'message.eml')
      writeFileSync(file, message)
      const login = ['--user', `${mario.address}:${mario.password}`]
      const mail = ['--mail-from', mario.address, '--mail-rcpt', lucia.address, '--upload-file', file]
      return execute('curl', [
        '--silent',
        '--show-error',
        '--cacert',
        provider.ca,
        `smtps://localhost:${provider.ports.submissions}`,
        ...login,
        ...mail,
      ])
    }
    const tooLarge = await upload(plainMessage(mario.address, [lucia.address], { body: `${'a'.repeat(76)}\r\n`.repeat(400_000) }))
    assert.match(tooLarge.stderr, /MAIL failed: 552/)
    const fits = await upload(plainMessage(mario.address, [lucia.address], { headers: ['Subject: con curl'] }))
    assert.equal(fits.code, 0, fits.stderr)
    const [envelope] = await waitForMessages(await openMailbox(t, provider, lucia), 1)
    assert.equal(envelope?.subject, 'POSTA CERTIFICATA: con curl')
    await consistent(provider)
  })
})
