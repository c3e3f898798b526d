/** Flags: names on the wire ↔ bits and keywords (RFC 3501 2.3.2). */
import { Flag } from '../../mailbox/types.ts'
import { Refusal, syntaxError } from './errors.ts'
import { RECENT } from './message-list.ts'

const NAMES: readonly (readonly [string, number])[] = [
  ['\\Answered', Flag.answered],
  ['\\Flagged', Flag.flagged],
  ['\\Deleted', Flag.deleted],
  ['\\Seen', Flag.seen],
  ['\\Draft', Flag.draft],
]

const BITS = new Map(NAMES.map(([name, bit]) => [name.toLowerCase(), bit]))

/** The system flags, as FLAGS and PERMANENTFLAGS show them. */
export const SYSTEM_FLAGS = NAMES.map(([name]) => name)

export interface FlagSet {
  readonly flags: number
  readonly keywords: readonly string[]
}

const MAX_KEYWORDS = 50
const MAX_KEYWORD = 100

/** Reads flags as the client wrote them. \Recent is the server's own: a client that sets it is wrong, but harmless. */
export function flagSet(names: readonly string[]): FlagSet {
  let flags = 0
  const keywords = new Map<string, string>()
  for (const name of names) {
    const lower = name.toLowerCase()
    const bit = BITS.get(lower)
    if (bit !== undefined) flags |= bit
    else if (!name.startsWith('\\')) keywords.set(lower, name)
    else if (lower !== '\\recent') throw syntaxError('Unknown system flag')
  }
  const words = [...keywords.values()]
  if (words.length > MAX_KEYWORDS || words.some((word) => word.length > MAX_KEYWORD))
    throw new Refusal('LIMIT', 'Too many keywords')
  return { flags, keywords: words }
}

const SHOWN = NAMES.reduce((mask, [, bit]) => mask | bit, RECENT)
/** There are 64 combinations. */
const formatted = new Map<number, string>()

/** Flags in brackets, as FETCH shows them; \Recent among them if it is set. */
export function formatFlags(flags: number, keywords: readonly string[]): string {
  if (keywords.length > 0) return `(${[...namesOf(flags), ...keywords].join(' ')})`
  const shown = flags & SHOWN
  const known = formatted.get(shown)
  if (known !== undefined) return known
  const text = `(${namesOf(shown).join(' ')})`
  formatted.set(shown, text)
  return text
}

function namesOf(flags: number): string[] {
  const names = NAMES.filter(([, bit]) => (flags & bit) !== 0).map(([name]) => name)
  if ((flags & RECENT) !== 0) names.push('\\Recent')
  return names
}
