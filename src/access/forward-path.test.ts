import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalPath } from './forward-path.ts'

const PATHS: Record<string, string> = {
  'Anna.Bianchi@PEC.altro.it': 'Anna.Bianchi@PEC.altro.it',
  '"anna"@pec.it': 'anna@pec.it',
  '"anna@casa"@pec.it': '"anna@casa"@pec.it',
  'anna@perché.it': 'anna@xn--perch-fsa.it',
  'anna@PERCHÉ.it': 'anna@xn--perch-fsa.it',
  'anna@xn--perch-fsa.it': 'anna@xn--perch-fsa.it',
  'anna@straße.de': 'anna@xn--strae-oqa.de',
  'anna@123': 'anna@123',
  'anna@[192.0.2.1]': 'anna@[192.0.2.1]',
}

for (const [path, expected] of Object.entries(PATHS)) {
  test(`${path} is ${expected}`, () => assert.equal(canonicalPath(path), expected))
}

const REFUSED: Record<string, string> = {
  'perché@pec.it': 'non-ascii-address',
  postmaster: 'bad-recipient',
  '@pec.it': 'bad-recipient',
  'anna@': 'bad-recipient',
  'a b@pec.it': 'bad-recipient',
  'anna@\u00ad': 'bad-recipient',
  '"an\u0000na"@pec.it': 'bad-recipient',
  '"an\tna"@pec.it': 'bad-recipient',
}

for (const [path, code] of Object.entries(REFUSED)) {
  test(`${path} is refused`, () => assert.throws(() => canonicalPath(path), { code, fault: 'client' }))
}
