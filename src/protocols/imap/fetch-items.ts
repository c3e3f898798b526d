/** What FETCH asks for (RFC 3501 6.4.5), as typed items. */
import type { Arguments } from './arguments.ts'
import { syntaxError } from './errors.ts'
import { parseSection } from './section.ts'
import type { Section } from './section.ts'
import { formatString } from './strings.ts'

export interface SectionItem {
  readonly kind: 'section'
  /** its transfer encoding is undone (BINARY, RFC 3516) */
  readonly decoded: boolean
  /** the name of the answer */
  readonly label: string
  readonly section: Section
  readonly partial: { readonly start: number; readonly length: number } | null
  /** the flag \Seen stays as it is */
  readonly peek: boolean
}

/** BINARY.SIZE: how many bytes a part has once it is decoded. */
export interface DecodedSizeItem {
  readonly kind: 'decoded size'
  readonly label: string
  readonly section: Section
}

export type SimpleItem = {
  readonly kind:
    | 'flags'
    | 'uid'
    | 'modseq'
    | 'emailid'
    | 'threadid'
    | 'savedate'
    | 'date'
    | 'size'
    | 'envelope'
    | 'body'
    | 'bodystructure'
}

/** RFC 8970 */
export interface PreviewItem {
  readonly kind: 'preview'
  /** only if it is known already */
  readonly lazy: boolean
}

export type FetchItem = SimpleItem | SectionItem | DecodedSizeItem | PreviewItem

const FAST: readonly FetchItem[] = [{ kind: 'flags' }, { kind: 'date' }, { kind: 'size' }]
const ALL: readonly FetchItem[] = [...FAST, { kind: 'envelope' }]

const MACROS: Readonly<Record<string, readonly FetchItem[]>> = { ALL, FAST, FULL: [...ALL, { kind: 'body' }] }

const whole = (label: string, text: Section['text'], peek: boolean): SectionItem => ({
  kind: 'section',
  decoded: false,
  label,
  section: { path: [], text, fields: [] },
  partial: null,
  peek,
})

const SIMPLE: Readonly<Record<string, FetchItem>> = {
  FLAGS: { kind: 'flags' },
  UID: { kind: 'uid' },
  MODSEQ: { kind: 'modseq' },
  EMAILID: { kind: 'emailid' },
  THREADID: { kind: 'threadid' },
  SAVEDATE: { kind: 'savedate' },
  INTERNALDATE: { kind: 'date' },
  'RFC822.SIZE': { kind: 'size' },
  ENVELOPE: { kind: 'envelope' },
  BODYSTRUCTURE: { kind: 'bodystructure' },
  RFC822: whole('RFC822', '', false),
  // RFC 1730: what fetchmail asks of servers that it takes for old ones.
  'RFC822.PEEK': whole('RFC822', '', true),
  'RFC822.TEXT.PEEK': whole('RFC822.TEXT', 'TEXT', true),
  'RFC822.HEADER': whole('RFC822.HEADER', 'HEADER', true),
  'RFC822.TEXT': whole('RFC822.TEXT', 'TEXT', false),
}

const MAX_ITEMS = 200

/** Reads a macro, an item, or a list of items; each kind comes once. */
export function parseFetchItems(args: Arguments): FetchItem[] {
  if (args.peek() === '(') {
    const items = args.list(() => parseItem(args))
    if (items.length === 0 || items.length > MAX_ITEMS) throw syntaxError('Not a list of items')
    return items
  }
  for (const [name, items] of Object.entries(MACROS)) {
    if (args.peekWord(name)) {
      args.atom()
      return [...items]
    }
  }
  return [parseItem(args)]
}

function parseItem(args: Arguments): FetchItem {
  const name = args.itemName()
  if (name === 'BODY' || name === 'BODY.PEEK') {
    if (args.accept('[')) return parseSectionItem(args, name === 'BODY.PEEK')
    if (name === 'BODY') return { kind: 'body' }
  }
  if (name === 'BINARY' || name === 'BINARY.PEEK') return parseBinaryItem(args, name === 'BINARY.PEEK')
  if (name === 'BINARY.SIZE') {
    const section = parseBinarySection(args)
    return { kind: 'decoded size', label: `BINARY.SIZE[${formatSection(section)}]`, section }
  }
  if (name === 'PREVIEW') return { kind: 'preview', lazy: args.peekWord(' (LAZY') && parseLazy(args) }
  const item = Object.hasOwn(SIMPLE, name) ? SIMPLE[name] : undefined
  if (!item) throw syntaxError('Unknown item')
  return item
}

/** RFC 8970 4: the one modifier that there is. */
function parseLazy(args: Arguments): true {
  args.space()
  args.list(() => args.word())
  return true
}

function parseSectionItem(args: Arguments, peek: boolean): SectionItem {
  const section = parseSection(args)
  const partial = args.accept('<') ? parsePartial(args) : null
  return {
    kind: 'section',
    decoded: false,
    label: `BODY[${formatSection(section)}]${partial ? `<${partial.start}>` : ''}`,
    section,
    partial,
    peek,
  }
}

/** RFC 3516 7: part numbers only. */
function parseBinarySection(args: Arguments): Section {
  args.expect('[')
  const section = parseSection(args)
  if (section.text !== '') throw syntaxError('Not a part')
  return section
}

function parseBinaryItem(args: Arguments, peek: boolean): SectionItem {
  const section = parseBinarySection(args)
  const partial = args.accept('<') ? parsePartial(args) : null
  const label = `BINARY[${formatSection(section)}]${partial ? `<${partial.start}>` : ''}`
  return { kind: 'section', decoded: true, label, section, partial, peek }
}

function parsePartial(args: Arguments): { start: number; length: number } {
  const start = args.number()
  args.expect('.')
  const length = args.number()
  args.expect('>')
  if (length === 0) throw syntaxError('Not a partial range')
  return { start, length }
}

function formatSection({ path, text, fields }: Section): string {
  const specifier = [...path, ...(text === '' ? [] : [text])].join('.')
  return fields.length === 0 ? specifier : `${specifier} (${fields.map(formatField).join(' ')})`
}

const formatField = (name: string): string =>
  /^[\x21\x23\x24\x26\x27\x2b-\x5b\x5e-\x7a\x7c\x7e]+$/.test(name) ? name : formatString(name)
