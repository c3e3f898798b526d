/** What COPY and MOVE share, and how commands name messages. */
import type { Arguments } from './arguments.ts'
import { syntaxError } from './errors.ts'
import type { MessageList } from './message-list.ts'
import type { SequenceSet } from './sequence-set.ts'

export interface Transfer {
  readonly set: SequenceSet
  /** folder name */
  readonly to: string
}

export function parseTransfer(args: Arguments): Transfer {
  args.space()
  const set = args.sequenceSet()
  args.space()
  return { set, to: args.folderName() }
}

/** The sequence numbers that a set names; numbers that no message has are an error, UIDs that none has are not. */
export function seqsOf(list: MessageList, set: SequenceSet, byUid: boolean): number[] {
  const seqs = byUid ? list.seqsOfUids(set) : list.seqs(set)
  if (!seqs) throw syntaxError('No such message number')
  return seqs
}

export function uidsOf(list: MessageList, set: SequenceSet, byUid: boolean): number[] {
  return seqsOf(list, set, byUid).map((seq) => list.uid(seq))
}
