/**
 * Every parser of what strangers send, fuzzed: valid input by grammar, valid input with changes, and noise. No crash, no hang, nothing but the errors
 * that a client is told. How long, and with which seed: FUZZ_SECONDS (all of them, and fuzz-connections, together), FUZZ_SEED.
 */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { readAddress, readAddressList, writeAddress } from '../src/access/address-list.ts'
import { canonicalPath } from '../src/access/forward-path.ts'
import { CeralaccaError, clientError } from '../src/base/errors.ts'
import { parseAddresses } from '../src/mime/address.ts'
import { decodeHeaderText } from '../src/mime/encoding.ts'
import { parseHeader, unfold } from '../src/mime/header.ts'
import { parseParameterized } from '../src/mime/parameters.ts'
import { decodeParsed, encodeParsed, parseStructure } from '../src/mime/structure.ts'
import type { MimePart } from '../src/mime/structure.ts'
import { decodeTransfer } from '../src/mime/transfer-encoding.ts'
import { failureIn } from '../src/notices/failure-report.ts'
import { Arguments } from '../src/protocols/imap/arguments.ts'
import { readCommand } from '../src/protocols/imap/command-reader.ts'
import { findCommand } from '../src/protocols/imap/command-table.ts'
import { isSyntaxError, Refusal } from '../src/protocols/imap/errors.ts'
import { ConnectionClosed } from '../src/protocols/wire/connection-closed.ts'
import { parseFetchItems } from '../src/protocols/imap/fetch-items.ts'
import { Input } from '../src/protocols/wire/input.ts'
import { namesModseqs, namesNumbers, parseSearch } from '../src/protocols/imap/search-keys.ts'
import { sectionRange } from '../src/protocols/imap/section.ts'
import { commonRanges, formatRanges, parseSequenceSet, resolveRanges } from '../src/protocols/imap/sequence-set.ts'
import { formatEnvelope, formatStructure } from '../src/protocols/imap/structure-format.ts'
import { decodeUtf7, encodeUtf7 } from '../src/protocols/imap/utf7.ts'
import { readCommandLine } from '../src/protocols/pop3/command-line.ts'
import { findCommand as findPop3Command } from '../src/protocols/pop3/command-table.ts'
import { Mistake } from '../src/protocols/pop3/errors.ts'
import { runSasl } from '../src/protocols/sasl/dialogue.ts'
import { hostile, mutated, rawBytes } from './support/fuzz/bytes.ts'
import { effort } from './support/fuzz/effort.ts'
import { fetchItems, imapCommand, searchKey, sequenceSet } from './support/fuzz/imap-grammar.ts'
import { addressList, contentType, headerValue, message } from './support/fuzz/mime-grammar.ts'
import { popCommand, saslDialogue } from './support/fuzz/other-grammars.ts'

/** Runs what may refuse its input; answers undefined then. */
function orRefusal<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    assert.ok(isSyntaxError(error) || error instanceof Refusal, String(error))
    return undefined
  }
}

const argumentsOf = (text: string, utf8 = false): Arguments => new Arguments({ texts: [text], literals: [] }, utf8)

const LIMITS = { line: 300, literals: 200 }

/** All commands of a connection, each read and its arguments too. */
async function readAll(wire: string, cuts: readonly number[]): Promise<void> {
  const stream = new PassThrough()
  const input = new Input()
  input.attach(stream)
  for (let at = 0, index = 0; at < wire.length; index++) {
    const size = cuts.length > 0 ? (cuts[index % cuts.length] ?? 1) : wire.length
    stream.write(wire.slice(at, at + size), 'latin1')
    at += size
  }
  stream.end()
  let left = wire.length + 1
  try {
    while (left-- > 0) {
      const raw = await readCommand({
        input,
        continueLiteral: () => Promise.resolve(),
        line: LIMITS.line,
        literals: () => LIMITS.literals,
      })
      if (!raw || 'status' in raw) continue
      assert.ok(raw.texts.join('').length <= LIMITS.line && Buffer.concat([...raw.literals]).length <= LIMITS.literals)
      orRefusal(() => findCommand(raw.name)?.parse(new Arguments(raw, left % 2 === 0)))
    }
  } catch (error) {
    if (error instanceof ConnectionClosed) return
    throw error
  }
  assert.fail('more commands than bytes')
}

