import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { mailTo, testMailer } from './test-mailer.ts'
import { startServer, testAuthority } from './test-smtp.ts'

const { authority, localhost } = await testAuthority()

test('a message that is forwarded is not signed for the domain of who wrote it', async (context) => {
  const server = await startServer(localhost)
  context.after(() => server.close())
  const { privateKey } = generateKeyPairSync('ed25519')
  const dkim = { selector: 's', privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
  const mailer = testMailer(context, server.port, { dkim, tlsRoots: authority.certificate })
  await mailer.send(mailTo(['b@peer.test'], { from: '' }))
  await mailer.send(mailTo(['b@peer.test']))
  const [forwarded, ours] = server.received
  assert.ok(forwarded && ours)
  assert.match(forwarded.bytes.toString(), /^From: /)
  assert.match(ours.bytes.toString(), /^DKIM-Signature: /)
})
