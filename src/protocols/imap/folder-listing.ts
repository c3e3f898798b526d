/** The names that LIST and LSUB choose from, and the patterns by which they choose (RFC 3501 6.3.8, RFC 5258). */
import type { Folder } from '../../mailbox/types.ts'

export interface ListedName {
  readonly name: string
  /** undefined: the name is no folder: there are some below it, or it is subscribed to and gone, or above such a name */
  readonly folder: Folder | undefined
  readonly hasChildren: boolean
  readonly subscribed: boolean
}

/**
 * All folders and the levels above them, the inbox first.
 * @param orphans names that are subscribed to and have no folder: they and the levels above them, which may neither be folders nor have any below
 */
export function listNames(folders: readonly Folder[], orphans: readonly string[] = []): ListedName[] {
  const known = new Map(folders.map((folder) => [folder.name, folder]))
  const parents = levelsAbove(known.keys())
  const subscribed = new Set([...orphans, ...folders.filter((folder) => folder.subscribed).map(({ name }) => name)])
  const names = [...new Set([...known.keys(), ...parents, ...orphans, ...levelsAbove(orphans)])]
  const rank = (name: string): number => (name === 'INBOX' ? 0 : 1)
  names.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
  return names.map((name) => ({
    name,
    folder: known.get(name),
    hasChildren: parents.has(name),
    subscribed: subscribed.has(name),
  }))
}

function levelsAbove(names: Iterable<string>): Set<string> {
  const levels = new Set<string>()
  for (const name of names) {
    for (let slash = name.lastIndexOf('/'); slash > 0; slash = name.lastIndexOf('/', slash - 1)) levels.add(name.slice(0, slash))
  }
  return levels
}

/** Longer patterns match nothing: no name is that long. */
const MAX_PATTERN = 1000

export type Matcher = (name: string) => boolean

/** A LIST pattern behind its reference: "*" is anything, "%" anything but the separator. */
export function patternMatcher(reference: string, pattern: string): Matcher {
  const whole = `${reference}${pattern}`.normalize('NFC')
  if (whole.length > MAX_PATTERN) return () => false
  // INBOX is the inbox in any case (RFC 3501 5.1).
  const canonical = whole.replace(/^inbox(?=$|[/*%])/i, 'INBOX')
  const upper = whole.toUpperCase()
  return (name) => matches(canonical, name) || (name === 'INBOX' && matches(upper, name))
}

/** Follows all places in the pattern at once, so that no pattern takes more than its length times that of the name. */
function matches(pattern: string, name: string): boolean {
  let places = withWildcards(pattern, new Set([0]))
  for (const char of name) {
    const next = new Set<number>()
    for (const place of places) {
      const wanted = pattern[place]
      if (wanted === '*' || (wanted === '%' && char !== '/')) next.add(place)
      else if (pattern.startsWith(char, place)) next.add(place + char.length)
    }
    if (next.size === 0) return false
    places = withWildcards(pattern, next)
  }
  return places.has(pattern.length)
}

/** A wildcard may also stand for nothing. */
function withWildcards(pattern: string, places: Set<number>): Set<number> {
  for (const place of places) if (pattern[place] === '*' || pattern[place] === '%') places.add(place + 1)
  return places
}
