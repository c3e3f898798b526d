import type { ConditionalChange, FlagChange } from '../../../mailbox/types.ts'
import type { Arguments } from '../arguments.ts'
import { folderCommand, no, ok } from '../command.ts'
import type { Command, Reply } from '../command.ts'
import { enableCondstore, messageLine } from '../condstore.ts'
import { syntaxError } from '../errors.ts'
import { flagSet } from '../flags.ts'
import type { FlagSet } from '../flags.ts'
import { RECENT } from '../message-list.ts'
import type { MessageList } from '../message-list.ts'
import { refuseReadOnly } from '../read-only.ts'
import { formatSequenceSet } from '../sequence-set.ts'
import type { MessageSet } from '../sequence-set.ts'
import type { FolderSession } from '../session.ts'
import { seqsOf } from '../transfer.ts'
import { tellKeywords } from '../updates.ts'

interface Request {
  readonly set: MessageSet
  /** only messages that have not changed since this modseq; undefined: all */
  readonly unchangedSince: number | undefined
  readonly mode: FlagChange['mode']
  readonly silent: boolean
  readonly names: readonly string[]
}

const ITEM = /^FLAGS(\.SILENT)?$/

function parseStore(args: Arguments): Request {
  args.space()
  const set = args.messageSet()
  args.space()
  const unchangedSince = args.peek() === '(' ? parseModifiers(args) : undefined
  const mode = args.accept('+') ? 'add' : args.accept('-') ? 'remove' : 'replace'
  const item = ITEM.exec(args.itemName())
  if (!item) throw syntaxError('Unknown item')
  args.space()
  return {
    set,
    unchangedSince,
    mode,
    silent: item[1] !== undefined,
    names: args.peek() === '(' ? args.list(() => args.flag()) : flagsInLine(args),
  }
}

/** RFC 7162 3.1.3 */
function parseModifiers(args: Arguments): number {
  const [modseq, ...more] = args.list(() => {
    if (args.word() !== 'UNCHANGEDSINCE') throw syntaxError('Unknown modifier')
    args.space()
    return args.modseq()
  })
  if (modseq === undefined || more.length > 0) throw syntaxError('Not a list of modifiers')
  args.space()
  return modseq
}

/** Flags without brackets. */
function flagsInLine(args: Arguments): string[] {
  const names = [args.flag()]
  while (args.accept(' ') && args.peek() !== '') names.push(args.flag())
  return names
}

const storing = (name: string, byUid: boolean): Command =>
  folderCommand(name, parseStore, async (session, { set, unchangedSince, mode, silent, names }): Promise<Reply> => {
    const { selected, output } = session
    const { list } = selected
    refuseReadOnly(selected)
    if (unchangedSince !== undefined) enableCondstore(session)
    const condstore = session.enabled.has('CONDSTORE')
    const { flags, keywords } = flagSet(names)
    const change: FlagChange = { mode, flags, keywords: keywords.map((word) => list.spelling(word)) }
    const seqs = seqsOf(selected, set, byUid)
    const { mark } = selected
    const { changed, refused, since, modseq } = await storeFlags(session, seqs, unchangedSince, change)
    const told: { readonly seq: number; readonly flags: boolean }[] = []
    for (const state of changed) {
      // With .SILENT the client reckons the flags itself: it is told only where another session has changed them too.
      const seq = list.seq(state.uid)
      const flags = !silent || list.isUntold(seq) || !isSame(state, expected(list, seq, change))
      const difference = list.update(state)
      if (flags || (condstore && (difference || unchangedSince !== undefined))) told.push({ seq, flags })
    }
    for (const state of refused) if (list.update(state)) told.push({ seq: list.seq(state.uid), flags: true })
    tellKeywords(session)
    for (const { seq, flags } of told.sort((a, b) => a.seq - b.seq)) {
      output.line(messageLine(session, list, seq, { uid: byUid, flags }))
      if (output.isFull) await output.flush()
    }
    // What others have changed below the new modseqs must be told too, if they have.
    if (selected.cursor === since) {
      selected.cursor = modseq
      // Where nothing was asked of the store, it has given no hint: one that came is another's.
      if (changed.length + refused.length > 0) await selected.forgetOwnHint(mark)
    } else if (condstore) selected.hint()
    const gone = changed.length + refused.length < seqs.length
    if (gone) selected.hint()
    const numbers = refused.map(({ uid }) => (byUid ? uid : list.seq(uid)))
    const modified = numbers.length > 0 ? `MODIFIED ${formatSequenceSet(numbers)}` : null
    if (gone && !byUid) return no('Some of the messages were removed', modified ?? 'EXPUNGEISSUED')
    return ok(modified ? `${name} left out what has changed` : `${name} completed`, modified)
  })

/** Changes the flags in the store, which of two sessions serves one first. */
async function storeFlags(
  { selected, deps: { store }, mailbox }: FolderSession,
  seqs: readonly number[],
  unchangedSince: number | undefined,
  change: FlagChange,
): Promise<ConditionalChange> {
  const { list, folder, cursor } = selected
  const present = list.hasVanished ? seqs.filter((seq) => !list.isVanished(seq)) : seqs
  if (present.length === 0) return { changed: [], refused: [], since: cursor, modseq: cursor }
  const known = present.map((seq) => list.state(seq))
  if (unchangedSince !== undefined) return store.storeFlagsIf(mailbox, folder.id, known, unchangedSince, change)
  return { refused: [], ...(await store.storeFlagsAt(mailbox, folder.id, known, cursor, change)) }
}

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
