/** What a client of the torture test asks for, and what must come of it. */
import assert from 'node:assert/strict'
import type { NamedMessages } from './number-sets.ts'
import { nameByNumber, nameByUid } from './number-sets.ts'
import type { Random } from './random.ts'
import type { Dialect, Listening, View } from './view.ts'
import type { World } from './world.ts'

export interface Answered {
  readonly status: string
  /** response code, "" if there is none */
  readonly code: string
  readonly at: number
}

export interface Command extends Listening {
  /** without tag and line end; literals in it are not synchronising */
  readonly text: string
  /** what is sent after the server has said "+" */
  readonly literal?: string
  /** it goes by sequence numbers: none may change between its making and its end */
  readonly usesNumbers: boolean
  sent?(at: number, tag: string): void
  answered?(answer: Answered): void
}

/** What a client makes its commands of. */
export interface Client {
  readonly session: number
  readonly random: Random
  readonly world: World
  readonly view: View
  readonly dialect: Dialect
  /** searches that will save their result, and are not answered yet */
  saving: number
  /** what "$" stands for, if the client was told */
  saved: readonly number[] | undefined
}

export interface Naming {
  readonly named: NamedMessages
  /** "UID " or nothing */
  readonly prefix: '' | 'UID '
}

/** Names some messages, which there must be. Undefined if the client knows none. */
export function nameMessages(client: Client, numbersAllowed: boolean): Naming | undefined {
  const { random, view, saved } = client
  if (!view.uids.some((uid) => uid > 0)) return undefined
  if (saved && random.chance(0.2)) {
    const uids = saved.filter((uid) => view.uids.includes(uid))
    return { named: { text: '$', uids, from: 0, to: 0 }, prefix: numbersAllowed && random.chance(0.5) ? '' : 'UID ' }
  }
  if (numbersAllowed && random.chance(0.5)) return { named: nameByNumber(random, view.uids), prefix: '' }
  return { named: nameByUid(random, view.uids), prefix: 'UID ' }
}

/** OK, or NO because messages have gone meanwhile, which only a command with numbers may answer. */
export function assertAnswer({ status, code }: Answered, prefix: '' | 'UID '): void {
  if (status === 'OK') return
  assert.ok(prefix === '' && status === 'NO' && /^(EXPUNGEISSUED|MODIFIED )/.test(code), `${status} [${code}]`)
}
