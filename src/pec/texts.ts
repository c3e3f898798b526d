/**
 * What people read in a certified message: the models of RFC 6109 3.1 and 3.3 in the Italian words of the rules, an English version
 * below. One text gives both the plain and the HTML form, so that they cannot differ (RFC 6109 4.3.1).
 */
import type { Instant } from '../base/instant.ts'
import type { Certification } from './certification-data.ts'

interface Words {
  readonly title: string
  readonly lines: readonly string[]
}

export interface BodyText {
  /** latin1 characters only, lines ended by CRLF */
  readonly plain: string
  /** ASCII only, lines ended by CRLF */
  readonly html: string
}

/** The readable text of a message of this certification. */
export function writeText(data: Certification): BodyText {
  const italian = ITALIAN[data.kind](data)
  const english = ENGLISH[data.kind](data)
  const id = data.submission.pecMsgid
  const versions = [
    { ...italian, id: `Identificativo messaggio: ${id}` },
    { ...english, id: `Message identifier: ${id}` },
  ]
  const plain = versions
    .map(({ title, lines, id }) => [title, '', ...lines, id, ''].join('\r\n'))
    .join(`\r\n${'-'.repeat(60)}\r\n\r\n`)
  const html = versions
    .map(
      ({ title, lines, id }) =>
        `<h3>${escape(title)}</h3>\r\n${[...lines, id].map((line) => `${escape(line)}<br>\r\n`).join('')}`,
    )
    .join('<hr>\r\n')
  return {
    plain: toLatin1(plain),
    html: `<html>\r\n<head><title>${escape(italian.title)}</title></head>\r\n<body>\r\n${html}</body>\r\n</html>\r\n`,
  }
}

const when = ({ day, time, zone }: Instant): string => `Il giorno ${day} alle ore ${time} (${zone})`
const whenEnglish = ({ day, time, zone }: Instant): string => `On ${day} at ${time} (${zone})`

const ITALIAN: Record<Certification['kind'], (data: Certification) => Words> = {
  accettazione: ({ at, submission }) => ({
    title: 'Ricevuta di accettazione',
    lines: [
      `${when(at)} il messaggio`,
      `"${submission.subject}" proveniente da "${submission.sender}"`,
      'ed indirizzato a:',
      ...submission.recipients.map(({ address, certified }) => `${address} ("posta ${certified ? 'certificata' : 'ordinaria'}")`),
      'è stato accettato dal sistema ed inoltrato.',
    ],
  }),
  'posta-certificata': ({ at, submission }) => ({
    title: 'Messaggio di posta certificata',
    lines: [
      `${when(at)} il messaggio`,
      `"${submission.subject}" è stato inviato da "${submission.sender}"`,
      'indirizzato a:',
      ...submission.recipients.map(({ address }) => address),
      'Il messaggio originale è incluso in allegato.',
    ],
  }),
  'avvenuta-consegna': ({ at, submission, recipient }) => ({
    title: 'Ricevuta di avvenuta consegna',
    lines: [
      `${when(at)} il messaggio`,
      `"${submission.subject}" proveniente da "${submission.sender}"`,
      `ed indirizzato a "${recipient}"`,
      'è stato consegnato nella casella di destinazione.',
    ],
  }),
  'errore-consegna': ({ at, submission, recipient, failure }) => ({
    title: 'Avviso di mancata consegna',
    lines: [
      `${when(at)} nel messaggio`,
      `"${submission.subject}" proveniente da "${submission.sender}"`,
      `e destinato all'utente "${recipient}"`,
      `è stato rilevato un errore ${failure?.text}.`,
      'Il messaggio è stato rifiutato dal sistema.',
    ],
  }),
}

const ENGLISH: Record<Certification['kind'], (data: Certification) => Words> = {
  accettazione: ({ at, submission }) => ({
    title: 'Acceptance receipt',
    lines: [
      `${whenEnglish(at)}, the message`,
      `"${submission.subject}" originating from "${submission.sender}"`,
      'and addressed to:',
      ...submission.recipients.map(({ address, certified }) => `${address} ("${certified ? 'certified' : 'ordinary'} mail")`),
      'was accepted by the system and forwarded to the recipient(s).',
    ],
  }),
  'posta-certificata': ({ at, submission }) => ({
    title: 'Certified mail message',
    lines: [
      `${whenEnglish(at)}, the message`,
      `"${submission.subject}" was sent by "${submission.sender}"`,
      'and addressed to:',
      ...submission.recipients.map(({ address }) => address),
      'The original message is included in attachment.',
    ],
  }),
  'avvenuta-consegna': ({ at, submission, recipient }) => ({
    title: 'Delivery receipt',
    lines: [
      `${whenEnglish(at)}, the message`,
      `"${submission.subject}" originating from "${submission.sender}"`,
      `and addressed to "${recipient}"`,
      "was placed in the destination's mailbox.",
    ],
  }),
  'errore-consegna': ({ at, submission, recipient, failure }) => ({
    title: 'Non-delivery notice',
    lines: [
      `${whenEnglish(at)}, in the message`,
      `"${submission.subject}" originating from "${submission.sender}"`,
      `and addressed to "${recipient}"`,
      `an error was detected ${failure?.text}.`,
      'The message was refused by the system.',
    ],
  }),
}

/** Readable text is ISO-8859-1 (RFC 6109 4.3.1): what it cannot hold shows as "?"; the XML holds it whole. */
function toLatin1(text: string): string {
  return text.toWellFormed().replace(/[^\u0009\u000a\u000d\u0020-\u007e\u00a0-\u00ff]/gu, '?')
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

function escape(text: string): string {
  return (
    text
      .toWellFormed()
      // Controls, among them those that turn the direction of writing: no subject changes how the rest is read.
      .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ' ')
      .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '')
      .replace(/[^\u0020-\u007e]/gu, (character) => `&#${character.codePointAt(0)};`)
  )
}
