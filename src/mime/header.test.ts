import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fieldValue, fieldsOf, parseHeader, unfold } from './header.ts'

const read = (text: string) => parseHeader(Buffer.from(text, 'latin1'))
const pairs = (text: string): string[][] => read(text).fields.map(({ name, value }) => [name, value])

test('fields as they stand, folded ones whole, until the empty line', () => {
  const text = 'From: a@b\r\nSubject:uno\r\n\tdue\r\n  tre\r\nX-Empty:\r\n\r\nNo: field\r\n'
  assert.deepEqual(pairs(text), [
    ['From', ' a@b'],
    ['Subject', 'uno\r\n\tdue\r\n  tre'],
    ['X-Empty', ''],
  ])
  assert.equal(read(text).bodyStart, text.indexOf('No: field'))
})

test('line ends may be LF alone', () => {
  assert.deepEqual(pairs('From: a\nTo: b\n c\n\nbody: x'), [
    ['From', ' a'],
    ['To', ' b\n c'],
  ])
  assert.equal(read('From: a\n\nbody').bodyStart, 9)
})

test('lines that are no field are skipped', () => {
  const odd = ['From me Thu', ' cont: 1', ': no name', 'na me: x', 'n\u00e4me: x', '', 'Sub\u00a0: x']
  assert.deepEqual(pairs(`${odd.slice(0, 5).join('\r\n')}\r\nTo : b\r\n${odd[6]}\r\nCc\t:c\r\n\r\n`), [
    ['To', ' b'],
    ['Cc', 'c'],
  ])
  assert.deepEqual(pairs('From\r\n : x\r\n\r\n'), [])
})

test('without an empty line all is header; without a header all is body', () => {
  assert.deepEqual(read('To: a'), { fields: [{ name: 'To', value: ' a', start: 0, end: 5 }], bodyStart: 5 })
  assert.deepEqual(read('\r\nbody'), { fields: [], bodyStart: 2 })
  assert.deepEqual(read('\nbody'), { fields: [], bodyStart: 1 })
  assert.deepEqual(read(''), { fields: [], bodyStart: 0 })
})

test('a header within a message keeps to its range', () => {
  const text = 'XX: 1\r\nTo: a\r\n b\r\n\r\nCc: c'
  const header = parseHeader(Buffer.from(text), 7, 14)
  assert.deepEqual(header, { fields: [{ name: 'To', value: ' a', start: 7, end: 14 }], bodyStart: 14 })
  const view = new Uint8Array(Buffer.from(`....${text}`)).subarray(4)
  assert.deepEqual(parseHeader(view, 7).fields[0]?.value, ' a\r\n b')
})

test('names match in any case; the first of several fields counts', () => {
  const header = read('TO: a\r\nto: b\r\nTox: c\r\n\r\n')
  assert.deepEqual(
    fieldsOf(header, 'To').map(({ value }) => value),
    [' a', ' b'],
  )
  assert.equal(fieldValue(header, 'tO'), 'a')
  assert.equal(fieldValue(header, 'Cc'), undefined)
})

test('unfolding takes out the line breaks of folding, and blanks at the ends: the byte A0 of a UTF-8 "à" is none', () => {
  assert.equal(unfold(' uno\r\n due\n\ttre \r\n '), 'uno due\ttre')
  assert.equal(unfold(' Novit\u00c3\u00a0 '), 'Novit\u00c3\u00a0')
  assert.equal(unfold(' \t\r\n '), '')
})

test('long runs of blanks cost no more than their length', { timeout: 5000 }, () => {
  const blanks = ' '.repeat(500_000)
  assert.equal(unfold(`${blanks}a${blanks}b${blanks}`).length, 500_002)
  assert.equal(read(`a${blanks}b\r\n\r\n`).fields.length, 0)
  assert.equal(read(`${'A'.repeat(500_000)}\r\n\r\n`).fields.length, 0)
})

const eol = fc.constantFrom('\r\n', '\n')
const wellFormed = fc.tuple(
  fc.constantFrom('From', 'to', 'X-1', 'a!'),
  fc.constantFrom('', ' ', '\t'),
  fc.array(fc.string({ unit: fc.constantFrom('a', ':', ' ', '\xe0', '\r', '\t') }), { minLength: 1, maxLength: 3 }),
  eol,
)

test('property: the fields of a well-formed header cover it exactly', () => {
  fc.assert(
    fc.property(fc.array(wellFormed), eol, fc.string(), (fields, end, body) => {
      // Each line ends with a letter, so that no CR of its own belongs to its end.
      const written = fields.map(([name, blanks, lines, eol]) => ({
        name,
        value: lines.map((line) => `${line}.`).join(`${eol} `),
        head: `${name}${blanks}:`,
        eol,
      }))
      const texts = written.map(({ head, value, eol }) => head + value + eol)
      const whole = Buffer.from(texts.join('') + end + body, 'latin1')
      const header = parseHeader(whole)
      assert.deepEqual(
        header.fields.map(({ name, value }) => ({ name, value })),
        written.map(({ name, value }) => ({ name, value })),
      )
      assert.deepEqual(
        header.fields.map(({ start, end }) => whole.toString('latin1', start, end)),
        texts,
      )
      assert.equal(header.bodyStart, texts.join('').length + end.length)
    }),
  )
})

test('property: of any bytes, fields lie in order within the header and begin with their names', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', ':', ' ', '\t', '\r', '\n', '\r\n', 'To: b', '\xa0', '\u0000'),
    maxLength: 60,
  })
  fc.assert(
    fc.property(text, (text) => {
      const { fields, bodyStart } = read(text)
      let last = 0
      for (const { name, value, start, end } of fields) {
        assert.ok(start >= last && end > start && end <= bodyStart)
        last = end
        const whole = text.slice(start, end)
        assert.ok(whole.startsWith(name))
        assert.match(whole.slice(name.length), /^[ \t]*:/)
        assert.ok(whole.replace(/\r?\n$/, '').endsWith(value))
        assert.ok(start === 0 || text[start - 1] === '\n')
      }
      assert.ok(bodyStart === text.length || /(?:^|\n)\r?\n$/.test(text.slice(0, bodyStart)))
      assert.doesNotMatch(text.slice(0, bodyStart).replace(/(?:^|\n)\r?\n$/, ''), /\n\r?\n/)
    }),
    { numRuns: 500 },
  )
})
