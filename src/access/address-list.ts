/**
 * Addresses as RFC 5322 3.4 wants them, strictly: what a message is certified by must be read in one way only. (mime/address.ts reads for
 * display, and makes the best of anything.) Of the obsolete forms of section 4 only empty list elements are taken. Display names may hold
 * anything that leaves the address clear, for mail programs write "a@b <a@b>" and raw 8-bit names. Strings are latin1, as header.ts gives them.
 */

export interface MailAddress {
  /** without quotes */
  readonly local: string
  /** as written, or a domain literal with its brackets */
  readonly domain: string
}

/** An element of a list. */
export interface ListedAddress {
  /** null if it is no address */
  readonly address: MailAddress | null
  /** bytes beyond ASCII stand in the address itself: that needs SMTPUTF8 (RFC 6531), which is not offered */
  readonly eightBit: boolean
  readonly inGroup: boolean
  /** as it stands */
  readonly text: string
}

/** RFC 5321 4.5.3.1 */
const LONGEST_LOCAL = 64
const LONGEST_ADDRESS = 254

interface Token {
  readonly kind: 'atom' | 'quoted' | 'literal' | 'special' | 'broken'
  readonly text: string
  readonly start: number
  readonly end: number
  /** a blank or a comment stands before it */
  readonly spaced: boolean
}

/** The elements of an unfolded address list. Never throws; its cost is linear. */
export function readAddressList(text: string): ListedAddress[] {
  const listed: ListedAddress[] = []
  let tokens: Token[] = []
  let inAngle = false
  let inGroup = false
  const flush = (): void => {
    if (tokens.length > 0) listed.push(elementOf(text, tokens, inGroup))
    tokens = []
    inAngle = false
  }
  for (const token of tokenize(text)) {
    if (isSpecial(token, ',') && !inAngle) flush()
    else if (isSpecial(token, ':') && !inAngle && !inGroup) {
      tokens = []
      inGroup = true
    } else if (isSpecial(token, ';') && !inAngle && inGroup) {
      flush()
      inGroup = false
    } else {
      if (isSpecial(token, '<')) inAngle = true
      if (isSpecial(token, '>')) inAngle = false
      tokens.push(token)
    }
  }
  flush()
  return listed
}

/** A lone addr-spec (RFC 5322 3.4.1), or null. */
export function readAddress(text: string): MailAddress | null {
  return specOf([...tokenize(text)])
}

/** The address in its one spelling: quoted only where it must be. */
export function writeAddress({ local, domain }: MailAddress): string {
  const plain = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/.test(local)
  return `${plain ? local : `"${local.replace(/["\\]/g, '\\$&')}"`}@${domain}`
}

/** Equal for addresses that mean the same mailbox here: in any case, quoted or not. */
export const addressKey = (address: MailAddress): string => writeAddress(address).toLowerCase()

const isSpecial = (token: Token | undefined, text: string): boolean => token?.kind === 'special' && token.text === text

function elementOf(text: string, tokens: readonly Token[], inGroup: boolean): ListedAddress {
  const spec = angleAddress(tokens)
  const [first, last] = [tokens[0]?.start ?? 0, tokens.at(-1)?.end ?? 0]
  return {
    address: spec && specOf(spec),
    eightBit: (spec ?? []).some((token) => /[^\u0000-\u007f]/.test(token.text)),
    inGroup,
    text: text.slice(first, last),
  }
}

/** The tokens between the one pair of angle brackets, which must end the element; all of them where there is none. */
function angleAddress(tokens: readonly Token[]): readonly Token[] | null {
  const open = tokens.findIndex((token) => isSpecial(token, '<'))
  if (open < 0) return tokens
  const close = tokens.findIndex((token) => isSpecial(token, '>'))
  if (close !== tokens.length - 1 || tokens.findLastIndex((token) => isSpecial(token, '<')) !== open) return null
  return tokens.slice(0, open).every(isName) ? tokens.slice(open + 1, close) : null
}

