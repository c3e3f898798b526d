/** Header fields that several certified messages write alike. */
import { decodeHeaderText, encodeWords } from '../mime/encoding.ts'
import { unfold } from '../mime/header.ts'

/** Most characters on a line, so that the prefix never makes a line that no mail program may pass on (RFC 5322 2.1.1: 998). */
const LONGEST_LINE = 900

/**
 * The Subject field of a certified message: prefix and the user's own subject, byte for byte, where that is possible. Raw 8-bit
 * subjects and lines that would grow too long are written as encoded words.
 * @param raw the user's raw Subject value (latin1), null if there was none
 */
export function subjectField(prefix: string, raw: string | null): string {
  const value = (raw ?? '').replace(/^[ \t\r\n]+/, '')
  const plain = /^[\t\x20-\x7e\r\n]*$/.test(value) && value.split('\r\n').every((line) => line.length < LONGEST_LINE)
  if (plain) return `Subject: ${prefix}${value.trimEnd()}`
  // A line with an encoded word has 76 characters at most (RFC 2047 2): the prefix stands on its own.
  return `Subject: ${prefix.trimEnd()}\r\n ${encodeWords(decodeHeaderText(unfold(value)))}`
}
