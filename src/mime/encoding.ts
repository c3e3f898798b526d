/** Transfer encodings and encoded words that Ceralacca writes and reads (RFC 2045 6.7 and 6.8, RFC 2047). */

/**
 * Quoted-printable of a latin1 text (one character per byte) whose lines end with CRLF; lines of at most 76 characters (RFC 2045 6.7).
 */
export function encodeQuotedPrintable(text: string): string {
  return text.split('\r\n').map(encodeLine).join('\r\n')
}

const PLAIN_LINE = /^[\t\x20-\x3c\x3e-\x7e]{0,75}[\x21-\x3c\x3e-\x7e]$|^$/

function encodeLine(line: string): string {
  if (PLAIN_LINE.test(line)) return line
  const encoded = line
    .replace(/[^\t\x20-\x3c\x3e-\x7e]/g, escapeByte)
    // White space at the end of a line would be lost on the way.
    .replace(/[\t ]$/, escapeByte)
  const lines: string[] = []
  let from = 0
  while (encoded.length - from > 76) {
    let to = from + 75
    // An escape is never cut in two.
    if (encoded[to - 1] === '=') to -= 1
    else if (encoded[to - 2] === '=') to -= 2
    lines.push(`${encoded.slice(from, to)}=`)
    from = to
  }
  lines.push(encoded.slice(from))
  return lines.join('\r\n')
}

function escapeByte(character: string): string {
  return `=${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

/** Base64 in lines of 76 characters, each ended by CRLF (RFC 2045 6.8). */
export function encodeBase64Lines(bytes: Buffer): string {
  return bytes.toString('base64').replace(/.{1,76}/g, '$&\r\n')
}

/** An encoded word: charset, language (RFC 2231 5), encoding, text. */
const WORD = String.raw`=\?[^?*\s]+(?:\*[^?\s]*)?\?[BbQq]\?[^?\s]*\?=`
const BLANKS_BETWEEN_WORDS = new RegExp(`(${WORD})[ \\t]+(?=${WORD})`, 'g')
const RUN_OF_WORDS = new RegExp(`(?:${WORD})+`, 'g')

/**
 * A header value as people read it: unfolded value with its encoded words decoded (RFC 2047). Raw 8-bit bytes (latin1 characters of `raw`)
 * count as UTF-8 where they are valid UTF-8 (RFC 6532), else as ISO-8859-1.
 */
export function decodeHeaderText(raw: string): string {
  if (!raw.includes('=?')) return decodeLatin1(raw)
  const joined = raw.replace(BLANKS_BETWEEN_WORDS, '$1')
  let decoded = ''
  let from = 0
  // Words of one charset that follow one another are decoded together: some writers cut a character in two.
  for (const run of joined.matchAll(RUN_OF_WORDS)) {
    decoded += decodeLatin1(joined.slice(from, run.index)) + decodeRun(run[0])
    from = run.index + run[0].length
  }
  return decoded + decodeLatin1(joined.slice(from))
}

/** Bytes as latin1 characters: most are ASCII, and are what they are. */
const decodeLatin1 = (raw: string): string => (/^[\x00-\x7f]*$/.test(raw) ? raw : decodeBytes(Buffer.from(raw, 'latin1')))

function decodeRun(run: string): string {
  let text = ''
  let pending: { charset: string; bytes: Buffer[] } | undefined
  const flush = (): void => {
    if (pending) text += decodeCharset(Buffer.concat(pending.bytes), pending.charset)
    pending = undefined
  }
  for (const word of run.matchAll(/=\?([^?*\s]+)(?:\*[^?\s]*)?\?([BbQq])\?([^?\s]*)\?=/g)) {
    const charset = (word[1] ?? '').toLowerCase()
    const bytes = word[2]?.toUpperCase() === 'B' ? Buffer.from(word[3] ?? '', 'base64') : decodeQ(word[3] ?? '')
    if (pending?.charset !== charset) flush()
    pending ??= { charset, bytes: [] }
    pending.bytes.push(bytes)
  }
  flush()
  return text
}

function decodeQ(text: string): Buffer {
  const characters = text
    .replace(/_/g, ' ')
    .replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(characters, 'latin1')
}

/** To make one costs more than to decode a short text. Names of charsets are the senders' choice, so few are kept. */
const decoders = new Map<string, Decoder>()
const MOST_DECODERS = 50
type Decoder = InstanceType<typeof TextDecoder>

function decoderOf(charset: string): Decoder {
  const known = decoders.get(charset)
  if (known) return known
  const decoder = new TextDecoder(charset)
  if (decoders.size < MOST_DECODERS) decoders.set(charset, decoder)
  return decoder
}

/** Bytes of a named charset as text; an unknown charset is read like unlabelled bytes. */
export function decodeCharset(bytes: Buffer, charset: string): string {
  try {
    return decoderOf(charset).decode(bytes)
  } catch (error) {
    if (error instanceof RangeError) return decodeBytes(bytes)
    throw error
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Unlabelled bytes as text: UTF-8 where valid, else ISO-8859-1. */
export function decodeBytes(bytes: Buffer): string {
  try {
    return strictUtf8.decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return bytes.toString('latin1')
    throw error
  }
}

/** A text as UTF-8 encoded words (RFC 2047), folded: each on a line of at most 76 characters. */
export function encodeWords(text: string): string {
  const words: string[] = []
  let chunk = ''
  for (const character of text.replace(/[\r\n]+/g, ' ')) {
    if (Buffer.byteLength(chunk + character) > 45) {
      words.push(chunk)
      chunk = ''
    }
    chunk += character
  }
  words.push(chunk)
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join('\r\n ')
}
