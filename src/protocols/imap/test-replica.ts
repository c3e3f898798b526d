/** For tests: what a client with QRESYNC keeps of a folder, by what it is told alone (RFC 7162 6). */
import assert from 'node:assert/strict'

/** What it keeps while it is away. */
export interface Past {
  readonly flags: readonly (readonly [number, string])[]
  readonly modseq: number
  readonly uidValidity: number
  readonly uids: readonly number[]
}

/** A client that keeps what it hears: flags by UID, and the highest modseq as RFC 7162 6 reckons it. */
export class Replica {
  readonly flags = new Map<number, string>()
  readonly uids: number[] = []
  modseq = 0
  uidValidity = 0

  static from({ flags, modseq, uidValidity }: Past): Replica {
    const replica = new Replica()
    for (const [uid, text] of flags) replica.flags.set(uid, text)
    replica.modseq = modseq
    replica.uidValidity = uidValidity
    return replica
  }

  past(): Past {
    return { flags: [...this.flags], modseq: this.modseq, uidValidity: this.uidValidity, uids: [...this.uids] }
  }

  hear({ untagged, tagged }: { untagged: readonly string[]; tagged: string }): void {
    let told: number | undefined
    let fetched = 0
    for (const line of [...untagged, tagged]) {
      const highest = /\[HIGHESTMODSEQ (\d+)\]/.exec(line)?.[1]
      if (highest !== undefined) told = Number(highest)
      this.uidValidity = Number(/\[UIDVALIDITY (\d+)\]/.exec(line)?.[1] ?? this.uidValidity)
      const [, number, what] = /^\* (\d+) (EXISTS|EXPUNGE|FETCH)/.exec(line) ?? []
      assert.notEqual(what, 'EXPUNGE')
      if (what === 'EXISTS') {
        assert.ok(Number(number) >= this.uids.length)
        while (this.uids.length < Number(number)) this.uids.push(0)
      }
      if (what === 'FETCH') fetched = Math.max(fetched, this.#fetch(Number(number), line))
      const [, earlier, set] = /^\* VANISHED (\(EARLIER\) )?(\S+)$/.exec(line) ?? []
      for (const uid of expand(set)) this.#vanish(uid, earlier !== undefined)
    }
    this.modseq = told ?? Math.max(this.modseq, fetched)
  }

  #fetch(number: number, line: string): number {
    const uid = Number(/UID (\d+)/.exec(line)?.[1])
    const known = this.uids[number - 1]
    assert.ok(known === 0 || known === uid, `message ${number} was UID ${known}, now ${uid}`)
    const flags = /FLAGS \(([^)]*)\)/.exec(line)?.[1]
    if (flags !== undefined) {
      this.uids[number - 1] = uid
      this.flags.set(uid, flags.replace(/ ?\\Recent/, '').trim())
    }
    return Number(/MODSEQ \((\d+)\)/.exec(line)?.[1] ?? 0)
  }

  #vanish(uid: number, earlier: boolean): void {
    this.flags.delete(uid)
    const index = this.uids.indexOf(uid)
    if (earlier) {
      assert.equal(index, -1, `UID ${uid} is counted still`)
      return
    }
    // A message that was counted, and went before its UID was asked for.
    const counted = index >= 0 ? index : this.uids.indexOf(0)
    assert.ok(counted >= 0, `UID ${uid} was not counted`)
    this.uids.splice(counted, 1)
  }
}

function expand(set: string | undefined): number[] {
  const uids: number[] = []
  for (const range of set?.split(',') ?? []) {
    const [from, to = from] = range.split(':').map(Number)
    for (let uid = from ?? 1; uid <= (to ?? 0); uid++) uids.push(uid)
  }
  return uids
}
