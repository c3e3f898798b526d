import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { execute } from '../../test/support/execute.ts'
import { requireTools } from '../../test/support/tools.ts'
import { parseHeader } from '../mime/header.ts'
import { MAX_PARTS, parseStructure, type MimePart } from '../mime/structure.ts'
import { briefOriginal } from './brief.ts'

function briefOf(message: Buffer): Buffer {
  const { bodyStart } = parseHeader(message)
  return briefOriginal(message.subarray(0, bodyStart), message.subarray(bodyStart))
}

/** A message, and what its brief form is, made side by side. */
interface Pair {
  readonly whole: string
  readonly brief: string
}

const line = fc.string({ unit: fc.constantFrom('a', 'B', '9', '+', '=', ' ', '-', '.', 'à'), maxLength: 20 })
const body = fc.array(line, { maxLength: 4 }).map((lines) => lines.map((line) => `.${line}`).join('\r\n'))
const disposition = fc.constantFrom('inline', 'attachment')
const name = fc.stringMatching(/^[a-z0-9][a-z0-9 ._-]{0,12}[a-z0-9]$/)

const text: fc.Arbitrary<Pair> = body.map((body) => {
  const part = `Content-Type: text/plain; charset=utf-8\r\n\r\n${body}`
  return { whole: part, brief: part }
})

const hashed = (name: string, body: string, disposition: string): string =>
  `X-Kept: 1\r\nContent-Type: text/plain; charset=us-ascii;\r\n name="${name}.hash"\r\n` +
  `Content-Disposition: ${disposition};\r\n filename="${name}.hash"\r\nContent-Transfer-Encoding: 7bit\r\n\r\n` +
  createHash('sha1').update(body).digest('hex')

const attachment: fc.Arbitrary<Pair> = fc.tuple(name, body, disposition).map(([name, body, disposition]) => ({
  whole: `Content-Type: application/pdf\r\nX-Kept: 1\r\nContent-Disposition: ${disposition}; filename="${name}"\r\n\r\n${body}`,
  brief: hashed(name, body, disposition),
}))

/** Boundaries that begin alike, as those of nested multiparts do. */
const multipart = (inner: fc.Arbitrary<Pair>, depth: number): fc.Arbitrary<Pair> =>
  fc
    .tuple(fc.constantFrom('mixed', 'related', 'alternative'), fc.array(inner, { minLength: 1, maxLength: 3 }))
    .map(([subtype, parts]) => {
      const boundary = '='.repeat(depth)
      const around = (pieces: string[]): string =>
        `Content-Type: multipart/${subtype}; boundary="${boundary}"\r\n\r\n${pieces.map((piece) => `--${boundary}\r\n${piece}\r\n`).join('')}--${boundary}--`
      return { whole: around(parts.map(({ whole }) => whole)), brief: around(parts.map(({ brief }) => brief)) }
    })

const message = (inner: fc.Arbitrary<Pair>): fc.Arbitrary<Pair> =>
  fc.tuple(name, inner).map(([name, { whole }]) => ({
    whole: `Content-Type: message/rfc822; name="${name}"\r\nX-Kept: 1\r\n\r\n${whole}`,
    brief: hashed(name, whole, 'attachment'),
  }))

const leaf = fc.oneof(text, attachment)
const tree = multipart(
  fc.oneof(leaf, multipart(fc.oneof(leaf, message(multipart(leaf, 4)), multipart(leaf, 3)), 2), message(leaf)),
  1,
)

test('property: of any tree of parts, the attachments and attached messages alone are replaced', () => {
  fc.assert(
    fc.property(tree, ({ whole, brief }) => {
      const header = 'From: a@x\r\nSubject: Uno\r\n'
      assert.equal(briefOf(Buffer.from(header + whole)).toString(), header + brief)
    }),
  )
})

const SMIME = new Set(['multipart/signed', 'application/pkcs7-mime', 'application/x-pkcs7-mime'])

/** The tree of types; a part that is replaced shows as its hash file in both. */
function shape(bytes: Buffer, part: MimePart): unknown {
  const type = `${part.type}/${part.subtype}`
  if (part.type === 'multipart' && part.children.length > 0) return [type, part.children.map((child) => shape(bytes, child))]
  const header = bytes.toString('latin1', part.start, part.body)
  const named = [...part.parameters, ...(part.disposition?.parameters ?? [])].some(([key]) => /^(?:file)?name\*?$/.test(key))
  // Names that are hard to read are compared by hand elsewhere.
  return named || type === 'message/rfc822' || /name/i.test(header) ? 'a file' : type
}

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\r\n',
        '\n',
        '\r\n\r\n',
        '\n\n',
        '\r',
        ' ',
        '--b',
        '--b--',
        '--c',
        '--c--',
        '\r\n--b\r\n',
        '\r\n--c\r\n',
        '\r\n--b--\r\n',
        'Content-Type: multipart/mixed; boundary=b\r\n',
        'Content-Type: multipart/digest; boundary="c"\r\n',
        'Content-Type: multipart/signed; boundary=c; name=s\r\n',
        'Content-Type: message/rfc822\r\n',
        'Content-Type: application/pkcs7-mime; name=p\r\n',
        'Content-Type: application/pdf; name="a.pdf"',
        'Content-Disposition: attachment; filename*0*=x; filename*1=y\n',
        "Content-Type: a/b; name*=x'y'%ff%zz; name",
        'Content-Type: ; name="',
        'Content-Transfer-Encoding: base64\n',
        'testo',
      ),
      fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    ),
    { maxLength: 30 },
  )
  .map((pieces) => Buffer.from(pieces.join(''), 'latin1'))

