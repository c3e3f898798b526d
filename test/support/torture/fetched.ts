/** FETCH responses, read apart (RFC 9051 9, `msg-att`), of the items that the torture test asks for. */
import assert from 'node:assert/strict'

export interface Fetched {
  readonly seq: number
  readonly uid: number | undefined
  /** as they stand; undefined: not told */
  readonly flags: readonly string[] | undefined
  readonly modseq: number | undefined
  readonly size: number | undefined
  /** by label, as `BODY[TEXT]`, latin1 */
  readonly texts: ReadonlyMap<string, string>
}

const START = /^\* ([1-9]\d*) FETCH \(/
const NUMBER = /(\d+)/y
const LIST = /\(([^()]*)\)/y
const LABEL = /(BODY\[[^\]]*\](?:<\d+>)?|[A-Z0-9.]+) /y
const QUOTED = /"((?:[^"\\]|\\.)*)"/y
const LITERAL = /\{(\d+)\}\r\n/y

/** Undefined if the response is none of FETCH. */
export function readFetch(response: string): Fetched | undefined {
  const start = START.exec(response)
  if (!start) return undefined
  let at = start[0].length
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const match = pattern.exec(response)
    if (match) at += match[0].length
    return match?.[1]
  }
  const must = (pattern: RegExp): string => take(pattern) ?? assert.fail(`not a FETCH response at ${at}: ${response}`)
  const text = (): string => {
    const length = take(LITERAL)
    if (length === undefined) return must(QUOTED)
    at += Number(length)
    return response.slice(at - Number(length), at)
  }
  const items = new Map<string, string>()
  while (response[at] !== ')') {
    if (items.size > 0) assert.equal(response[at++], ' ', response)
    const label = must(LABEL)
    assert.ok(!items.has(label), `${label} twice: ${response}`)
    if (label === 'FLAGS' || label === 'MODSEQ') items.set(label, must(LIST))
    else if (label === 'UID' || label === 'RFC822.SIZE') items.set(label, must(NUMBER))
    else items.set(label, text())
  }
  assert.equal(at, response.length - 1, `something behind the items: ${response}`)
  const number = (label: string): number | undefined => (items.has(label) ? Number(items.get(label)) : undefined)
  return {
    seq: Number(start[1]),
    uid: number('UID'),
    flags: items.get('FLAGS')?.split(' ').filter(Boolean),
    modseq: number('MODSEQ'),
    size: number('RFC822.SIZE'),
    texts: new Map([...items].filter(([label]) => label.startsWith('BODY['))),
  }
}
