/** `ceralacca directory` against a running provider that fetches the directory by itself. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openSignedDirectory } from '../src/directory/signed-directory.ts'
import { certificatesOf } from '../src/seal/pem.ts'
import { createDirectoryAuthority } from './support/directory-authority.ts'
import { startProvider, temporaryFolder } from './support/provider.ts'

test(
  'the directory is fetched at the start; shown, checked, imported, refreshed, exported by commands',
  { timeout: 300_000 },
  async (t) => {
    const central = await createDirectoryAuthority()
    const server = await central.serve(t)
    const folder = temporaryFolder(t)
    const file = (name: string, content: string | Buffer): string => {
      writeFileSync(join(folder, name), content)
      return join(folder, name)
    }
    const [uno, due] = await Promise.all([central.provider('Uno S.p.A.', ['uno.test']), central.provider('Due', ['due.test'])])
    server.answer({ file: await central.sign([uno]) })
    const provider = await startProvider(t, {
      environment: {
        CERALACCA_DIRECTORY_URL: server.url,
        CERALACCA_DIRECTORY_CA_FILE: file('ca.pem', central.authority.certificate),
        CERALACCA_TLS_CA_FILE: join(folder, 'ca.pem'),
        CERALACCA_DIRECTORY_CERTIFICATE_FILE: file('client.pem', server.client.cert),
        CERALACCA_DIRECTORY_KEY_FILE: file('client-key.pem', server.client.key),
      },
    })
    const directory = async (...args: string[]) => {
      const { code, stdout, stderr } = await provider.ceralacca('directory', ...args)
      return { code, stdout: Buffer.from(stdout, 'latin1'), text: Buffer.from(stdout, 'latin1').toString(), stderr }
    }

    await server.reached
    // While the provider works on it, the command is told so.
    let fetched = await directory('refresh')
    while (/another process/.test(fetched.stderr)) fetched = await directory('refresh')
    assert.match(fetched.text, /^Version 1 (is in use now|was in use already): 1 records, 1 domains\.\n$/, fetched.stderr)

    const shown = await directory('show')
    assert.match(shown.text, /Signed by +C=IT, O=IGPEC/)
    assert.match(shown.text, /^Ceralacca Demo +1 +ricevute@pec\.ceralacca\.test$/m)
    assert.match(shown.text, /^Uno S\.p\.A\. +1 +ricevute@uno\.test$/m)
    for (const wanted of ['UNO.test', 'uno s.p.a.'])
      assert.match((await directory('show', wanted)).text, /^Name +Uno S\.p\.A\.$/m)
    const unknown = await directory('show', 'nobody.test')
    assert.deepEqual([unknown.code, unknown.stderr], [1, 'No provider is named "nobody.test" or has such a domain\n'])

    const next = file('next.p7m', await central.sign([uno, { ...due, mailReceipt: 'nobody' }]))
    const checked = await directory('check', next)
    assert.equal(checked.code, 1)
    assert.match(checked.text, /Signed by .*IGPEC.*\. 1 records, 1 domains\.\nline \d+, providerName=Due,o=postacert: .*left out/)
    const foreign = file('foreign.p7m', await (await createDirectoryAuthority()).sign([uno, due]))
    for (const command of ['check', 'import']) {
      const refused = await directory(command, foreign)
      assert.equal(refused.code, 1)
      assert.match(refused.stderr, /^the signature does not hold: /)
    }
    const imported = await directory('import', file('good.p7m', await central.sign([uno, due])), '--json')
    assert.deepEqual(JSON.parse(imported.text), { changed: true, version: 2, providers: 2, domains: 2, problems: [] })
    assert.match((await directory('show', 'due.test')).text, /^Name +Due$/m)

    const signed = await directory('export', '--signed')
    const roots = certificatesOf(readFileSync(provider.ca, 'utf8'))
    const { records } = openSignedDirectory(signed.stdout, { roots, at: Date.now() })
    assert.deepEqual(
      records.map(({ name, domains }) => [name, domains]),
      [['Ceralacca Demo', ['pec.ceralacca.test']]],
    )
    assert.match((await directory('export')).text, /^version: 1\n\ndn: providerName=Ceralacca Demo,o=postacert\n/)
  },
)
