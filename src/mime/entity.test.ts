import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readChildren, readEntity } from './entity.ts'
import { parseStructure } from './structure.ts'

const MULTIPART = [
  'Content-Type: multipart/mixed; boundary=b',
  '',
  'preamble',
  '--b',
  '',
  'one',
  '--b',
  'Content-Type: TEXT/HTML; name="=?UTF-8?Q?Citt=C3=A0?="',
  '',
  'two',
  '--b--',
  'epilogue',
]

test('direct children with their offsets, under both line ends', () => {
  for (const eol of ['\n', '\r\n']) {
    const bytes = Buffer.from(MULTIPART.join(eol))
    const children = readChildren(bytes, readEntity(bytes), 20)
    assert.deepEqual(
      children.map(({ body, end }) => bytes.subarray(body, end).toString()),
      ['one', 'two'],
    )
    assert.deepEqual(
      children.map(({ type, fileName, encoding }) => [type, fileName, encoding]),
      [
        ['text/plain', null, '7bit'],
        ['text/html', 'Città', '7bit'],
      ],
    )
  }
})

test('no more children than asked for; none of what is no multipart or has no boundary', () => {
  const bytes = Buffer.from(MULTIPART.join('\n'))
  assert.equal(readChildren(bytes, readEntity(bytes), 1).length, 1)
  for (const header of ['Content-Type: multipart/mixed', 'Content-Type: text/plain; boundary=b', 'X: y']) {
    const other = Buffer.from([header, ...MULTIPART.slice(1)].join('\n'))
    assert.deepEqual(readChildren(other, readEntity(other), 20), [])
  }
})

test('finds the children that the whole parser finds, in any bytes', () => {
  const lines = fc.array(
    fc.constantFrom(
      '--b',
      '--b--',
      '--b ',
      '--bb',
      '',
      'text',
      'Content-Type: multipart/mixed; boundary=b',
      'Content-Type: text/plain',
      '\r',
    ),
  )
  fc.assert(
    fc.property(lines, fc.constantFrom('\n', '\r\n'), (lines, eol) => {
      const bytes = Buffer.from(['Content-Type: multipart/mixed; boundary=b', '', ...lines].join(eol))
      const children = readChildren(bytes, readEntity(bytes), 1000)
      assert.deepEqual(
        children.map(({ start, body, end }) => ({ start, body, end })),
        parseStructure(bytes).root.children.map(({ start, body, end }) => ({ start, body, end })),
      )
    }),
  )
})
