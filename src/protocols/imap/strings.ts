/** Strings on the wire (RFC 3501 4.3): quoted where they can be, else literals. Latin1 text, one character per byte. */
import { encodeUtf7 } from './utf7.ts'

/** Some clients do not take longer lines. */
const MAX_QUOTED = 1000

/** A string; NUL, which no string may hold (RFC 3501 9 CHAR8), is left out. */
export function formatString(text: string): string {
  if (text.length <= MAX_QUOTED) {
    if (/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/.test(text)) return `"${text}"`
    if (/^[\x01-\x09\x0b\x0c\x0e-\x7f]*$/.test(text)) return `"${text.replace(/["\\]/g, '\\$&')}"`
  }
  const clean = text.replaceAll('\0', '')
  return `{${clean.length}}\r\n${clean}`
}

export function formatNstring(text: string | null): string {
  return text === null ? 'NIL' : formatString(text)
}

/** A folder name (Unicode) in modified UTF-7, or quoted in UTF-8 for who speaks it (RFC 6855 3). */
export function formatFolderName(name: string, utf8: boolean): string {
  if (!utf8 || !/^[^\x00-\x1f\x7f]*$/.test(name)) return formatString(utf8 ? toLatin1(name) : encodeUtf7(name))
  return `"${toLatin1(name).replace(/["\\]/g, '\\$&')}"`
}

const toLatin1 = (text: string): string => Buffer.from(text).toString('latin1')
