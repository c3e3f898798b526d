/**
 * What people read in a certified message: the models of RFC 6109 3.1 to 3.3 in the Italian words of the rules, an English version
 * below. One text gives both the plain and the HTML form, so that they cannot differ (RFC 6109 4.3.1).
 */
import { ENGLISH } from './english.ts'
import { ITALIAN } from './italian.ts'
import type { Language, Words } from './wording.ts'

export interface BodyText {
  /** latin1 characters only, lines ended by CRLF */
  readonly plain: string
  /** ASCII only, lines ended by CRLF */
  readonly html: string
}

/**
 * The readable text of a message.
 * @param words chooses the model: `(language) => language.acceptance(facts)`
 * @param identifier of the message that it is about, without angle brackets; null if that has none
 */
export function writeText(words: (language: Language) => Words, identifier: string | null): BodyText {
  const versions = [ITALIAN, ENGLISH].map((language) => {
    const { title, lines } = words(language)
    const last = identifier === null ? [] : [`${language.identifier}: ${identifier}`]
    // A fact with line breaks in it must not pass for a line of ours.
    return { title, lines: [...lines, ...last].map((line) => line.replace(/[\r\n]/g, ' ')) }
  })
  const plain = versions.map(({ title, lines }) => [title, '', ...lines, ''].join('\r\n')).join(`\r\n${'-'.repeat(60)}\r\n\r\n`)
  const html = versions
    .map(({ title, lines }) => `<h3>${escape(title)}</h3>\r\n${lines.map((line) => `${escape(line)}<br>\r\n`).join('')}`)
    .join('<hr>\r\n')
  return {
    plain: toLatin1(plain),
    html: `<html>\r\n<head><title>${escape(versions[0]?.title ?? '')}</title></head>\r\n<body>\r\n${html}</body>\r\n</html>\r\n`,
  }
}

/** Readable text is ISO-8859-1 (RFC 6109 4.3.1): what it cannot hold shows as "?"; the XML holds it whole. */
function toLatin1(text: string): string {
  if (/^[\u0009\u000a\u000d\u0020-\u007e\u00a0-\u00ff]*$/.test(text)) return text
  return text.toWellFormed().replace(/[^\u0009\u000a\u000d\u0020-\u007e\u00a0-\u00ff]/gu, '?')
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Most lines need no escaping: this text is written for each message. */
const PLAIN = /^[\u0020\u0021\u0023-\u0025\u0027-\u003b\u003d\u003f-\u007e]*$/

function escape(text: string): string {
  if (PLAIN.test(text)) return text
  return (
    text
      .toWellFormed()
      // Controls, among them those that turn the direction of writing: no subject changes how the rest is read.
      .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ' ')
      .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '')
      .replace(/[^\u0020-\u007e]/gu, (character) => `&#${character.codePointAt(0)};`)
  )
}
