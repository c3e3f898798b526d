/** What SEARCH asks for (RFC 3501 6.4.4), as a tree. */
import type { HeaderText } from '../../mailbox/search-types.ts'
import { Flag } from '../../mailbox/types.ts'
import type { Arguments } from './arguments.ts'
import { parseDay } from './dates.ts'
import type { Day } from './dates.ts'
import { Refusal, syntaxError } from './errors.ts'
import { RECENT } from './message-list.ts'
import { SAVED } from './sequence-set.ts'
import type { SequenceSet } from './sequence-set.ts'
import type { Session } from './session.ts'

export type SearchKey =
  | { readonly kind: 'all' }
  | { readonly kind: 'flag'; readonly mask: number; readonly set: boolean }
  | { readonly kind: 'keyword'; readonly word: string; readonly set: boolean }
  | { readonly kind: 'seq' | 'uid'; readonly set: SequenceSet }
  | { readonly kind: 'saved' }
  | { readonly kind: 'modseq'; readonly from: number }
  | { readonly kind: 'older' | 'younger'; readonly seconds: number }
  | { readonly kind: 'emailid'; readonly id: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'received' | 'saved on' | 'sent'; readonly op: 'before' | 'on' | 'since'; readonly day: Day }
  | { readonly kind: 'larger' | 'smaller'; readonly size: number }
  | { readonly kind: 'envelope'; readonly field: HeaderText; readonly text: string }
  | { readonly kind: 'header'; readonly name: string; readonly text: string }
  | { readonly kind: 'body' | 'fields'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'not'; readonly key: SearchKey }
  | { readonly kind: 'and'; readonly keys: readonly SearchKey[] }
  | { readonly kind: 'or'; readonly keys: readonly SearchKey[] }

const FLAGS: Readonly<Record<string, SearchKey>> = {
  ALL: { kind: 'all' },
  // RFC 8514: all folders note it.
  SAVEDATESUPPORTED: { kind: 'all' },
  ANSWERED: { kind: 'flag', mask: Flag.answered, set: true },
  DELETED: { kind: 'flag', mask: Flag.deleted, set: true },
  DRAFT: { kind: 'flag', mask: Flag.draft, set: true },
  FLAGGED: { kind: 'flag', mask: Flag.flagged, set: true },
  SEEN: { kind: 'flag', mask: Flag.seen, set: true },
  RECENT: { kind: 'flag', mask: RECENT, set: true },
  UNANSWERED: { kind: 'flag', mask: Flag.answered, set: false },
  UNDELETED: { kind: 'flag', mask: Flag.deleted, set: false },
  UNDRAFT: { kind: 'flag', mask: Flag.draft, set: false },
  UNFLAGGED: { kind: 'flag', mask: Flag.flagged, set: false },
  UNSEEN: { kind: 'flag', mask: Flag.seen, set: false },
  OLD: { kind: 'flag', mask: RECENT, set: false },
  NEW: {
    kind: 'and',
    keys: [
      { kind: 'flag', mask: RECENT, set: true },
      { kind: 'flag', mask: Flag.seen, set: false },
    ],
  },
}

const MAX_DEPTH = 50

interface Context {
  readonly args: Arguments
  readonly charset: string
  readonly depth: number
}

export interface Search {
  readonly key: SearchKey
  /** as the client names it, in upper case; undefined: UTF-8 */
  readonly charset: string | undefined
}

/** Reads `[CHARSET name] key ...`. */
export function parseSearch(args: Arguments): Search {
  let charset: string | undefined
  if (args.peekWord('CHARSET')) {
    args.atom()
    args.space()
    charset = args.astring().toUpperCase()
    args.space()
  }
  return { key: parseCriteria(args, charset), charset }
}

/** Reads `charset key ...`, as SORT and THREAD have it (RFC 5256 5). */
export function parseCharsetSearch(args: Arguments): Search {
  const charset = args.astring().toUpperCase()
  args.space()
  return { key: parseCriteria(args, charset), charset }
}

const parseCriteria = (args: Arguments, charset = 'UTF-8'): SearchKey =>
  parseKeys({ args, charset, depth: 0 }, () => args.peek() !== '')

/** @throws NO [BADCHARSET] for a charset that is not known, BAD if it was agreed to name none */
export function checkSearchCharset({ enabled }: Pick<Session, 'enabled'>, charset: string | undefined): void {
  // RFC 6855 3: it would contradict what was agreed.
  if (charset !== undefined && enabled.has('UTF8=ACCEPT')) throw syntaxError('All strings are in UTF-8')
  checkCharset(charset)
}

/** @throws NO [BADCHARSET] for a charset that is not known */
export function checkCharset(charset: string | undefined): void {
  if (charset !== undefined && charset !== 'UTF-8' && charset !== 'US-ASCII')
    throw new Refusal('BADCHARSET (UTF-8 US-ASCII)', 'Unknown charset')
}

