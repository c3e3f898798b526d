/** Parameters of SELECT and EXAMINE: `(CONDSTORE)`, `(QRESYNC (...))` (RFC 7162 3.1.8, 3.2.5). */
import type { Arguments } from './arguments.ts'
import { syntaxError } from './errors.ts'
import type { SequenceSet } from './sequence-set.ts'
import { sizeOf } from './vanished.ts'
import type { MatchData } from './vanished.ts'

/** What the client knows of the folder. */
export interface Resync {
  readonly uidValidity: number
  readonly modseq: number
  readonly known: SequenceSet | undefined
  readonly match: MatchData | undefined
}

export interface SelectParameters {
  readonly condstore: boolean
  readonly resync: Resync | undefined
}

export function parseSelectParameters(args: Arguments): SelectParameters {
  let condstore = false
  let resync: Resync | undefined
  args.list(() => {
    const name = args.word()
    if (name === 'CONDSTORE') condstore = true
    else if (name === 'QRESYNC') {
      args.space()
      resync = parseResync(args)
    } else throw syntaxError('Unknown parameter')
  })
  return { condstore, resync }
}

function parseResync(args: Arguments): Resync {
  args.expect('(')
  const uidValidity = args.number()
  args.space()
  const modseq = args.modseq()
  if (modseq === 0) throw syntaxError('Not a modseq')
  let known: SequenceSet | undefined
  let match: MatchData | undefined
  while (args.accept(' ')) {
    if (args.peek() === '(' && !match) match = parseMatch(args)
    else if (!known && !match) known = closedSet(args)
    else throw syntaxError('Too many arguments')
  }
  args.expect(')')
  return { uidValidity, modseq, known, match }
}

function parseMatch(args: Arguments): MatchData {
  args.expect('(')
  const seqs = ascendingSet(args)
  args.space()
  const uids = ascendingSet(args)
  args.expect(')')
  if (sizeOf(seqs) !== sizeOf(uids)) throw syntaxError('Numbers and UIDs do not match')
  return { seqs, uids }
}

/** RFC 7162 7 known-uids: "*" says nothing of what a client knows. */
function closedSet(args: Arguments): SequenceSet {
  const set = args.sequenceSet()
  if (set.some((range) => range.includes(Infinity))) throw syntaxError('"*" is not allowed')
  return set
}

function ascendingSet(args: Arguments): SequenceSet {
  const set = closedSet(args)
  let last = 0
  for (const [from, to] of set) {
    if (from <= last || to < from) throw syntaxError('Not in ascending order')
    last = to
  }
  return set
}
