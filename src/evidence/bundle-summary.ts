/** What summary.pdf says: the message, the timeline, what is proved and what is not, the files with their hashes. It is for reading only. */
import { hash } from 'node:crypto'
import { instantOf } from '../base/instant.ts'
import type { Findings } from './bundle-findings.ts'
import type { BundleFacts, BundleFiles } from './bundle-format.ts'
import { timelineOf, type Contents } from './bundle-timeline.ts'
import { shownTime, wordsOf } from './bundle-words.ts'
import type { PdfDocument } from './pdf-document.ts'

const WORDS = {
  it: {
    title: 'Fascicolo di prova di un messaggio di posta elettronica certificata',
    sent: 'Messaggio inviato',
    received: 'Messaggio ricevuto',
    message: 'Il messaggio',
    identifier: 'Identificativo',
    mailbox: 'Casella',
    sender: 'Mittente',
    recipients: 'Destinatari',
    subject: 'Oggetto',
    timeline: 'Che cosa è successo',
    when: 'Quando',
    what: 'Che cosa',
    who: 'Chi',
    source: 'Da dove',
    ledger: 'registro',
    proved: 'Che cosa è provato',
    notProved: 'Che cosa non è provato',
    wrong: 'Che cosa non va',
    files: 'I file del fascicolo',
    file: 'File',
    reading:
      'Questo riassunto serve solo a leggere. Provano i file, con le firme e le marche temporali che portano; si verificano con «ceralacca verify», o con openssl come dice la guida.',
  },
  en: {
    title: 'Evidence bundle of a certified e-mail message',
    sent: 'Message sent',
    received: 'Message received',
    message: 'The message',
    identifier: 'Identifier',
    mailbox: 'Mailbox',
    sender: 'Sender',
    recipients: 'Recipients',
    subject: 'Subject',
    timeline: 'What happened',
    when: 'When',
    what: 'What',
    who: 'Who',
    source: 'From',
    ledger: 'ledger',
    proved: 'What is proved',
    notProved: 'What is not proved',
    wrong: 'What is wrong',
    files: 'The files of the bundle',
    file: 'File',
    reading:
      'This summary is for reading only. What proves are the files, with the signatures and time stamps that they bear; "ceralacca verify" verifies them, and so does openssl as the guide says.',
  },
} as const

/**
 * @param files without the summary
 * @param found what verifying them found
 */
export function summaryOf(facts: BundleFacts, files: BundleFiles, contents: Contents, found: Findings): PdfDocument {
  const { language, direction, mailbox, pecMsgid, provider, madeAt } = facts
  const words = WORDS[language]
  const data = contents.messages[0]?.daticert
  const paragraphs = (list: readonly Parameters<typeof wordsOf>[0][]) =>
    list.map((one) => ({ kind: 'paragraph', text: wordsOf(one, language) }) as const)
  return {
    title: words.title,
    subtitle: words[direction],
    language,
    instant: instantOf(madeAt),
    issuer: provider,
    reference: pecMsgid,
    sections: [
      {
        heading: words.message,
        blocks: [
          {
            kind: 'facts',
            facts: [
              [words.identifier, pecMsgid],
              [words.mailbox, mailbox],
              [words.sender, data?.sender ?? ''],
              [words.recipients, data?.recipients.map(({ address }) => address).join(', ') ?? ''],
              [words.subject, data?.subject ?? ''],
            ],
          },
          { kind: 'notice', text: words.reading },
        ],
      },
      {
        heading: words.timeline,
        blocks: [
          {
            kind: 'table',
            columns: [
              { heading: words.when, share: 3 },
              { heading: words.what, share: 2 },
              { heading: words.who, share: 3 },
              { heading: words.source, share: 3 },
            ],
            rows: timelineOf(contents).map(({ at, what, who, source }) => [
              shownTime(new Date(at).toISOString()),
              what,
              who,
              source ?? words.ledger,
            ]),
          },
        ],
      },
      ...(found.wrong.length > 0 ? [{ heading: words.wrong, blocks: paragraphs(found.wrong) }] : []),
      { heading: words.proved, blocks: paragraphs(found.proved) },
      { heading: words.notProved, blocks: paragraphs(found.open) },
      {
        heading: words.files,
        blocks: [
          {
            kind: 'table',
            columns: [
              { heading: words.file, share: 2 },
              { heading: 'SHA-256', share: 4 },
            ],
            rows: [...files].map(([path, bytes]) => [path, hash('sha256', bytes)]),
          },
        ],
      },
    ],
  }
}
