/**
 * Reads the arguments of a command (RFC 3501 9), byte by byte as latin1 text; literals stand between the texts. Tolerant where clients are
 * wrong without doubt: 8-bit bytes in strings and names, a blank too many at the end.
 */
import { syntaxError } from './errors.ts'
import type { RawCommand } from './command-reader.ts'
import { parseSequenceSet, SAVED } from './sequence-set.ts'
import type { MessageSet, SequenceSet } from './sequence-set.ts'
import { decodeUtf7 } from './utf7.ts'

// atom-specials are ( ) { SP CTL % * " \ ]
const ATOM = /[^\x00-\x20\x7f(){%*"\\\]]+/y
const ASTRING = /[^\x00-\x20\x7f(){%*"\\]+/y
const LIST_MAILBOX = /[^\x00-\x20\x7f(){"\\]+/y
const NUMBER = /\d{1,15}/y
const MODSEQ = /\d{1,19}/y
const SET = /[\d*:,]+/y
const BASE64 = /[A-Za-z0-9+/]+={0,2}|=/y
const ITEM = /[A-Za-z0-9.]+/y
const FLAG = /\\?[^\x00-\x20\x7f(){%*"\\\]]+/y

export class Arguments {
  readonly #texts: readonly string[]
  readonly #literals: readonly Buffer[]
  readonly #utf8: boolean
  #index = 0
  #at = 0

  /** @param utf8 names and quoted strings are in UTF-8 (RFC 6855 3), and what is not is refused */
  constructor({ texts, literals }: Pick<RawCommand, 'texts' | 'literals'>, utf8 = false) {
    this.#texts = texts
    this.#literals = literals
    this.#utf8 = utf8
  }

  get #text(): string {
    return this.#texts[this.#index] ?? ''
  }

  get #literalIsNext(): boolean {
    return this.#at === this.#text.length && this.#index < this.#literals.length
  }

  /** The next character, '' at the end, '{' before a literal. */
  peek(): string {
    return this.#literalIsNext ? '{' : (this.#text[this.#at] ?? '')
  }

  /** Is the rest of the word (up to a blank, a bracket or the end) this one, in any case? Nothing is read. */
  peekWord(word: string): boolean {
    const found = this.#text.slice(this.#at, this.#at + word.length)
    const next = this.#text[this.#at + word.length] ?? ' '
    return found.toUpperCase() === word && /[ ()[\]]/.test(next)
  }

  accept(char: string): boolean {
    if (this.#text[this.#at] !== char) return false
    this.#at++
    return true
  }

  expect(char: string): void {
    if (!this.accept(char)) throw syntaxError(char === ' ' ? 'Missing argument' : `Missing "${char}"`)
  }

  space(): void {
    this.expect(' ')
    while (this.accept(' '));
  }

  /** Nothing but blanks may follow. */
  end(): void {
    while (this.accept(' '));
    if (this.peek() !== '') throw syntaxError('Too many arguments')
  }

  atom(): string {
    return this.#match(ATOM) ?? this.#fail('Missing atom')
  }

  /** An atom in upper case. */
  word(): string {
    return this.atom().toUpperCase()
  }

  /** The name of a FETCH item, in upper case: it may be followed by "[". */
  itemName(): string {
    return (this.#match(ITEM) ?? this.#fail('Missing item')).toUpperCase()
  }

  base64(): string {
    return this.#match(BASE64) ?? this.#fail('Missing base64')
  }

  number(): number {
    return Number(this.#match(NUMBER) ?? this.#fail('Missing number'))
  }

  /** A modseq (RFC 7162 7), up to 63 bits; those beyond what counts exactly here are beyond any that is given. */
  modseq(): number {
    return Math.min(Number(this.#match(MODSEQ) ?? this.#fail('Missing modseq')), Number.MAX_SAFE_INTEGER)
  }

  /** A string as latin1 text, one character per byte. */
  string(): string {
    if (this.#literalIsNext) return this.literal().toString('latin1')
    if (this.peek() === '"') return this.#quoted()
    return this.#fail('Missing string')
  }

  literal(): Buffer {
    const literal = this.#literalIsNext ? this.#literals[this.#index] : undefined
    if (!literal) throw syntaxError('Missing literal')
    this.#index++
    this.#at = 0
    return literal
  }

  /** An atom or a string; latin1. */
  astring(): string {
    return this.#match(ASTRING) ?? this.string()
  }

  /** A string or NIL. */
  nstring(): string | null {
    if (!this.peekWord('NIL')) return this.string()
    this.#at += 3
    return null
  }

  /** A folder name in Unicode. */
  folderName(): string {
    return this.#nameOf(this.astring())
  }

  /** A LIST pattern: folder name with wildcards, in Unicode. */
  pattern(): string {
    return this.#nameOf(this.#match(LIST_MAILBOX) ?? this.string())
  }

  sequenceSet(): SequenceSet {
    const text = this.#match(SET) ?? ''
    return parseSequenceSet(text) ?? this.#fail('Not a sequence set')
  }

  /** A sequence set, or "$". */
  messageSet(): MessageSet {
    return this.accept(SAVED) ? SAVED : this.sequenceSet()
  }

  /** Is what comes a sequence set, or "$"? */
  peekMessageSet(): boolean {
    return /[\d*$]/.test(this.peek())
  }

  /** "(", items separated by blanks, ")". */
  list<T>(item: () => T): T[] {
    this.expect('(')
    const items: T[] = []
    while (this.accept(' '));
    while (!this.accept(')')) {
      items.push(item())
      while (this.accept(' '));
      if (this.peek() === '') throw syntaxError('Missing ")"')
    }
    return items
  }

  /** A flag or keyword as written. */
  flag(): string {
    return this.#match(FLAG) ?? this.#fail('Missing flag')
  }

  #quoted(): string {
    const text = this.#text
    let at = this.#at + 1
    while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
    if (at >= text.length) throw syntaxError('Missing end of string')
    const raw = text.slice(this.#at + 1, at)
    this.#at = at + 1
    if (this.#utf8) decodeUtf8(raw)
    return raw.includes('\\') ? raw.replace(/\\([\s\S])/g, '$1') : raw
  }

  #nameOf(latin1: string): string {
    return this.#utf8 ? decodeUtf8(latin1) : folderNameOf(latin1)
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #fail(message: string): never {
    throw syntaxError(message)
  }
}

const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeUtf8(latin1: string): string {
  if (!/[\x80-\xff]/.test(latin1)) return latin1
  try {
    return STRICT.decode(Buffer.from(latin1, 'latin1'))
  } catch (error) {
    throw syntaxError('Not UTF-8', { cause: error })
  }
}

/** Modified UTF-7, or the UTF-8 that some clients send instead. */
function folderNameOf(latin1: string): string {
  return /[\x80-\xff]/.test(latin1) ? Buffer.from(latin1, 'latin1').toString() : decodeUtf7(latin1)
}
