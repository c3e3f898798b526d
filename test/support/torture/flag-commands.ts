/** STORE, with all that it can be asked for (RFC 9051 6.4.6, RFC 7162 3.1.3). */
import assert from 'node:assert/strict'
import { assertAnswer, nameMessages } from './command.ts'
import type { Answered, Client, Command, Naming } from './command.ts'
import { FLAGS } from './message-history.ts'
import type { FlagName, FlagWrite } from './message-history.ts'
import { expandSet } from './number-sets.ts'

interface Change {
  readonly mode: '+' | '-' | ''
  readonly flags: ReadonlySet<FlagName>
  readonly silent: boolean
  readonly unchangedSince: number | undefined
}

export function makeStore(client: Client, numbersAllowed: boolean): Command | undefined {
  const naming = nameMessages(client, numbersAllowed)
  if (!naming) return undefined
  const { random, view, dialect } = client
  const mode = random.pick(['+', '+', '-', ''] as const)
  const chosen = random.some(FLAGS, mode === '' ? 0.3 : 0.2)
  const flags = new Set(mode !== '' && chosen.length === 0 ? [random.pick(FLAGS)] : chosen)
  const conditional = dialect.condstore && view.modseq > 10 && random.chance(0.3)
  const unchangedSince = conditional ? view.modseq - random.below(6) : undefined
  return storing(client, naming, { mode, flags, silent: random.chance(0.5), unchangedSince })
}

/** Marks messages to be expunged. */
export function makeDeletion(client: Client, numbersAllowed: boolean): Command | undefined {
  const naming = nameMessages(client, numbersAllowed)
  const change = { mode: '+', flags: new Set(['\\Deleted'] as const), silent: client.random.chance(0.5) } as const
  return naming && storing(client, naming, { ...change, unchangedSince: undefined })
}

function storing(client: Client, { named, prefix }: Naming, change: Change): Command {
  const { world, view, session } = client
  const { mode, flags, silent, unchangedSince } = change
  const toldFlags = new Set<number>()
  const toldModseq = new Set<number>()
  const value = (flag: FlagName): boolean | undefined => {
    if (flags.has(flag)) return mode !== '-'
    return mode === '' ? false : undefined
  }
  /** messages that cannot be replaced any more */
  const changedBefore = new Set<number>()
  let write: FlagWrite | undefined
  const condition = unchangedSince === undefined ? '' : `(UNCHANGEDSINCE ${unchangedSince}) `

  function answered(answer: Answered): void {
    assertAnswer(answer, prefix)
    assert.ok(write)
    write.done = answer.at
    const modified = /^MODIFIED (\S+)$/.exec(answer.code)?.[1]
    const refused = modified === undefined ? [] : expandSet(modified)
    assert.ok(modified === undefined || unchangedSince !== undefined, 'MODIFIED without UNCHANGEDSINCE')
    for (const number of refused) {
      const uid = prefix === '' ? (view.uids[number - 1] ?? assert.fail(`there is no message ${number}`)) : number
      // One that "*" has come to name, and that the client does not know yet.
      if (uid === 0 && named.to === Infinity) continue
      assert.ok(named.uids.includes(uid) || (named.from <= uid && uid <= named.to), `${number} is MODIFIED, and was not named`)
      write.refused.add(uid)
      world.changedSince(uid, unchangedSince ?? 0)
    }
    for (const uid of named.uids) if (!write.refused.has(uid)) changed(uid, answer)
    if (silent) forgetOthers()
  }

  /** Of those that the set has come to name since it was written the client cannot reckon the flags: it will ask. */
  function forgetOthers(): void {
    for (const uid of view.uids) {
      const isNamed = named.from <= uid && uid <= named.to && !named.uids.includes(uid)
      if (isNamed && !toldFlags.has(uid)) view.flags.delete(uid)
    }
  }

  function changed(uid: number, { status }: Answered): void {
    if (!view.uids.includes(uid)) return
    const told = silent ? unchangedSince === undefined || toldModseq.has(uid) : toldFlags.has(uid)
    // What was not told is not there any more.
    if (!told) {
      assert.ok(prefix === 'UID ' || status === 'NO', `nothing was told of UID ${uid}`)
      world.gone(uid, `session ${session} could not store its flags`)
      return
    }
    if (status === 'OK' && prefix === '') write?.confirmed.add(uid)
    if (changedBefore.has(uid)) world.gone(uid, `session ${session} changed it though it had been changed`)
    if (!toldFlags.has(uid)) view.reckon(uid, (before) => reckoned(before, value))
  }

  return {
    text: `${prefix}STORE ${named.text} ${condition}${mode}FLAGS${silent ? '.SILENT' : ''} (${[...flags].join(' ')})`,
    usesNumbers: prefix === '' && named.text !== '$',
    mayExpunge: prefix !== '',
    mayTellEarlier: false,
    sent(at) {
      write = { session, sent: at, done: Infinity, certain: true, value, confirmed: new Set(), refused: new Set() }
      world.writing(write, named)
      if (mode !== '' || unchangedSince === undefined) return
      for (const uid of named.uids) if (world.message(uid).floor.modseq > unchangedSince) changedBefore.add(uid)
    },
    fetched(fetched, uid) {
      if (fetched.flags) toldFlags.add(uid)
      if (fetched.modseq !== undefined) toldModseq.add(uid)
      if (unchangedSince === undefined && !silent && fetched.flags && named.uids.includes(uid)) write?.confirmed.add(uid)
    },
    answered,
  }
}

function reckoned(before: ReadonlySet<string>, value: (flag: FlagName) => boolean | undefined): ReadonlySet<string> {
  return new Set(FLAGS.filter((flag) => value(flag) ?? before.has(flag)))
}
