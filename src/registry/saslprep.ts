/**
 * SASLprep (RFC 4013): one form for each password, whatever keyboard it was typed on, for client and server of SCRAM compute from it apart.
 *
 * Where this differs from the letter: characters that are younger than Unicode 3.2 are allowed, as clients do; of a text with Hebrew or Arabic
 * every other letter is taken for one that runs from left to right. A password that is refused here has no SCRAM keys: it works in clear.
 */

/** RFC 3454 C.1.2: they become a blank. */
const BLANKS = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g
/** RFC 3454 B.1: they go. */
const NOTHING = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/g
/** RFC 3454 C.2.1 to C.9: control characters, private use, surrogates, what changes the display, tags, and the rest. */
const PROHIBITED = new RegExp(
  [
    String.raw`[\u0000-\u001f\u007f-\u009f\u06dd\u070f\u180e\u200c-\u200f\u2028-\u202e\u2060-\u2063\u206a-\u206f\ufeff\ufff9-\ufffd]`,
    String.raw`[\u0340\u0341\u2ff0-\u2ffb\ue000-\uf8ff\ufdd0-\ufdef]|\p{Cs}|\p{Co}`,
    String.raw`[\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]|[\ufffe\uffff]`,
    ...Array.from(
      { length: 16 },
      (_, plane) => String.raw`[\u{${(plane + 1).toString(16)}fffe}\u{${(plane + 1).toString(16)}ffff}]`,
    ),
  ].join('|'),
  'u',
)
/** RFC 3454 D.1 */
const RIGHT_TO_LEFT =
  /[\u05be\u05c0\u05c3\u05d0-\u05ea\u05f0-\u05f4\u061b\u061f\u0621-\u063a\u0640-\u064a\u066d-\u066f\u0671-\u06d5\u06dd\u06e5\u06e6\u06fa-\u06fe\u0700-\u070d\u0710\u0712-\u072c\u0780-\u07a5\u07b1\ufb1d\ufb1f-\ufb28\ufb2a-\ufb36\ufb38-\ufb3c\ufb3e\ufb40\ufb41\ufb43\ufb44\ufb46-\ufbb1\ufbd3-\ufd3d\ufd50-\ufd8f\ufd92-\ufdc7\ufdf0-\ufdfc\ufe70-\ufe74\ufe76-\ufefc]/u

/** The prepared text, or undefined if it must not be used. */
export function saslprep(text: string): string | undefined {
  if (/^[\x20-\x7e]+$/.test(text)) return text
  const prepared = text.replace(BLANKS, ' ').replace(NOTHING, '').normalize('NFKC')
  if (prepared === '' || PROHIBITED.test(prepared)) return undefined
  return runsOneWay(prepared) ? prepared : undefined
}

/** RFC 3454 6: with letters that run from right to left there are no others, and they stand at both ends. */
function runsOneWay(text: string): boolean {
  if (!RIGHT_TO_LEFT.test(text)) return true
  const characters = Array.from(text)
  const ends = [characters[0] ?? '', characters.at(-1) ?? '']
  return ends.every((end) => RIGHT_TO_LEFT.test(end)) && !characters.some((one) => /\p{L}/u.test(one) && !RIGHT_TO_LEFT.test(one))
}
