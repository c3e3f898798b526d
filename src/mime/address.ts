/**
 * Address lists of header fields (RFC 5322 3.4 with the obsolete forms), as IMAP's ENVELOPE wants them (RFC 3501 7.4.2). Malformed lists
 * never throw: each piece between commas becomes the best address that can be read from it.
 */
import type { Address } from './parsed.ts'

interface Piece {
  /** a special character, or a word */
  readonly special: boolean
  readonly text: string
  /** a blank or a comment stood before it */
  readonly spaced: boolean
}

/** More addresses than this are not shown; it bounds what a hostile header may cost. */
const MAX_ADDRESSES = 10_000

/** Reads an unfolded header value. Names and local parts come without RFC 5322 quoting, encoded words as they stand. */
export function parseAddresses(text: string): Address[] {
  const addresses: Address[] = []
  let pieces: Piece[] = []
  let comment: string | null = null
  let inAngle = false
  // `<@a,@b:user@c>` (RFC 5322 4.4): a comma before the colon does not end the address.
  let inRoute = false
  let inGroup = false

  const flush = (): void => {
    const address = addressOf(pieces, comment)
    if (address) addresses.push(address)
    pieces = []
    comment = null
    inAngle = false
    inRoute = false
  }

  for (const token of tokens(text)) {
    if (addresses.length >= MAX_ADDRESSES) break
    if (token.kind === 'comment') {
      comment = token.text
      continue
    }
    const piece = { special: token.kind === 'special', text: token.text, spaced: token.spaced }
    if (!piece.special) pieces.push(piece)
    else if (piece.text === ',' && !inRoute) flush()
    else if (piece.text === ';') {
      flush()
      if (inGroup) addresses.push({ name: null, mailbox: null, host: null })
      inGroup = false
    } else if (piece.text === ':' && !inAngle && !inGroup) {
      addresses.push({ name: null, mailbox: joinWords(pieces), host: null })
      pieces = []
      comment = null
      inGroup = true
    } else {
      if (piece.text === '@' && inAngle && isAngle(pieces.at(-1))) inRoute = true
      if (piece.text === ':' || piece.text === '>') inRoute = false
      if (piece.text === '<' || piece.text === '>') inAngle = piece.text === '<'
      pieces.push(piece)
    }
  }
  flush()
  if (inGroup) addresses.push({ name: null, mailbox: null, host: null })
  return addresses
}

const isAngle = (piece: Piece | undefined): boolean => piece !== undefined && piece.special && piece.text === '<'

function addressOf(pieces: Piece[], comment: string | null): Address | undefined {
  if (pieces.length === 0) return undefined
  const open = pieces.findIndex((piece) => piece.special && piece.text === '<')
  let spec = pieces
  let name: string | null = comment
  if (open >= 0) {
    const close = pieces.findIndex((piece, index) => index > open && piece.special && piece.text === '>')
    spec = pieces.slice(open + 1, close < 0 ? pieces.length : close)
    const colon = spec.findIndex((piece) => piece.special && piece.text === ':')
    if (colon >= 0) spec = spec.slice(colon + 1)
    if (open > 0) name = joinWords(pieces.slice(0, open))
  }
  const at = spec.findLastIndex((piece) => piece.special && piece.text === '@')
  const mailbox = joinTight(at < 0 ? spec : spec.slice(0, at))
  const host = at < 0 ? '' : joinTight(spec.slice(at + 1))
  if (mailbox === '' && host === '' && name === null) return undefined
  return { name: name === '' ? null : name, mailbox, host }
}

const joinTight = (pieces: Piece[]): string => pieces.map((piece) => piece.text).join('')

/** A phrase: words with one blank where some white space stood. */
function joinWords(pieces: Piece[]): string {
  return pieces.map((piece, index) => (index > 0 && piece.spaced ? ` ${piece.text}` : piece.text)).join('')
}

interface Token {
  readonly kind: 'word' | 'special' | 'comment'
  readonly text: string
  readonly spaced: boolean
}

const WORD = /[^\s()<>,;:@"]+/y

function* tokens(text: string): Generator<Token> {
  let at = 0
  let spaced = false
  while (at < text.length) {
    const char = text[at] ?? ''
    if (char === ' ' || char === '\t' || char === '\r' || char === '\n') {
      spaced = true
      at++
    } else if (char === '"') {
      const end = closing(text, at)
      yield { kind: 'word', text: unquote(text.slice(at + 1, end)), spaced }
      spaced = false
      at = end + 1
    } else if (char === '(') {
      const end = commentEnd(text, at)
      yield { kind: 'comment', text: unquote(text.slice(at + 1, end)).trim(), spaced }
      spaced = true
      at = end + 1
    } else {
      WORD.lastIndex = at
      const word = WORD.exec(text)?.[0]
      yield { kind: word === undefined ? 'special' : 'word', text: word ?? char, spaced }
      spaced = false
      at += word?.length ?? 1
    }
  }
}

function closing(text: string, quote: number): number {
  let at = quote + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return Math.min(at, text.length)
}

function commentEnd(text: string, open: number): number {
  let depth = 0
  for (let at = open; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '(') depth++
    else if (text[at] === ')' && --depth === 0) return at
  }
  return text.length
}

const unquote = (raw: string): string => (raw.includes('\\') ? raw.replace(/\\([\s\S])/g, '$1') : raw)
