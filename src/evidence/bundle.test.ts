import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { after, mock, test } from 'node:test'
import * as fc from 'fast-check'
import { FOREIGN_ID, FOREIGN_SENDER, foreignDaticert, foreignMessage, receiptFields } from '../../test/support/foreign-message.ts'
import { readMessage } from '../pec/reading.ts'
import { createTestAuthority } from '../seal/test-authority.ts'
import { certificatesOf } from '../seal/pem.ts'
import { lastFirst } from '../storage/test-database.ts'
import { isKnownPath, PATH, pathsOf } from './bundle-format.ts'
import { verifyBundle, type BundleReport } from './bundle-verify.ts'
import { wordsOf } from './bundle-words.ts'
import { unzipBundle } from './bundle-zip.ts'
import { changed, flipped, receiptOf, signedOtherwise } from '../../test/support/bundle-tampering.ts'
import { DAY_MS, fileOf, openTestBundles } from '../../test/support/bundles.ts'

const bundles = await openTestBundles(lastFirst({ after }))
const { roots, sealers, clock, sign } = bundles
const mario = await bundles.holder('mario')
const [lucia, anna] = [await bundles.holder('lucia'), await bundles.holder('anna')]
const nobody = { address: bundles.address('nessuno'), mailbox: mario.mailbox }
const sent = await bundles.send(mario, [lucia, anna, nobody], { abroad: [anna] })
const second = await bundles.send(mario, [lucia], { fields: ['X-TipoRicevuta: breve'] })
await bundles.stampLedger()

async function filesOf(id: string, mailbox: string | null = null, language: 'it' | 'en' = 'it') {
  const { zip, report } = await bundles.make({ id, mailbox, language })
  const files = unzipBundle(zip)
  // Made and read back is one thing.
  assert.deepEqual(verifyBundle(files, roots), report)
  return { files, report, zip }
}
const { files, report, zip } = await filesOf(sent)
const other = await filesOf(second, null, 'en')

const codesOf = (list: readonly { code: string; path: string | null }[]): string[] =>
  list.map(({ code, path }) => (path === null ? code : `${code} ${path}`))
const firstWrong = ({ verified, wrong }: BundleReport): string | null => {
  assert.equal(verified, wrong.length === 0)
  return codesOf(wrong)[0] ?? null
}
test('what a holder has sent: all of it is proved, and what is not is told', () => {
  assert.deepEqual(codesOf(report.wrong), [])
  assert.equal(report.facts?.direction, 'sent')
  assert.equal(pathsOf(files, 'receipt').length, 4)
  const proved = codesOf(report.proved)
  for (const code of [
    'bundle-signed',
    'files-whole',
    `original-certified ${PATH.original}`,
    `not-revoked ${PATH.envelope}`,
    `not-revoked ${PATH.signature}`,
    `seal-in-time ${PATH.envelope}`,
    `accepted ${receiptOf(files, 'accettazione')}`,
    `delivered ${receiptOf(files, 'avvenuta-consegna')}`,
    `not-delivered ${receiptOf(files, 'errore-consegna')}`,
    ...pathsOf(files, 'proof').map((path) => `event-in-ledger ${path}`),
  ]) {
    assert.ok(proved.includes(code), code)
  }
  assert.equal(proved.filter((code) => code.startsWith('delivered ')).length, 2)
  assert.ok(pathsOf(files, 'proof').length >= 7)
  // The certificate of the authority for time stamps names no list.
  assert.deepEqual(
    codesOf(report.notProved).filter((code) => !code.startsWith('no-lists ')),
    ['directory', 'summary'],
  )
  for (const language of ['it', 'en'] as const)
    for (const one of [...report.proved, ...report.notProved]) assert.doesNotMatch(wordsOf(one, language), /undefined|NaN/)
  assert.equal(fileOf(files, PATH.summary).subarray(0, 5).toString(), '%PDF-')
  const brief = receiptOf(other.files, 'avvenuta-consegna')
  assert.ok(!codesOf(other.report.notProved).some((code) => code === `brief-in-other-form ${brief}`))
})

test('it verifies long after every certificate has ended', () => {
  mock.timers.enable({ apis: ['Date'], now: clock.ms + 9000 * DAY_MS })
  try {
    assert.deepEqual(verifyBundle(unzipBundle(zip), roots), report)
  } finally {
    mock.timers.reset()
  }
})

