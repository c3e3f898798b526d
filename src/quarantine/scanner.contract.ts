/** What every scanner must do, whatever it looks for. A test file of each implementation runs it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import type { Scanner, Threat } from './types.ts'

export interface ScannerCase {
  readonly title: string
  readonly message: Buffer
  /** null: nothing is found */
  readonly threat: Threat | null
}

export interface ScannerUnderTest {
  readonly cases: readonly ScannerCase[]
  /** Makes the scanner; undefined if the test cannot run here, which `t` has been told. */
  create(t: TestContext): Promise<Scanner | undefined>
}

const HARMLESS: readonly ScannerCase[] = [
  { title: 'an empty message', message: Buffer.alloc(0), threat: null },
  { title: 'a message without a body', message: Buffer.from('Subject: x\r\n'), threat: null },
  { title: 'bytes that are no message', message: Buffer.from(Array.from({ length: 70_000 }, (_, at) => at % 256)), threat: null },
  {
    title: 'a message with damaged MIME',
    message: Buffer.from(
      'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: ;;=\r\nContent-Disposition: ; filename*=\r\n\r\n--b',
    ),
    threat: null,
  },
]

export function testScanner(name: string, { cases, create }: ScannerUnderTest): void {
  for (const { title, message, threat } of [...cases, ...HARMLESS]) {
    test(`${name}: ${title}: ${threat === null ? 'nothing is found' : 'found'}`, async (t) => {
      const scanner = await create(t)
      if (!scanner) return
      const before = Buffer.from(message)
      assert.deepEqual(await scanner.scan(message), threat)
      assert.ok(before.equals(message), 'the message is not changed')
    })
  }

  test(`${name}: messages that are scanned at once do not mix up their answers`, async (t) => {
    const scanner = await create(t)
    if (!scanner) return
    const many = Array.from({ length: 5 }, () => [...cases, ...HARMLESS]).flat()
    const found = await Promise.all(many.map(({ message }) => scanner.scan(message)))
    assert.deepEqual(
      found,
      many.map(({ threat }) => threat),
    )
  })
}
