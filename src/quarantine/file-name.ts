/** Names of attached files, as a person's computer would take them, against the extensions that an operator blocks. */

export interface BlockedNames {
  /** Whether a file of that name, or with that path, is blocked. */
  blocks(name: string): boolean
}

/** @param extensions without the dot, in lower case */
export function createBlockedNames(extensions: readonly string[]): BlockedNames {
  const endings = extensions.map((extension) => `.${extension}`)
  return {
    // After a colon stands the name of a stream in the file (NTFS): the file's own name is what stands before it.
    blocks: (path) =>
      lastSegment(path)
        .split(':')
        .map(plainEnd)
        .some((name) => endings.some((ending) => name.endsWith(ending))),
  }
}

const lastSegment = (path: string): string => path.split(/[/\\]/).findLast((segment) => segment.trim() !== '') ?? ''

/** What systems cut off or replace at the end of a name: dots, blanks, quotes, and what does not show at all. */
const PADDING = /[\s.\p{Z}\p{C}"'<>|?*;,]/u
/** Longer than any extension. */
const END = 256

/** The end of a name in one spelling: without padding, and without what does not show (controls, marks of direction). */
function plainEnd(name: string): string {
  let end = name.length
  while (end > 0 && PADDING.test(name.charAt(end - 1))) end--
  return name
    .slice(Math.max(end - END, 0), end)
    .normalize('NFKC')
    .replace(/\p{C}/gu, '')
    .toLowerCase()
}

const SHOWN = 80

/** The name as it may stand in a notice: visible characters, and if it is long its end, where the extension is. */
export function shownName(name: string): string {
  const visible = name.replace(/\p{C}/gu, '').trim()
  // A character that is cut in two leaves a half, which does not show either.
  return visible.length > SHOWN ? `…${visible.slice(-SHOWN).replace(/\p{C}/gu, '')}` : visible
}
