/**
 * Does a message match a search? Asked with ever more facts: what the session knows, then the stored row with its structure, then the header,
 * at last the texts; `undefined` means that more is needed. So a search for flags reads nothing, and one for texts only what is still open.
 */
import type { StoredMessage } from '../../mailbox/types.ts'
import type { Address, Envelope } from '../../mime/structure.ts'
import { decodeHeaderText } from '../../mime/encoding.ts'
import { messageObjectId } from '../../mailbox/object-ids.ts'
import { dayOfField, dayOfInstant } from './dates.ts'
import type { Day } from './dates.ts'
import { foldText } from './search-keys.ts'
import type { EnvelopeField, SearchKey } from './search-keys.ts'
import { resolveRanges } from './sequence-set.ts'
import type { NumberRange } from './sequence-set.ts'

/** Texts are decoded and folded. */
export interface Facts {
  readonly seq: number
  readonly uid: number
  readonly modseq: number
  readonly flags: number
  readonly keywords: readonly string[]
  readonly stored?: StoredMessage
  /** fields of the message's header; names in lower case */
  readonly header?: readonly (readonly [name: string, value: string])[]
  readonly texts?: readonly string[]
}

/** A key that knows the folder and the moment it is about. */
export type Matcher = (facts: Facts) => boolean | undefined

export interface SearchContext {
  readonly count: number
  readonly lastUid: number
  /** UIDs that "$" stands for */
  readonly saved: readonly NumberRange[]
  /** milliseconds since 1970 */
  readonly now: number
}

export function searchMatcher(key: SearchKey, context: SearchContext): Matcher {
  switch (key.kind) {
    case 'all':
      return () => true
    case 'none':
      return () => false
    case 'emailid':
      return ({ stored }) => stored && messageObjectId(stored.content.id) === key.id
    case 'flag':
      return ({ flags }) => ((flags & key.mask) !== 0) === key.set
    case 'keyword':
      return ({ keywords }) => keywords.some((word) => word.toLowerCase() === key.word) === key.set
    case 'seq': {
      const ranges = context.count === 0 ? [] : resolveRanges(key.set, context.count)
      return ({ seq }) => isWithin(ranges, seq)
    }
    case 'uid': {
      const ranges = resolveRanges(key.set, context.lastUid)
      return ({ uid }) => isWithin(ranges, uid)
    }
    case 'saved':
      return ({ uid }) => isWithin(context.saved, uid)
    case 'modseq':
      return ({ modseq }) => modseq >= key.from
    case 'older':
    case 'younger': {
      const limit = secondOf(context.now) - key.seconds
      const fits = key.kind === 'older' ? (second: number) => second <= limit : (second: number) => second >= limit
      return ({ stored }) => stored && fits(secondOf(stored.internalDate))
    }
    case 'not': {
      const match = searchMatcher(key.key, context)
      return (facts) => not(match(facts))
    }
    case 'and':
    case 'or':
      return combined(
        key.keys.map((one) => searchMatcher(one, context)),
        key.kind === 'or',
      )
    case 'received':
    case 'saved on':
    case 'sent':
    case 'larger':
    case 'smaller':
    case 'envelope':
    case 'header':
    case 'body':
    case 'text':
      return contentMatcher(key)
  }
}

const secondOf = (ms: number): number => Math.floor(ms / 1000)

/** What of a message some key looks at, besides its row. */
export interface SearchNeeds {
  readonly structure: boolean
  readonly header: boolean
  readonly texts: boolean
}

export function needsOf(key: SearchKey): SearchNeeds {
  if (key.kind === 'not') return needsOf(key.key)
  if (key.kind === 'and' || key.kind === 'or') {
    const each = key.keys.map(needsOf)
    return {
      structure: each.some(({ structure }) => structure),
      header: each.some(({ header }) => header),
      texts: each.some(({ texts }) => texts),
    }
  }
  const header = key.kind === 'header' || key.kind === 'text'
  const texts = key.kind === 'body' || key.kind === 'text'
  return { structure: header || texts || key.kind === 'envelope' || key.kind === 'sent', header, texts }
}

const not = (matched: boolean | undefined): boolean | undefined => (matched === undefined ? undefined : !matched)

/** One `decisive` outcome decides; else all must be known. */
function combined(matchers: readonly Matcher[], decisive: boolean): Matcher {
  return (facts) => {
    let open = false
    for (const match of matchers) {
      const matched = match(facts)
      if (matched === decisive) return decisive
      open ||= matched === undefined
    }
    return open ? undefined : !decisive
  }
}

type ContentKey = Extract<
  SearchKey,
  { kind: 'received' | 'saved on' | 'sent' | 'larger' | 'smaller' | 'envelope' | 'header' | 'body' | 'text' }
>

function contentMatcher(key: ContentKey): Matcher {
  switch (key.kind) {
    case 'received':
      return ({ stored }) => stored && compare(dayOfInstant(stored.internalDate), key.op, key.day)
    case 'saved on':
      // What came before that was noted goes by its internal date (RFC 8514 4.3).
      return ({ stored }) => stored && compare(dayOfInstant(stored.savedAt ?? stored.internalDate), key.op, key.day)
    case 'sent':
      return ({ stored }) => stored && compare(dayOfField(stored.content.envelope?.date ?? ''), key.op, key.day)
    case 'larger':
      return ({ stored }) => stored && stored.content.size > key.size
    case 'smaller':
      return ({ stored }) => stored && stored.content.size < key.size
    case 'envelope':
      return ({ stored }) => stored && envelopeText(stored.content.envelope, key.field).includes(key.text)
    case 'header':
      return ({ header }) => header?.some(([name, value]) => name === key.name && value.includes(key.text))
    case 'body':
      return ({ texts }) => texts?.some((text) => text.includes(key.text))
    case 'text':
      return ({ header, texts }) => {
        if (header?.some(([name, value]) => `${name}: ${value}`.includes(key.text)) === true) return true
        return texts?.some((text) => text.includes(key.text))
      }
  }
}

function isWithin(ranges: readonly NumberRange[], number: number): boolean {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ranges[middle]?.[1] ?? 0) < number) low = middle + 1
    else high = middle
  }
  return (ranges[low]?.[0] ?? Infinity) <= number
}

function compare(day: Day | undefined, op: 'before' | 'on' | 'since', wanted: Day): boolean {
  if (day === undefined) return false
  if (op === 'on') return day === wanted
  return op === 'before' ? day < wanted : day >= wanted
}

function envelopeText(envelope: Envelope | null, field: EnvelopeField): string {
  if (!envelope) return ''
  if (field === 'subject') return foldText(decodeHeaderText(envelope.subject ?? ''))
  return foldText(envelope[field].map(addressText).join(', '))
}

function addressText({ name, mailbox, host }: Address): string {
  const shown = name === null ? '' : `${decodeHeaderText(name)} `
  return host === null ? `${shown}${mailbox ?? ''}` : `${shown}<${mailbox ?? ''}@${host}>`
}
