/** Base64 as SASL wants it. */

/** RFC 4648 4 without anything lax: the one way to write these bytes; undefined for all else. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}
