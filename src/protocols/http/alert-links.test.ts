/** The links of alerts: what opens them changes nothing, what posts to them does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fastify } from 'fastify'
import { clientError } from '../../base/errors.ts'
import type { AlertSettings } from '../../notices/alerts/types.ts'
import { registerAlertLinks } from './alert-links.ts'

function setUp(act: (token: string) => void) {
  const done: string[] = []
  const reported: string[] = []
  const app = fastify()
  const acting = (name: string) => async (token: string) => {
    act(token)
    done.push(`${name} ${token}`)
    return {} as AlertSettings
  }
  app.addHook('onSend', async (_request, answer) => void answer.header('content-security-policy', "form-action 'none'"))
  registerAlertLinks(app, {
    alerts: { unsubscribe: acting('stop'), confirm: acting('confirm') },
    report: (name) => void reported.push(name),
  })
  return { app, done, reported }
}

test('opening a link shows a button that may be pressed, and changes nothing', async () => {
  const { app, done } = setUp(() => undefined)
  const answer = await app.inject({ method: 'GET', url: '/alerts/stop/abc.def' })
  assert.match(answer.body, /<form method="post"><button>/)
  assert.match(String(answer.headers['content-security-policy']), /form-action 'self'/)
  assert.deepEqual(done, [])
})

test('a POST does it, as a mail program sends it (RFC 8058) or as a browser does', async () => {
  const { app, done } = setUp(() => undefined)
  const types = ['application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/json']
  for (const type of types) {
    const answer = await app.inject({
      method: 'POST',
      url: '/alerts/stop/abc.def',
      headers: { 'content-type': type },
      payload: 'List-Unsubscribe=One-Click',
    })
    assert.deepEqual([answer.statusCode, answer.body.includes('You will get no more alerts')], [200, true], type)
  }
  assert.equal((await app.inject({ method: 'POST', url: '/alerts/confirm/abc.def' })).statusCode, 200)
  assert.deepEqual(done, [...types.map(() => 'stop abc.def'), 'confirm abc.def'])
})

test('a link that is none is told so, and a failure is reported', async () => {
  const bad = setUp(() => {
    throw clientError('bad-link', 'x')
  })
  assert.equal((await bad.app.inject({ method: 'POST', url: '/alerts/stop/x' })).statusCode, 404)
  assert.deepEqual(bad.reported, [])
  const broken = setUp(() => {
    throw new Error('database')
  })
  assert.equal((await broken.app.inject({ method: 'POST', url: '/alerts/stop/x' })).statusCode, 503)
  assert.deepEqual(broken.reported, ['unexpected-error'])
  const large = setUp(() => undefined)
  assert.equal(
    (
      await large.app.inject({
        method: 'POST',
        url: '/alerts/stop/x',
        headers: { 'content-type': 'text/plain' },
        payload: 'x'.repeat(5000),
      })
    ).statusCode,
    413,
  )
  assert.deepEqual(large.done, [])
})
