/**
 * What may have become of one message. Its flags are registers that many clients write: a client may be told a value if some write of it can have
 * been the last one. Times are those of `World.now`: they order what happened in the test, which is one process.
 */

/** All flags that the test sets, with keywords. */
export const FLAGS = ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft', 'k0', 'k1', 'k2'] as const

export type FlagName = (typeof FLAGS)[number]

/** A command that changes flags. */
export interface FlagWrite {
  readonly session: number
  readonly sent: number
  /** when it was answered; Infinity: not yet, or never */
  done: number
  /** all named messages that exist are changed, not only those that seem to need it */
  readonly certain: boolean
  /** what it makes of a flag; undefined: nothing */
  readonly value: (flag: FlagName) => boolean | undefined
  /** UIDs that were surely changed */
  readonly confirmed: Set<number>
  /** UIDs that were surely not changed */
  readonly refused: Set<number>
}

/** Flags that a message has from the beginning; undefined: not known. */
export type FirstFlags = ReadonlyMap<FlagName, boolean | undefined>

export interface Telling {
  readonly flag: FlagName
  readonly value: boolean
  /** the client has been told of all that was done before */
  readonly since: number
  readonly session: number
}

const MANY = 40

export class MessageHistory {
  readonly uid: number
  /** number of its content; undefined: nobody has read it yet */
  content: number | undefined
  /** undefined: nobody knows how it came here */
  first: FirstFlags | undefined
  /** when somebody sent the command that brought it here; -1: not known */
  sentAt = -1
  /** it was there at this time */
  existedAt = 0
  /** it was gone by then */
  goneAt = Infinity
  /** how that is known */
  goneBecause = ''
  /** by a command that was sent \Deleted may have been set, and then expunged */
  maybeDeleted = false
  maybeExpunged = false
  maybeMoved = false
  /** flags by modseq */
  readonly states = new Map<number, string>()
  /** its modseq was at least this at that time */
  floor = { modseq: 0, at: 0 }
  #writes: FlagWrite[] = []

  /** since when the test knows of it */
  readonly knownAt: number

  constructor(uid: number, knownAt: number) {
    this.uid = uid
    this.knownAt = knownAt
  }

  written(write: FlagWrite, oldestView: () => number): void {
    this.#writes.push(write)
    if (write.value('\\Deleted') === true) this.maybeDeleted = true
    if (this.#writes.length > MANY) this.#forget(oldestView())
  }

  /** May a client be told this of the flag now? */
  allows({ flag, value, since, session }: Telling): boolean {
    let lastOther = -1
    let last = -2
    const first = this.first?.get(flag)
    if (first === undefined || first === value) last = -1
    for (const write of this.#writes) {
      const written = write.value(flag)
      if (written === undefined || write.refused.has(this.uid)) continue
      if (written === value) last = Math.max(last, write.done)
      else if (this.#isSure(write) && (write.done < since || write.session === session))
        lastOther = Math.max(lastOther, write.sent)
    }
    return last >= lastOther
  }

  describe(): string {
    const writes = this.#writes.map((write) => {
      const values = FLAGS.flatMap((flag) => {
        const value = write.value(flag)
        return value === undefined ? [] : `${value ? '+' : '-'}${flag}`
      })
      const fate = this.#isSure(write) ? 'sure' : write.refused.has(this.uid) ? 'refused' : 'perhaps'
      return `by ${write.session} sent ${write.sent} done ${write.done} ${fate}: ${values.join(' ')}`
    })
    const first = this.first ? [...this.first].map(([flag, value]) => `${flag}=${value}`).join(' ') : 'unknown'
    return [
      `UID ${this.uid} existed at ${this.existedAt}, gone at ${this.goneAt} ${this.goneBecause}, first: ${first}`,
      ...writes,
    ].join('\n  ')
  }

  #isSure(write: FlagWrite): boolean {
    if (write.done === Infinity || write.refused.has(this.uid)) return false
    return write.confirmed.has(this.uid) || (write.certain && this.existedAt > write.done)
  }

  /** Writes after which all clients have been told of a later one that changes the same flags. */
  #forget(oldestView: number): void {
    const sure = this.#writes.filter((write) => this.#isSure(write) && write.done < oldestView)
    this.#writes = this.#writes.filter((write) =>
      FLAGS.some(
        (flag) =>
          write.value(flag) !== undefined && !sure.some((later) => later.sent > write.done && later.value(flag) !== undefined),
      ),
    )
  }
}
