/**
 * Texts as searches compare them: folded, so that case and composition make no difference, and written so that the database can hold several in
 * one column and find in it exactly what is found in one of them. Pure.
 */

/** For comparing texts whatever their case and composition. Up to U+00FF every character is composed already. */
export const foldText = (text: string): string => (/[^\x00-\xff]/.test(text) ? text.normalize('NFC') : text).toLowerCase()

/** Stands between two texts. */
export const SEPARATOR = '\x01\x03\x03\x03'

/**
 * NUL, which the database cannot hold, and the characters that have a meaning here are written with \x02 and \x03 after \x01. These stand nowhere
 * else, so what is found in texts so written begins and ends where a character does.
 */
const WRITTEN: Readonly<Record<string, string>> = {
  '\0': '\x01\x03\x03\x02',
  '\x01': '\x01\x02\x02',
  '\x02': '\x01\x02\x03',
  '\x03': '\x01\x03\x02',
}

/** A text, or what is searched for, as it stands in the columns. */
export const columnText = (text: string): string =>
  foldText(text)
    .replace(/[\0-\x03]/g, (character) => WRITTEN[character] ?? '')
    .toWellFormed()

/** Several texts in one column; null for none, in which nothing is found, not even the empty text. */
export const columnTexts = (texts: readonly string[]): string | null =>
  texts.length === 0 ? null : texts.map(columnText).join(SEPARATOR)

/** A text that is not searched, without what the database cannot hold. */
export const storable = (text: string): string => text.replaceAll('\0', '').toWellFormed()
