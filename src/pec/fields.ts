/** Header fields that several certified messages write alike. What goes into them may come from other systems: no value can break a line. */
import { decodeHeaderText, encodeWords } from '../mime/encoding.ts'
import { fieldsOf, unfold, type Header } from '../mime/header.ts'

/** Most characters on a line, so that the prefix never makes a line that no mail program may pass on (RFC 5322 2.1.1: 998). */
const LONGEST_LINE = 900

/** A line break that is not CRLF, or that does not fold the field. */
const LOOSE_BREAK = /\r(?!\n)|(?<!\r)\n|\n(?![ \t])/

/**
 * The Subject field of a certified message: prefix and the user's own subject, byte for byte, where that is possible. Raw 8-bit
 * subjects and lines that would grow too long are written as encoded words.
 * @param raw the user's raw Subject value (latin1), null if there was none
 */
export function subjectField(prefix: string, raw: string | null): string {
  const value = (raw ?? '').replace(/^[ \t\r\n]+/, '')
  const plain =
    /^[\t\x20-\x7e\r\n]*$/.test(value) &&
    !LOOSE_BREAK.test(value) &&
    value.split('\r\n').every((line) => line.length < LONGEST_LINE)
  if (plain) return `Subject: ${prefix}${value.trimEnd()}`
  // A line with an encoded word has 76 characters at most (RFC 2047 2): the prefix stands on its own.
  return `Subject: ${prefix.trimEnd()}\r\n ${encodeWords(decodeHeaderText(unfold(value)))}`
}

/** A field with a value (latin1) as it is; characters that a header line cannot hold show as "?". */
export function plainField(name: string, value: string): string {
  const plain = /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
  return `${name}: ${plain ? value : value.replace(/[^\t\x20-\x7e\x80-\xff]/gu, '?')}`
}

/** From of an envelope: the provider's address, the sender in its display name (RFC 6109 2.1). */
export function onBehalfOf(sender: string, address: string): string {
  const name = `Per conto di: ${sender}`
  const plain = /^[\x20-\x7e]*$/.test(name) && name.length < LONGEST_LINE / 2
  return `From: ${plain ? `"${name.replace(/["\\]/g, '\\$&')}"` : encodeWords(name)} <${address}>`
}

/** Lines of the fields of these names that have a value, unmodified; line breaks that are none for mail (RFC 5322 2.3) become ones. */
export function inheritedFields(header: Header, names: readonly string[]): string[] {
  return names
    .flatMap((name) => fieldsOf(header, name))
    .filter(({ value }) => unfold(value) !== '')
    .map(({ name, value }) => `${name}:${LOOSE_BREAK.test(value) ? mendBreaks(value) : value}`)
}

const mendBreaks = (value: string): string => value.replace(/\r(?!\n)/g, ' ').replace(/(?<!\r)\n/g, '\r\n')
