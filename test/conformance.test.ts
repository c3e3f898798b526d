/** The check of docs/conformance.md finds what it is for: each fault is made in a copy of the real document. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { execute } from './support/execute.ts'
import { temporaryFolder } from './support/provider.ts'

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
const DOCUMENT = readFileSync(at('docs/conformance.md'), 'utf8')
const folder = temporaryFolder({ after })

/** What the check says of a document. */
async function checked(text: string): Promise<{ code: number | null; problems: string[] }> {
  const file = join(folder, 'conformance.md')
  writeFileSync(file, text)
  const { code, stderr } = await execute(process.execPath, [at('scripts/conformance.mjs'), file])
  return { code, problems: stderr.split('\n').filter((line) => line !== '') }
}

const replaced = (from: string, to: string): string => {
  assert.ok(DOCUMENT.includes(from), from)
  return DOCUMENT.replace(from, to)
}

test('the document as it is has no problem', async () => {
  assert.deepEqual(await checked(DOCUMENT), { code: 0, problems: [] })
})

const ROW = /^\| 3\.4-1 \|.*$/m.exec(DOCUMENT)?.[0] ?? ''
const FAULTS: Record<string, [string, RegExp]> = {
  'a file that is not there': [
    replaced('`transport/dispatches.ts` `deliverHere`', '`transport/dispatch.ts` `deliverHere`'),
    /^3\.4-1 .*no file transport\/dispatch\.ts/,
  ],
  'an identifier that the file does not have': [replaced('`deliverHere`', '`deliverThere`'), /^3\.4-1 .*has no "deliverThere"/],
  'a part of an identifier': [replaced('`deliverHere`', '`deliverHer`'), /^3\.4-1 .*has no "deliverHer"/],
  'a test that is not there': [
    replaced('"goes to 50 recipients', '"goes to 60 recipients'),
    /^3\.3\.2\.1-6 .*has no "goes to 60 recipients/,
  ],
  'a test file that is none': [
    replaced(ROW, ROW.replace('`test/certify.test.ts`', '`test/support/judges.ts`')),
    /^3\.4-1 .*is no test/,
  ],
  'a duty that is open': [replaced(ROW, ROW.replace('| met |', '| open: nobody has written it |')), /^3\.4-1 .*a duty is open/],
  'a state that is none': [replaced(ROW, ROW.replace('| met |', '| done |')), /^3\.4-1 .*is no state/],
  'met without a test': [replaced(ROW, ROW.replace(/\| `test[^|]*\|/, '| — |')), /^3\.4-1 .*no code or no test/],
  'a strong word without its row': [replaced(`${ROW}\n`, ''), /^3\.4: the RFC has MUST 1 there, the rows account for none/],
  'a strong word that was weakened': [
    replaced(ROW, ROW.replace('**MUST**', '**SHOULD**')),
    /^3\.4: the RFC has MUST 1 there, .*SHOULD 1/,
  ],
  'a row that stands twice': [replaced(ROW, `${ROW}\n${ROW}`), /^3\.4-1: stands more than once/],
  'a row in another section': [replaced(ROW, ROW.replace('3.4-1', '3.5-9')), /^3\.5-9 .*does not belong to section 3\.4/],
  'a correction of formats.md without a row': [
    DOCUMENT.replace(/^\| F-10 \|.*\n/m, ''),
    /^F: formats\.md has \d+ corrections, \d+ have a row/,
  ],
}

for (const [name, [text, problem]] of Object.entries(FAULTS)) {
  test(`it finds ${name}`, async () => {
    const { code, problems } = await checked(text)
    assert.equal(code, 1)
    assert.match(problems[0] ?? 'nothing', problem)
  })
}
