import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMtaSts, judgeHost } from './mta-sts.ts'

const missing = (): Error => Object.assign(new Error('none'), { code: 'ENOTFOUND' })

test('a domain without a record, without a policy host, or with name servers in trouble has no policy in force', async () => {
  for (const resolve of [
    () => Promise.reject(missing()),
    () => Promise.reject(Object.assign(new Error('trouble'), { code: 'ESERVFAIL' })),
    (_name: string, type: string) => (type === 'TXT' ? Promise.resolve([['v=STSv1; id=1;']]) : Promise.reject(missing())),
  ]) {
    const policy = await createMtaSts({ resolve, timeoutMs: 100, now: Date.now })('peer.test')
    assert.equal(policy.mode, 'none')
    assert.deepEqual(judgeHost(policy, 'mx.peer.test'), { enforced: false, allowed: true })
  }
})

test('the record is asked for again after five minutes', async () => {
  const asked: string[] = []
  let time = 0
  const resolve = (name: string) => {
    asked.push(name)
    return Promise.reject(missing())
  }
  const policyOf = createMtaSts({ resolve, timeoutMs: 100, now: () => time })
  await policyOf('peer.test')
  time = 299_999
  await policyOf('peer.test')
  assert.deepEqual(asked, ['_mta-sts.peer.test'])
  time = 300_000
  await policyOf('peer.test')
  assert.equal(asked.length, 2)
})

test('a policy in force names the hosts, one label for a star', () => {
  const policy = { mode: 'enforce', mx: ['mx.peer.test', '*.pool.test'] } as const
  const allowed = (host: string) => judgeHost({ ...policy, mx: [...policy.mx] }, host).allowed
  assert.deepEqual(['MX.peer.test', 'a.pool.test', 'a.b.pool.test', 'pool.test', 'other.test'].map(allowed), [
    true,
    true,
    false,
    false,
    false,
  ])
})
