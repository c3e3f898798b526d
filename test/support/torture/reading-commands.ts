/** FETCH, SEARCH, NOOP and CHECK: what must be told, and what may be left out because it is gone. */
import assert from 'node:assert/strict'
import { assertAnswer, nameMessages } from './command.ts'
import type { Client, Command } from './command.ts'
import { FLAGS } from './message-history.ts'

const TEXTS = ['BODY.PEEK[]', 'BODY.PEEK[]', 'BODY[]', 'BODY.PEEK[TEXT]', 'BODY.PEEK[HEADER]', 'BODY.PEEK[]<0.70>'] as const

export function makeFetch(client: Client, numbersAllowed: boolean): Command | undefined {
  const naming = nameMessages(client, numbersAllowed)
  if (!naming) return undefined
  const { named, prefix } = naming
  const { random, world, view, dialect, session } = client
  const items = random.some(['UID', 'FLAGS', 'RFC822.SIZE', ...(dialect.condstore ? ['MODSEQ'] : [])], 0.5)
  if (random.chance(0.4) || items.length === 0) items.push(random.pick(TEXTS))
  const labels = items.map((item) => item.replace('.PEEK', '').replace('<0.70>', '<0>'))
  const since =
    dialect.condstore && prefix !== '' && view.modseq > 30 && random.chance(0.2) ? view.modseq - random.below(30) : undefined
  const vanished = dialect.qresync && random.chance(0.5)
  const modifiers = since === undefined ? '' : ` (CHANGEDSINCE ${since}${vanished ? ' VANISHED' : ''})`
  const told = new Map<number, Set<string>>()
  let toldBefore = 0
  return {
    text: `${prefix}FETCH ${named.text} (${items.join(' ')})${modifiers}`,
    usesNumbers: prefix === '' && named.text !== '$',
    mayExpunge: prefix !== '',
    mayTellEarlier: since !== undefined && vanished,
    sent(at) {
      toldBefore = view.since
      if (!items.includes('BODY[]')) return
      const value = (flag: string): boolean | undefined => (flag === '\\Seen' ? true : undefined)
      const write = {
        session,
        sent: at,
        done: Infinity,
        certain: false,
        value,
        confirmed: new Set<number>(),
        refused: new Set<number>(),
      }
      world.writing(write, named)
    },
    fetched({ flags, modseq, size, texts }, uid) {
      const all = told.get(uid) ?? new Set<string>(['UID'])
      if (flags) all.add('FLAGS')
      if (modseq !== undefined) all.add('MODSEQ')
      if (size !== undefined) all.add('RFC822.SIZE')
      for (const label of texts.keys()) all.add(label)
      told.set(uid, all)
    },
    answered(answer) {
      assertAnswer(answer, prefix)
      for (const uid of named.uids) {
        if (!view.uids.includes(uid) || labels.every((label) => told.get(uid)?.has(label) === true)) continue
        const { floor } = world.message(uid)
        if (since !== undefined && !(floor.modseq > since && floor.at < toldBefore)) continue
        assert.ok(prefix === 'UID ' || answer.status === 'NO', `nothing was told of UID ${uid}`)
        world.gone(uid, `session ${session} asked for it`)
      }
    },
  }
}

/** The client has been told of all that was done before it asked (and may hear of what was done since). */
export function makeNoop({ random, world, view, session }: Client): Command {
  let sentAt = 0
  return {
    text: random.chance(0.7) ? 'NOOP' : 'CHECK',
    usesNumbers: false,
    mayExpunge: true,
    mayTellEarlier: false,
    sent(at) {
      sentAt = at
    },
    answered({ status }) {
      assert.equal(status, 'OK')
      view.upToDate(sentAt)
      if (view.uids.includes(0)) return
      const known = new Set(view.uids)
      for (const uid of world.alive(sentAt)) if (!known.has(uid)) world.gone(uid, `session ${session} is not told of it`)
    },
  }
}

interface Criterion {
  readonly text: string
  readonly usesNumbers?: boolean
  /** what is known of a message that was found */
  readonly found: (uid: number) => void
  /** what is known of a message that was not found */
  readonly missing?: (uid: number) => void
}

