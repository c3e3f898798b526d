/** The code of the guide checks what is sent, and the list of events names what is told. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { SUBSCRIBABLE } from './event-kinds.ts'
import { webhookReference } from './event-reference.ts'
import { newSecret, signedHeaders, writtenSecret } from './signature.ts'

const guide = readFileSync(new URL('../../docs/guides/webhooks.md', import.meta.url), 'utf8')

type Verify = (secret: string, headers: Record<string, string>, body: string, now: number) => unknown

test('the code of the guide takes what is signed, with either secret, and nothing else', async () => {
  const [, code = ''] = /```js\n(.*?)```/s.exec(guide) ?? []
  const { verify } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as { verify: Verify }
  const [secret, old] = [newSecret(), newSecret()]
  const at = Date.parse('2026-03-15T09:00:00Z')
  const body = JSON.stringify({ type: 'webhook.test', data: { subject: 'perch\u00e9' } })
  const headers = signedHeaders('ledger-1-2', at, body, [secret, old])
  for (const good of [secret, old]) assert.deepEqual(verify(writtenSecret(good), headers, body, at), JSON.parse(body))
  assert.throws(() => verify(writtenSecret(newSecret()), headers, body, at), /not signed/)
  assert.throws(() => verify(writtenSecret(secret), headers, body.replace('test', 'best'), at), /not signed/)
  assert.throws(() => verify(writtenSecret(secret), { ...headers, 'webhook-id': 'ledger-1-3' }, body, at), /not signed/)
  assert.throws(() => verify(writtenSecret(secret), headers, body, at + 600_000), /too old/)
})

test('the reference says of every kind that can be subscribed to what it tells', () => {
  const text = webhookReference()
  for (const kind of SUBSCRIBABLE) assert.match(text, new RegExp(`## \`${kind}\`\n\n.+\n\n\\| in .data. `))
})
