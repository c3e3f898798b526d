/**
 * The shape of every certified message (docs/reference/formats.md, "MIME tree"): multipart/signed over multipart/mixed with text, daticert.xml
 * (not in an anomaly envelope) and, in envelopes, complete and brief receipts, the original. A large original's body is never copied: a
 * message is head | body | tail.
 */
import { createHash, randomBytes } from 'node:crypto'
import { encodeBase64Lines, encodeQuotedPrintable } from '../mime/encoding.ts'
import type { BodyText } from './texts.ts'

/**
 * The message that is enclosed as postacert.eml: its header, and how the body is that follows. A brief receipt's is short and has no body
 * apart: `header` is the whole of it, `bodyLength` 0.
 */
export interface EnclosedOriginal {
  readonly header: Buffer
  readonly bodyLength: number
  readonly eightBit: boolean
}

/** A message that lacks only its seal. The signed bytes are `head` from `signedFrom`, the original's body if enclosed, and `signedTail`. */
export interface UnsealedMessage {
  readonly head: Buffer
  readonly signedFrom: number
  readonly signedTail: Buffer
  readonly boundary: string
  readonly enclosed: EnclosedOriginal | null
}

/**
 * Writes a message up to its seal.
 * @param fields header lines without line breaks at their end (latin1), without the MIME fields
 * @param daticert the XML, null in an anomaly envelope (RFC 6109 3.2.2)
 */
export function composeMessage(
  fields: readonly string[],
  text: BodyText,
  daticert: string | null,
  enclosed: EnclosedOriginal | null,
): UnsealedMessage {
  const token = randomBytes(16).toString('hex')
  const [signed, mixed, alternative] = ['s', 'm', 'a'].map((part) => `----=_${part}_${token}`)
  const encoding = enclosed?.eightBit ? '8bit' : '7bit'
  const containerEncoding = enclosed?.eightBit ? ['Content-Transfer-Encoding: 8bit'] : []
  const header = lines(
    ...fields,
    'MIME-Version: 1.0',
    'Content-Type: multipart/signed; protocol="application/pkcs7-signature";',
    ` micalg=sha-256; boundary="${signed}"`,
    ...containerEncoding,
    '',
    'This is an S/MIME signed message',
    '',
    `--${signed}`,
  )
  const parts = lines(
    `Content-Type: multipart/mixed; boundary="${mixed}"`,
    ...containerEncoding,
    '',
    `--${mixed}`,
    `Content-Type: multipart/alternative; boundary="${alternative}"`,
    '',
    `--${alternative}`,
    'Content-Type: text/plain; charset=ISO-8859-1',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    encodeQuotedPrintable(text.plain),
    `--${alternative}`,
    'Content-Type: text/html; charset=ISO-8859-1',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    encodeQuotedPrintable(text.html),
    `--${alternative}--`,
    '',
    ...(daticert === null
      ? []
      : [
          `--${mixed}`,
          'Content-Type: application/xml; name="daticert.xml"',
          'Content-Disposition: inline; filename="daticert.xml"',
          'Content-Transfer-Encoding: base64',
          '',
          encodeBase64Lines(Buffer.from(daticert)),
        ]),
    ...(enclosed
      ? [
          `--${mixed}`,
          'Content-Type: message/rfc822; name="postacert.eml"',
          'Content-Disposition: inline; filename="postacert.eml"',
          `Content-Transfer-Encoding: ${encoding}`,
          '',
        ]
      : []),
  )
  const end = Buffer.from(`\r\n--${mixed}--\r\n`, 'latin1')
  const texts = Buffer.from(header + parts, 'latin1')
  return {
    head: enclosed ? Buffer.concat([texts, enclosed.header]) : texts.subarray(0, -2),
    signedFrom: header.length,
    signedTail: end,
    boundary: signed ?? '',
    enclosed,
  }
}

const lines = (...all: string[]): string => all.map((line) => `${line}\r\n`).join('')

/** SHA-256 of the signed bytes: the first part of the multipart/signed, without the line break before the boundary (RFC 1847 2.1). */
export function digestOf(message: UnsealedMessage, body: readonly Buffer[]): Buffer {
  const hash = createHash('sha256').update(message.head.subarray(message.signedFrom))
  if (message.enclosed) for (const piece of body) hash.update(piece)
  return hash.update(message.signedTail).digest()
}

/** The end of the message, from where the original's body stops: closes the parts and carries the seal (CMS, DER). */
export function closeMessage(message: UnsealedMessage, seal: Buffer): Buffer {
  const { boundary, signedTail } = message
  const text = lines(
    '',
    `--${boundary}`,
    'Content-Type: application/pkcs7-signature; name="smime.p7s"',
    'Content-Disposition: attachment; filename="smime.p7s"',
    'Content-Transfer-Encoding: base64',
    '',
    encodeBase64Lines(seal),
    `--${boundary}--`,
  )
  return Buffer.concat([signedTail, Buffer.from(text, 'latin1')])
}
