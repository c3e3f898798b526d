import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { encodeBase64Lines, encodeQuotedPrintable } from './encoding.ts'
import { decodePieces, transferDecoder } from './transfer-decoder.ts'
import { decodeTransfer } from './transfer-encoding.ts'

/** Decodes in pieces that end at these places. */
async function decode(bytes: Buffer, encoding: string, cuts: readonly number[]): Promise<Buffer> {
  const decoder = transferDecoder(encoding) ?? assert.fail()
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  async function* pieces(): AsyncIterable<Buffer> {
    let at = 0
    for (const end of ends) {
      yield bytes.subarray(at, end)
      at = end
    }
  }
  return Buffer.concat(await Array.fromAsync(decodePieces(pieces(), decoder)))
}

const cuts = fc.array(fc.nat(), { maxLength: 8 })

test('what was encoded comes back, wherever it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.string({ unit: 'binary', maxLength: 200 }),
      cuts,
      async (data, text, cuts) => {
        const bytes = Buffer.from(data)
        assert.ok((await decode(Buffer.from(encodeBase64Lines(bytes)), 'base64', cuts)).equals(bytes))
        assert.ok((await decode(bytes, '8bit', cuts)).equals(bytes))
        const printable = Buffer.from(encodeQuotedPrintable(text))
        assert.ok((await decode(printable, 'quoted-printable', cuts)).equals(decodeTransfer(printable, 'quoted-printable')))
      },
    ),
  )
})

test('any bytes are read as if they came at once', async () => {
  const odd = fc.array(fc.constantFrom('=', '=\r\n', '= ', '\t', '=4', '41', 'x', '\r', '\n', 'YQ==', 'YWI='), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(odd, cuts, async (pieces, cuts) => {
      const bytes = Buffer.from(pieces.join(''))
      assert.equal(
        (await decode(bytes, 'quoted-printable', cuts)).toString('latin1'),
        decodeTransfer(bytes, 'quoted-printable').toString('latin1'),
      )
      assert.ok((await decode(bytes, 'base64', cuts)).equals(await decode(bytes, 'base64', [])))
    }),
    { numRuns: 500 },
  )
})

test('base64 texts that were put together are each read; an encoding that is not known is none', async () => {
  assert.equal((await decode(Buffer.from('YQ==\r\nYWI=\r\nYWJj'), 'base64', [3])).toString(), 'aababc')
  assert.equal(transferDecoder('x-uuencode'), undefined)
  assert.equal(transferDecoder('constructor'), undefined)
})
