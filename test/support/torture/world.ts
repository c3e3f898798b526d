/**
 * What all clients of the torture test together know of the folder: which UIDs there were, with which content, what was done to them. Whatever one
 * is told must fit to what the others did and were told.
 */
import assert from 'node:assert/strict'
import type { Contents } from './contents.ts'
import { FLAGS, MessageHistory } from './message-history.ts'
import type { FirstFlags, FlagName, FlagWrite, Telling } from './message-history.ts'
import type { NamedMessages } from './number-sets.ts'

/** A command on messages that the client need not know of. */
interface WideCommand {
  readonly sent: number
  readonly from: number
  readonly to: number
  readonly work: FlagWrite | 'expunge' | 'move'
}

interface Arrival {
  readonly content: number | undefined
  readonly first: FirstFlags
  /** when the command was sent */
  readonly sentAt: number
  /** the largest UID that was known then */
  readonly after: number
}

/** How many commands with ranges are remembered. */
const MANY = 5000

export class World {
  readonly contents: Contents
  /** for each client up to when it has been told of everything; Infinity: it has no folder open */
  readonly toldUpTo = new Map<number, number>()
  /** the largest UID that anybody was told of */
  largestUid = 0
  /** commands answered */
  answered = 0
  /** messages that went to the other folder, by their UID there */
  readonly sentAway = new Map<number, { readonly source: number; readonly first: FirstFlags }>()
  largestUidAway = 0
  /** UIDs of the folder that must have the same content */
  readonly copies: (readonly [source: number, uid: number])[] = []
  readonly #messages = new Map<number, MessageHistory>()
  readonly #wide: WideCommand[] = []
  readonly #waiting: { readonly until: number; readonly resolve: () => void }[] = []
  #hurried = false
  #now = 0

  constructor(contents: Contents) {
    this.contents = contents
  }

