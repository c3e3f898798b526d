import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parameterText, parseParameterized } from './parameters.ts'

test('values, quoting, comments and stray pieces', () => {
  assert.deepEqual(parseParameterized('text/plain (really) ; Charset = us-ascii (Plain text); name="a;\\"b\\\\"; ; x=y'), {
    value: 'text/plain',
    parameters: [
      ['charset', 'us-ascii'],
      ['name', 'a;"b\\'],
      ['x', 'y'],
    ],
  })
  assert.deepEqual(parseParameterized('attachment; filename=my report(1).pdf').parameters, [['filename', 'my report(1).pdf']])
  assert.deepEqual(parseParameterized('attachment; filename="open').parameters, [['filename', 'open']])
  assert.deepEqual(parseParameterized('a; b; c=').parameters, [['c', '']])
})

test('RFC 2231: continuations are joined, encodings decoded on demand', () => {
  const plain = parseParameterized('message/external-body; URL*0="ftp://"; x=1; URL*1="a/b"').parameters
  assert.deepEqual(plain, [
    ['x', '1'],
    ['url', 'ftp://a/b'],
  ])
  const encoded = parseParameterized(
    "a/b; title*0*=us-ascii'en'This%20is%20; title*1*=%2A%2A; title*2=\" it's\"; title*4=no",
  ).parameters
  assert.deepEqual(encoded, [['title*', "us-ascii'en'This%20is%20%2A%2A%20it%27s"]])
  assert.equal(parameterText(encoded, 'title'), "This is ** it's")
  assert.equal(
    parameterText(parseParameterized("a; filename*=UTF-8''perch%C3%A9.pdf; filename=x").parameters, 'filename'),
    'perché.pdf',
  )
  assert.equal(parameterText(parseParameterized("a; filename*=iso-8859-1'it'perch%E9.pdf").parameters, 'filename'), 'perché.pdf')
  assert.equal(parameterText(parseParameterized("a; filename*=no-such''%41").parameters, 'filename'), 'A')
  assert.equal(parameterText([], 'filename'), undefined)
})

test('any text: never throws', () => {
  const text = fc.array(fc.constantFrom(';', '=', '"', '\\', '*', '0', "'", '%', '(', ')', ' ', 'a', 'é'), { maxLength: 30 })
  fc.assert(
    fc.property(text, (chars) => {
      const { parameters } = parseParameterized(chars.join(''))
      for (const [name] of parameters) parameterText(parameters, name.replace(/\*$/, ''))
    }),
    { numRuns: 5000 },
  )
})
