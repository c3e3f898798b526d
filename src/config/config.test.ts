import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test, type TestContext } from 'node:test'
import { dataPaths, readConfig, shownSettings } from './config.ts'
import { ROLES, SETTINGS } from './settings.ts'

function fileWith(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'ceralacca-config-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'ceralacca.env')
  writeFileSync(file, text)
  return file
}

/** The message of the refusal, line by line, without the hint at its end. */
function problems(environment: Record<string, string>): string[] {
  try {
    readConfig(environment)
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && error.code === 'bad-config')
    assert.match(error.message, /\nSee "ceralacca config --help"\.$/)
    return error.message.split('\n').slice(0, -1)
  }
  return []
}

test('without settings a whole provider runs under ./data', () => {
  const { values, dataFolder, ports } = readConfig({ PATH: '/usr/bin', HOME: '/root' })
  assert.equal(dataFolder, resolve('data'))
  assert.deepEqual(ports, {
    submissions: 1465,
    submission: 1587,
    imaps: 1993,
    imap: 1143,
    pop3s: 1995,
    pop3: 1110,
    mx: 1025,
    https: 1443,
  })
  assert.deepEqual(values.CERALACCA_ROLES, [...ROLES])
  assert.equal(values.CERALACCA_DEMO, true)
  assert.equal(values.CERALACCA_DOMAIN, 'pec.ceralacca.test')
  assert.equal(values.CERALACCA_HOST, '127.0.0.1')
  assert.equal(values.CERALACCA_MAX_RECIPIENTS, 500)
  assert.equal(values.CERALACCA_MAX_TOTAL_BYTES, 100_000_000)
  assert.equal(values.DATABASE_URL, undefined)
})

test('an empty setting counts as none', () => {
  const { values } = readConfig({ CERALACCA_DOMAIN: '', CERALACCA_PORT_OFFSET: '', DATABASE_URL: '', CERALACCA_CONFIG: '' })
  assert.equal(values.CERALACCA_DOMAIN, 'pec.ceralacca.test')
  assert.equal(values.DATABASE_URL, undefined)
})

test('the offset is added to every port', () => {
  const { ports } = readConfig({ CERALACCA_PORT_OFFSET: '10000' })
  assert.deepEqual(ports, {
    submissions: 11465,
    submission: 11587,
    imaps: 11993,
    imap: 11143,
    pop3s: 11995,
    pop3: 11110,
    mx: 11025,
    https: 11443,
  })
  assert.ok(Math.max(...Object.values(readConfig({ CERALACCA_PORT_OFFSET: '60000' }).ports)) < 65_536)
  assert.match(problems({ CERALACCA_PORT_OFFSET: '60001' })[0] ?? '', /^CERALACCA_PORT_OFFSET: /)
})

test('values are read as what they are', () => {
  const { values } = readConfig({
    CERALACCA_ROLES: 'access, worker',
    CERALACCA_DEMO: 'no',
    CERALACCA_DOMAIN: 'PEC.Example.IT',
    CERALACCA_QUOTA: '5',
  })
  assert.deepEqual(values.CERALACCA_ROLES, ['access', 'worker'])
  assert.equal(values.CERALACCA_DEMO, false)
  assert.equal(values.CERALACCA_DOMAIN, 'pec.example.it')
  assert.equal(values.CERALACCA_QUOTA, 5)
})

test('every setting that is wrong is named, with its reason', () => {
  const given = {
    CERALACCA_DOMIAN: 'x',
    CERALACCA_PORT_OFFSET: '-1',
    CERALACCA_DEMO: 'maybe',
    CERALACCA_ROLES: 'access,postman',
    CERALACCA_LOG_LEVEL: 'loud',
    CERALACCA_QUOTA: '1e9',
    CERALACCA_PROVIDER_NAME: 'x'.repeat(65),
  }
  const named = problems(given)
  assert.deepEqual(new Set(named.map((line) => line.split(': ')[0])), new Set(Object.keys(given)))
  assert.equal(named.length, Object.keys(given).length)
  assert.ok(named.includes('CERALACCA_DOMIAN: there is no such setting'))
  assert.ok(named.includes('CERALACCA_QUOTA: must be a whole number'))
})

