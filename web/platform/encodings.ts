/** Texts as bytes and back, by the rules of Node's Buffer: of a character only the low eight bits are looked at (but for UTF-8), and nothing throws. */
export type Encoding = 'utf8' | 'latin1' | 'hex' | 'base64'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const NONE = 255
const [EQUALS, MINUS, UNDERSCORE] = [0x3d, 0x2d, 0x5f]

/** The six bits of each ASCII character; those of the URL alphabet count too. */
const SIX_BITS = new Uint8Array(128).fill(NONE)
for (let bits = 0; bits < ALPHABET.length; bits++) SIX_BITS[ALPHABET.charCodeAt(bits)] = bits
SIX_BITS[MINUS] = 62
SIX_BITS[UNDERSCORE] = 63

/** Other characters are passed over, and the first `=` is the end. */
export function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.ceil((text.length * 3) / 4))
  let [length, bits, held] = [0, 0, 0]
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at) & 0xff
    if (code === EQUALS) break
    const six = SIX_BITS[code] ?? NONE
    if (six === NONE) continue
    bits = ((bits << 6) | six) & 0xfff
    held += 6
    if (held < 8) continue
    held -= 8
    bytes[length++] = bits >> held
  }
  return bytes.subarray(0, length)
}

/** Pairs of digits up to the first that is none. */
export function bytesOfHex(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length >> 1)
  for (let at = 0; at < bytes.length; at++) {
    const [high, low] = [digitAt(text, 2 * at), digitAt(text, 2 * at + 1)]
    if (Number.isNaN(high) || Number.isNaN(low)) return bytes.subarray(0, at)
    bytes[at] = high * 16 + low
  }
  return bytes
}

const digitAt = (text: string, at: number): number => Number.parseInt(String.fromCharCode(text.charCodeAt(at) & 0xff), 16)

/** The low eight bits of each character. */
export function bytesOfLatin1(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  return bytes
}

/** No more arguments than every engine takes. */
const PIECE = 8192

function latin1Of(bytes: Uint8Array): string {
  const pieces: string[] = []
  for (let at = 0; at < bytes.length; at += PIECE) pieces.push(String.fromCharCode(...bytes.subarray(at, at + PIECE)))
  return pieces.join('')
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

export function textOf(bytes: Uint8Array, encoding: Encoding): string {
  if (encoding === 'utf8') return utf8.decode(bytes)
  if (encoding === 'latin1') return latin1Of(bytes)
  if (encoding === 'base64') return btoa(latin1Of(bytes))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
