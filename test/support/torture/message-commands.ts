/** APPEND, COPY, MOVE, EXPUNGE: messages that come and go. */
import assert from 'node:assert/strict'
import { assertAnswer, nameMessages } from './command.ts'
import type { Client, Command } from './command.ts'
import { FLAGS } from './message-history.ts'
import { expandSet, nameByUid } from './number-sets.ts'

/** Where COPY and MOVE take messages, if not to the folder itself. */
export const OTHER_FOLDER = 'Altro'

export function makeAppend(client: Client): Command {
  const { random, world, view } = client
  const messages = Array.from({ length: random.chance(0.3) ? 2 + random.below(3) : 1 }, () => ({
    ...world.contents.make(),
    flags: new Set<string>(random.some(FLAGS, 0.15)),
  }))
  const waits = messages.length === 1 && random.chance(0.3)
  let sentAt = 0
  let after = 0
  const pieces = messages.map(({ flags, text }) => {
    const date = random.chance(0.2) ? '"01-Feb-2024 10:11:12 +0100" ' : ''
    return `(${[...flags].join(' ')}) ${date}{${text.length}${waits ? '' : '+'}}${waits ? '' : `\r\n${text}`}`
  })
  return {
    text: `APPEND INBOX ${pieces.join(' ')}`,
    ...(waits && { literal: messages[0]?.text ?? '' }),
    usesNumbers: false,
    mayExpunge: true,
    mayTellEarlier: false,
    sent(at) {
      sentAt = at
      after = world.largestUid
    },
    answered({ status, code }) {
      assert.equal(status, 'OK')
      const [, validity, set = ''] = /^APPENDUID (\d+) (\S+)$/.exec(code) ?? assert.fail(`no APPENDUID: ${code}`)
      assert.equal(Number(validity), view.uidValidity)
      const uids = expandSet(set)
      assert.equal(uids.length, messages.length)
      for (const [index, uid] of uids.entries()) {
        const { number, flags } = messages[index] ?? assert.fail()
        assert.ok(uid > (uids[index - 1] ?? 0), `UIDs do not ascend: ${set}`)
        world.arrived(uid, { content: number, first: new Map(FLAGS.map((flag) => [flag, flags.has(flag)])), sentAt, after })
      }
    },
  }
}

export function makeTransfer(client: Client, numbersAllowed: boolean, name: 'COPY' | 'MOVE'): Command | undefined {
  const naming = nameMessages(client, numbersAllowed)
  if (!naming) return undefined
  const { named, prefix } = naming
  const { world, view, session } = client
  const target = client.random.chance(0.5) ? 'INBOX' : OTHER_FOLDER
  let sentAt = 0
  let after = 0
  let sources: number[] | undefined

  function arrived(source: number, uid: number): void {
    assert.ok(named.uids.includes(source) || (named.from <= source && source <= named.to), `UID ${source} was not named`)
    const { content } = world.message(source)
    const first = world.possible(source, sentAt, session)
    if (target === 'INBOX') {
      world.arrived(uid, { content, first, sentAt, after })
      world.copies.push([source, uid])
      return
    }
    assert.ok(uid > after && !world.sentAway.has(uid), `UID ${uid} of the other folder was given twice`)
    world.sentAway.set(uid, { source, first })
    world.largestUidAway = Math.max(world.largestUidAway, uid)
  }

  function takeCode(code: string): void {
    const [, validity, from = '', to = ''] = /^COPYUID (\d+) (\S+) (\S+)$/.exec(code) ?? assert.fail(`no COPYUID: ${code}`)
    if (target === 'INBOX') assert.equal(Number(validity), view.uidValidity)
    sources = expandSet(from)
    const uids = expandSet(to)
    assert.equal(uids.length, sources.length, code)
    for (const [index, uid] of uids.entries()) {
      assert.ok(uid > (uids[index - 1] ?? 0), `UIDs do not ascend: ${code}`)
      arrived(sources[index] ?? 0, uid)
    }
  }

  return {
    text: `${prefix}${name} ${named.text} ${target}`,
    usesNumbers: prefix === '' && named.text !== '$',
    mayExpunge: true,
    mayTellEarlier: false,
    sent(at) {
      sentAt = at
      after = target === 'INBOX' ? world.largestUid : world.largestUidAway
      if (name === 'MOVE') world.removing('move', named, at)
    },
    hear(line) {
      const code = name === 'MOVE' ? /^\* OK \[(COPYUID [^\]]*)\]/.exec(line)?.[1] : undefined
      if (code === undefined) return false
      assert.equal(sources, undefined, 'COPYUID twice')
      takeCode(code)
      return true
    },
    answered({ status, code }) {
      assert.equal(status, 'OK')
      if (name === 'COPY' && code !== '') takeCode(code)
      for (const uid of named.uids)
        if (!sources?.includes(uid) && view.uids.includes(uid)) world.gone(uid, `session ${session} could not take it`)
      if (name === 'MOVE')
        for (const uid of sources ?? []) assert.ok(!view.uids.includes(uid), `UID ${uid} was moved and is counted`)
    },
  }
}

export function makeExpunge(client: Client): Command | undefined {
  const { random, world, view, session } = client
  const known = view.uids.filter((uid) => uid > 0)
  if (known.length === 0) return undefined
  const named = random.chance(0.5) ? nameByUid(random, view.uids) : undefined
  let sentAt = 0
  return {
    text: named ? `UID EXPUNGE ${named.text}` : 'EXPUNGE',
    usesNumbers: false,
    mayExpunge: true,
    mayTellEarlier: false,
    sent(at) {
      sentAt = at
      world.removing('expunge', named ?? { text: '', uids: known, from: 1, to: Infinity }, at)
    },
    answered(answer) {
      assert.equal(answer.status, 'OK')
      for (const uid of named?.uids ?? known)
        if (view.uids.includes(uid)) world.toldOrGone(uid, { flag: '\\Deleted', value: false, since: sentAt, session })
    },
  }
}

/** CLOSE removes as EXPUNGE does, and tells nothing. */
export function makeClose({ world, view, random }: Client): Command {
  const name = random.chance(0.5) ? 'CLOSE' : 'UNSELECT'
  return {
    text: name,
    usesNumbers: false,
    mayExpunge: name === 'CLOSE',
    mayTellEarlier: false,
    sent(at) {
      const uids = view.uids.filter((uid) => uid > 0)
      if (name === 'CLOSE') world.removing('expunge', { text: '', uids, from: 1, to: Infinity }, at)
    },
    answered: (answer) => assertAnswer(answer, 'UID '),
  }
}
