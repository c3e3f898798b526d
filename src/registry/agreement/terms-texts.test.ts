/** Texts of the terms: stored once, and named by requests. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import { auditReads } from '../../audit/queries.ts'
import { withTestDatabase } from '../../storage/test-database.ts'
import { ANNA, begin, openTestDesk } from './test-desk.ts'

const { database } = await withTestDatabase({ after })
const desk = await openTestDesk(database)
const { termsTexts, requests } = desk
const TEXT = Buffer.from('Condizioni: così è.\n')
const sha256 = createHash('sha256').update(TEXT).digest('hex')
const add = (version: string, language: 'it' | 'en' = 'it', bytes: Buffer = TEXT, validFrom = '2026-01-01') =>
  termsTexts.add({ version, language, validFrom, bytes }, ANNA)

test('a text is stored once, and given as it was', async () => {
  assert.equal((await add('2026.1')).sha256, sha256)
  await assert.rejects(add('2026.1', 'it', Buffer.from('other')), { code: 'terms-exist' })
  assert.equal((await add('2026.1', 'en', Buffer.from('%PDF-1.7 x'))).mediaType, 'application/pdf')
  const { text, bytes } = await termsTexts.get('2026.1', 'it')
  assert.deepEqual([bytes, text.mediaType, text.addedBy], [TEXT, 'text/plain', 'operator:anna'])
  await assert.rejects(termsTexts.get('2026.2', 'it'), { code: 'no-such-terms' })
  const acts = await auditReads(database.reader).list({ object: 'terms:2026.1' })
  assert.deepEqual(new Set(acts.map(({ details }) => details['language'])), new Set(['it', 'en']))
})

test('what is no text is refused', async () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from([0xff, 0xfe]), Buffer.from('a\0b'), Buffer.alloc(5_000_001, 'x')])
    await assert.rejects(add('x', 'it', bytes), { code: 'bad-terms' })
  await assert.rejects(add('a b'), { code: 'bad-terms' })
  await assert.rejects(add('x', 'it', TEXT, 'tomorrow'), { code: 'bad-terms' })
})

test('a request names the text that was accepted, in its language; none of tomorrow is accepted', async () => {
  const { code, members } = await desk.newOrder()
  const [mario, luca] = members
  assert.ok(mario && luca)
  const without = await begin(desk, code, luca)
  assert.deepEqual([without.termsVersion, without.termsLanguage, without.termsSha256], ['1', null, null], 'none was stored')
  await add('1')
  await add('1', 'en', TEXT, '2030-01-01')
  const [proposal] = (await requests.check({ code, ...mario })).proposals
  const wanted = {
    code,
    ...mario,
    address: proposal?.address ?? '',
    years: 1,
    email: 'm@example.it',
    phone: '',
    termsVersion: '1',
  }
  await assert.rejects(requests.start({ ...wanted, language: 'en' }), { code: 'terms-not-accepted' })
  const { termsLanguage, termsSha256 } = await requests.get(await requests.start(wanted))
  assert.deepEqual([termsLanguage, termsSha256], ['it', sha256])
})