  /** The time: it goes on whenever something happens. */
  tick(): number {
    this.#now++
    while (this.#waiting[0] && this.#waiting[0].until <= this.#now) this.#waiting.shift()?.resolve()
    return this.#now
  }

  /** Waits while others make the world go on. */
  async pass(ticks: number): Promise<void> {
    if (this.#hurried) return
    await new Promise<void>((resolve) => {
      this.#waiting.push({ until: this.#now + ticks, resolve })
      this.#waiting.sort((a, b) => a.until - b.until)
    })
  }

  /** Nobody waits any longer: soon nothing will happen. */
  hurry(): void {
    this.#hurried = true
    for (const { resolve } of this.#waiting.splice(0)) resolve()
  }

  /** UIDs that were told to somebody, or answered. */
  get uids(): number[] {
    return [...this.#messages.keys()]
  }

  message(uid: number): MessageHistory {
    let message = this.#messages.get(uid)
    if (!message) {
      message = new MessageHistory(uid, this.#now)
      this.#messages.set(uid, message)
      this.largestUid = Math.max(this.largestUid, uid)
    }
    return message
  }

  /** A message came here by a command, which told its UID. */
  arrived(uid: number, { content, first, sentAt, after }: Arrival): void {
    assert.ok(uid > after, `UID ${uid} was given though ${after} was in use`)
    const message = this.message(uid)
    assert.equal(message.first, undefined, `UID ${uid} was given twice`)
    message.first = first
    message.sentAt = sentAt
    if (first.get('\\Deleted') !== false) message.maybeDeleted = true
    if (content !== undefined) this.recognised(uid, content)
  }

  recognised(uid: number, content: number): void {
    const message = this.message(uid)
    assert.equal(message.content ?? content, content, `UID ${uid} had another content before`)
    message.content = content
  }

  writing(write: FlagWrite, named: NamedMessages): void {
    for (const uid of named.uids) this.message(uid).written(write, () => Math.min(...this.toldUpTo.values()))
    this.#remember({ sent: write.sent, work: write, from: named.from, to: named.to })
  }

  removing(work: 'expunge' | 'move', named: NamedMessages, sent: number): void {
    for (const uid of named.uids) {
      const message = this.message(uid)
      if (work === 'move') message.maybeMoved = true
      else message.maybeExpunged = true
    }
    this.#remember({ sent, work, from: named.from, to: named.to })
  }

  #remember(command: WideCommand): void {
    if (command.from === command.to) return
    this.#wide.push(command)
    if (this.#wide.length > MANY) this.#wide.shift()
  }

  /** A client was told that a flag is set, or not. */
  told(uid: number, telling: Telling): void {
    if (!this.#allows(uid, telling)) {
      const { flag, value, since } = telling
      assert.fail(
        `UID ${uid} cannot have ${flag} ${value ? 'set' : 'clear'} for who knows all up to ${since}\n${this.message(uid).describe()}`,
      )
    }
  }

  /** Like `told`, or the message is gone. */
  toldOrGone(uid: number, telling: Telling): void {
    if (!this.#allows(uid, telling)) this.gone(uid, `session ${telling.session} does not hear of ${telling.flag}`)
  }

  #allows(uid: number, telling: Telling): boolean {
    return (
      this.message(uid).allows(telling) ||
      this.#wide.some(
        ({ work, from, to }) =>
          typeof work === 'object' && from <= uid && uid <= to && work.value(telling.flag) === telling.value,
      )
    )
  }

  /** A client was told of flags together with their modseq. */
  toldState(uid: number, modseq: number, flags: string, since: number): void {
    const message = this.message(uid)
    const known = message.states.get(modseq)
    assert.equal(known ?? flags, flags, `UID ${uid} has other flags at modseq ${modseq} than somebody was told before`)
    message.states.set(modseq, flags)
    this.toldModseq(uid, modseq, since)
  }

  toldModseq(uid: number, modseq: number, since: number): void {
    const message = this.message(uid)
    const { floor } = message
    assert.ok(since <= floor.at || modseq >= floor.modseq, `UID ${uid} went back from modseq ${floor.modseq} to ${modseq}`)
    if (modseq > floor.modseq) message.floor = { modseq, at: this.#now }
  }

  /** What the flags of a message may be at a moment between `since` and now. */
  possible(uid: number, since: number, session: number): FirstFlags {
    const values = new Map<FlagName, boolean | undefined>()
    for (const flag of FLAGS) {
      const [on, off] = [true, false].map((value) => this.#allows(uid, { flag, value, since, session }))
      values.set(flag, on === off ? undefined : on)
    }
    return values
  }

  /** The message was there at this time. */
  existed(uid: number, at: number): void {
    const message = this.message(uid)
    assert.ok(
      at <= message.goneAt,
      `UID ${uid} was there at ${at} though it was gone at ${message.goneAt}\n${message.describe()}`,
    )
    message.existedAt = Math.max(message.existedAt, at)
  }

  /** The message is not there now. */
  gone(uid: number, because: string): void {
    const message = this.message(uid)
    if (message.goneAt < Infinity) return
    const wide = (work: 'expunge' | 'move'): boolean =>
      this.#wide.some((command) => command.work === work && command.from <= uid && uid <= command.to)
    const moved = message.maybeMoved || wide('move')
    const expunged = message.maybeExpunged || wide('expunge')
    const deleted =
      message.maybeDeleted ||
      message.first === undefined ||
      this.#allows(uid, { flag: '\\Deleted', value: true, since: 0, session: -1 })
    assert.ok(moved || (expunged && deleted), `UID ${uid} is gone, and nobody removed it: ${because}\n${message.describe()}`)
    message.goneAt = this.#now
    message.goneBecause = because
  }

  /** Its modseq is above this one now. */
  changedSince(uid: number, modseq: number): void {
    const message = this.message(uid)
    if (modseq >= message.floor.modseq) message.floor = { modseq: modseq + 1, at: this.#now }
  }

  /** UIDs that were known before a time and are not known to be gone. */
  alive(before: number): number[] {
    return [...this.#messages.values()]
      .filter(({ goneAt, knownAt }) => goneAt === Infinity && knownAt < before)
      .map(({ uid }) => uid)
  }
}
