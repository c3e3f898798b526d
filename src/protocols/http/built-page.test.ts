import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { fastify } from 'fastify'
import { registerPage } from './built-page.ts'

const POLICY = "default-src 'none'; script-src 'sha256-x'"
const PAGE = Buffer.from(`<html><meta http-equiv="Content-Security-Policy" content="${POLICY}">è</html>`)

test('the page comes as it was built, under its own policy, packed for whoever takes it so', async () => {
  const app = fastify()
  app.addHook('onSend', async (_request, answer) => void answer.header('content-security-policy', 'of all others'))
  registerPage(app, '/verify', PAGE)
  const plain = await app.inject('/verify')
  assert.deepEqual(plain.rawPayload, PAGE)
  assert.equal(plain.headers['content-security-policy'], `${POLICY}; frame-ancestors 'none'`)
  assert.equal(plain.headers['content-type'], 'text/html; charset=utf-8')
  const packed = await app.inject({ url: '/verify', headers: { 'accept-encoding': 'br, gzip' } })
  assert.equal(packed.headers['content-encoding'], 'gzip')
  assert.deepEqual(gunzipSync(packed.rawPayload), PAGE)
  const known = await app.inject({ url: '/verify', headers: { 'if-none-match': String(plain.headers.etag) } })
  assert.equal(known.statusCode, 304)
  await app.close()
})

test('a page without a policy is not given out', () => {
  assert.throws(() => registerPage(fastify(), '/verify', Buffer.from('<html></html>')), /build it again/)
})