test('the minimums of the law: 50 recipients, 30 MB of message times recipients', () => {
  assert.deepEqual(problems({ CERALACCA_MAX_RECIPIENTS: '49' }), ['CERALACCA_MAX_RECIPIENTS: the law wants at least 50'])
  assert.deepEqual(problems({ CERALACCA_MAX_TOTAL_BYTES: '29999999' }), [
    'CERALACCA_MAX_TOTAL_BYTES: the law wants at least 30000000',
  ])
  const { values } = readConfig({ CERALACCA_MAX_RECIPIENTS: '50', CERALACCA_MAX_TOTAL_BYTES: '30000000' })
  assert.deepEqual([values.CERALACCA_MAX_RECIPIENTS, values.CERALACCA_MAX_TOTAL_BYTES], [50, 30_000_000])
})

test('a file of settings, and the environment before it', (t) => {
  const file = fileWith(
    t,
    '# ours\nCERALACCA_DOMAIN=pec.file.it\nCERALACCA_PROVIDER_NAME="Gestore S.p.A."\nDATABASE_URL=postgres://file\n',
  )
  const { values } = readConfig({ CERALACCA_CONFIG: file, CERALACCA_DOMAIN: 'pec.environment.it' })
  assert.equal(values.CERALACCA_DOMAIN, 'pec.environment.it')
  assert.equal(values.CERALACCA_PROVIDER_NAME, 'Gestore S.p.A.')
  assert.equal(values.DATABASE_URL, 'postgres://file')
})

test('a file that is not there, and any name in it that is no setting', (t) => {
  assert.throws(() => readConfig({ CERALACCA_CONFIG: '/no/such/file' }), {
    code: 'bad-config',
    message: /no file \/no\/such\/file/,
  })
  const file = fileWith(t, 'CERALACCA_DOMIAN=x\nDATABSE_URL=y\n')
  assert.deepEqual(problems({ CERALACCA_CONFIG: file, toString: 'x' }), [
    'CERALACCA_DOMIAN: there is no such setting',
    'DATABSE_URL: there is no such setting',
  ])
})

test('secrets are never shown, only whether they are set', () => {
  const secrets = { CERALACCA_SEAL_KEY_PASSPHRASE: 'segreto', DATABASE_URL: 'postgres://u:segreto@db/x' }
  const shown = shownSettings(readConfig({ ...secrets, CERALACCA_DOMAIN: 'pec.it' }))
  assert.doesNotMatch(JSON.stringify(shown), /segreto/)
  assert.deepEqual([shown['DATABASE_URL'], shown['CERALACCA_DOMAIN'], shown['CERALACCA_TLS_KEY_FILE']], ['(set)', 'pec.it', null])
  assert.equal(shownSettings(readConfig({}))['DATABASE_URL'], '(not set)')
  assert.deepEqual(Object.keys(shown), Object.keys(SETTINGS))
  // What is wrong about other settings does not show them either.
  assert.doesNotMatch(problems({ ...secrets, CERALACCA_DEMO: 'maybe' }).join(), /segreto/)
})

test('whatever sounds secret is marked as secret; every setting has a help text', () => {
  for (const [name, setting] of Object.entries(SETTINGS)) {
    assert.ok(setting.help.length > 20, name)
    // Where a secret lies is none.
    if (/PASS|SECRET|TOKEN|PIN$|DATABASE_URL$/.test(name) && !name.endsWith('_FILE'))
      assert.ok('secret' in setting && setting.secret, name)
  }
})

test('what is kept lies under the data folder', () => {
  for (const path of Object.values(dataPaths('/srv/data'))) assert.match(path, /^\/srv\/data\/[a-z./-]+$/)
})
