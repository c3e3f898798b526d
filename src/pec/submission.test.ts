import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseHeader } from '../mime/header.ts'
import { readSubject } from './submission.ts'

const read = (header: string) => readSubject(parseHeader(Buffer.from(`${header}\r\n\r\n`)))

test('the subject, decoded on one line, and as it stands', () => {
  assert.deepEqual(read('Subject: Uno'), { subject: 'Uno', rawSubject: ' Uno' })
  assert.deepEqual(read('SUBJECT:Uno\r\n due'), { subject: 'Uno due', rawSubject: 'Uno\r\n due' })
  assert.deepEqual(read('Subject: =?UTF-8?Q?Citt=C3=A0?='), { subject: 'Città', rawSubject: ' =?UTF-8?Q?Citt=C3=A0?=' })
  assert.equal(read('Subject: Novità').subject, 'Novità')
  assert.deepEqual(read('Subject:'), { subject: '', rawSubject: '' })
  assert.deepEqual(read('To: a@b'), { subject: '', rawSubject: null })
})

test('line breaks that an encoded word hides become blanks', () => {
  assert.equal(read('Subject: =?UTF-8?Q?uno=0D=0Adue=0Atre?=').subject, 'uno due tre')
})