function pickCriterion(client: Client, numbersAllowed: boolean): Criterion {
  const { random, world, view, session } = client
  const { since } = view
  const known = view.uids.includes(0) ? view.uids.indexOf(0) : view.uids.length
  const kind = random.below(numbersAllowed && known > 0 ? 5 : 4)
  if (kind === 0)
    return { text: 'ALL', found: () => undefined, missing: (uid) => world.gone(uid, `session ${session} does not find it`) }
  if (kind === 1 && world.uids.length > 0) {
    const { content } = world.message(random.pick(world.uids))
    const is = (uid: number): boolean => world.message(uid).content === content
    if (content !== undefined)
      return {
        text: random.chance(0.5) ? `SUBJECT "torture ${content}."` : `TEXT "torture ${content}."`,
        found: (uid) => world.recognised(uid, content),
        missing: (uid) => is(uid) && world.gone(uid, `session ${session} does not find its text`),
      }
  }
  if (kind === 4) {
    const last = 1 + random.below(known)
    const inside = (uid: number): boolean => view.uids.slice(0, last).includes(uid)
    return {
      text: `1:${last}`,
      usesNumbers: true,
      found: (uid) => assert.ok(inside(uid)),
      missing: (uid) => inside(uid) && world.gone(uid, `session ${session} does not find its number`),
    }
  }
  const flag = random.pick(FLAGS)
  const value = random.chance(0.5)
  const name = flag.startsWith('\\') ? flag.slice(1).toUpperCase() : `KEYWORD ${flag}`
  return {
    text: value ? name : `UN${name}`,
    found: (uid) => world.told(uid, { flag, value, since, session }),
    missing: (uid) => world.toldOrGone(uid, { flag, value: !value, since, session }),
  }
}

const OPTIONS = ['', '', 'RETURN (ALL) ', 'RETURN (MIN MAX ALL COUNT) ', 'RETURN (SAVE ALL) ', 'RETURN (SAVE) '] as const

export function makeSearch(client: Client, numbersAllowed: boolean): Command {
  const { random, view, dialect } = client
  const prefix = random.chance(0.6) ? 'UID ' : ''
  const options = random.pick(OPTIONS)
  const criterion = pickCriterion(client, numbersAllowed)
  const extended = options !== '' || dialect.rev2
  const saves = options.includes('SAVE')
  // What is made before the answer must not count on the result of before.
  if (saves) {
    client.saving++
    client.saved = undefined
  }
  let tag = ''
  let answer: readonly number[] | undefined

  /** Numbers as UIDs; what has no known UID is left out. */
  function take(numbers: readonly number[]): void {
    assert.equal(answer, undefined, 'two answers')
    answer = numbers.map((number) => {
      if (prefix === '') return view.uids[number - 1] ?? assert.fail(`there is no message ${number}`)
      assert.ok(view.uids.includes(number) || view.uids.includes(0), `UID ${number} was found, and is not counted`)
      return number
    })
  }

  return {
    text: `${prefix}SEARCH ${options}${criterion.text}`,
    usesNumbers: criterion.usesNumbers === true,
    mayExpunge: prefix !== '' && criterion.usesNumbers !== true,
    mayTellEarlier: false,
    sent(_at, sentTag) {
      tag = sentTag
    },
    hear(line) {
      if (!extended) {
        const numbers = /^\* SEARCH((?: \d+)*)$/.exec(line)?.[1]
        if (numbers === undefined) return false
        take(numbers.split(' ').filter(Boolean).map(Number))
        return true
      }
      const [, whose, byUid = '', results = ''] = /^\* ESEARCH \(TAG "?([^")]+)"?\)( UID)?(.*)$/.exec(line) ?? []
      if (whose === undefined) return false
      assert.equal(whose, tag)
      assert.equal(byUid !== '', prefix !== '')
      const value = (name: string): string | undefined => new RegExp(` ${name} (\\S+)`).exec(results)?.[1]
      const numbers = expandOrNone(value('ALL'))
      if (options.includes('COUNT')) {
        assert.equal(Number(value('COUNT')), numbers.length, line)
        assert.equal(value('MIN'), numbers.length > 0 ? String(numbers[0]) : undefined, line)
        assert.equal(value('MAX'), numbers.length > 0 ? String(numbers.at(-1)) : undefined, line)
      }
      take(numbers)
      return true
    },
    answered({ status }) {
      assert.equal(status, 'OK')
      if (saves) client.saving--
      if (options === 'RETURN (SAVE) ') return assert.equal(answer, undefined, 'an answer that was not asked for')
      assert.ok(answer, 'no answer')
      const found = new Set(answer)
      const isKnown = answer.every((uid) => uid > 0 && view.uids.includes(uid))
      // Another that was sent after this one saves another result.
      if (saves && client.saving === 0 && isKnown) client.saved = answer
      for (const uid of answer) if (uid > 0) criterion.found(uid)
      if (found.has(0)) return
      for (const uid of view.uids) if (uid > 0 && !found.has(uid)) criterion.missing?.(uid)
    },
  }
}

function expandOrNone(set: string | undefined): number[] {
  return set === undefined
    ? []
    : set.split(',').flatMap((range) => {
        const [from = 0, to = from] = range.split(':').map(Number)
        return Array.from({ length: to - from + 1 }, (_, index) => from + index)
      })
}