/** Does the search name messages by their numbers? */
export function namesNumbers(key: SearchKey): boolean {
  if (key.kind === 'not') return namesNumbers(key.key)
  if (key.kind === 'and' || key.kind === 'or') return key.keys.some(namesNumbers)
  return key.kind === 'seq'
}

/** Does the search ask for modseqs? */
export function namesModseqs(key: SearchKey): boolean {
  if (key.kind === 'not') return namesModseqs(key.key)
  if (key.kind === 'and' || key.kind === 'or') return key.keys.some(namesModseqs)
  return key.kind === 'modseq'
}

function parseKeys(context: Context, more: () => boolean): SearchKey {
  const keys: SearchKey[] = [parseKey(context)]
  while (context.args.accept(' ')) if (more()) keys.push(parseKey(context))
  const [only] = keys
  return keys.length === 1 && only ? only : { kind: 'and', keys }
}

function parseKey(outer: Context): SearchKey {
  const { args } = outer
  const context = { ...outer, depth: outer.depth + 1 }
  if (context.depth > MAX_DEPTH) throw syntaxError('Search nested too deep')
  if (args.accept('(')) {
    const key = parseKeys(context, () => args.peek() !== ')')
    args.expect(')')
    return key
  }
  if (args.peekMessageSet()) return messageKey('seq', args)
  const name = args.word()
  const flag = Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined
  if (flag) return flag
  const parse = Object.hasOwn(KEYS, name) ? KEYS[name] : undefined
  if (!parse) throw syntaxError('Unknown search key')
  args.space()
  return parse(context)
}

function messageKey(kind: 'seq' | 'uid', args: Arguments): SearchKey {
  const set = args.messageSet()
  return set === SAVED ? { kind: 'saved' } : { kind, set }
}

/** RFC 7162 3.1.5. All flags of a message have one modseq, so which flag is asked for makes no difference. */
function parseModseq({ args }: Context): SearchKey {
  if (args.peek() === '"') {
    args.string()
    args.space()
    args.atom()
    args.space()
  }
  return { kind: 'modseq', from: args.modseq() }
}

/** RFC 5032 */
const age =
  (kind: 'older' | 'younger'): ParseKey =>
  ({ args }) => {
    const seconds = args.number()
    if (seconds === 0) throw syntaxError('Not an interval')
    return { kind, seconds }
  }

type ParseKey = (context: Context) => SearchKey

const envelope =
  (field: HeaderText): ParseKey =>
  (context) => ({ kind: 'envelope', field, text: parseText(context) })

const day =
  (kind: 'received' | 'saved on' | 'sent', op: 'before' | 'on' | 'since'): ParseKey =>
  ({ args }) => ({ kind, op, day: parseDay(args.astring()) })

const KEYS: Readonly<Record<string, ParseKey>> = {
  FROM: envelope('from'),
  TO: envelope('to'),
  CC: envelope('cc'),
  BCC: envelope('bcc'),
  SUBJECT: envelope('subject'),
  BODY: (context) => ({ kind: 'body', text: parseText(context) }),
  TEXT: (context) => ({ kind: 'text', text: parseText(context) }),
  HEADER: (context) => {
    const name = context.args.astring().toLowerCase()
    context.args.space()
    return { kind: 'header', name, text: parseText(context) }
  },
  BEFORE: day('received', 'before'),
  ON: day('received', 'on'),
  SINCE: day('received', 'since'),
  SAVEDBEFORE: day('saved on', 'before'),
  SAVEDON: day('saved on', 'on'),
  SAVEDSINCE: day('saved on', 'since'),
  SENTBEFORE: day('sent', 'before'),
  SENTON: day('sent', 'on'),
  SENTSINCE: day('sent', 'since'),
  LARGER: ({ args }) => ({ kind: 'larger', size: args.number() }),
  SMALLER: ({ args }) => ({ kind: 'smaller', size: args.number() }),
  KEYWORD: ({ args }) => ({ kind: 'keyword', word: args.flag().toLowerCase(), set: true }),
  UNKEYWORD: ({ args }) => ({ kind: 'keyword', word: args.flag().toLowerCase(), set: false }),
  UID: ({ args }) => messageKey('uid', args),
  MODSEQ: parseModseq,
  EMAILID: ({ args }) => ({ kind: 'emailid', id: args.astring() }),
  THREADID: ({ args }) => {
    args.astring()
    // RFC 8474 5.2: no threads are kept.
    return { kind: 'none' }
  },
  OLDER: age('older'),
  YOUNGER: age('younger'),
  NOT: (context) => ({ kind: 'not', key: parseKey(context) }),
  OR: (context) => {
    const first = parseKey(context)
    context.args.space()
    return { kind: 'or', keys: [first, parseKey(context)] }
  },
}

function parseText({ args, charset }: Context): string {
  const bytes = args.astring()
  return charset === 'UTF-8' ? Buffer.from(bytes, 'latin1').toString() : bytes
}
