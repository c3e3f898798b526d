/** Extracts on a real database, verified by the guide's own commands: openssl, sha256sum and Python, which share nothing with this program. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { unzipSync } from 'fflate'
import { requireTools } from '../../test/support/tools.ts'
import { clientError, temporaryError } from '../base/errors.ts'
import { extractQueries } from '../ledger/extract-queries.ts'
import { openTestLedger, TEST_ROOTS } from '../ledger/test-ledger.ts'
import { openSealer } from '../seal/cms-template.ts'
import { identityOfFiles } from '../seal/file-identity.ts'
import { createTestAuthority } from '../seal/test-authority.ts'
import { lastFirst, withTestDatabase } from '../storage/test-database.ts'
import { VERIFY_COMMANDS } from './extract-readme.ts'
import type { ExtractRequest } from './extract-request.ts'
import { makeExtract, type ExtractDeps } from './extract.ts'
import { MOST_LISTED } from './extract-pdf.ts'

const scope = lastFirst({ after })
const { connection, folder } = await withTestDatabase(scope)
const ledger = await openTestLedger(scope, connection, folder)
const guide = readFileSync(new URL('../../docs/guides/ledger-extract.md', import.meta.url), 'utf8')

const authority = await createTestAuthority({ name: 'Prova', now: ledger.clock.at })
const pair = await authority.issueSealCertificate({ providerName: 'Prova', address: 'posta@pec.it' })
const identity = identityOfFiles({ certificate: pair.certificate, chain: authority.certificate, key: pair.key })
const sealer = await openSealer(identity)

const deps: ExtractDeps = {
  queries: { ...extractQueries(ledger.database), ...ledger.queries },
  signer: { seal: sealer.seal, certificates: () => [identity.certificate, ...identity.chain] },
  stamps: ledger.client,
  stampRoots: TEST_ROOTS,
  expectMailbox: (address) =>
    address.endsWith('@pec.it') ? Promise.resolve() : Promise.reject(clientError('no-such-mailbox', address)),
  provider: 'Prova S.r.l.',
  now: () => ledger.clock.at,
}

const REQUEST: ExtractRequest = {
  mailbox: 'Mario@pec.it',
  message: null,
  from: null,
  to: null,
  requestedBy: 'Mario Rossi',
  title: 'holder',
  reason: 'causa 12/2026',
  madeBy: 'anna@server',
  language: 'it',
}

interface ShownEntry {
  pecMsgid: string
  event: string
  sender: string
  subject: string
  sealed: { chain: number; segment: number; stamp: number | null } | null
}

let made = 0

/** Makes an extract and unpacks it into a folder of its own. */
async function extractOf(change: Partial<ExtractRequest> = {}, changed: Partial<ExtractDeps> = {}) {
  const file = join(folder, `extract-${++made}.zip`)
  const result = await makeExtract({ ...deps, ...changed }, { ...REQUEST, ...change }, file)
  const files = unzipSync(readFileSync(file))
  const unpacked = file.replace('.zip', '')
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(unpacked, name)), { recursive: true })
    writeFileSync(join(unpacked, name), bytes)
  }
  const text = (name: string): string => readFileSync(join(unpacked, name), 'utf8')
  const json = JSON.parse(text('extract.json')) as { request: object; entries: ShownEntry[]; counts: object }
  return { ...result, folder: unpacked, names: Object.keys(files), text, json }
}

function block(language: string, word: string): string {
  const blocks = [...guide.matchAll(/```(\w+)\n([^]*?)```/g)].filter(
    ([, name, text]) => name === language && text?.includes(word),
  )
  assert.equal(blocks.length, 1)
  return blocks[0]?.[2] ?? ''
}

const run = (cwd: string, program: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd })
  return { ok: status === 0, output: stdout.toString() + stderr.toString() }
}
const shell = (cwd: string) => run(cwd, 'bash', '-euc', block('sh', 'openssl cms -verify'))
const python = (cwd: string) => run(cwd, 'python3', '-c', block('python', 'hashlib'))

