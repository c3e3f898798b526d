/**
 * The mailbox as IMAP, POP3 and JMAP share it: folders, messages, flags, one change cursor (modseq) per mailbox.
 * Counters, UIDs and quota change in the transaction of the message row (I8); the bytes of a message never change (I5).
 */
import type { Envelope, ParsedMessage } from '../mime/structure.ts'
import type { Criterion, Ranks, SortKey, ThreadFacts } from './search-types.ts'

/** Where a mailbox lives: its id, and the slot that leads every key of its tables. */
export interface MailboxRef {
  readonly slot: number
  readonly id: string
}

/** System flags as bits of `flags`; keywords are words of the client's own. */
export const Flag = { seen: 1, answered: 2, flagged: 4, deleted: 8, draft: 16 } as const

export type SpecialUse = '\\Archive' | '\\Drafts' | '\\Junk' | '\\Sent' | '\\Trash'

export interface Folder {
  readonly id: string
  /** Unicode, levels separated by "/"; the inbox is always "INBOX" */
  readonly name: string
  readonly specialUse: SpecialUse | null
  readonly uidValidity: number
  readonly uidNext: number
  /** the cursor of the folder's last change */
  readonly modseq: number
  readonly total: number
  readonly unseen: number
  readonly subscribed: boolean
}

/** What a session keeps of each message of a selected folder. */
export interface MessageState {
  readonly uid: number
  readonly modseq: number
  readonly flags: number
  readonly keywords: readonly string[]
}

/** The states of many messages, by UID, as columns of `count` entries: compact, shared by sessions, and not to be changed. */
export interface StateColumns {
  readonly count: number
  readonly uids: Uint32Array<ArrayBuffer>
  readonly modseqs: Float64Array<ArrayBuffer>
  readonly flags: Uint16Array<ArrayBuffer>
  /** index into keywordSets */
  readonly keywords: Uint32Array<ArrayBuffer>
  readonly keywordSets: readonly (readonly string[])[]
}

/** Content = head + slice of a blob + tail; `size` is the whole, in bytes. */
export interface StoredContent {
  readonly id: string
  readonly size: number
  /** Decoded when it is first asked for; an error if it was not read (`messages` without structure). */
  readonly parsed: ParsedMessage
  /** `parsed.root.envelope`, decoded alone */
  readonly envelope: Envelope | null
  /** the structure as it was shown before (`keepShown`); null if it was not, or not asked for. Who makes it may put it here. */
  shown: string | null
}

/** What `messages` reads of the structure: nothing, all, or how it was shown before and all of it only where it was not. */
export type StructureWanted = boolean | 'shown'

export interface StoredMessage extends MessageState {
  /** when the message came into the mailbox, milliseconds since 1970 */
  readonly internalDate: number
  /** when it came into this folder, milliseconds since 1970; null if that was not noted yet (RFC 8514) */
  readonly savedAt: number | null
  readonly content: StoredContent
}

/** A folder as a session enters it: its counters at one moment, and nothing of its messages. */
export interface FolderEntry {
  readonly folder: Folder
  /** first UID that no session has been told of as \Recent yet */
  readonly firstRecentUid: number
  /** messages from that UID on */
  readonly recent: number
}

/** All messages of a folder at one cursor. */
export interface FolderStates {
  readonly modseq: number
  readonly columns: StateColumns
}

export interface FolderChanges {
  /** the new cursor: pass it as `since` next time */
  readonly modseq: number
  /** new messages and those whose flags changed, by UID */
  readonly changed: MessageState[]
  /** UIDs expunged since */
  readonly vanished: number[]
  readonly uidNext: number
}

/** What was expunged of a folder since a cursor. */
export interface Vanished {
  /** UIDs, ascending */
  readonly uids: number[]
  /** false: the cursor is older than what is remembered, so every UID that is not there may have gone since */
  readonly complete: boolean
}

export interface AppendRequest {
  readonly bytes: Buffer
  readonly flags: number
  readonly keywords: readonly string[]
  /** milliseconds since 1970 */
  readonly internalDate: number
}

export interface CopyResult {
  readonly uidValidity: number
  /** pairs of source UID and UID in the destination, by source UID */
  readonly uids: [number, number][]
}

export interface FlagChange {
  readonly mode: 'add' | 'remove' | 'replace'
  readonly flags: number
  readonly keywords: readonly string[]
}

/** What became of messages by a change of flags, for who follows the folder. */
export interface FlagsChanged {
  /** the new state of those that exist, by UID; some may have been so already */
  readonly changed: MessageState[]
  /** who knew all of the folder up to this cursor, */
  readonly since: number
  /** knows it up to this one now, with `changed` */
  readonly modseq: number
}

/** A change of flags that was asked for only where a message had not changed (RFC 7162 3.1.3). */
export interface ConditionalChange extends FlagsChanged {
  /** the state of those that had changed meanwhile, and were left as they are */
  readonly refused: MessageState[]
}

/** What the messages of a folder take, in bytes of theirs. */
export interface FolderSize {
  readonly size: number
  /** messages with \Deleted, and their bytes */
  readonly deleted: number
  readonly deletedSize: number
}

/** Bytes of a mailbox: what all its messages have, and how many ordinary messages may bring it to (receipts may go beyond). */
export interface MailboxUsage {
  readonly used: number
  readonly quota: number
}

/**
 * The mailbox store. What changes very many messages does so step by step, unless it says "all or none": others get in between, and if it fails
 * some are changed and some are not. Errors are `CeralaccaError`s with these codes: `no-such-folder`, `folder-exists`, `folder-not-removable`,
 * `bad-folder-name`, `special-use-taken`, `over-quota`, `folder-changed` (it was deleted under the session).
 */
