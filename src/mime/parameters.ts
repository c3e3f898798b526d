/**
 * Header values with parameters: Content-Type, Content-Disposition (RFC 2045 5.1, RFC 2183, RFC 2231). Malformed values never throw:
 * what can be read is read. Strings are latin1, one character per byte, as header.ts gives them.
 */
import { decodeCharset } from './encoding.ts'

export interface ParameterizedValue {
  /** what stands before the first ";", comments taken out, trimmed */
  readonly value: string
  /** names in lower case; RFC 2231 continuations joined (a joined or encoded value keeps the "*" at the end of its name) */
  readonly parameters: [string, string][]
}

/** Reads `value; name=value; name="value"`. */
export function parseParameterized(text: string): ParameterizedValue {
  const semicolon = text.indexOf(';')
  const first = semicolon < 0 ? text : text.slice(0, semicolon)
  const comment = first.indexOf('(')
  const value = (comment < 0 ? first : first.slice(0, comment)).trim()
  if (semicolon < 0) return { value, parameters: [] }
  const parameters = readParameters(text, semicolon + 1)
  return { value, parameters: parameters.some(([name]) => name.includes('*')) ? joinContinuations(parameters) : parameters }
}

/** The parameter's text in Unicode: a plain value, or an RFC 2231 one (`name*=utf-8''%C3%A8`) decoded. */
export function parameterText(parameters: readonly (readonly [string, string])[], name: string): string | undefined {
  const encoded = parameters.find(([key]) => key === `${name}*`)
  if (encoded) return decodeExtended(encoded[1])
  return parameters.find(([key]) => key === name)?.[1]
}

function readParameters(text: string, from: number): [string, string][] {
  const parameters: [string, string][] = []
  let at = from
  while (at < text.length) {
    const equals = text.indexOf('=', at)
    if (equals < 0) break
    // A stray piece without "=" (or a doubled ";") is skipped.
    const stray = text.lastIndexOf(';', equals)
    const name = parameterName(text.slice(stray >= at ? stray + 1 : at, equals))
    const read = text.charCodeAt(skipBlanks(text, equals + 1)) === 34 ? readQuoted : readToken
    const [value, end] = read(text, skipBlanks(text, equals + 1))
    if (name !== '') parameters.push([name, value])
    const next = text.indexOf(';', end)
    at = next < 0 ? text.length : next + 1
  }
  return parameters
}

/** Anything longer is no name; it also bounds what a comment may cost. */
const MAX_NAME = 200

function parameterName(raw: string): string {
  if (raw.length > MAX_NAME) return ''
  return (raw.includes('(') ? raw.replace(/\([^)]*\)/g, '') : raw).trim().toLowerCase()
}

function skipBlanks(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\r' || text[at] === '\n') at++
  return at
}

/** RFC 5322 3.2.4; an unterminated string runs to the end of the value. */
function readQuoted(text: string, quote: number): [string, number] {
  let at = quote + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  const raw = text.slice(quote + 1, at)
  return [raw.includes('\\') ? raw.replace(/\\([\s\S])/g, '$1') : raw, at + 1]
}

/** Up to the next ";", because unquoted file names with blanks are common; a comment counts only after a blank ("report(1).pdf"). */
function readToken(text: string, from: number): [string, number] {
  const semicolon = text.indexOf(';', from)
  const end = semicolon < 0 ? text.length : semicolon
  const raw = text.slice(from, end)
  const comment = raw.search(/[ \t]\(/)
  return [(comment < 0 ? raw : raw.slice(0, comment)).trim(), end]
}

/** RFC 2231 3 and 6: servers join continuations for BODYSTRUCTURE, and leave charset and language in the value. */
function joinContinuations(parameters: [string, string][]): [string, string][] {
  const joined: [string, string][] = []
  const groups = new Map<string, Map<number, { value: string; encoded: boolean }>>()
  for (const [name, value] of parameters) {
    const match = /^([^*]+)\*(\d{1,4})(\*?)$/.exec(name)
    if (!match) {
      joined.push([name, value])
      continue
    }
    const base = match[1] ?? ''
    let group = groups.get(base)
    if (!group) {
      group = new Map()
      groups.set(base, group)
    }
    const index = Number(match[2])
    if (!group.has(index)) group.set(index, { value, encoded: match[3] === '*' })
  }
  for (const [base, group] of groups) {
    const pieces: { value: string; encoded: boolean }[] = []
    for (let piece = group.get(0); piece; piece = group.get(pieces.length)) pieces.push(piece)
    if (pieces.length === 0) continue
    const encoded = pieces.some((piece) => piece.encoded)
    const value = pieces.map((piece) => (encoded && !piece.encoded ? percentEncode(piece.value) : piece.value)).join('')
    // The charset must stand in the first piece (RFC 2231 4.1); without it an empty one keeps the value readable.
    joined.push(encoded ? [`${base}*`, pieces[0]?.encoded === true ? value : `''${value}`] : [base, value])
  }
  return joined
}

const percentEncode = (value: string): string =>
  value.replace(/[^A-Za-z0-9.-]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)

function decodeExtended(value: string): string {
  const match = /^([^']*)'[^']*'([\s\S]*)$/.exec(value)
  const charset = match?.[1] === undefined || match[1] === '' ? 'utf-8' : match[1]
  const raw = (match?.[2] ?? value).replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return decodeCharset(Buffer.from(raw, 'latin1'), charset)
}
