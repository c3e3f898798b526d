/** A webhook reaches the public Internet and what the settings allow; where a name leads is judged when it is connected to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPost } from './post.ts'
import { createAddressRule } from './public-addresses.ts'
import { RECEIVER_CA, startReceiver } from './test-receiver.ts'

test('which addresses are open', () => {
  const isOpen = createAddressRule([{ address: '10.1.0.0', prefix: 16 }])
  const open = ['8.8.8.8', '172.32.0.1', '10.1.2.3', '2a00:1450:4002::1', '::ffff:10.1.2.3']
  const closed = [
    '127.0.0.1',
    '10.2.0.1',
    '192.168.1.1',
    '172.16.0.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '255.255.255.255',
  ]
  const closed6 = [
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:db8::1',
    'ff02::1',
  ]
  assert.deepEqual(
    open.filter((address) => !isOpen(address)),
    [],
  )
  assert.deepEqual([...closed, ...closed6, 'name', ''].filter(isOpen), [])
})

test('a name that leads to this machine, or an address of it, is not connected to', async (t) => {
  const receiver = await startReceiver(t)
  const port = new URL(receiver.url).port
  const hosts = ['localhost', '127.0.0.1', '[::1]', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]']
  const line = createPost({ networks: [], tlsRoots: RECEIVER_CA })()
  t.after(() => line.close())
  for (const host of hosts) {
    const { outcome, text } = await line.post(`https://${host}:${port}/hook`, {}, '{}')
    assert.equal(outcome, 'failed')
    assert.match(text, /not on the public Internet/, host)
  }
  const allowed = createPost({ networks: [{ address: '127.0.0.0', prefix: 8 }], tlsRoots: RECEIVER_CA })()
  t.after(() => allowed.close())
  assert.deepEqual(await allowed.post(receiver.url, {}, '{}'), { outcome: 'taken', text: '204' })
  assert.equal(receiver.received.length, 1)
})

test('a receiver whose certificate nobody vouches for gets nothing', async (t) => {
  const receiver = await startReceiver(t)
  const line = createPost({ networks: [{ address: '127.0.0.0', prefix: 8 }] })()
  t.after(() => line.close())
  const { outcome, text } = await line.post(receiver.url, {}, '{}')
  assert.equal(outcome, 'failed')
  assert.match(text, /certificate/)
  assert.equal(receiver.received.length, 0)
})
