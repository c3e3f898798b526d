/** What SEARCH and SORT answer: the old list, or ESEARCH with what was asked for (RFC 4731), and what is kept for "$" (RFC 5182). */
import type { Arguments } from './arguments.ts'
import { syntaxError } from './errors.ts'
import type { MessageList } from './message-list.ts'
import { formatSequenceSet } from './sequence-set.ts'
import { formatString } from './strings.ts'

const OPTIONS = ['MIN', 'MAX', 'ALL', 'COUNT', 'SAVE'] as const

export type ResultOption = (typeof OPTIONS)[number]

/** Reads `RETURN (...)`, if it is there; an empty list asks for all. */
export function parseResultOptions(args: Arguments): ReadonlySet<ResultOption> | undefined {
  if (!args.peekWord('RETURN')) return undefined
  args.atom()
  args.space()
  const options = args.list(() => {
    const word = args.word()
    return OPTIONS.find((option) => option === word) ?? unknownOption()
  })
  args.space()
  return new Set(options.length === 0 ? ['ALL'] : options)
}

function unknownOption(): never {
  throw syntaxError('Unknown result option')
}

export interface SearchResult {
  /** sequence numbers, ascending, or in the order of SORT */
  readonly seqs: readonly number[]
  readonly list: MessageList
  readonly byUid: boolean
  /** the client searched for modseqs, and wants the highest of what it is answered */
  readonly withModseq: boolean
}

/** The responses of old (RFC 3501 7.2.5, RFC 5256 4, RFC 7162 3.1.6 and 3.1.9). */
export function formatNumbers(name: 'SEARCH' | 'SORT', result: SearchResult): string {
  const highest = highestModseq(result, result.seqs)
  return [`* ${name}`, ...numbersOf(result, result.seqs), ...(highest > 0 ? [`(MODSEQ ${highest})`] : [])].join(' ')
}

/** The ESEARCH response; undefined if the client wants nothing but to have the result saved. */
export function formatEsearch(result: SearchResult, options: ReadonlySet<ResultOption>, tag: string): string | undefined {
  if (options.size === 1 && options.has('SAVE')) return undefined
  const { seqs, byUid } = result
  const pieces = [`* ESEARCH (TAG ${formatString(tag)})`, ...(byUid ? ['UID'] : [])]
  const some = seqs.length > 0
  if (options.has('MIN') && some) pieces.push(`MIN ${numbersOf(result, seqs.slice(0, 1)).join('')}`)
  if (options.has('MAX') && some) pieces.push(`MAX ${numbersOf(result, seqs.slice(-1)).join('')}`)
  if (options.has('ALL') && some) pieces.push(`ALL ${formatSequenceSet(numbersOf(result, seqs))}`)
  if (options.has('COUNT')) pieces.push(`COUNT ${seqs.length}`)
  const highest = highestModseq(result, chosen(seqs, options))
  if (highest > 0) pieces.push(`MODSEQ ${highest}`)
  return pieces.join(' ')
}

/** Which of the messages found are answered, and saved: with MIN and MAX alone only these (RFC 4731 3.2, RFC 5182 2.4). */
export function chosen(seqs: readonly number[], options: ReadonlySet<ResultOption>): readonly number[] {
  const [min, max] = [options.has('MIN'), options.has('MAX')]
  if (options.has('ALL') || options.has('COUNT') || (!min && !max)) return seqs
  return seqs.filter((_, index) => (min && index === 0) || (max && index === seqs.length - 1))
}

const numbersOf = ({ list, byUid }: SearchResult, seqs: readonly number[]): readonly number[] =>
  byUid ? seqs.map((seq) => list.uid(seq)) : seqs

const highestModseq = ({ list, withModseq }: SearchResult, seqs: readonly number[]): number =>
  withModseq ? seqs.reduce((highest, seq) => Math.max(highest, list.modseq(seq)), 0) : 0
