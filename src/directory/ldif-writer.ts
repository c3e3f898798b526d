/** Writes LDIF (RFC 2849): version 1, LF line ends, ASCII only, lines of at most 76 characters. */

export interface LdifOutput {
  readonly dn: string
  /** attribute description, such as `providerName` or `providerCertificate;binary`, and value; bytes are always written in base64 */
  readonly attributes: readonly (readonly [description: string, value: string | Buffer])[]
}

const WIDTH = 76

/** SAFE-STRING, and not ending with a space (note 8). */
const SAFE =
  /^(?:[\x01-\x09\x0b\x0c\x0e-\x1f\x21-\x39\x3b\x3d-\x7f](?:[\x01-\x09\x0b\x0c\x0e-\x7f]*[\x01-\x09\x0b\x0c\x0e-\x1f\x21-\x7f])?)?$/

export function writeLdif(entries: readonly LdifOutput[]): Buffer {
  const written = entries.map(({ dn, attributes }) =>
    [line('dn', dn), ...attributes.map(([description, value]) => line(description, value))].join(''),
  )
  return Buffer.from(`version: 1\n\n${written.join('\n')}`, 'latin1')
}

function line(description: string, value: string | Buffer): string {
  if (typeof value === 'string' && SAFE.test(value)) return fold(value === '' ? `${description}:` : `${description}: ${value}`)
  const base64 = Buffer.from(value as string).toString('base64')
  return fold(base64 === '' ? `${description}:` : `${description}:: ${base64}`)
}

/** Note 2; what comes here is ASCII, so no character is cut. */
function fold(text: string): string {
  const pieces = [text.slice(0, WIDTH)]
  for (let at = WIDTH; at < text.length; at += WIDTH - 1) pieces.push(text.slice(at, at + WIDTH - 1))
  return `${pieces.join('\n ')}\n`
}
