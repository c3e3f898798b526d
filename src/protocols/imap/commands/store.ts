import type { FlagChange, MessageState } from '../../../mailbox/types.ts'
import type { Arguments } from '../arguments.ts'
import { folderCommand, no, ok } from '../command.ts'
import type { Command, Reply } from '../command.ts'
import { syntaxError } from '../errors.ts'
import { flagSet, formatFlags } from '../flags.ts'
import type { FlagSet } from '../flags.ts'
import { RECENT } from '../message-list.ts'
import type { MessageList } from '../message-list.ts'
import { refuseReadOnly } from '../read-only.ts'
import type { SequenceSet } from '../sequence-set.ts'
import { seqsOf } from '../transfer.ts'
import { tellKeywords } from '../updates.ts'

interface Request {
  readonly set: SequenceSet
  readonly mode: FlagChange['mode']
  readonly silent: boolean
  readonly names: readonly string[]
}

const ITEM = /^FLAGS(\.SILENT)?$/

function parseStore(args: Arguments): Request {
  args.space()
  const set = args.sequenceSet()
  args.space()
  const mode = args.accept('+') ? 'add' : args.accept('-') ? 'remove' : 'replace'
  const item = ITEM.exec(args.itemName())
  if (!item) throw syntaxError('Unknown item')
  args.space()
  return {
    set,
    mode,
    silent: item[1] !== undefined,
    names: args.peek() === '(' ? args.list(() => args.flag()) : flagsInLine(args),
  }
}

/** Flags without brackets. */
function flagsInLine(args: Arguments): string[] {
  const names = [args.flag()]
  while (args.accept(' ') && args.peek() !== '') names.push(args.flag())
  return names
}

const storing = (name: string, byUid: boolean): Command =>
  folderCommand(name, parseStore, async (session, { set, mode, silent, names }): Promise<Reply> => {
    const { selected, deps, output } = session
    const { list } = selected
    refuseReadOnly(selected)
    const { flags, keywords } = flagSet(names)
    const change: FlagChange = { mode, flags, keywords: keywords.map((word) => list.spelling(word)) }
    const seqs = seqsOf(list, set, byUid)
    const uids = seqs.map((seq) => list.uid(seq))
    const states = uids.length === 0 ? [] : await deps.store.storeFlags(session.mailbox, selected.folder.id, uids, change)
    const told: MessageState[] = []
    for (const state of states) {
      // With .SILENT the client reckons the flags itself: it is told only where another session has changed them too.
      if (!silent || !isSame(state, expected(list, list.seq(state.uid), change))) told.push(state)
      list.update(state)
    }
    tellKeywords(session)
    for (const state of told) {
      const seq = list.seq(state.uid)
      output.line(
        `* ${seq} FETCH (${byUid ? `UID ${state.uid} ` : ''}FLAGS ${formatFlags(list.flags(seq), list.keywordsOf(seq))})`,
      )
      await output.relieve()
    }
    if (states.length === uids.length) return ok(`${name} completed`)
    selected.hint()
    return byUid ? ok(`${name} completed`) : no('Some of the messages were removed', 'EXPUNGEISSUED')
  })

function expected(list: MessageList, seq: number, { mode, flags, keywords }: FlagChange): FlagSet {
  const before = { flags: list.flags(seq) & ~RECENT, keywords: list.keywordsOf(seq) }
  if (mode === 'replace') return { flags, keywords }
  if (mode === 'add') return { flags: before.flags | flags, keywords: [...new Set([...before.keywords, ...keywords])] }
  return { flags: before.flags & ~flags, keywords: before.keywords.filter((word) => !keywords.includes(word)) }
}

function isSame(a: FlagSet, b: FlagSet): boolean {
  return a.flags === b.flags && a.keywords.length === b.keywords.length && a.keywords.every((word) => b.keywords.includes(word))
}

/** RFC 3501 6.4.6 */
export const store = storing('STORE', false)
export const uidStore = storing('UID STORE', true)