test('whoever changes, removes or adds a file of any kind: verifying names it', () => {
  for (const path of files.keys()) {
    const wrong = codesOf(verifyBundle(changed(files, { [path]: flipped(files, path) }), roots).wrong)
    if (path === PATH.manifest) assert.ok(wrong.includes(`signature-wrong ${PATH.signature}`), wrong.join())
    else assert.match(wrong[0] ?? '', new RegExp(` ${path === PATH.signature ? PATH.stamp : path}$`))
    assert.match(firstWrong(verifyBundle(changed(files, { [path]: null }), roots)) ?? '', new RegExp(` ${path}$`))
  }
  const added = changed(files, { 'messages/receipt-99.eml': fileOf(files, PATH.envelope) })
  assert.equal(firstWrong(verifyBundle(added, roots)), 'file-not-listed messages/receipt-99.eml')
  assert.equal(
    firstWrong(verifyBundle(changed(files, { 'messages/x.exe': Buffer.alloc(1) }), roots)),
    'unknown-file messages/x.exe',
  )
})

test('nor does a provider that signs something else get through', async () => {
  for (const { what, files: signed, expected } of await signedOtherwise(bundles, files, other.files)) {
    const result = firstWrong(verifyBundle(signed, roots))
    if (expected instanceof RegExp) assert.match(result ?? '', expected, what)
    else assert.equal(result, expected, what)
  }
})

/** A delivery receipt that the other provider seals, whatever it says. */
async function foreignReceipt(
  says: { sender?: string; about?: string; type?: string; id?: string },
  original: Buffer | null,
): Promise<Buffer> {
  const data = `<ricevuta tipo="${says.type ?? 'completa'}" /><consegna>${says.about ?? anna.address}</consegna>`
  const daticert = foreignDaticert({ kind: 'avvenuta-consegna', data })
    .replaceAll(FOREIGN_SENDER, says.sender ?? mario.address)
    .replace(FOREIGN_ID, sent)
  return foreignMessage((content) => sealers.other.seal(hash('sha256', content, 'buffer'), clock.ms), {
    fields: receiptFields('avvenuta-consegna', 'CONSEGNA').map((field) =>
      says.id !== undefined && field.startsWith('Message-ID') ? `Message-ID: <${says.id}>` : field,
    ),
    daticert,
    original: original && original.toString('latin1'),
    originalEncoding: 'base64',
  })
}

test('a receipt of another provider must be about this message, its sender and its recipients, and enclose its original', async () => {
  const original = fileOf(files, PATH.original)
  const changedOriginal = Buffer.from(original.toString('latin1').replace('Testo', 'Testa'), 'latin1')
  const delivery = receiptOf(files, 'avvenuta-consegna')
  const judge = async (says: Parameters<typeof foreignReceipt>[0], enclosed: Buffer | null) =>
    verifyBundle(await sign(changed(files, { [delivery]: await foreignReceipt(says, enclosed) })), roots)
  const good = await judge({ sender: mario.address.toUpperCase() }, original)
  assert.deepEqual(codesOf(good.wrong), [])
  assert.ok(codesOf(good.proved).includes(`delivered ${delivery}`))
  assert.equal(firstWrong(await judge({ sender: 'altri@pec.altro.test' }, original)), `other-sender ${delivery}`)
  assert.equal(firstWrong(await judge({ about: 'altri@pec.altro.test' }, original)), `other-recipient ${delivery}`)
  assert.equal(firstWrong(await judge({}, changedOriginal)), `other-original ${delivery}`)
  const id = readMessage(fileOf(files, delivery)).messageId ?? ''
  assert.match(firstWrong(await judge({ id }, original)) ?? '', /^proof-other-time ledger\/entry-/)
  const brief = await judge({ type: 'breve' }, changedOriginal)
  assert.ok(codesOf(brief.notProved).includes(`brief-in-other-form ${delivery}`))
  const concise = await judge({ type: 'sintetica' }, null)
  assert.deepEqual(codesOf(concise.wrong), [])
  assert.ok(codesOf(concise.notProved).includes(`concise ${delivery}`))
})

test('property: whatever stands in a bundle, verifying answers', async () => {
  const paths = [...files.keys()]
  const flip = fc.record({
    path: fc.constantFrom(...paths),
    at: fc.double({ min: 0, max: 0.999999, noNaN: true }),
    to: fc.nat(255),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(flip, { minLength: 1, maxLength: 4 }), async (flips) => {
      const copy = new Map(files)
      for (const { path, at, to } of flips) {
        const bytes = Buffer.from(copy.get(path) ?? Buffer.alloc(0))
        bytes[Math.floor(at * bytes.length)] = to
        copy.set(path, bytes)
      }
      const isSame = paths.every((path) => copy.get(path)?.equals(fileOf(files, path)) === true)
      assert.equal(verifyBundle(copy, roots).verified, isSame)
      // Signed anew, nobody knows what is wrong; it answers all the same.
      assert.ok(verifyBundle(await sign(copy), roots).facts !== undefined)
    }),
    { numRuns: 25 },
  )
})

