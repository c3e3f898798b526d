/**
 * What one client makes of what it is told while it has the folder selected, and what it must not be told: a response that does not fit, or comes at
 * the wrong time, fails.
 */
import assert from 'node:assert/strict'
import { readFetch } from './fetched.ts'
import type { Fetched } from './fetched.ts'
import { FLAGS } from './message-history.ts'
import { expandSet } from './number-sets.ts'
import type { RecentLedger, Selection } from './recent.ts'
import type { World } from './world.ts'

export interface Dialect {
  readonly rev2: boolean
  readonly condstore: boolean
  readonly qresync: boolean
}

/** The command that the server is at work on. */
export interface Listening {
  /** messages may lose their numbers (RFC 9051 7.5.1) */
  readonly mayExpunge: boolean
  /** UIDs that have gone before may be told (RFC 7162 3.2.10) */
  readonly mayTellEarlier: boolean
  /** an answer to this very command: false if it is none */
  readonly hear?: (line: string) => boolean
  readonly fetched?: (fetched: Fetched, uid: number) => void
}

/** What a client keeps of the folder while it is away. */
export interface Past {
  readonly uidValidity: number
  readonly modseq: number
  readonly uids: readonly number[]
  readonly flags: readonly (readonly [uid: number, flags: string])[]
  /** how the client came to know it */
  readonly transcript: string
}

export class View {
  /** by sequence number; 0: the client was not told the UID */
  uids: number[] = []
  /** flags by UID, without \Recent, as the client reckons them */
  readonly flags = new Map<number, ReadonlySet<string>>()
  /** told with VANISHED, (EARLIER) or not */
  readonly vanished = new Set<number>()
  uidValidity = 0
  uidNext = 0
  /** RFC 7162 6: up to here the client knows of every change */
  modseq = 0
  /** it has been told of everything that was done before */
  since = 0
  readonly session: number
  readonly selection: Selection | undefined
  readonly #world: World
  readonly #recents: RecentLedger
  readonly #dialect: Dialect
  readonly #modseqs = new Map<number, number>()
  #keywords: ReadonlySet<string> = new Set()
  #toldModseq: number | undefined
  #fetchedModseq = 0

  constructor(world: World, recents: RecentLedger, { session, dialect }: { session: number; dialect: Dialect }) {
    this.#world = world
    this.#recents = recents
    this.#dialect = dialect
    this.session = session
    this.selection = dialect.rev2 ? undefined : recents.selecting(world.largestUid)
  }

  /** Messages of which it was not told the UID, or the flags. */
  get unknown(): number {
    return this.uids.filter((uid) => !this.flags.has(uid)).length
  }

  /** Has it been told of all UIDs and flags? */
  get complete(): boolean {
    return this.unknown === 0
  }

  past(transcript: string): Past {
    const flags = [...this.flags].map(([uid, names]): [number, string] => [uid, [...names].sort().join(' ')])
    return { uidValidity: this.uidValidity, modseq: this.modseq, uids: [...this.uids], flags, transcript }
  }

  hear(line: string, listening: Listening | undefined): void {
    if (listening?.hear?.(line) === true) return
    const fetched = readFetch(line)
    if (fetched) return this.#fetch(fetched, listening)
    const [, number = '', what = ''] = /^\* (\d+) ([A-Z]+)$/.exec(line) ?? []
    if (what === 'EXISTS') return this.#exists(Number(number))
    if (what === 'RECENT') {
      assert.ok(!this.#dialect.rev2, 'RECENT in IMAP4rev2')
      return assert.ok(Number(number) <= this.uids.length, 'more recent than there are')
    }
    if (what === 'EXPUNGE') return this.#expunge(Number(number), listening)
    const [, earlier, set] = /^\* VANISHED (\(EARLIER\) )?(\S+)$/.exec(line) ?? []
    if (set !== undefined) return this.#vanished(expandSet(set), earlier !== undefined, listening)
    const flags = /^\* FLAGS \((.*)\)$/.exec(line)?.[1]
    if (flags !== undefined) {
      this.#keywords = new Set(flags.split(' '))
      return
    }
    const [, code = '', value] = /^\* OK \[([A-Z]+)(?: ([^\]]*))?\]/.exec(line) ?? []
    if (code === 'HIGHESTMODSEQ') this.#toldModseq = Number(value)
    else if (code === 'UIDVALIDITY') this.uidValidity = Number(value)
    else if (code === 'UIDNEXT') this.uidNext = Number(value)
    else assert.match(line, /^\* (OK \[(PERMANENTFLAGS|UNSEEN|MAILBOXID)|LIST \()/, 'not a response that fits')
  }

  /** The command has been answered. */
  commandEnded(code: string): void {
    const highest = /^HIGHESTMODSEQ (\d+)$/.exec(code)?.[1]
    if (highest !== undefined) this.#toldModseq = Number(highest)
    this.modseq = this.#toldModseq ?? Math.max(this.modseq, this.#fetchedModseq)
    this.#toldModseq = undefined
    this.#fetchedModseq = 0
  }

  /** The client has been told of all that was done before `at`, and nothing that was not there then is in its view. */
  upToDate(at: number): void {
    this.since = at
    this.#world.toldUpTo.set(this.session, at)
    for (const uid of this.uids) if (uid > 0) this.#world.existed(uid, at)
    for (const [uid, flags] of this.flags) this.#tellFlags(uid, flags)
  }

  /** SELECT has been answered, which was sent at this time. */
  selected(at: number): void {
    if (this.selection) this.#recents.selected(this.selection, this.#world.tick())
    this.#world.toldUpTo.set(this.session, at)
  }

  /** With .SILENT the client reckons flags itself. */
  reckon(uid: number, change: (flags: ReadonlySet<string>) => ReadonlySet<string>): void {
    const flags = this.flags.get(uid)
    if (flags) this.flags.set(uid, change(flags))
  }

  /** The UID of a message, told or reckoned. */
  number(seq: number, uid: number): void {
    const known = this.uids[seq - 1]
    assert.ok(known === 0 || known === uid, `message ${seq} was UID ${known}, and is now ${uid}`)
    if (known === uid) return
    this.uids[seq - 1] = uid
    const before = this.uids.slice(0, seq - 1).findLast((other) => other > 0) ?? 0
    const behind = this.uids.slice(seq).find((other) => other > 0) ?? Infinity
    assert.ok(before < uid && uid < behind, `UID ${uid} is not between ${before} and ${behind}`)
    this.#world.existed(uid, this.since)
  }

  #exists(count: number): void {
    assert.ok(count >= this.uids.length, `EXISTS shrinks from ${this.uids.length} to ${count}`)
    while (this.uids.length < count) this.uids.push(0)
  }

  #fetch(fetched: Fetched, listening: Listening | undefined): void {
    const { seq, flags, modseq } = fetched
    assert.ok(seq <= this.uids.length, `there is no message ${seq}`)
    if (fetched.uid !== undefined) this.number(seq, fetched.uid)
    const uid = this.uids[seq - 1] ?? 0
    if (uid === 0) return
    if (flags) this.#toldFlags(uid, flags)
    if (modseq !== undefined) this.#toldModseqOf(uid, modseq, flags)
    this.#toldTexts(uid, fetched)
    listening?.fetched?.(fetched, uid)
  }

