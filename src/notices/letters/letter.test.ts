/** The words of the letters: each kind for each reader in both languages, with all of its values, and none that could do harm. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TRANSITIONS, type Transition } from '../../registry/agreement/states.ts'
import { letterOf } from './letter.ts'
import { PLACE, SAMPLES, sampleLetter } from './samples.ts'

const LANGUAGES = ['it', 'en'] as const
const all = SAMPLES.flatMap((sample) => LANGUAGES.map((language) => ({ sample, letter: sampleLetter(sample, language) })))

/** What is told outside of the table of transitions. */
const BY_STEPS = [
  'confirm-email',
  'activation',
  'reminder',
  'renewal-late',
  'payment-awaited',
  'content-deleted',
  'address-communicated',
]

test('there is a sample of whatever the agreement tells, and of each fact that orders are told', () => {
  const transitions: readonly Transition[] = TRANSITIONS
  const told = transitions.flatMap(({ tell = [] }) => tell)
  assert.deepEqual(new Set(SAMPLES.map(({ kind }) => kind)), new Set([...told, ...BY_STEPS]))
  const facts = transitions.flatMap(({ fact = [] }) => fact)
  const shown = new Set(SAMPLES.map(({ data }) => data['fact']))
  assert.deepEqual(
    facts.filter((fact) => fact !== 'changed' && !shown.has(fact)),
    [],
  )
})

test('no letter has a hole, and text and HTML say the same', () => {
  for (const { sample, letter } of all) {
    const name = `${sample.kind} to ${sample.to}, ${letter.language}`
    const { subject, text, html } = letter
    for (const said of [subject, text, html])
      assert.doesNotMatch(said, /undefined|null|NaN|\[object|\$\{|Invalid| {2}\S+ {2}/, name)
    assert.ok(subject.length > 10 && subject.length < 100 && !/[\r\n]/.test(subject), name)
    assert.ok(html.startsWith(`<!doctype html>\n<html lang="${letter.language}">`), name)
    const words = (content: string): string => content.replaceAll(/\s+/g, ' ').trim()
    const shown = words(
      html
        .replace(/^[^]*<body[^>]*>/, '')
        .replaceAll(/<[^>]*>/g, ' ')
        .replaceAll('&#39;', "'"),
    ).replaceAll(' ', '')
    for (const part of text.split('\n\n').flatMap((block) => (block.startsWith('-- ') ? [block.slice(3)] : block.split('\n'))))
      for (const word of words(part).split(' ')) assert.ok(shown.includes(word.replace(/:$/, '')), `${name}: ${word}`)
  }
})

test('letters say each value that they are told', () => {
  for (const { sample, letter } of all) {
    const { data, token, to } = sample
    if (token !== undefined) for (const said of [letter.text, letter.html]) assert.ok(said.includes(`#${token}`))
    for (const name of ['reference', 'reason'] as const) {
      const value = data[name]
      if (typeof value === 'string')
        assert.ok(letter.text.replaceAll('\n', ' ').includes(value), `${sample.kind} to ${to}: ${name}`)
    }
    assert.ok(letter.text.includes('mario.rossi@pec.ordine.example') || letter.subject.includes('registrato'), sample.kind)
  }
})

test('dates and amounts are those of the language', () => {
  const say = (kind: 'payment-awaited' | 'reminder', language: 'it' | 'en', data: Record<string, string | number>): string =>
    letterOf(kind, { to: 'holder', language, address: 'a@pec.test', ...data }, null, PLACE).text.replaceAll(/\s+/g, ' ')
  assert.match(
    say('reminder', 'it', { days: 30, expiresOn: '2027-05-08', lastDay: '2027-05-01' }),
    /scade l’8 maggio 2027, tra 30 giorni.*entro il 1º maggio 2027/,
  )
  assert.match(
    say('reminder', 'it', { days: 30, expiresOn: '2027-05-18', lastDay: '2027-05-11' }),
    /scade il 18 maggio 2027.*entro l’11 maggio 2027/,
  )
  assert.match(say('reminder', 'en', { days: 30, expiresOn: '2027-05-08' }), /expires on 8 May 2027, in 30 days/)
  assert.match(say('payment-awaited', 'it', { cents: 123450 }), /Importo: 1\.?234,50 €/)
  assert.match(say('payment-awaited', 'en', { cents: 3000 }), /Amount: €30\.00/)
})

test('what people wrote cannot become a link, a line or a header', () => {
  const hostile = `<a href="https://evil.test">x</a>"'&\r\nBcc: all@evil.test\u2028\u0000`
  const data = { to: 'holder', givenName: hostile, surname: hostile, address: hostile, order: hostile, reason: hostile }
  for (const language of LANGUAGES) {
    const { subject, text, html } = letterOf('service-ended', { ...data, language }, null, { ...PLACE, provider: hostile })
    assert.doesNotMatch(html, /<a |\r|\u2028|\u0000|^Bcc/m)
    assert.match(html, /&lt;a href=&quot;https:\/\/evil\.test&quot;&gt;/)
    assert.doesNotMatch(text, /\r|\u2028|\u0000/)
    assert.doesNotMatch(subject, /[\r\n]/)
  }
})

test('notices that do not name the order or the language have words too', () => {
  const data = { to: 'holder', address: 'a@pec.test', surname: 'Rossi', givenName: 'Mario' }
  const { text, language } = letterOf('confirm-email', data, 'T', PLACE)
  assert.equal(language, 'it')
  assert.match(text.replaceAll(/\s+/g, ' '), /convenzione con il suo Ordine\./)
})
