/**
 * CONDSTORE and QRESYNC (RFC 7162): what a client that follows modseqs is told besides. Such a client comes back with the highest modseq that it
 * was told of and asks what happened since, so it must never be told of one below which it has missed something.
 */
import { formatFlags } from './flags.ts'
import type { MessageList } from './message-list.ts'
import type { Selected } from './selected.ts'
import type { Session, UserSession } from './session.ts'

/** Switched on by the first command that shows that the client knows modseqs (RFC 7162 3.1). */
export function enableCondstore(session: UserSession): void {
  if (session.enabled.has('CONDSTORE')) return
  session.enabled.add('CONDSTORE')
  if (session.selected) tellHighest(session, session.selected, 'Highest')
}

/** RFC 7162 3.1.2.1: the client has heard of all changes up to here. */
export function tellHighest({ output }: Pick<Session, 'output'>, { toldModseq }: Selected, text: string): void {
  output.line(`* OK [HIGHESTMODSEQ ${toldModseq}] ${text}`)
}

/**
 * After a command: if the client has been told of a modseq above one that it has not, because messages that are gone must keep their numbers for
 * now, it is told how far back it is still (RFC 7162 3.2 and 6), and that this is over once it is.
 */
export function tellBehind(session: Session): void {
  const { selected, enabled } = session
  if (!selected || !enabled.has('CONDSTORE')) return
  const behind = selected.summary.highestModseq > selected.toldModseq
  if (behind || selected.toldBehind)
    tellHighest(session, selected, behind ? 'Some changes are not told yet' : 'All changes are told')
  selected.toldBehind = behind
}

/**
 * An untagged FETCH of a message's flags that the client did not ask for in so many words. With CONDSTORE its UID and modseq always come with it
 * (RFC 7162 3.2.4).
 */
export function messageLine(
  { enabled }: Pick<Session, 'enabled'>,
  list: MessageList,
  seq: number,
  { uid, flags }: { readonly uid: boolean; readonly flags: boolean },
): string {
  const condstore = enabled.has('CONDSTORE')
  let items = ''
  if (uid || condstore) items += ` UID ${list.uid(seq)}`
  if (flags) items += ` FLAGS ${formatFlags(list.flags(seq), list.keywordsOf(seq))}`
  if (condstore) items += ` MODSEQ (${list.modseq(seq)})`
  return `* ${seq} FETCH (${items.slice(1)})`
}
