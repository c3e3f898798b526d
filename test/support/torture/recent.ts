/**
 * \Recent (RFC 3501 2.3.2): of two clients that select the folder one after the other only the first is told that a message is recent, and the
 * first is told it. Of those that are there when it comes any may be.
 */
import assert from 'node:assert/strict'
import type { MessageHistory } from './message-history.ts'

/** What one selection may be told. */
export interface Selection {
  /** UIDs below this were there when it began */
  readonly there: number
  /** UIDs below this are not \Recent: somebody had been told so before it began */
  readonly oldBelow: number
  /** what came later than this is \Recent, if it was there: nobody else can have been told so; Infinity: somebody can */
  newAfter: number
}

export class RecentLedger {
  /** UIDs below this were told as \Recent to somebody */
  #told = 0
  #lastAt = 0
  readonly #selecting = new Set<Selection>()

  /** A client that knows \Recent is about to select the folder. */
  selecting(largestUid: number): Selection {
    const selection = { there: largestUid + 1, oldBelow: this.#told, newAfter: this.#lastAt }
    this.#selecting.add(selection)
    // Of those that select it at the same time each may be the first.
    if (this.#selecting.size > 1) for (const other of this.#selecting) other.newAfter = Infinity
    return selection
  }

  selected(selection: Selection, at: number): void {
    this.#selecting.delete(selection)
    this.#told = Math.max(this.#told, selection.there)
    this.#lastAt = at
  }

  told({ there, oldBelow, newAfter }: Selection, { uid, sentAt }: MessageHistory, recent: boolean): void {
    if (recent) assert.ok(uid >= oldBelow, `UID ${uid} is \\Recent though it was to somebody before`)
    else assert.ok(uid >= there || sentAt <= newAfter, `UID ${uid} is not \\Recent, and was to nobody before`)
  }
}
