/** SASL (RFC 4422) as the services of lines speak it: base64, and the PLAIN mechanism. */

export interface Credentials {
  readonly user: string
  readonly password: string
}

/** The text (UTF-8) of a base64 line, undefined if it is none: no other character is read over (RFC 5034 4). "=" is the empty response (RFC 4959 3). */
export function decodeBase64(line: string): string | undefined {
  if (line === '=') return ''
  if (line.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(line)) return undefined
  return Buffer.from(line, 'base64').toString()
}

/** What a PLAIN message says (RFC 4616 2): "malformed", or "other-identity" if its user asks to act for somebody else. */
export function readPlain(message: string): Credentials | 'malformed' | 'other-identity' {
  const [authorization, user, password, ...rest] = message.split('\0')
  if (authorization === undefined || !user || password === undefined || rest.length > 0) return 'malformed'
  if (authorization !== '' && authorization.toLowerCase() !== user.toLowerCase()) return 'other-identity'
  return { user, password }
}
