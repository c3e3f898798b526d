/** Distinguished names as strings (RFC 4514), as far as the providers' directory uses them. */

/** One attribute of a name; its type in lower case, its value unescaped. */
export interface NamePart {
  readonly type: string
  readonly value: string
}

const SEPARATOR = /^[,;+]$/

/**
 * The parts of a name, the most special one first; those of a multi-valued RDN follow each other. Blanks around separators do not count.
 * @returns null where it is no such name: no `=`, an unfinished escape, a value in hexadecimal (`#`), which no name here needs
 */
export function readName(text: string): NamePart[] | null {
  const parts: NamePart[] = []
  for (const piece of pieces(text)) {
    const equals = piece.indexOf('=')
    const type = piece.slice(0, equals).trim().toLowerCase()
    const value = equals < 0 ? null : unescape(piece.slice(equals + 1))
    if (value === null || !/^[a-z][a-z0-9-]*$|^\d+(?:\.\d+)*$/.test(type)) return null
    parts.push({ type, value })
  }
  return parts
}

/** Cuts at separators that are not escaped (RFC 4514 3). */
function pieces(text: string): string[] {
  const found: string[] = []
  let start = 0
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (SEPARATOR.test(text[at] ?? '')) {
      found.push(text.slice(start, at))
      start = at + 1
    }
  }
  found.push(text.slice(start))
  return found
}

/** A backslash stands before a special character, or before the hexadecimal digits of a byte of UTF-8. */
function unescape(text: string): string | null {
  const written = text.replace(/^ +/, '')
  if (written.startsWith('#')) return null
  const bytes: Buffer[] = []
  // How much belongs to the value: blanks at its end only if they are escaped.
  let kept = 0
  for (let at = 0; at < written.length; at++) {
    if (written[at] !== '\\') {
      const character = String.fromCodePoint(written.codePointAt(at) ?? 0)
      bytes.push(Buffer.from(character))
      at += character.length - 1
      if (character !== ' ') kept = bytes.length
      continue
    }
    const hex = /^[0-9a-fA-F]{2}/.exec(written.slice(at + 1, at + 3))?.[0]
    const special = /^[ "#+,;<=>\\]/.exec(written.slice(at + 1, at + 2))?.[0]
    if (hex === undefined && special === undefined) return null
    bytes.push(hex === undefined ? Buffer.from(special ?? '') : Buffer.from(hex, 'hex'))
    kept = bytes.length
    at += hex === undefined ? 1 : 2
  }
  return Buffer.concat(bytes.slice(0, kept)).toString('utf8')
}

/** A value as it stands in a name (RFC 4514 2.4). */
export const escapeNameValue = (value: string): string =>
  value
    .replace(/["+,;<=>\\]/g, '\\$&')
    .replaceAll('\0', '\\00')
    .replace(/^[ #]/, '\\$&')
    // A value of one blank has it escaped already.
    .replace(/(?<!^\\) $/, '\\ ')
