import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CAPABILITIES, formatCapabilities } from './capabilities.ts'
import { DEFAULT_LIMITS } from './limits.ts'

test('every capability has a test that proves it', () => {
  for (const { name, proof } of CAPABILITIES) {
    const [file, title] = proof
    const source = readFileSync(join(import.meta.dirname, file), 'utf8')
    assert.ok(
      [`test('${title}'`, `test("${title}"`].some((start) => source.includes(start)),
      `${name}: ${file} has no test "${title}"`,
    )
  }
})

test('no capability is listed twice, and each is offered some time', () => {
  const names = CAPABILITIES.map(({ name }) => name)
  assert.deepEqual(names, [...new Set(names)])
  for (const { name, stages } of CAPABILITIES) assert.ok(stages.length > 0, name)
})

test('passwords are asked for after TLS only, and what needs a mailbox is offered after the login', () => {
  const session = { deps: { limits: DEFAULT_LIMITS }, channelBinding: undefined } as Parameters<typeof formatCapabilities>[1]
  const at = (stage: 'plain' | 'login' | 'user') => formatCapabilities(stage, session).split(' ')
  assert.ok(at('plain').includes('STARTTLS') && at('plain').includes('LOGINDISABLED'))
  assert.ok(!at('plain').some((name) => name.startsWith('AUTH=')))
  assert.ok(!at('login').includes('STARTTLS') && !at('user').includes('STARTTLS'))
  assert.ok(at('login').some((name) => name.startsWith('AUTH=')) && !at('user').some((name) => name.startsWith('AUTH=')))
  assert.ok(at('user').includes('QRESYNC') && !at('login').includes('QRESYNC'))
  assert.ok(at('user').includes(`APPENDLIMIT=${DEFAULT_LIMITS.append}`))
})
