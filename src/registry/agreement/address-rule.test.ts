/** Which addresses the rules make. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkRule, proposals } from './address-rule.ts'

const first = (rule: string, surname: string, givenName: string) => proposals(rule, 'pec.it', { surname, givenName })[0]

test('names become letters, digits and dots', () => {
  assert.equal(first('name.surname', 'Rossi', 'Mario'), 'mario.rossi@pec.it')
  assert.equal(first('name.surname', "D'Angelo", 'Niccolò Maria'), 'niccolo.dangelo@pec.it')
  assert.equal(first('names.surname', 'De Luca', 'Maria Rosa'), 'mariarosa.deluca@pec.it')
  assert.equal(first('n_surname', 'Müller', 'Jürgen'), 'j_muller@pec.it')
  assert.equal(first('surname-name', 'Rossi', 'Anna'), 'rossi-anna@pec.it')
})

test('variants follow, none twice, none too long', () => {
  const all = proposals('name.surname', 'pec.it', { surname: 'Rossi', givenName: 'Maria Rosa' })
  assert.deepEqual(all.slice(0, 5), [
    'maria.rossi@pec.it',
    'mariarosa.rossi@pec.it',
    'rossi.maria@pec.it',
    'm.rossi@pec.it',
    'maria.rossi2@pec.it',
  ])
  assert.equal(new Set(all).size, all.length)
  const long = proposals('name.surname', 'pec.it', { surname: 'x'.repeat(100), givenName: 'Anna' })
  assert.ok(long.every((address) => address.indexOf('@') <= 64))
})

test('what is no rule', () => {
  for (const rule of ['', 'name', 'name surname', 'name.surname@x', 'name..surname', '{name}', 'surname.'])
    assert.throws(() => checkRule(rule), { code: 'bad-agreement' }, rule)
  for (const rule of ['name.surname', 'nsurname', 'surname', 'surname_names']) checkRule(rule)
})