/** Of the special characters a display name may have those that end nothing. */
const isName = ({ kind, text }: Token): boolean => kind !== 'broken' && (kind !== 'special' || text === '.' || text === '@')

function specOf(tokens: readonly Token[]): MailAddress | null {
  const at = tokens.findIndex((token) => isSpecial(token, '@'))
  if (at < 0) return null
  const local = wordOf(tokens.slice(0, at), 'quoted')
  const domain = wordOf(tokens.slice(at + 1), 'literal')
  if (local === null || domain === null) return null
  if (local.length > LONGEST_LOCAL || local.length + domain.length >= LONGEST_ADDRESS) return null
  // Control characters may be quoted in a header (RFC 5322 4.1), but not in a path (RFC 5321 4.1.2).
  return /^[ -~]+$/.test(local + domain) ? { local, domain } : null
}

/** A dot-atom, or one token of the other kind. Blanks and comments may stand around it, not within. */
function wordOf(tokens: readonly Token[], other: 'quoted' | 'literal'): string | null {
  const [only] = tokens
  if (only?.kind === other) return tokens.length === 1 ? only.text : null
  const isDotAtom =
    tokens.length % 2 === 1 &&
    tokens.every((token, index) => {
      if (index > 0 && token.spaced) return false
      return index % 2 === 0 ? token.kind === 'atom' : isSpecial(token, '.')
    })
  return isDotAtom ? tokens.map(({ text }) => text).join('') : null
}

const ATOM = /[^\u0000- ()<>[\]:;@\\,."\u007f]+/y
const BLANKS = /[ \t\r\n]+/y

function* tokenize(text: string): Generator<Token> {
  let at = 0
  let spaced = false
  while (at < text.length) {
    const blanks = match(BLANKS, text, at)
    const commentEnd = text[at] === '(' ? endOfComment(text, at) : -1
    if (blanks !== undefined || commentEnd >= 0) {
      spaced = true
      at = blanks === undefined ? commentEnd : at + blanks.length
    } else {
      const token = { ...readToken(text, at), start: at, spaced }
      yield token
      spaced = false
      at = token.end
    }
  }
}

function readToken(text: string, at: number): Pick<Token, 'kind' | 'text' | 'end'> {
  const atom = match(ATOM, text, at)
  if (atom !== undefined) return { kind: 'atom', text: atom, end: at + atom.length }
  const char = text[at] ?? ''
  // A comment without its end; looked for again from within, it would cost the square of the length.
  if (char === '(') return { kind: 'broken', text: text.slice(at), end: text.length }
  if (char === '"' || char === '[') {
    const end = closing(text, at, char === '"' ? '"' : ']')
    if (end < 0) return { kind: 'broken', text: text.slice(at), end: text.length }
    const inner = text.slice(at + 1, end)
    if (char === '"') return { kind: 'quoted', text: inner.replace(/\\([\s\S])/g, '$1'), end: end + 1 }
    const literal = inner.trim()
    return { kind: /[[\\\s]/.test(literal) ? 'broken' : 'literal', text: `[${literal}]`, end: end + 1 }
  }
  return { kind: ')<>]:;@\\,.'.includes(char) ? 'special' : 'broken', text: char, end: at + 1 }
}

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

/** Where the character stands that ends what begins at `open`, or -1. */
function closing(text: string, open: number, end: string): number {
  let at = open + 1
  while (at < text.length && text[at] !== end) at += text[at] === '\\' ? 2 : 1
  return at < text.length ? at : -1
}

/** The place after a comment, comments within it included, or -1. */
function endOfComment(text: string, open: number): number {
  let depth = 0
  for (let at = open; at < text.length; at++) {
    const char = text[at]
    if (char === '\\') at++
    else if (char === '(') depth++
    else if (char === ')' && --depth === 0) return at + 1
  }
  return -1
}