test('IMAP commands, however they come in', async () => {
  const line = hostile(imapCommand.map((command) => `a ${command}\r\n`))
  const cuts = fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 5 }), cuts, (lines, sizes) => readAll(lines.join(''), sizes)),
    effort(0.15),
  )
})

test('sequence sets', () => {
  fc.assert(
    fc.property(hostile(sequenceSet), fc.nat(5000), (text, largest) => {
      const set = parseSequenceSet(text)
      if (!set) return
      const ranges = resolveRanges(set, largest)
      for (const [index, [from, to]] of ranges.entries()) assert.ok(from <= to && from > (ranges[index - 1]?.[1] ?? -1))
      if (largest > 0) assert.deepEqual(parseSequenceSet(formatRanges(ranges)), ranges)
      assert.deepEqual(commonRanges(ranges, [[0, Infinity]]), ranges)
    }),
    effort(0.03),
  )
})

test('search keys', () => {
  fc.assert(
    fc.property(hostile(searchKey), fc.boolean(), (text, utf8) => {
      const search = orRefusal(() => parseSearch(argumentsOf(text, utf8)))
      if (!search) return
      assert.equal(typeof namesNumbers(search.key), 'boolean')
      assert.equal(typeof namesModseqs(search.key), 'boolean')
    }),
    effort(0.06),
  )
})

const kept = fc.sample(message, { numRuns: 200, seed: 1 }).map((text) => {
  const bytes = Buffer.from(text, 'latin1')
  return { size: bytes.length, root: parseStructure(bytes).root }
})

test('FETCH items, and the sections that they name in any message', () => {
  fc.assert(
    fc.property(hostile(fetchItems), fc.constantFrom(...kept), (text, { size, root }) => {
      for (const item of orRefusal(() => parseFetchItems(argumentsOf(text))) ?? []) {
        if (item.kind !== 'section' && item.kind !== 'decoded size') continue
        const range = sectionRange(root, item.section)
        assert.ok(!range || (0 <= range.from && range.from <= range.to && range.to <= size))
      }
    }),
    effort(0.06),
  )
})

test('modified UTF-7', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (name) => assert.equal(decodeUtf7(encodeUtf7(name)), name)),
    effort(0.01),
  )
  fc.assert(
    fc.property(hostile(fc.string({ unit: 'grapheme' }).map(encodeUtf7)), (wire) => {
      const name = decodeUtf7(wire)
      assert.equal(decodeUtf7(encodeUtf7(name)), name)
    }),
    effort(0.02),
  )
})

test('POP3 command lines', () => {
  fc.assert(
    fc.property(hostile(popCommand), (line) => {
      const { name, argument } = readCommandLine(line)
      try {
        findPop3Command(name)?.parse(argument)
      } catch (error) {
        assert.ok(error instanceof Mistake, String(error))
      }
    }),
    effort(0.02),
  )
})

test('SASL exchanges', async () => {
  const refused = clientError('bad-credentials', 'Wrong address or password')
  const logins = {
    authenticate: () => Promise.reject(refused),
    beginScram: () => Promise.resolve({ salt: Buffer.alloc(16), iterations: 4096, finish: () => Promise.reject(refused) }),
  }
  await fc.assert(
    fc.asyncProperty(saslDialogue, fc.boolean(), async ({ mechanism, initial, answers }, bound) => {
      let at = 0
      const ask = (challenge: string): Promise<string> => {
        assert.match(challenge, /^[A-Za-z0-9+/]*=*$/)
        assert.ok(at < 10, 'an exchange without end')
        return Promise.resolve(answers[at++] ?? '*')
      }
      const client = { clientAddress: '127.0.0.1', channelBinding: bound ? Buffer.alloc(32) : undefined }
      await assert.rejects(
        runSasl({ mechanism, initial, ask, ...client }, logins),
        (error) => error instanceof CeralaccaError && error.fault === 'client',
      )
    }),
    effort(0.04),
  )
})

