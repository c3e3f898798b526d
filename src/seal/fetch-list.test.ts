import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { after, test } from 'node:test'
import { createFetchList } from './fetch-list.ts'
import { createTestAuthority } from './test-authority.ts'

const closers: (() => void)[] = []
after(() => closers.forEach((close) => close()))

/** A server on a free port; answers its address. */
async function serve(listener: RequestListener, tls?: { cert: string; key: string }): Promise<{ base: string; port: number }> {
  const server = tls ? createSecureServer(tls, listener) : createServer(listener)
  closers.push(() => {
    server.close()
    server.closeAllConnections()
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { base: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, port }
}

const UNFETCHABLE = { code: 'list-unfetchable', fault: 'temporary' }

test('a list is fetched byte for byte, with nothing that tells who asks', async () => {
  const seen: IncomingMessage[] = []
  const bytes = Buffer.from([0x30, 0x00, 0xff, 0x0d, 0x0a])
  const { port } = await serve((request, response) => {
    seen.push(request)
    response.end(bytes)
  })
  assert.deepEqual(await createFetchList()(`http://user:secret@127.0.0.1:${port}/ca.crl?x=1`), bytes)
  assert.deepEqual([seen[0]?.method, seen[0]?.url], ['GET', '/ca.crl?x=1'])
  assert.deepEqual(Object.keys(seen[0]?.headers ?? {}).toSorted(), ['accept', 'connection', 'host'])
})

test('redirects are followed, but not for ever, nor to something else than HTTP', async () => {
  const { base } = await serve((request, response) => {
    const step = Number(request.url?.slice(1))
    if (step === 0) response.end('list')
    else response.writeHead(302, { location: step === 9 ? 'file:///etc/passwd' : `/${step - 1}` }).end()
  })
  const fetchList = createFetchList({ mostRedirects: 2 })
  assert.equal((await fetchList(`${base}/2`)).toString(), 'list')
  await assert.rejects(fetchList(`${base}/3`), { ...UNFETCHABLE, message: /more than 2 redirects/ })
  await assert.rejects(fetchList(`${base}/9`), { ...UNFETCHABLE, message: /file: is not fetched/ })
})

test('bounded in size and in time, also where headers or body never end', async () => {
  const { base } = await serve((request, response) => {
    if (request.url === '/silent') return
    if (request.url === '/slow') return void response.write('begin')
    response.end(Buffer.alloc(1001))
  })
  await assert.rejects(createFetchList({ mostBytes: 1000 })(`${base}/`), { ...UNFETCHABLE, message: /longer than 1000/ })
  assert.equal((await createFetchList({ mostBytes: 1001 })(`${base}/`)).length, 1001)
  const hasty = createFetchList({ timeoutMs: 50 })
  for (const path of ['/silent', '/slow']) await assert.rejects(hasty(`${base}${path}`), UNFETCHABLE)
})

test('what is no list: another status, a broken body, no server, no URL', async () => {
  const { base, port } = await serve((request, response) => {
    if (request.url === '/broken') response.writeHead(200, { 'content-length': '10' }).write('12345', () => response.destroy())
    else response.writeHead(404).end('not here')
  })
  const fetchList = createFetchList()
  await assert.rejects(fetchList(`${base}/`), { ...UNFETCHABLE, message: /404/ })
  for (const url of [`${base}/broken`, `https://127.0.0.1:${port}/`, 'http://127.0.0.1:1/', 'ldap://a.example/', 'nonsense']) {
    await assert.rejects(fetchList(url), UNFETCHABLE)
  }
})

test('over HTTPS only from a server that somebody vouches for', async () => {
  const authority = await createTestAuthority({ name: 'Prova', now: Date.now() })
  const { certificate, key } = await authority.issueTlsCertificate({ names: ['127.0.0.1'] })
  const { base } = await serve((_, response) => response.end('list'), { cert: certificate, key })
  await assert.rejects(createFetchList()(`${base}/`), UNFETCHABLE)
  const fetchList = createFetchList({ tlsRoots: [authority.certificate] })
  assert.equal((await fetchList(`${base}/`)).toString(), 'list')
})
