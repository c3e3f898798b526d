/** SELECT, as a new client does it and as one that comes back (RFC 7162 3.2.5). */
import assert from 'node:assert/strict'
import type { Client, Command } from './command.ts'
import type { Random } from './random.ts'
import type { Past, View } from './view.ts'

interface Selecting {
  readonly command: Command
  /** Makes the client's numbers out of what it knew, once the command has been answered. */
  readonly rebuild: () => void
}

/** What a client that comes back says that it knows: nothing more than that, its UIDs, or numbers too. */
export function describePast(random: Random, past: Past): string {
  const { uids, uidValidity, modseq } = past
  const kind = uids.length > 0 ? random.below(3) : 0
  const known = ['', ` ${uids.join()}`, ` 1:${Math.max(0, ...uids)} (1:${uids.length} ${uids.join()})`][kind] ?? ''
  return `(QRESYNC (${uidValidity} ${modseq}${known}))`
}

/** @param before the folder that is still open: what is told up to CLOSED is about it (RFC 9051 7.1) */
export function makeSelect(view: View, random: Random, past: Past | undefined, before: View | undefined): Selecting {
  let sentAt = 0
  let closed = before === undefined
  const command: Command = {
    text: past ? `SELECT INBOX ${describePast(random, past)}` : 'SELECT INBOX',
    usesNumbers: false,
    // What goes while the folder is opened may be told before the answer.
    mayExpunge: true,
    mayTellEarlier: past !== undefined,
    sent(at) {
      sentAt = at
      view.since = at
    },
    hear(line) {
      if (closed) return false
      if (line.startsWith('* OK [CLOSED]')) closed = true
      else before?.hear(line, { mayExpunge: true, mayTellEarlier: false })
      return true
    },
    answered({ status, code }) {
      assert.equal(status, 'OK')
      assert.equal(code, 'READ-WRITE')
      assert.ok(view.uidValidity > 0 && view.uidNext > 0 && view.modseq > 0, 'SELECT told too little')
      view.selected(sentAt)
    },
  }
  return { command, rebuild: () => past && rebuild(view, past) }
}

/** What the client knew, without what has vanished, with what it was told of: these are the first messages, in this order. */
function rebuild(view: View, past: Past): void {
  assert.equal(view.uidValidity, past.uidValidity)
  for (const uid of view.uids) assert.ok(!view.vanished.has(uid), `UID ${uid} has vanished and is there`)
  const kept = past.uids.filter((uid) => !view.vanished.has(uid))
  assert.ok(kept.length <= view.uids.length, `the client knows of ${kept.length} messages, and there are ${view.uids.length}`)
  for (const [index, uid] of kept.entries()) view.number(index + 1, uid)
  for (const [uid, flags] of past.flags)
    if (!view.vanished.has(uid) && !view.flags.has(uid)) view.flags.set(uid, new Set(flags.split(' ').filter(Boolean)))
}

/** Asks for messages of which the client was not told the UID, or the flags. */
export function makeLearning({ view, dialect }: Client): Command | undefined {
  const first = view.uids.findIndex((uid) => !view.flags.has(uid))
  if (first < 0) return undefined
  return {
    text: `FETCH ${first + 1}:* (UID FLAGS${dialect.condstore ? ' MODSEQ' : ''})`,
    usesNumbers: true,
    mayExpunge: false,
    mayTellEarlier: false,
    answered: ({ status, code }) => assert.ok(status === 'OK' || code === 'EXPUNGEISSUED', code),
  }
}