function assertWithin(part: MimePart, from: number, to: number): void {
  assert.ok(from <= part.start && part.start <= part.body && part.body <= part.end && part.end <= to)
  for (const child of part.children) assertWithin(child, part.start, part.end)
}

/** Brackets that fit, strings and literals that end (RFC 9051 9). */
function assertWellFormed(text: string): void {
  let depth = 0
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at, at + 40)
    const literal = /^\{(\d+)\}\r\n/.exec(rest)
    if (literal) at += literal[0].length + Number(literal[1])
    else if (text[at] === '"') {
      for (at++; text[at] !== '"'; at += text[at] === '\\' ? 2 : 1)
        assert.ok(at < text.length && !/[\r\n\0]/.test(text[at] ?? ''))
      at++
    } else {
      if (text[at] === '(') depth++
      if (text[at] === ')') depth--
      assert.ok(depth > 0 || at === text.length - 1)
      assert.match(text[at] ?? '', /[()A-Z0-9 ]/)
      at++
    }
  }
  assert.equal(depth, 0)
}

test('messages: structure, what is stored of it, and what IMAP tells of it', () => {
  fc.assert(
    fc.property(hostile(message, 300), (text) => {
      const bytes = Buffer.from(text, 'latin1')
      const parsed = parseStructure(bytes)
      assertWithin(parsed.root, 0, bytes.length)
      assert.deepEqual(decodeParsed(encodeParsed(parsed)), parsed)
      assertWellFormed(formatStructure(parsed.root, true))
      assertWellFormed(formatStructure(parsed.root, false))
      if (parsed.root.envelope) assertWellFormed(formatEnvelope(parsed.root.envelope))
      failureIn(bytes)
      const { fields } = parseHeader(bytes)
      for (const { value } of fields) decodeHeaderText(unfold(value))
      decodeTransfer(bytes, 'base64')
      assert.ok(decodeTransfer(bytes, 'quoted-printable').length <= bytes.length)
    }),
    effort(0.12),
  )
})

test('header values: encoded words, addresses, parameters', () => {
  fc.assert(
    fc.property(hostile(fc.oneof(headerValue, contentType), 200), (value) => {
      decodeHeaderText(value)
      parseParameterized(value)
      parseAddresses(value)
    }),
    effort(0.05),
  )
})

test('addresses of senders and recipients', () => {
  fc.assert(
    fc.property(hostile(addressList), (text) => {
      for (const { address } of readAddressList(text)) if (address) assert.deepEqual(readAddress(writeAddress(address)), address)
      let path
      try {
        path = canonicalPath(text)
      } catch (error) {
        assert.ok(error instanceof CeralaccaError && error.fault === 'client', String(error))
        return
      }
      assert.equal(canonicalPath(path), path)
      assert.match(path, /^[\x20-\x7e]+$/)
    }),
    effort(0.04),
  )
})

test('what is long and repeats itself costs no more than its length', () => {
  const piece = fc.oneof(mutated(fc.oneof(headerValue, contentType, searchKey, sequenceSet)), rawBytes(6))
  fc.assert(
    fc.property(piece, rawBytes(4), (text, end) => {
      const long = (text || '(').repeat(Math.ceil(20_000 / Math.max(text.length, 1))) + end
      parseAddresses(long)
      parseParameterized(long)
      decodeHeaderText(long)
      readAddressList(long)
      parseSequenceSet(long)
      decodeUtf7(long)
      parseStructure(Buffer.from(long, 'latin1'))
      orRefusal(() => parseSearch(argumentsOf(long)))
      orRefusal(() => parseFetchItems(argumentsOf(long)))
    }),
    effort(0.05),
  )
})
