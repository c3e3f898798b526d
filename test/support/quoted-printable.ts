/** Quoted-printable read by the letter of RFC 2045 6.7: the judge of our writer, so it forgives nothing. */
import assert from 'node:assert/strict'

/** The bytes as latin1 text, line breaks CRLF. Throws on all that a writer must not do. */
export function decodeQuotedPrintable(encoded: string): string {
  let text = ''
  const lines = encoded.split('\r\n')
  lines.forEach((line, index) => {
    assert.ok(line.length <= 76, `a line of ${line.length} characters`)
    assert.match(line, /^(?:[\t\x20-\x3c\x3e-\x7e]|=[0-9A-F]{2})*=?$/)
    assert.doesNotMatch(line, /[\t ]$/, 'white space at the end of a line')
    const last = index === lines.length - 1
    const soft = line.endsWith('=')
    assert.ok(!(soft && last), 'a soft line break at the end')
    const content = soft ? line.slice(0, -1) : line
    text += content.replace(/=(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    if (!soft && !last) text += '\r\n'
  })
  return text
}
