import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { createDnsClient } from './dns-client.ts'
import { createRoutes } from './routes.ts'
import type { RoutesDeps } from './routes.ts'
import { startDns, startDnsServer } from '../../test/support/dns.ts'
import { skipWithout } from '../../test/support/tools.ts'

const RECORDS = {
  mx: {
    'many.test': [
      { host: 'mx3.many.test', preference: 30 },
      { host: 'mx1.many.test', preference: 10 },
      { host: 'mx2a.many.test', preference: 20 },
      { host: 'mx2b.many.test', preference: 20 },
    ],
    'null.test': [{ host: '.', preference: 0 }],
  },
  addresses: { 'mx1.many.test': ['127.0.0.1', '::1'], 'plain.test': ['127.0.0.1'] },
  txt: { 'text.test': ['nothing else'] },
}

const skipDns = skipWithout('dnsmasq')
const dns = skipDns === false ? await startDns({ after }, RECORDS) : ''

function router({ routes = new Map(), server = dns, now = () => 0, timeoutMs = 2000 }: Options = {}) {
  const client = createDnsClient({ servers: [server], timeoutMs, now })
  return createRoutes({ routes, dns: client, port: 25 })
}

interface Options {
  readonly routes?: RoutesDeps['routes']
  readonly server?: string
  readonly now?: () => number
  readonly timeoutMs?: number
}

async function hostsOf(domain: string, options?: Options): Promise<string[]> {
  const routing = await router(options)(domain)
  assert('destinations' in routing, JSON.stringify(routing))
  return routing.destinations.map(({ host, port }) => `${host}:${port}`)
}

async function verdictOf(domain: string, options?: Options): Promise<string> {
  const routing = await router(options)(domain)
  assert('outcome' in routing)
  return `${routing.outcome} ${routing.status}`
}

test('a static route goes before "*", and both before DNS', { skip: skipDns }, async () => {
  const routes = new Map([['many.test', { host: '127.0.0.9', port: 2525 }]])
  assert.deepEqual(await hostsOf('MANY.test', { routes }), ['127.0.0.9:2525'])
  assert.deepEqual(await hostsOf('plain.test', { routes }), ['plain.test:25'])
  routes.set('*', { host: 'relay.test', port: 26 })
  assert.deepEqual(await hostsOf('plain.test', { routes }), ['relay.test:26'])
  assert.deepEqual(await hostsOf('many.test', { routes }), ['127.0.0.9:2525'])
})

test('mail exchangers come by preference, those of the same one in any order', { skip: skipDns }, async () => {
  const seconds = new Set<string>()
  for (let tries = 0; tries < 200 && seconds.size < 2; tries++) {
    const hosts = await hostsOf('many.test')
    assert.equal(hosts.length, 4)
    assert.equal(hosts[0], 'mx1.many.test:25')
    assert.equal(hosts[3], 'mx3.many.test:25')
    seconds.add(hosts[1] ?? '')
  }
  assert.deepEqual([...seconds].sort(), ['mx2a.many.test:25', 'mx2b.many.test:25'])
})

test('a domain without MX is its own mail exchanger', { skip: skipDns }, async () => {
  assert.deepEqual(await hostsOf('plain.test'), ['plain.test:25'])
})

test('what is surely not there is final', { skip: skipDns }, async () => {
  assert.equal(await verdictOf('null.test'), 'failed 5.1.10')
  assert.equal(await verdictOf('nobody.test'), 'failed 5.1.2')
  assert.equal(await verdictOf('text.test'), 'failed 5.1.2')
  assert.equal(await verdictOf('no..name'), 'failed 5.1.2')
  assert.equal(await verdictOf('[127.0.0.1]'), 'failed 5.1.2')
})

test('name servers that fail or are silent defer', { skip: skipDns }, async () => {
  const broken = createSocket('udp4')
  let answers = true
  broken.on('message', (query, from) => {
    if (!answers) return
    const reply = Buffer.from(query)
    reply[2] = 0x81
    reply[3] = 0x82
    broken.send(reply, from.port, from.address)
  })
  broken.bind(0, '127.0.0.1')
  await once(broken, 'listening')
  const server = `127.0.0.1:${broken.address().port}`
  try {
    assert.equal(await verdictOf('plain.test', { server }), 'deferred 4.4.3')
    answers = false
    assert.equal(await verdictOf('plain.test', { server, timeoutMs: 100 }), 'deferred 4.4.3')
  } finally {
    broken.close()
  }
})

test('addresses of a host come from the same name server, both families', { skip: skipDns }, async () => {
  const routing = await router()('many.test')
  assert('destinations' in routing)
  const [first] = routing.destinations
  const addresses = await new Promise((resolve, reject) => {
    first?.lookup?.(first.host, { all: true }, (error, found) => (error ? reject(error) : resolve(found)))
  })
  assert.deepEqual(addresses, [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ])
})

test('an answer is kept for a minute', { skip: skipDns }, async (context) => {
  const short = await startDnsServer(context, { mx: { 'once.test': [{ host: 'mx.once.test', preference: 10 }] } })
  let time = 0
  const find = router({ server: short.server, now: () => time, timeoutMs: 200 })
  assert('destinations' in (await find('once.test')))
  await short.stop()
  time = 59_999
  assert('destinations' in (await find('once.test')))
  time = 60_000
  const later = await find('once.test')
  assert('outcome' in later)
  assert.equal(later.outcome, 'deferred')
})
