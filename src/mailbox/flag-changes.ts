/**
 * Changes of flags, of many messages in steps (`bulk.ts`). Who follows a folder knows its messages at a cursor: if nobody has come in between, what
 * becomes of them is reckoned here, and the database only says that it was done. That is a third of the cost.
 */
import { steps } from './bulk.ts'
import type { FlagsRow, MailboxQueries } from './queries.ts'
import { unpackMessages } from './state-columns.ts'
import type { ConditionalChange, FlagChange, FlagsChanged, MailboxRef, MessageState } from './types.ts'

/** Messages that change in one step: some 30 ms. */
const AT_ONCE = 10_000

export interface FlagChangesDeps {
  readonly queries: Pick<MailboxQueries, 'storeFlags' | 'storeFlagsIf'>
  /** runs one step, then tells those who watch the mailbox */
  readonly changing: <T>(mailbox: MailboxRef, step: () => Promise<T>) => Promise<T>
}

export function createFlagChanges({ queries, changing }: FlagChangesDeps) {
  const step = (mailbox: MailboxRef, folder: string, uids: readonly number[], change: FlagChange, at: number | null) =>
    changing(mailbox, () => queries.storeFlags(mailbox, folder, uids, change.mode, change.flags, change.keywords, at))

  async function store(
    mailbox: MailboxRef,
    folder: string,
    uids: readonly number[],
    change: FlagChange,
  ): Promise<MessageState[]> {
    const rows: FlagsRow[] = []
    for await (const some of steps(uids, AT_ONCE)) rows.push(...(await step(mailbox, folder, some, change, null)))
    return rows.flatMap(unpackMessages)
  }

  /** @param known as `MailboxStore.storeFlagsAt` has it */
  async function storeAt(
    mailbox: MailboxRef,
    folder: string,
    known: readonly MessageState[],
    cursor: number,
    change: FlagChange,
  ): Promise<FlagsChanged> {
    const changed: MessageState[][] = []
    const rows: FlagsRow[] = []
    // Where the folder was known until then, it is known after a step of our own.
    let at: number | null = cursor
    for await (const some of steps(known, AT_ONCE)) {
      const uids = some.map(({ uid }) => uid)
      const [row] = await step(mailbox, folder, uids, change, at)
      if (!row) continue
      rows.push(row)
      const states: MessageState[] | undefined = row.since === at ? reckon(some, change, row) : unpackMessages(row)
      // Nothing changes by doing it again, and the states are answered.
      changed.push(states ?? (await store(mailbox, folder, uids, change)))
      at = row.since === at && states ? row.modseq : null
    }
    return { changed: changed.flat(), ...spanOf(rows) }
  }

  async function storeIf(
    mailbox: MailboxRef,
    folder: string,
    known: readonly MessageState[],
    unchangedSince: number,
    change: FlagChange,
  ): Promise<ConditionalChange> {
    const rows: FlagsRow[] = []
    for await (const some of steps(known, AT_ONCE)) {
      const uids = some.map(({ uid }) => uid)
      const before = knownBefore(some, unchangedSince, change)
      rows.push(...(await changing(mailbox, () => queries.storeFlagsIf(mailbox, folder, uids, change, unchangedSince, before))))
    }
    const passed = rows.filter((row) => row.passed)
    return {
      changed: passed.flatMap(unpackMessages),
      refused: rows.filter((row) => !row.passed).flatMap(unpackMessages),
      ...spanOf(passed),
    }
  }

  return { store, storeAt, storeIf }
}

/** From the cursor before the first step to that after the last one that nobody came before. */
function spanOf(rows: readonly FlagsRow[]): Pick<FlagsChanged, 'since' | 'modseq'> {
  const since = rows[0]?.since ?? 0
  let reached = since
  for (const row of rows) if (row.since === reached) reached = row.modseq
  return { since, modseq: reached }
}

/** What has become of messages by a change; undefined if the database has changed more or fewer: they were not known then. */
function reckon(
  known: readonly MessageState[],
  change: FlagChange,
  { modseq, changed }: { readonly modseq: number; readonly changed: number },
): MessageState[] | undefined {
  let count = 0
  const states = known.map((state) => {
    const next = changedState(state, change, modseq)
    if (next !== state) count++
    return next
  })
  return count === changed ? states : undefined
}

/** A message after a change, as `mailbox_store_flags` makes it; the same object if it stays as it is. */
function changedState(state: MessageState, change: FlagChange, modseq: number): MessageState {
  const { uid } = state
  if (change.mode === 'replace' || change.keywords.length > 0) {
    const next = changedWords(state, change)
    return next ? { uid, modseq, flags: next.flags, keywords: next.keywords } : state
  }
  const flags = change.mode === 'add' ? state.flags | change.flags : state.flags & ~change.flags
  return flags === state.flags ? state : { uid, modseq, flags, keywords: state.keywords }
}

/** Flags and keywords after a change of both; undefined if it leaves them as they are. */
function changedWords(
  { flags, keywords }: MessageState,
  change: FlagChange,
): Pick<MessageState, 'flags' | 'keywords'> | undefined {
  const others = change.keywords.filter((word) => !keywords.includes(word))
  switch (change.mode) {
    case 'add':
      if ((flags & change.flags) === change.flags && others.length === 0) return undefined
      return { flags: flags | change.flags, keywords: others.length === 0 ? keywords : [...keywords, ...others] }
    case 'remove':
      if ((flags & change.flags) === 0 && others.length === change.keywords.length) return undefined
      return { flags: flags & ~change.flags, keywords: keywords.filter((word) => !change.keywords.includes(word)) }
    case 'replace':
      if (flags === change.flags && others.length === 0 && keywords.every((word) => change.keywords.includes(word)))
        return undefined
      return { flags: change.flags, keywords: change.keywords }
  }
}

/**
 * What `mailbox_store_flags_if` compares: of each message that the caller knew in the state that it asks for, those flags that are to change.
 * What it came to know later is no ground to change it.
 */
function knownBefore(
  known: readonly MessageState[],
  unchangedSince: number,
  change: FlagChange,
): [uids: number[], flags: number[], keywords: string[]] {
  const before = known.filter(({ modseq }) => modseq <= unchangedSince)
  return [
    before.map(({ uid }) => uid),
    before.map(({ flags }) => flags & change.flags),
    before.map(({ keywords }) =>
      keywords
        .filter((word) => change.keywords.includes(word))
        .sort()
        .join(' '),
    ),
  ]
}