  #toldFlags(uid: number, flags: readonly string[]): void {
    const recent = flags.includes('\\Recent')
    const others = new Set(flags.filter((flag) => flag !== '\\Recent'))
    for (const flag of others) {
      assert.ok(
        FLAGS.some((known) => known === flag),
        `${flag} was never set`,
      )
      assert.ok(this.#keywords.has(flag), `${flag} was not announced`)
    }
    if (this.selection) this.#recents.told(this.selection, this.#world.message(uid), recent)
    else assert.ok(!recent, '\\Recent in IMAP4rev2')
    this.#tellFlags(uid, others)
    this.flags.set(uid, others)
  }

  #tellFlags(uid: number, flags: ReadonlySet<string>): void {
    const { since, session } = this
    for (const flag of FLAGS) this.#world.told(uid, { flag, value: flags.has(flag), since, session })
  }

  #toldModseqOf(uid: number, modseq: number, flags: readonly string[] | undefined): void {
    const before = this.#modseqs.get(uid) ?? 0
    assert.ok(modseq >= before, `UID ${uid} went back from modseq ${before} to ${modseq}`)
    this.#modseqs.set(uid, modseq)
    this.#fetchedModseq = Math.max(this.#fetchedModseq, modseq)
    if (flags)
      this.#world.toldState(
        uid,
        modseq,
        flags
          .filter((flag) => flag !== '\\Recent')
          .sort()
          .join(' '),
        this.since,
      )
    else this.#world.toldModseq(uid, modseq, this.since)
  }

  #toldTexts(uid: number, { texts, size }: Fetched): void {
    const { contents } = this.#world
    const whole = texts.get('BODY[]')
    if (whole !== undefined) this.#world.recognised(uid, contents.recognise(whole))
    const { content } = this.#world.message(uid)
    if (content === undefined) return
    for (const [label, text] of texts) {
      const expected = contents.expected(content, label)
      assert.ok(
        label.endsWith('>') ? expected.startsWith(text) : expected === text,
        `UID ${uid}: ${label} is not that of message ${content}`,
      )
    }
    if (size !== undefined) assert.equal(size, contents.size(content), `UID ${uid} has another size`)
  }

  #expunge(seq: number, listening: Listening | undefined): void {
    assert.ok(!this.#dialect.qresync, 'EXPUNGE after ENABLE QRESYNC')
    assert.ok(listening?.mayExpunge, 'EXPUNGE at the wrong time')
    assert.ok(seq <= this.uids.length, `there is no message ${seq}`)
    this.#remove(seq)
  }

  #vanished(uids: readonly number[], earlier: boolean, listening: Listening | undefined): void {
    assert.ok(this.#dialect.qresync, 'VANISHED without QRESYNC')
    if (earlier) {
      assert.ok(listening?.mayTellEarlier, 'VANISHED (EARLIER) at the wrong time')
      for (const uid of uids) {
        assert.ok(!this.uids.includes(uid), `UID ${uid} is counted still`)
        this.vanished.add(uid)
      }
      return
    }
    assert.ok(listening?.mayExpunge, 'VANISHED at the wrong time')
    for (const uid of uids) {
      this.#remove(this.#numberOf(uid))
      this.vanished.add(uid)
    }
  }

  /** The number of a message, also if the client was not told which of those at the end it is. */
  #numberOf(uid: number): number {
    const known = this.uids.indexOf(uid)
    if (known >= 0) return known + 1
    const at = this.uids.findIndex((other) => other > uid)
    const behind = at < 0 ? this.uids.length : at
    assert.equal(this.uids[behind - 1], 0, `UID ${uid} has vanished, and was not counted`)
    this.#world.message(uid)
    this.uids[behind - 1] = uid
    return behind
  }

  #remove(seq: number): void {
    const [uid = 0] = this.uids.splice(seq - 1, 1)
    if (uid === 0) return
    this.flags.delete(uid)
    this.#world.gone(uid, `session ${this.session} is told so`)
  }
}
