/** ENVELOPE, BODY and BODYSTRUCTURE from the stored structure (RFC 3501 7.4.2); the message itself is not read. */
import type { Address, Envelope, MimePart } from '../../mime/structure.ts'
import { formatNstring, formatString } from './strings.ts'

/** ENVELOPE; Sender and Reply-To default to From. */
export function formatEnvelope(envelope: Envelope): string {
  const { date, subject, from, inReplyTo, messageId } = envelope
  const sender = envelope.sender.length > 0 ? envelope.sender : from
  const replyTo = envelope.replyTo.length > 0 ? envelope.replyTo : from
  const lists = [from, sender, replyTo, envelope.to, envelope.cc, envelope.bcc].map(formatAddresses).join(' ')
  return `(${formatNstring(date)} ${formatNstring(subject)} ${lists} ${formatNstring(inReplyTo)} ${formatNstring(messageId)})`
}

function formatAddresses(addresses: readonly Address[]): string {
  if (addresses.length === 0) return 'NIL'
  const each = ({ name, mailbox, host }: Address): string =>
    `(${formatNstring(name)} NIL ${formatNstring(mailbox)} ${formatNstring(host)})`
  return `(${addresses.map(each).join('')})`
}

/** What a message or multipart that could not be looked into is shown to hold, because the grammar wants something. */
const EMPTY_TEXT = '("text" "plain" NIL NIL NIL "7bit" 0 0)'
const EMPTY_ENVELOPE = '(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)'

/** BODYSTRUCTURE, or BODY without extension data. */
export function formatStructure(part: MimePart, extended: boolean): string {
  if (part.type === 'multipart') {
    const parts = part.children.map((child) => formatStructure(child, extended)).join('') || EMPTY_TEXT
    const extension = extended ? ` ${formatParameters(part.parameters)} ${formatExtension(part)}` : ''
    return `(${parts} ${formatString(part.subtype)}${extension})`
  }
  const fields = [
    formatString(part.type),
    formatString(part.subtype),
    formatParameters(part.parameters),
    formatNstring(part.id),
    formatNstring(part.description),
    formatString(part.encoding),
    String(part.end - part.body),
  ]
  if (part.type === 'message' && part.subtype === 'rfc822') {
    const inner = part.children[0]
    fields.push(inner?.envelope ? formatEnvelope(inner.envelope) : EMPTY_ENVELOPE)
    fields.push(inner ? formatStructure(inner, extended) : EMPTY_TEXT, String(part.lines))
  } else if (part.type === 'text') fields.push(String(part.lines))
  if (extended) fields.push(formatNstring(part.md5), formatExtension(part))
  return `(${fields.join(' ')})`
}

/** Disposition, language, location. */
function formatExtension({ disposition, language, location }: MimePart): string {
  const shown = disposition ? `(${formatString(disposition.type)} ${formatParameters(disposition.parameters)})` : 'NIL'
  const [first, ...more] = language
  const languages =
    first === undefined ? 'NIL' : more.length === 0 ? formatString(first) : `(${language.map(formatString).join(' ')})`
  return `${shown} ${languages} ${formatNstring(location)}`
}

function formatParameters(parameters: readonly (readonly [string, string])[]): string {
  if (parameters.length === 0) return 'NIL'
  return `(${parameters.map(([name, value]) => `${formatString(name)} ${formatString(value)}`).join(' ')})`
}