const requests = () =>
  ledger.database.reader.read<{ event: string; pec_msgid: string; sender: string; recipients: string[]; detail: string }>(
    `select event, pec_msgid, sender, recipients, detail from ledger_entry where event like 'extract-%' order by at, pec_msgid, event desc`,
  )

await ledger.append(17, 5)
await ledger.append(300, 3, {
  sender: 'LUCIA@pec.it',
  recipients: ['Mario@PEC.it'],
  event: 'delivered',
  subject: '=cmd|"x"!A1, \r\nsì 中',
})
await ledger.append(20, 4, { sender: 'altro@pec.it', recipients: ['lucia@pec.it'], pecMsgid: 'altro@pec.it' })
await ledger.keeper.sealNow()
ledger.clock.at += 60_000
await ledger.append(17, 2, { pecMsgid: 'due@pec.it' })
await ledger.keeper.sealNow()
ledger.clock.at += 60_000
await ledger.keeper.stampNow()
await ledger.append(17, 2, { pecMsgid: 'sigillato@pec.it' })
await ledger.keeper.sealNow()
ledger.clock.at += 1000
await ledger.append(17, 1, { pecMsgid: 'attende@pec.it' })

test('an extract of a mailbox has what is about it, says what is not sealed, and verifies by the commands of the guide', async (t) => {
  if (!requireTools(t, 'openssl', 'python3', 'pdftotext')) return
  const extract = await extractOf()
  assert.equal(extract.entries, 13)
  assert.deepEqual(extract.json.counts, { entries: 13, notSealed: 1, notStamped: 2 })
  assert.deepEqual(
    extract.json.entries.slice(-4).map(({ pecMsgid, sealed }) => [pecMsgid, sealed?.segment ?? null, sealed?.stamp ?? null]),
    [
      ['due@pec.it', 2, 1],
      ['sigillato@pec.it', 3, null],
      ['sigillato@pec.it', 3, null],
      ['attende@pec.it', null, null],
    ],
  )
  assert.ok(extract.json.entries.every(({ pecMsgid }) => pecMsgid !== 'altro@pec.it'))

  const verified = shell(extract.folder)
  assert.ok(verified.ok, verified.output)
  assert.equal(verified.output.match(/Verification: OK/g)?.length, 2, verified.output)
  assert.match(verified.output, /extract\.pdf: OK/)
  const tied = python(extract.folder)
  assert.equal(tied.output, '13 entries, 10 under a stamp\n')
  // What the guide says is what the extract says.
  assert.ok(block('sh', 'openssl cms -verify') === VERIFY_COMMANDS)
  for (const line of VERIFY_COMMANDS.trim().split('\n')) assert.ok(extract.text('LEGGIMI.txt').includes(`  ${line}\n`))

  const pdf = run(extract.folder, 'pdftotext', '-layout', 'extract.pdf', '-').output
  for (const words of [
    extract.id,
    'Mario Rossi',
    'titolare della casella',
    'causa 12/2026',
    'anna@server',
    'attende@pec.it',
    'avvenuta consegna',
  ])
    assert.ok(pdf.includes(words), words)
  assert.match(pdf, /non ancora sigillate nel registro: 1; sigillate ma[^]*?: 2\./)

  const csv = extract.text('extract.csv')
  assert.ok(csv.includes(`,"'=cmd|""x""!A1, \r\nsì 中",`))
  assert.ok(csv.startsWith('at,event,pec_msgid,'))
})

