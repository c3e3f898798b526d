/** What COPY and MOVE share, and how commands name messages. */
import type { Arguments } from './arguments.ts'
import { syntaxError } from './errors.ts'
import type { Selected } from './selected.ts'
import { SAVED } from './sequence-set.ts'
import type { MessageSet } from './sequence-set.ts'

export interface Transfer {
  readonly set: MessageSet
  /** folder name */
  readonly to: string
}

export function parseTransfer(args: Arguments): Transfer {
  args.space()
  const set = args.messageSet()
  args.space()
  return { set, to: args.folderName() }
}

/** The sequence numbers that a set names; numbers that no message has are an error, UIDs that none has are not. */
export function seqsOf({ list, savedSearch }: Selected, set: MessageSet, byUid: boolean): number[] {
  if (set === SAVED) return list.seqsOfUids(savedSearch)
  const seqs = byUid ? list.seqsOfUids(set) : list.seqs(set)
  if (!seqs) throw syntaxError('No such message number')
  return seqs
}

export function uidsOf(selected: Selected, set: MessageSet, byUid: boolean): number[] {
  return seqsOf(selected, set, byUid).map((seq) => selected.list.uid(seq))
}
