/** Names as plain letters: what is left of a name when accents, case, apostrophes and hyphens are gone. Pure. */

/** Letters that Unicode does not take apart into a base letter and a mark. */
const SPECIAL: Readonly<Record<string, string>> = { Æ: 'AE', Œ: 'OE', Ø: 'O', Ł: 'L', Đ: 'D', Ð: 'D', Þ: 'TH', ẞ: 'SS', ı: 'I' }

/** Upper case without accents; marks and signs that are no letters stay. `ẞ` comes from `toUpperCase` as `SS` by itself. */
export function withoutAccents(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toUpperCase()
    .replace(/[ÆŒØŁĐÐÞẞı]/g, (letter) => SPECIAL[letter] ?? letter)
}

/** The letters A to Z of a name, one word: `D'Angelo` is DANGELO, `De Luca` DELUCA, `Nicolò` and `NICOLO'` NICOLO. */
export const lettersOf = (name: string): string => withoutAccents(name).replace(/[^A-Z]/g, '')

/** The words of a name in letters: hyphens and spaces part them, an apostrophe does not (`D'Angelo` is one word). */
export function wordsOf(name: string): string[] {
  return withoutAccents(name)
    .replace(/['’‘`´ʼ]\s*/g, "'")
    .split(/[^A-Z']+/)
    .map((word) => word.replaceAll("'", ''))
    .filter((word) => word !== '')
}
