/** The arguments of NOTIFY (RFC 5465 8). */
import { canonicalName } from '../../mailbox/folder-names.ts'
import type { Arguments } from './arguments.ts'
import { Refusal, syntaxError } from './errors.ts'
import { parseFetchItems } from './fetch-items.ts'
import type { FetchItem } from './fetch-items.ts'
import { Happening } from './notify-filters.ts'
import type { EventGroup, Filter } from './notify-filters.ts'

/** What a client wants to hear of the folder that it has selected. */
export interface SelectedEvents {
  /** numbers change only with commands that allow it */
  readonly delayed: boolean
  /** bits of `Happening` */
  readonly events: number
  /** what is told of each new message */
  readonly items: readonly FetchItem[]
}

export interface NotifyRequest {
  /** the client wants to know how the folders are now */
  readonly status: boolean
  /** undefined: nothing of it */
  readonly selected: SelectedEvents | undefined
  readonly groups: readonly EventGroup[]
}

/** The client wants to hear of nothing. */
export const NOTHING: NotifyRequest = { status: false, selected: undefined, groups: [] }

/** Event names that are known, in upper case. New and expunged messages are two of them, told apart while reading only. */
const EXPUNGED = 16
const EVENTS: Readonly<Record<string, number>> = {
  MESSAGENEW: Happening.messages,
  MESSAGEEXPUNGE: EXPUNGED,
  FLAGCHANGE: Happening.flags,
  MAILBOXNAME: Happening.names,
  SUBSCRIPTIONCHANGE: Happening.subscriptions,
}

const SUPPORTED = 'BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange)'

/** All that is asked for is kept for the session, and looked at whenever a folder changes. */
const MOST_NAMES = 1000
const MOST_GROUPS = 100

interface Group {
  readonly name: string
  readonly names: readonly string[]
  readonly events: number
  readonly items: readonly FetchItem[]
  /** an event that is not known is among them */
  readonly strange: boolean
}

export function parseNotify(args: Arguments): NotifyRequest {
  args.space()
  const word = args.word()
  if (word === 'NONE') return NOTHING
  if (word !== 'SET') throw syntaxError('SET or NONE is expected')
  args.space()
  const status = args.peek() !== '('
  if (status) {
    if (args.word() !== 'STATUS') throw syntaxError('Unknown argument')
    args.space()
  }
  const groups = [parseGroup(args)]
  while (args.accept(' ') && args.peek() !== '') groups.push(parseGroup(args))
  return toRequest(status, groups)
}

function parseGroup(args: Arguments): Group {
  args.expect('(')
  const name = args.word()
  const names: string[] = []
  if (name === 'SUBTREE' || name === 'MAILBOXES') {
    args.space()
    if (args.peek() === '(') names.push(...args.list(() => canonicalName(args.folderName())))
    else names.push(canonicalName(args.folderName()))
    if (names.length === 0) throw syntaxError('Missing folder')
  }
  args.space()
  const events = parseEvents(args)
  args.expect(')')
  return { name, names, ...events }
}

/** A list of events or NONE; the examples of RFC 5465 leave the brackets out. */
function parseEvents(args: Arguments): Pick<Group, 'events' | 'items' | 'strange'> {
  if (args.peekWord('NONE')) {
    args.atom()
    return { events: 0, items: [], strange: false }
  }
  let [events, strange] = [0, false]
  const items: FetchItem[] = []
  const one = (): void => {
    const name = args.word()
    const bit = Object.hasOwn(EVENTS, name) ? EVENTS[name] : undefined
    if (bit === undefined) strange = true
    else events |= bit
    if (name === 'MESSAGENEW') items.push(...parseItems(args))
  }
  if (args.peek() === '(') args.list(one)
  else {
    while (args.peek() !== ')') {
      one()
      while (args.accept(' '));
    }
  }
  if (events === 0 && !strange) throw syntaxError('Missing event')
  return { events, items, strange }
}

/** What of new messages is told. Nothing of it makes a message \Seen: it is told unasked. */
function parseItems(args: Arguments): FetchItem[] {
  while (args.accept(' '));
  if (args.peek() !== '(') return []
  return parseFetchItems(args).map((item) => (item.kind === 'section' ? { ...item, peek: true } : item))
}

function toRequest(status: boolean, groups: readonly Group[]): NotifyRequest {
  const selected: SelectedEvents[] = []
  const others: EventGroup[] = []
  for (const group of groups) {
    const { name, items } = group
    const ofSelected = name === 'SELECTED' || name === 'SELECTED-DELAYED'
    const events = checkedEvents(group, ofSelected)
    if (ofSelected) selected.push({ delayed: name !== 'SELECTED', events, items })
    else if (items.length > 0) throw syntaxError('Items are told of the selected folder only')
    else others.push({ filter: filterOf(group), events })
  }
  if (selected.length > 1) throw syntaxError('The selected folder is named twice')
  if (groups.some(({ strange }) => strange)) throw new Refusal(SUPPORTED, 'Some of these events are not supported')
  const names = groups.reduce((sum, group) => sum + group.names.length, 0)
  if (groups.length > MOST_GROUPS || names > MOST_NAMES) throw new Refusal('NOTIFICATIONOVERFLOW', 'Too much is asked for')
  return { status, selected: selected[0], groups: others }
}

/** RFC 5465 5: which events go together. */
function checkedEvents({ events, strange }: Group, ofSelected: boolean): number {
  // What is not known is refused with NO, whatever is wrong besides.
  if (strange) return 0
  const both = Happening.messages | EXPUNGED
  if ((events & (both | Happening.flags)) !== 0 && (events & both) !== both)
    throw syntaxError('MessageNew and MessageExpunge go together, and FlagChange with them')
  if (ofSelected && (events & (Happening.names | Happening.subscriptions)) !== 0)
    throw syntaxError('Of the selected folder only its messages can be told')
  return events & ~EXPUNGED
}

function filterOf({ name, names }: Group): Filter {
  switch (name) {
    // Which folders messages may come into is a holder's wish that is not known here (RFC 5465 6.3).
    case 'INBOXES':
    case 'PERSONAL':
      return { kind: 'personal' }
    case 'SUBSCRIBED':
      return { kind: 'subscribed' }
    case 'SUBTREE':
    case 'MAILBOXES':
      return { kind: name === 'SUBTREE' ? 'subtree' : 'mailboxes', names: new Set(names) }
    default:
      throw syntaxError('Unknown filter')
  }
}
