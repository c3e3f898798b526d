/**
 * Takes a message apart as a certified one, whoever made it and whatever it turns out to be: the sealed bytes, the seal, the certification
 * data, the original. Only the direct children of the sealed multipart/mixed count: a forwarded certified message has all of them once more,
 * deeper inside. Nothing is believed here and nothing is verified; form.ts and the incoming point do that.
 */
import { decodeHeaderText, encodeWords } from '../mime/encoding.ts'
import { readChildren, readEntity, type Entity } from '../mime/entity.ts'
import { fieldValue, fieldsOf, unfold, type Header } from '../mime/header.ts'
import { decodeTransfer } from '../mime/transfer-encoding.ts'
import type { Recipient, SubmissionData } from './certification-data.ts'
import { MAX_DATICERT } from './daticert-tree.ts'
import { readDaticert, type ReadDaticert } from './daticert.ts'
import { kindOf, readMarks, type MarkedKind, type Marks } from './marks.ts'
import { copyRecipients, receiptTypeOf } from './recipients.ts'
import { withoutPrefix } from './subject-prefix.ts'

export interface ReadMessage {
  readonly header: Header
  /** without angle brackets, null where there is none */
  readonly messageId: string | null
  readonly marks: Marks
  /** what the marks say; null where they say nothing that is known */
  readonly kind: MarkedKind | null
  /** null where there is none: no multipart/signed of a content and a signature */
  readonly seal: SealParts | null
  /** of the content that is, or ought to be, sealed; worth nothing before the seal has been verified */
  readonly daticert: ReadDaticert | null
  /** why there is no daticert; null where there is one */
  readonly problem: string | null
  /** what daticert.xml says of the submission, with what only the original tells; null where there is no daticert */
  readonly submission: SubmissionData | null
  /** postacert.eml; null where there is none */
  readonly original: EnclosedPart | null
}

export interface SealParts {
  /** the sealed bytes: [start, end) of the message */
  readonly start: number
  readonly end: number
  /** CMS, decoded */
  readonly cms: Buffer
}

/** postacert.eml: its bytes are [start, end) of the message, in a transfer encoding. */
export interface EnclosedPart {
  readonly start: number
  readonly end: number
  /** lower case; the original's bytes stand there as they are where it is 7bit, 8bit or binary */
  readonly encoding: string
  /** media type, lower case: message/rfc822 where all is well */
  readonly type: string
  /** the original's; its offsets are of the decoded bytes where it is encoded, else of the message */
  readonly header: Header
}

/** More parts than this no certified message has. */
const MAX_PARTS = 20
/** Encoded bytes of a seal: certificates and signature are a few thousand. */
const MAX_SEAL = 1 << 20

export function readMessage(bytes: Buffer): ReadMessage {
  const root = readEntity(bytes)
  const marks = readMarks(root.header)
  const { content, seal } = findSeal(bytes, root)
  const parts = content ? readChildren(bytes, content, MAX_PARTS) : []
  const daticert = findDaticert(bytes, parts)
  const original = findOriginal(bytes, parts)
  const valid = 'problem' in daticert ? null : daticert
  return {
    header: root.header,
    messageId: messageIdOf(root.header),
    marks,
    kind: kindOf(marks),
    seal,
    daticert: valid,
    problem: 'problem' in daticert ? daticert.problem : null,
    submission: valid && submissionOf(root.header, valid, original?.header),
    original,
  }
}

/** The original's bytes, decoded; where the encoding is none they share the message's memory. */
export function originalBytes(bytes: Buffer, { start, end, encoding }: Pick<EnclosedPart, 'start' | 'end' | 'encoding'>): Buffer {
  return decodeTransfer(bytes.subarray(start, end), encoding)
}

const SIGNATURE_TYPES: readonly string[] = ['application/pkcs7-signature', 'application/x-pkcs7-signature']

