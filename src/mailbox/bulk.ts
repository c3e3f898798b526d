/**
 * Removes, moves and copies any number of messages. Each step is a transaction, consistent in itself, and the next one lets others go first
 * that want the mailbox: so deliveries get in between, and a crash leaves the steps that are done. COPY alone is one step, because it must be
 * undone whole (RFC 3501 6.4.7); of the others each message is changed or not (RFC 6851 3.3).
 */
import { setTimeout as pause } from 'node:timers/promises'
import { clientError } from '../base/errors.ts'
import type { MailboxQueries } from './queries.ts'
import { numbersOf } from './state-columns.ts'
import type { CopyResult, MailboxRef } from './types.ts'

/** Messages that are moved or removed in one step: some 10 ms. */
const MOVED_AT_ONCE = 1000
/** Between two steps: time for who waits for the mailbox to be woken, or the next step would be there first. */
const PAUSE_MS = 2

export interface BulkDeps {
  readonly queries: Pick<MailboxQueries, 'deleted' | 'states' | 'expunge' | 'copy'>
  /** runs one step, then tells those who watch the mailbox */
  readonly changing: <T>(mailbox: MailboxRef, step: () => Promise<T>) => Promise<T>
  readonly now: () => number
}

export interface Bulk {
  /** Removes those with \Deleted, among `uids` if given; answers which. */
  expunge(mailbox: MailboxRef, folder: string, uids: readonly number[] | undefined): Promise<number[]>
  /** Removes all messages that are there when it begins. @throws `folder-changed` */
  clear(mailbox: MailboxRef, folder: string): Promise<void>
  /** @param to id of the destination */
  copy(mailbox: MailboxRef, folder: string, uids: readonly number[], to: string): Promise<CopyResult>
  move(mailbox: MailboxRef, folder: string, uids: readonly number[], to: string): Promise<CopyResult>
}

export function createBulk({ queries, changing, now }: BulkDeps): Bulk {
  async function removeAll(mailbox: MailboxRef, folder: string, uids: readonly number[], any: boolean): Promise<number[]> {
    const removed: number[][] = []
    for await (const some of steps(uids, MOVED_AT_ONCE)) {
      const [row] = await changing(mailbox, () => queries.expunge(mailbox, folder, some, any, new Date(now())))
      removed.push(numbersOf(row?.uids ?? '{}'))
    }
    return removed.flat().sort((a, b) => a - b)
  }

  async function transfer(
    mailbox: MailboxRef,
    folder: string,
    uids: readonly number[],
    to: string,
    move: boolean,
  ): Promise<CopyResult> {
    const pairs: [number, number][] = []
    let uidValidity = 0
    for await (const some of steps(uids, move ? MOVED_AT_ONCE : Infinity)) {
      const [row] = await changing(mailbox, () => queries.copy(mailbox, folder, some, to, move, new Date(now())))
      if (!row) continue
      uidValidity = row.uid_validity
      for (const [at, uid] of numbersOf(row.uids).entries()) pairs.push([uid, row.first_uid + at])
    }
    return { uidValidity, uids: pairs }
  }

  return {
    async expunge(mailbox, folder, uids) {
      if (uids) return removeAll(mailbox, folder, uids, false)
      const [row] = await queries.deleted(mailbox, folder)
      if (!row) throw clientError('no-such-folder', 'The folder does not exist')
      return removeAll(mailbox, folder, numbersOf(row.uids), false)
    },

    async clear(mailbox, folder) {
      const [row] = await queries.states(mailbox, folder)
      if (!row) throw clientError('folder-changed', 'The folder was removed')
      await removeAll(mailbox, folder, numbersOf(row.uids), true)
    },

    copy: (mailbox, folder, uids, to) => transfer(mailbox, folder, uids, to, false),
    move: (mailbox, folder, uids, to) => transfer(mailbox, folder, uids, to, true),
  }
}

/** What is done in one step each. At least one: a change of nothing finds out that the folder is gone, too. */
export async function* steps<T>(items: readonly T[], size: number): AsyncIterable<readonly T[]> {
  for (let at = 0; at === 0 || at < items.length; at += size) {
    if (at > 0) await pause(PAUSE_MS)
    yield items.length <= size ? items : items.slice(at, at + size)
  }
}
