import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { decodeHeaderText } from '../mime/encoding.ts'
import { unfold } from '../mime/header.ts'
import { subjectField } from './fields.ts'
import { withoutPrefix } from './subject-prefix.ts'

test('the own subject, byte for byte; one prefix only', () => {
  assert.equal(withoutPrefix(' ACCETTAZIONE: Uno  due'), ' Uno  due')
  assert.equal(withoutPrefix(' POSTA CERTIFICATA: POSTA CERTIFICATA: Uno'), ' POSTA CERTIFICATA: Uno')
  assert.equal(withoutPrefix(' AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO\r\n MASSIMO: Uno\r\n due'), ' Uno\r\n due')
  assert.equal(withoutPrefix(' CONSEGNA:\r\n =?UTF-8?Q?Citt=C3=A0?='), '\r\n =?UTF-8?Q?Citt=C3=A0?=')
  assert.equal(withoutPrefix(' CONSEGNA: '), ' ')
  assert.equal(withoutPrefix(' Uno'), null)
  assert.equal(withoutPrefix(' CONSEGNARE: Uno'), null)
})

test('a prefix that was encoded with the subject', () => {
  const own = withoutPrefix(' =?UTF-8?Q?CONSEGNA=3A_Citt=C3=A0?=')
  assert.equal(decodeHeaderText((own ?? '').trim()), 'Città')
})

test('takes off what the writer puts on, for any subject', () => {
  const prefixes = fc.constantFrom('ACCETTAZIONE: ', 'AVVISO DI NON ACCETTAZIONE PER VIRUS: ', 'PROBLEMA DI SICUREZZA: ')
  const subjects = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) })
  fc.assert(
    fc.property(prefixes, subjects, (prefix, subject) => {
      const written = subjectField(prefix, subject).slice('Subject:'.length)
      const shown = (raw: string): string => decodeHeaderText(unfold(raw)).trim()
      assert.equal(shown(withoutPrefix(written) ?? 'no prefix'), shown(subject))
    }),
  )
})