test('nothing of it can be changed', async (t) => {
  if (!requireTools(t, 'openssl', 'python3')) return
  const { folder: unpacked, names } = await extractOf()
  assert.ok(shell(unpacked).ok)
  assert.deepEqual(names.toSorted(), [
    'LEGGIMI.txt',
    'certificates/seal-ca.pem',
    'certificates/timestamp-ca.pem',
    'extract.csv',
    'extract.json',
    'extract.pdf',
    'manifest.sha256',
    'manifest.sha256.p7s',
    'manifest.sha256.p7s.tst',
    'proofs.jsonl',
    'stamps/1.jsonl',
    'stamps/1.tst',
  ])
  for (const name of names) {
    const path = join(unpacked, name)
    const bytes = readFileSync(path)
    const tampered = Buffer.from(bytes)
    // Within the signature, where a file ends with one.
    const at = name.endsWith('.p7s') || name.endsWith('.tst') ? tampered.length - 5 : Math.floor(tampered.length / 2)
    tampered[at] = (tampered[at] ?? 0) ^ 1
    writeFileSync(path, tampered)
    assert.ok(!shell(unpacked).ok, name)
    rmSync(path)
    assert.ok(!shell(unpacked).ok, `${name} is gone`)
    writeFileSync(path, bytes)
  }

  // Also where the manifest is made anew, the seal does not fit; and the ledger's own seals find a changed entry.
  const json = readFileSync(join(unpacked, 'extract.json'), 'utf8')
  const proofs = readFileSync(join(unpacked, 'proofs.jsonl'), 'utf8')
  const manifest = readFileSync(join(unpacked, 'manifest.sha256'))
  writeFileSync(join(unpacked, 'extract.json'), json.replaceAll('lucia@', 'lucio@'))
  assert.match(python(unpacked).output, /17\/1: not as listed/)
  writeFileSync(join(unpacked, 'proofs.jsonl'), proofs.replaceAll('lucia@', 'lucio@'))
  assert.match(python(unpacked).output, /17\/1: not what was sealed/)
  run(unpacked, 'bash', '-c', `sha256sum $(cut -c 67- manifest.sha256) > new; mv new manifest.sha256`)
  assert.ok(run(unpacked, 'sha256sum', '--check', '--strict', 'manifest.sha256').ok)
  const failed = shell(unpacked)
  assert.ok(!failed.ok)
  assert.match(failed.output, /CMS Verification failure/)
  writeFileSync(join(unpacked, 'manifest.sha256'), manifest)
})

test('an extract has nothing but what the ledger has', async () => {
  const { text, json } = await extractOf()
  const stored = await ledger.database.reader.read<Record<string, unknown>>('select * from ledger_entry')
  const known = new Set(
    stored.map((row) => JSON.stringify([row['pec_msgid'], row['event'], row['sender'], row['subject'], row['detail']])),
  )
  for (const entry of json.entries as (ShownEntry & { detail: string | null })[]) {
    assert.ok(known.has(JSON.stringify([entry.pecMsgid, entry.event, entry.sender, entry.subject, entry.detail])))
    assert.deepEqual(Object.keys(entry), [
      'at',
      'slot',
      'seq',
      'event',
      'pecMsgid',
      'msgid',
      'sender',
      'recipients',
      'subject',
      'related',
      'provider',
      'detail',
      'sealed',
    ])
  }
  // The ledger's columns and what seals them: a new column of the table, which might have more, does not get in by itself.
  assert.equal(text('extract.csv').split('\r\n')[0]?.split(',').length, 14)
  assert.equal(
    text('proofs.jsonl')
      .split('\n')
      .filter((line) => line.startsWith('["ceralacca-extract-entry"')).length,
    json.entries.length,
  )
})