/** RFC 1847 2.1, but for the order of the two parts. The content is read also where the signature is lost, for whoever wants to look at it. */
function findSeal(bytes: Buffer, root: Entity): { content: Entity | null; seal: SealParts | null } {
  const parts = root.type === 'multipart/signed' ? readChildren(bytes, root, MAX_PARTS) : []
  const signatures = parts.filter(({ type }) => SIGNATURE_TYPES.includes(type))
  const content = parts.find(({ type }) => !SIGNATURE_TYPES.includes(type)) ?? null
  const [signature] = signatures
  // A third part would be shown by some mail programs although nobody has sealed it.
  if (!content || !signature || parts.length !== 2) return { content, seal: null }
  const encoded = bytes.subarray(signature.body, Math.min(signature.end, signature.body + MAX_SEAL))
  const cms = decodeTransfer(encoded, signature.encoding)
  return { content, seal: { start: content.start, end: content.end, cms } }
}

const named = (parts: readonly Entity[], name: string): Entity[] =>
  parts.filter(({ fileName }) => fileName?.trim().toLowerCase() === name)

function findDaticert(bytes: Buffer, parts: readonly Entity[]): ReadDaticert | { problem: string } {
  const [part, ...more] = named(parts, 'daticert.xml')
  if (!part) return { problem: 'there is no daticert.xml' }
  if (more.length > 0) return { problem: 'there is more than one daticert.xml' }
  // Base64 takes 4 bytes for 3 and some line breaks: what is beyond is too large in any encoding.
  if (part.end - part.body > 2 * MAX_DATICERT) return { problem: 'daticert.xml is too large' }
  return readDaticert(decodeTransfer(bytes.subarray(part.body, part.end), part.encoding))
}

function findOriginal(bytes: Buffer, parts: readonly Entity[]): EnclosedPart | null {
  const byName = named(parts, 'postacert.eml')
  const [part, ...more] = byName.length > 0 ? byName : parts.filter(({ type }) => type === 'message/rfc822')
  if (!part || more.length > 0) return null
  const { body: start, end, encoding, type } = part
  const { header } = isEncoded(part) ? readEntity(originalBytes(bytes, { start, end, encoding })) : readEntity(bytes, start, end)
  return { start, end, encoding, type, header }
}

const isEncoded = ({ encoding }: Pick<EnclosedPart, 'encoding'>): boolean =>
  encoding === 'base64' || encoding === 'quoted-printable'

/** RFC 5322 3.6.4; what is not in angle brackets counts whole. */
function messageIdOf(header: Header): string | null {
  const value = fieldValue(header, 'Message-ID')
  return (value && (/<([^<>]+)>/.exec(value)?.[1] ?? value).trim()) || null
}

function submissionOf(header: Header, daticert: ReadDaticert, enclosed: Header | undefined): SubmissionData {
  const { pecMsgid, msgid, sender, recipients, replyTo } = daticert
  const rawSubject = enclosed ? (fieldsOf(enclosed, 'Subject')[0]?.value ?? null) : ownSubject(header, daticert.subject)
  return {
    pecMsgid,
    msgid,
    sender,
    recipients: enclosed ? markCopies(recipients, enclosed) : recipients,
    replyTo,
    subject: daticert.subject ?? decodeHeaderText(unfold(rawSubject ?? '')),
    rawSubject,
    receiptType: daticert.receiptType ?? receiptTypeOf(header),
  }
}

/** Who is named in Cc only is not in daticert.xml, but in the original, which is sealed as well. */
function markCopies(recipients: readonly Recipient[], original: Header): Recipient[] {
  const copies = copyRecipients(
    original,
    recipients.map(({ address }) => address),
  )
  return recipients.map((recipient) => (copies.has(recipient.address.toLowerCase()) ? { ...recipient, copy: true } : recipient))
}

/** Of a message without the original: its Subject without the prefix, else as much as daticert.xml tells. */
function ownSubject(header: Header, subject: string | null): string | null {
  const raw = fieldsOf(header, 'Subject')[0]?.value
  const own = raw === undefined ? null : withoutPrefix(raw)
  if (subject === null) return own !== null && own.trim() !== '' ? own : null
  return own ?? ` ${/^[\x20-\x7e]*$/.test(subject) ? subject : encodeWords(subject)}`
}