export interface MailboxStore {
  folders(mailbox: MailboxRef): Promise<Folder[]>
  folder(mailbox: MailboxRef, name: string): Promise<Folder | undefined>
  /** With a special use that no other folder of the mailbox may have. @throws `special-use-taken` */
  createFolder(mailbox: MailboxRef, name: string, specialUse?: SpecialUse): Promise<Folder>
  /** Deletes the folder with its messages; its children stay, and so does a subscription to its name. */
  deleteFolder(mailbox: MailboxRef, name: string): Promise<void>
  /** Renames a folder and its children; renaming INBOX moves its messages (RFC 3501 6.3.5). */
  renameFolder(mailbox: MailboxRef, from: string, to: string): Promise<void>
  subscribe(mailbox: MailboxRef, name: string, subscribed: boolean): Promise<void>
  /** Names that are subscribed to and have no folder any more (RFC 3501 6.3.9). */
  orphanSubscriptions(mailbox: MailboxRef): Promise<string[]>
  /** The counters of a folder, at a price that does not grow with it. With `takeRecent` no later session sees its messages as recent. */
  enter(mailbox: MailboxRef, name: string, takeRecent: boolean): Promise<FolderEntry>
  /** All message states of a folder as they were at a cursor, or at any later one. @throws `folder-changed` */
  states(mailbox: MailboxRef, folderId: string, from: number): Promise<FolderStates>
  /** What changed in a folder since a cursor; no gap, no late UID (I8). */
  changes(mailbox: MailboxRef, folderId: string, since: number): Promise<FolderChanges>
  /** What was expunged since a cursor, for who was away: `changes` tells it to who follows. @throws `folder-changed` */
  vanished(mailbox: MailboxRef, folderId: string, since: number): Promise<Vanished>
  /**
   * The messages with these UIDs that exist, by UID, in chunks: memory does not grow with the number asked. Without `structure` (default
   * true) they have no `parsed`, which is most of what is read.
   */
  messages(
    mailbox: MailboxRef,
    folderId: string,
    uids: readonly number[],
    structure?: StructureWanted,
  ): AsyncIterable<StoredMessage>
  /** Keeps how the structures of contents are shown, as text without NUL. */
  keepShown(mailbox: MailboxRef, contents: readonly Pick<StoredContent, 'id' | 'shown'>[]): Promise<void>
  /** Bytes [from, to) of a message, in pieces of at most 1 MiB. */
  read(mailbox: MailboxRef, contentId: string, from: number, to: number): AsyncIterable<Buffer>
  /** Which of the messages with these UIDs (ascending) a criterion holds for, ascending. What is gone is not found. */
  search(mailbox: MailboxRef, folderId: string, uids: readonly number[], criterion: Criterion): Promise<number[]>
  /** The places of messages by a key; there may be others among them. UIDs ascend. */
  ranks(mailbox: MailboxRef, folderId: string, uids: readonly number[], key: SortKey): Promise<Ranks>
  /** What threads of messages are made of; there may be others among them. UIDs ascend. */
  threadFacts(mailbox: MailboxRef, folderId: string, uids: readonly number[]): Promise<ThreadFacts>
  /** The first words of a message (RFC 8970), '' if it has none; null if it is gone, or if they are not known yet and `lazy` does not wait. */
  preview(mailbox: MailboxRef, contentId: string, lazy: boolean): Promise<string | null>
  /** All of the messages, or none. */
  append(
    mailbox: MailboxRef,
    folderName: string,
    messages: readonly AppendRequest[],
  ): Promise<{ uidValidity: number; uids: number[] }>
  /** Changes flags; answers the new state of the messages that exist. */
  storeFlags(mailbox: MailboxRef, folderId: string, uids: readonly number[], change: FlagChange): Promise<MessageState[]>
  /**
   * Changes flags, for who follows the folder: `known` are the messages as they were at that cursor, none of them gone. If nothing has changed in
   * the folder since then, it costs less.
   */
  storeFlagsAt(
    mailbox: MailboxRef,
    folderId: string,
    known: readonly MessageState[],
    cursor: number,
    change: FlagChange,
  ): Promise<FlagsChanged>
  /**
   * Changes flags of messages that have not changed since a modseq. Adding and removing flags is also done where only other flags have changed
   * since the caller knew the message: `known` is what it knew.
   */
  storeFlagsIf(
    mailbox: MailboxRef,
    folderId: string,
    known: readonly MessageState[],
    unchangedSince: number,
    change: FlagChange,
  ): Promise<ConditionalChange>
  /** All of the messages, or none. */
  copy(mailbox: MailboxRef, folderId: string, uids: readonly number[], to: string): Promise<CopyResult>
  move(mailbox: MailboxRef, folderId: string, uids: readonly number[], to: string): Promise<CopyResult>
  /** Removes the messages with \Deleted, among `uids` if given; answers the removed UIDs. */
  expunge(mailbox: MailboxRef, folderId: string, uids?: readonly number[]): Promise<number[]>
  /** By folder id; counted, so it takes the longer the more messages there are. */
  folderSizes(mailbox: MailboxRef, folderIds: readonly string[]): Promise<ReadonlyMap<string, FolderSize>>
  /** By folder id: messages that no session was told of as \Recent; a folder that is not in it has none. */
  recentCounts(mailbox: MailboxRef, folderIds: readonly string[]): Promise<ReadonlyMap<string, number>>
  usage(mailbox: MailboxRef): Promise<MailboxUsage>
  /**
   * Calls back after changes of the mailbox, with the number of hints; these may come twice or be lost, so the caller re-reads `changes`. Each change by
   * this process gives at least one.
   */
  watch(mailbox: MailboxRef, listener: (hints: number) => void): () => void
}