test('property: any bytes are a message; the structure is kept, and what is replaced is a hash', () => {
  fc.assert(
    fc.property(hostile, (bytes) => {
      const brief = briefOf(bytes)
      const { root } = parseStructure(bytes)
      if (SMIME.has(`${root.type}/${root.subtype}`)) return
      const after = parseStructure(brief).root
      assert.deepEqual(shape(brief, after), shape(bytes, root))
      const check = (part: MimePart): void => {
        for (const child of part.children) check(child)
        if (part.type === 'text' && part.parameters.some(([key, value]) => key === 'name' && value.endsWith('.hash'))) {
          assert.match(brief.toString('latin1', part.body, part.end), /^[0-9a-f]{40}$/)
        }
      }
      check(after)
    }),
    { numRuns: 500 },
  )
})

test('property: a signed message keeps its bytes from the end of its first part on, and a CMS one all of them', () => {
  fc.assert(
    fc.property(hostile, (content) => {
      const cms = Buffer.concat([Buffer.from('Content-Type: application/pkcs7-mime; name=x\r\n\r\n'), content])
      assert.deepEqual(briefOf(cms), cms)
      const signature = '\r\n--s\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nMIIB\r\n--s--\r\n'
      const start = Buffer.from('Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n')
      const signed = Buffer.concat([start, content, Buffer.from(signature)])
      const brief = briefOf(signed)
      assert.deepEqual(brief.subarray(0, start.length), start)
      assert.ok(brief.toString('latin1').endsWith(signature))
    }),
  )
})

test('very deep and very many parts cost no more than their size', () => {
  const deep = Buffer.from(
    Array.from(
      { length: 20_000 },
      (_, level) => `Content-Type: multipart/mixed; boundary=${level}; name=n\r\n\r\n--${level}\r\n`,
    ).join(''),
  )
  const nested = Buffer.from('Content-Type: message/rfc822\r\n\r\n'.repeat(50_000))
  const part = '--b\r\nContent-Type: a/b; name=x\r\n\r\nX\r\n'
  const many = Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${part.repeat(50_000)}--b--\r\n`)
  const lines = Buffer.from(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n'.repeat(200_000)}`)
  const name = Buffer.from(`Content-Type: a/b; name="${'=?UTF-8?Q?'.repeat(50_000)}\r\n\r\n`)
  const started = performance.now()
  for (const message of [deep, nested, many, lines, name]) assert.ok(briefOf(message).length > 0)
  // A quadratic cost would take minutes.
  assert.ok(performance.now() - started < 5000)
  const hashes = briefOf(many)
    .toString('latin1')
    .match(/\r\n[0-9a-f]{40}\r\n/g)
  assert.equal(hashes?.length, MAX_PARTS - 1)
})

/** Leaf parts as Python's email package sees them: file name, type, and SHA-1 of the payload as it stands. */
const WALK = `
import email, email.header, email.policy, hashlib, json, sys
message = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.compat32)
def walk(part):
    if part.get_content_type() == 'message/rfc822': return [[part.get_filename(), 'message', '']]
    if part.is_multipart(): return [leaf for child in part.get_payload() for leaf in walk(child)]
    # The package reads every line break as LF.
    payload = part.get_payload().replace('\\n', '\\r\\n').encode('ascii', 'surrogateescape')
    return [[part.get_filename(), part.get_content_type(), hashlib.sha1(payload).hexdigest(), part.get_payload()]]
print(json.dumps(walk(message)))
`

test("Python's email package finds the same parts, with the hashes of the originals in them", async (t) => {
  if (!requireTools(t, 'python3')) return
  const base64 = `${'QUJD'.repeat(19)}\r\n`.repeat(40)
  const message = Buffer.from(
    'From: a@x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nTesto\r\n--b\r\n' +
      `Content-Type: application/pdf; name="a.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64}\r\n--b\r\n` +
      "Content-Disposition: attachment; filename*=utf-8''citt%C3%A0.bin\r\n\r\nX\r\n--b\r\n" +
      'Content-Type: message/rfc822; name=m.eml\r\n\r\nSubject: Due\r\n\r\nTesto\r\n--b--\r\n',
  )
  const read = async (bytes: Buffer): Promise<[string | null, string, string, string][]> => {
    const { code, stdout, stderr } = await execute('python3', ['-c', WALK], { input: bytes })
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout) as [string | null, string, string, string][]
  }
  const [before, after] = [await read(message), await read(briefOf(message))]
  assert.equal(after.length, before.length)
  assert.deepEqual(after[0], before[0])
  assert.deepEqual(
    after.slice(1).map(([name, type]) => [name, type]),
    ['a.pdf', 'città.bin', 'm.eml'].map((name) => [`${name}.hash`, 'text/plain']),
  )
  for (const index of [1, 2]) assert.equal(after[index]?.[3], before[index]?.[2])
})
