import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { PEC_MSGID } from '../../test/support/certification.ts'
import { parseHeader } from '../mime/header.ts'
import { makeOriginal } from './original.ts'

function originalOf(submission: Buffer | string): { text: string; bytes: Buffer; msgid: string | null } {
  const bytes = Buffer.from(submission)
  const { header, bodyStart, msgid } = makeOriginal(bytes, parseHeader(bytes), PEC_MSGID)
  const whole = Buffer.concat([header, bytes.subarray(bodyStart)])
  return { text: whole.toString('latin1'), bytes: whole, msgid }
}

const STAMP = `Message-ID: <${PEC_MSGID}>\r\n`

test('the Message-ID is replaced in its place, the old one referred to', () => {
  const { text, msgid } = originalOf('From: a@b\r\nMessage-Id:\r\n <uno@x>\r\nTo: c@d\r\n\r\nbody')
  assert.equal(text, `From: a@b\r\nMessage-Id: <${PEC_MSGID}>\r\nX-Riferimento-Message-ID: <uno@x>\r\nTo: c@d\r\n\r\nbody`)
  assert.equal(msgid, '<uno@x>')
})

test('without a Message-ID, or with an empty one, there is no reference', () => {
  assert.deepEqual(originalOf('From: a@b\r\n\r\nbody').text, `${STAMP}From: a@b\r\n\r\nbody`)
  assert.deepEqual(originalOf('From: a@b\r\nMessage-ID: \r\n\r\nbody').text, `From: a@b\r\n${STAMP}\r\nbody`)
  assert.equal(originalOf('From: a@b\r\nMessage-ID: \r\n\r\nbody').msgid, null)
})

test("references of the user's own are replaced by ours, or removed", () => {
  const theirs = 'x-riferimento-message-id: <altro@x>\r\n'
  const reference = 'X-Riferimento-Message-ID: <uno@x>\r\n'
  assert.equal(originalOf(`${theirs}Message-ID: <uno@x>\r\n${theirs}To: a\r\n\r\n`).text, `${STAMP}${reference}To: a\r\n\r\n`)
  assert.equal(originalOf(`${theirs}From: a@b\r\n${theirs}\r\n`).text, `${STAMP}From: a@b\r\n\r\n`)
})

test('a line that is no field stays what it is', () => {
  assert.equal(originalOf(' odd\r\nFrom: a@b\r\n\r\n').text, ` odd\r\n${STAMP}From: a@b\r\n\r\n`)
})

test('more than one Message-ID is refused', () => {
  assert.throws(() => originalOf('Message-ID: <a@b>\r\nmessage-id: <c@d>\r\n\r\n'), { code: 'bad-header', fault: 'client' })
})

const OURS = new Set(['message-id', 'x-riferimento-message-id'])

/** All bytes but those of the two fields, and the fields themselves. */
function rest(bytes: Buffer): { others: string; ours: [string, string][] } {
  const { fields } = parseHeader(bytes)
  const own = fields.filter(({ name }) => OURS.has(name.toLowerCase()))
  let others = ''
  let from = 0
  for (const { start, end } of own) {
    others += bytes.toString('latin1', from, start)
    from = end
  }
  return { others: others + bytes.toString('latin1', from), ours: own.map(({ name, value }) => [name.toLowerCase(), value]) }
}

function differsOnlyInIdentifiers(submission: Buffer): void {
  const { bytes, msgid } = originalOf(submission)
  const [before, after] = [rest(submission), rest(bytes)]
  assert.equal(after.others, before.others)
  const expected = [['message-id', ` <${PEC_MSGID}>`]]
  assert.deepEqual(after.ours, msgid === null ? expected : [...expected, ['x-riferimento-message-id', ` ${msgid}`]])
}

test('property: an original differs from its submission in Message-ID and X-Riferimento-Message-ID alone', () => {
  const value = fc.string({ unit: fc.constantFrom('a', ' ', ':', '<', '@', '>', '\r\n ', '\r\n\t', '\u00e0') })
  const other = fc.tuple(
    fc.constantFrom('From', 'X-Riferimento-Message-ID', 'x-riferimento-message-id', 'To ', 'odd line', ' ', 'Message-Id2'),
    value,
  )
  const id = fc.tuple(fc.constantFrom('Message-ID', 'message-id', 'Message-Id '), value)
  const lines = fc
    .tuple(fc.array(other), fc.option(id), fc.array(other))
    .map(([before, id, after]) =>
      [...before, ['From', ' a@b'], ...(id ? [id] : []), ...after].map(([name, value]) => `${name}:${value}\r\n`).join(''),
    )
  fc.assert(
    fc.property(lines, fc.constantFrom('', '\r\n', '\r\nbody', '\r\nMessage-ID: <x@y>\r\n'), (header, end) =>
      differsOnlyInIdentifiers(Buffer.from(header + end, 'latin1')),
    ),
  )
})

test('property: any bytes make an original, unless there are two identifiers', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom('Message-ID:', '\r\n', '\n', '\r', ': ').map((text) => Buffer.from(text)),
  )
  fc.assert(
    fc.property(
      fc.array(piece).map((pieces) => Buffer.concat([Buffer.from('A:b\n'), ...pieces])),
      (bytes) => {
        const idsOf = (message: Buffer): string[] =>
          parseHeader(message).fields.flatMap(({ name, value }) => (name.toLowerCase() === 'message-id' ? [value] : []))
        if (idsOf(bytes).length > 1) assert.throws(() => originalOf(bytes), { code: 'bad-header' })
        else assert.deepEqual(idsOf(originalOf(bytes).bytes), [` <${PEC_MSGID}>`])
      },
    ),
  )
})