test('each request is in the ledger with its maker, before its answer, and no extract of a mailbox tells of it', async () => {
  const before = (await requests()).length
  const extract = await extractOf({
    title: 'authority',
    requestedBy: 'Procura',
    reason: 'ordine 7',
    message: '<due@pec.it>',
    language: 'en',
  })
  assert.equal(extract.entries, 2)
  assert.ok(extract.names.includes('README.txt'))
  const [asked, answered, ...more] = (await requests()).filter(({ pec_msgid }) => pec_msgid === extract.id)
  assert.equal(more.length, 0)
  assert.equal(asked?.event, 'extract-requested')
  assert.deepEqual(JSON.parse(asked?.detail ?? ''), {
    mailbox: 'mario@pec.it',
    message: 'due@pec.it',
    from: '1970-01-01T00:00:00.000Z',
    to: new Date(ledger.clock.at).toISOString(),
    requestedBy: 'Procura',
    title: 'authority',
    reason: 'ordine 7',
    madeBy: 'anna@server',
  })
  assert.equal(answered?.event, 'extract-made')
  assert.deepEqual(JSON.parse(answered?.detail ?? ''), { entries: 2, manifest: extract.manifest })
  assert.equal((await requests()).length, before + 2)
  const later = await extractOf()
  assert.ok(later.json.entries.every(({ event }) => !event.startsWith('extract-')))

  // They are sealed with the rest, and a removed one is missed.
  await ledger.keeper.sealNow()
  assert.deepEqual((await ledger.verify()).problems, [])
  const where = `pec_msgid = '${extract.id}' and event = 'extract-requested'`
  await ledger.tamper(`create table kept as select * from ledger_entry where ${where}; delete from ledger_entry where ${where}`)
  assert.equal((await ledger.verify()).problems[0]?.kind, 'entry')
  await ledger.tamper('insert into ledger_entry select * from kept; drop table kept')
})

test('what cannot be made leaves no file, says why, and is recorded once something was asked of the ledger', async () => {
  const count = async () => (await requests()).length
  const before = await count()
  const fails = (code: string, change: Partial<ExtractRequest>, changed: Partial<ExtractDeps> = {}) =>
    assert.rejects(extractOf(change, changed), { code })
  await fails('no-such-mailbox', { mailbox: 'nessuno@altrove.it' })
  await fails('extract-request', { mailbox: null })
  await fails('extract-request', { mailbox: null, message: 'due@pec.it' })
  await fails('extract-request', { from: 2, to: 1 })
  await fails('extract-request', { requestedBy: ' ' })
  await fails('extract-request', { reason: '' })
  await fails('extract-request', { reason: 'x'.repeat(501) })
  assert.equal(await count(), before)
  await assert.rejects(makeExtract(deps, REQUEST, folder), { code: 'file-there' })
  await assert.rejects(makeExtract(deps, REQUEST, join(folder, 'none', 'x.zip')), { code: 'no-such-folder' })

  await fails('extract-empty', { to: 1000 })
  const refuse = () => Promise.reject(temporaryError('seal-certificate-revoked', 'revoked'))
  await fails('seal-certificate-revoked', {}, { signer: { ...deps.signer, seal: refuse } })
  ledger.line.broken = true
  await fails('time-stamp-unavailable', {})
  ledger.line.broken = false
  assert.equal(await count(), before + 3)
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes('.zip-') || name === `extract-${made}.zip`),
    [],
  )
})

test('a large extract is made in pieces, and its PDF sums up', async (t) => {
  if (!requireTools(t, 'pdftotext', 'python3', 'openssl')) return
  const many = MOST_LISTED + 500
  for (let left = many; left > 0; left -= 500) {
    ledger.clock.at += 1000
    await ledger.append(900, 500, { sender: 'molti@pec.it', pecMsgid: `molti${left}@pec.it` })
  }
  await ledger.keeper.stampNow()
  const pages: number[] = []
  const queries = {
    ...deps.queries,
    entries: (...args: Parameters<typeof deps.queries.entries>) => (pages.push(args[0].length), deps.queries.entries(...args)),
  }
  const extract = await extractOf({ mailbox: 'molti@pec.it', language: 'en' }, { queries })
  assert.equal(extract.entries, many)
  assert.ok(pages.length > 1 && pages.every((size) => size <= 1000))
  assert.equal(python(extract.folder).output, `${many} entries, ${many} under a stamp\n`)
  const pdf = run(extract.folder, 'pdftotext', '-layout', 'extract.pdf', '-').output
  assert.match(pdf, new RegExp(`There are ${many} entries: beyond ${MOST_LISTED}[^]*2026-03 +acceptance +${many}`))
  assert.ok(!pdf.includes('molti500@pec.it'))
})
