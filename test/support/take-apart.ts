/** Takes a certified message apart by the tree of formats (multipart/signed over multipart/mixed), and fails where it is built otherwise. */
import assert from 'node:assert/strict'
import { decodeQuotedPrintable } from './quoted-printable.ts'

export interface TakenApart {
  /** unfolded values by name; no name occurs twice but Received */
  readonly fields: Record<string, string>
  /** each line of the header, as it stands */
  readonly headerLines: string[]
  readonly plain: string
  readonly html: string
  /** empty in an anomaly envelope, which has none */
  readonly daticert: Buffer
  /** bytes of postacert.eml, as they stand */
  readonly original: Buffer | null
  /** header of the part that holds it */
  readonly originalFields: Record<string, string> | null
  readonly signed: Buffer
  readonly seal: Buffer
}

interface Entity {
  readonly header: string
  readonly fields: Record<string, string>
  readonly body: string
}

export function takeApart(message: Buffer): TakenApart {
  const whole = entity(message.toString('latin1'))
  const signed = parts(whole, 'multipart/signed', 2)
  assert.match(field(whole, 'Content-Type'), /; protocol="application\/pkcs7-signature"; micalg=sha-256; /)
  const mixed = parts(entity(signed[0]), 'multipart/mixed')
  const anomaly = whole.fields['x-trasporto'] === 'errore'
  assert.ok(mixed.length === 2 || (mixed.length === 3 && !anomaly))
  const [plain, html] = parts(entity(mixed[0]), 'multipart/alternative', 2).map(entity) as [Entity, Entity]
  for (const [part, type] of [
    [plain, 'plain'],
    [html, 'html'],
  ] as const) {
    assert.deepEqual(part.fields, {
      'content-type': `text/${type}; charset=ISO-8859-1`,
      'content-transfer-encoding': 'quoted-printable',
    })
  }
  const daticert = anomaly ? null : entity(mixed[1])
  if (daticert) {
    assert.deepEqual(daticert.fields, {
      'content-type': 'application/xml; name="daticert.xml"',
      'content-disposition': 'inline; filename="daticert.xml"',
      'content-transfer-encoding': 'base64',
    })
  }
  const enclosed = mixed[anomaly ? 1 : 2]
  const postacert = enclosed === undefined ? null : entity(enclosed)
  if (postacert) {
    assert.equal(field(postacert, 'Content-Type'), 'message/rfc822; name="postacert.eml"')
    assert.equal(field(postacert, 'Content-Disposition'), 'inline; filename="postacert.eml"')
  }
  const seal = entity(signed[1])
  assert.deepEqual(seal.fields, {
    'content-type': 'application/pkcs7-signature; name="smime.p7s"',
    'content-disposition': 'attachment; filename="smime.p7s"',
    'content-transfer-encoding': 'base64',
  })
  return {
    fields: whole.fields,
    headerLines: whole.header.split('\r\n'),
    plain: decodeQuotedPrintable(plain.body),
    html: decodeQuotedPrintable(html.body),
    daticert: daticert ? base64(daticert.body) : Buffer.alloc(0),
    original: postacert && Buffer.from(postacert.body, 'latin1'),
    originalFields: postacert && postacert.fields,
    signed: Buffer.from(signed[0], 'latin1'),
    seal: base64(seal.body),
  }
}

function entity(text: string | undefined): Entity {
  assert.ok(text !== undefined)
  const end = text.indexOf('\r\n\r\n')
  assert.ok(end > 0, 'a header and an empty line')
  const header = text.slice(0, end)
  const fields: Record<string, string> = {}
  for (const line of header.replace(/\r\n(?=[ \t])/g, '').split('\r\n')) {
    const match = /^([A-Za-z-]+): ?(.*)$/.exec(line)
    assert.ok(match, `a header line: ${line}`)
    const name = (match[1] ?? '').toLowerCase()
    assert.ok(name === 'received' || !Object.hasOwn(fields, name), `${name} occurs twice`)
    fields[name] = (match[2] ?? '').trimEnd()
  }
  return { header, fields, body: text.slice(end + 4) }
}

const field = ({ fields }: Entity, name: string): string => fields[name.toLowerCase()] ?? ''

/** The parts of a multipart, RFC 2046 5.1.1: the line break before a boundary belongs to the boundary. */
function parts(whole: Entity, type: string, count?: number): [string, ...string[]] {
  const value = field(whole, 'Content-Type')
  assert.ok(value.startsWith(`${type};`), `${value} is ${type}`)
  const boundary = /boundary="([^"]{1,70})"/.exec(value)?.[1]
  const pieces = `\r\n${whole.body}`.split(`\r\n--${boundary}`)
  assert.match(pieces.at(-1) ?? '', /^--(\r\n)?$/)
  const found = pieces.slice(1, -1).map((piece) => piece.replace(/^\r\n/, ''))
  assert.ok(found[0] !== undefined)
  if (count !== undefined) assert.equal(found.length, count)
  return found as [string, ...string[]]
}

function base64(body: string): Buffer {
  assert.match(body, /^(?:[A-Za-z0-9+/]{76}\r\n)*(?:[A-Za-z0-9+/]{1,76}={0,2}\r\n)?(?:\r\n)*$/)
  return Buffer.from(body, 'base64')
}
