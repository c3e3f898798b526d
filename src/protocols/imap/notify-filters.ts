/** Of which folders a client wants to hear, and what (RFC 5465 5 and 6). */

/** What may happen, as bits. New and expunged messages are wanted together or not at all (RFC 5465 5). */
export const Happening = { messages: 1, flags: 2, names: 4, subscriptions: 8 } as const

export type Filter =
  /** all folders: those of others there are none */
  | { readonly kind: 'personal' | 'subscribed' }
  /** these folders, with those below them or without */
  | { readonly kind: 'subtree' | 'mailboxes'; readonly names: ReadonlySet<string> }

export interface EventGroup {
  readonly filter: Filter
  /** bits of `Happening`; 0 is NONE, which takes back what the groups before it said of these folders */
  readonly events: number
}

/** What a client wants to hear of a folder, or of a name that may become one. */
export function eventsOf(
  groups: readonly EventGroup[],
  { name, subscribed }: { readonly name: string; readonly subscribed: boolean },
): number {
  let wanted = 0
  for (const { filter, events } of groups) {
    if (fits(filter, name, subscribed)) wanted = events === 0 ? 0 : wanted | events
  }
  return wanted
}

function fits(filter: Filter, name: string, subscribed: boolean): boolean {
  switch (filter.kind) {
    case 'personal':
      return true
    case 'subscribed':
      return subscribed
    case 'mailboxes':
      return filter.names.has(name)
    case 'subtree':
      return isWithin(filter.names, name)
  }
}

/** Is it one of these, or below one? */
function isWithin(names: ReadonlySet<string>, name: string): boolean {
  if (names.has(name)) return true
  for (let slash = name.lastIndexOf('/'); slash > 0; slash = name.lastIndexOf('/', slash - 1))
    if (names.has(name.slice(0, slash))) return true
  return false
}