test('the stamp and the signature are those of this bundle, by somebody who is believed', async () => {
  const signed = await sign(files, sealers.lasting)
  assert.equal(
    firstWrong(verifyBundle(changed(files, { [PATH.signature]: fileOf(signed, PATH.signature) }), roots)),
    `stamp-wrong ${PATH.stamp}`,
  )
  const stampOnly = { [PATH.signature]: fileOf(other.files, PATH.signature), [PATH.stamp]: fileOf(other.files, PATH.stamp) }
  assert.equal(firstWrong(verifyBundle(changed(files, stampOnly), roots)), `signature-wrong ${PATH.signature}`)
  clock.ms -= 3_600_000
  const early = await sign(files)
  clock.ms += 3_600_000
  assert.equal(firstWrong(verifyBundle(early, roots)), `sealed-after ${PATH.envelope}`)
  const stranger = await createTestAuthority({ name: 'Altra', now: clock.ms })
  assert.equal(firstWrong(verifyBundle(files, certificatesOf(stranger.certificate))), `stamp-wrong ${PATH.stamp}`)
  const alone = verifyBundle(files, null)
  assert.equal(alone.verified, true)
  assert.ok(codesOf(alone.notProved).includes(`roots-of-the-bundle ${PATH.authorities}`))
})

test('what lacks is told: lists, proofs, receipts', async () => {
  const [list = ''] = pathsOf(files, 'list')
  const [proof = ''] = pathsOf(files, 'proof')
  const acceptance = receiptOf(files, 'accettazione')
  const delivery = receiptOf(files, 'errore-consegna')
  const cases: [Record<string, null>, RegExp][] = [
    [{ [list]: null }, /^list-missing messages\/envelope\.eml$/],
    [{ [delivery]: null }, /^no-outcome$/],
    [Object.fromEntries(pathsOf(files, 'proof').map((path) => [path, null])), new RegExp(`^not-in-ledger ${acceptance}$`)],
  ]
  for (const [changes, expected] of cases) {
    const left = Object.hasOwn(changes, proof)
      ? { ...changes, 'ledger/stamp-01.tst': null, 'ledger/stamp-01.root': null }
      : changes
    const result = verifyBundle(await sign(changed(files, left)), roots)
    assert.deepEqual(codesOf(result.wrong), [])
    assert.ok(
      codesOf(result.notProved).some((code) => expected.test(code)),
      String(expected),
    )
  }
})

test('a bundle that is made after the end of a certificate says who alone tells the time of the seal', async () => {
  const before = clock.ms
  clock.ms += 40 * DAY_MS
  const late = verifyBundle(await sign(files, sealers.lasting), roots)
  clock.ms = before
  assert.deepEqual(codesOf(late.wrong), [])
  const told = codesOf(late.notProved)
  assert.ok(told.includes(`seal-time-by-signer ${PATH.envelope}`))
  assert.ok(told.includes(`list-missing ${PATH.signature}`))
})

test('what a holder has received: his envelope, and what the ledger says of him', async () => {
  const received = await filesOf(sent, lucia.address, 'en')
  assert.equal(received.report.verified, true)
  assert.deepEqual(pathsOf(received.files, 'receipt'), [])
  assert.deepEqual(fileOf(received.files, PATH.original), fileOf(files, PATH.original))
  assert.ok(codesOf(received.report.notProved).includes('missing-delivery-receipt'))
  const events = received.report.proved.filter(({ code }) => code === 'event-in-ledger').map(({ values }) => values['event'])
  assert.ok(events.includes('accepted') && events.includes('delivered'))
  assert.ok([...received.files.keys()].every(isKnownPath))
  // What happened at another recipient is not told to this one.
  assert.equal(events.filter((event) => event === 'delivered').length, 1)
  for (const path of pathsOf(received.files, 'proof')) assert.match(fileOf(received.files, path).toString(), /lucia@/)
})

test('what there is no bundle of, and what has no time stamp yet', async () => {
  const make = (id: string, mailbox: string | null = null) => bundles.make({ id, mailbox, language: 'it' })
  await assert.rejects(make('nothing@pec.test'), { code: 'no-such-message' })
  await assert.rejects(make(sent, 'anybody@pec.test'), { code: 'no-such-message' })
  await assert.rejects(make(second, anna.address), { code: 'no-such-message' })
  await assert.rejects(make('<prova@client.test>'), { code: 'usage' })
  const third = await bundles.send(mario, [lucia])
  const { report: early } = await make(`<${third}>`)
  assert.equal(early.verified, true)
  assert.ok(codesOf(early.notProved).includes('missing-time-stamp'))
  assert.ok(codesOf(early.notProved).some((code) => code.startsWith('not-in-ledger ')))
})
