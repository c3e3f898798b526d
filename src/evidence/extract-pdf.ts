/** What the PDF of an extract says. It lists entries up to a number that people read and a process can lay out; beyond, it sums them up. */
import { instantOf } from '../base/instant.ts'
import type { ExtractEntry } from './extract-entries.ts'
import type { WrittenExtract } from './extract-files.ts'
import type { RecordedRequest } from './extract-request.ts'
import { WORDS } from './extract-words.ts'
import type { PdfBlock, PdfDocument } from './pdf-document.ts'

/** some 100 pages; measured: 6 ms and 0.2 MB each */
export const MOST_LISTED = 1000

export interface Collected {
  see(entry: ExtractEntry): void
  /** the first of them, as many as are listed */
  readonly first: readonly ExtractEntry[]
  /** how many of which event in which month of Italian time, `2026-03 accepted` */
  readonly counts: ReadonlyMap<string, number>
}

export function collectForPdf(): Collected {
  const first: ExtractEntry[] = []
  const counts = new Map<string, number>()
  return {
    first,
    counts,
    see(entry) {
      if (first.length < MOST_LISTED) first.push(entry)
      const [, month = '', year = ''] = instantOf(entry.at).day.split('/')
      const name = `${year}-${month} ${entry.event}`
      counts.set(name, (counts.get(name) ?? 0) + 1)
    },
  }
}

const shownTime = (at: number): string => {
  const { day, time } = instantOf(at)
  return `${day} ${time}`
}

const SHARES = [12, 12, 22, 18, 20, 20, 8] as const

export function extractDocument(
  request: RecordedRequest,
  provider: string,
  { first, counts }: Collected,
  { entries, notSealed, notStamped }: WrittenExtract,
): PdfDocument {
  const { language, id, instant, mailbox, message, from, to } = request
  const words = WORDS[language]
  const about = [
    ...(mailbox === null ? [] : [`${words.mailbox} ${mailbox}`]),
    ...(message === null ? [] : [`${words.message} ${message}`]),
  ]
  const period = words.period(from === 0 ? null : shownTime(from), shownTime(to))
  const event = (name: string): string => words.events[name] ?? name

  const list: PdfBlock = {
    kind: 'table',
    columns: words.columns.map((heading, index) => ({ heading, share: SHARES[index] ?? 1 })),
    rows: first.map((entry) => [
      shownTime(entry.at),
      event(entry.event),
      entry.pecMsgid,
      entry.sender,
      entry.recipients.join(', '),
      entry.subject,
      `${entry.slot}/${entry.seq}`,
    ]),
  }
  const summary: PdfBlock = {
    kind: 'table',
    columns: words.summaryColumns.map((heading) => ({ heading, share: 1 })),
    rows: [...counts].map(([name, count]) => {
      const [month = '', kind = ''] = name.split(' ')
      return [month, event(kind), String(count)]
    }),
  }
  const listed: PdfBlock[] =
    entries > MOST_LISTED ? [{ kind: 'notice', text: words.summary(entries, MOST_LISTED) }, summary] : [list]
  return {
    title: words.title,
    subtitle: `${about.join(', ')}, ${period}`,
    language,
    instant,
    issuer: provider,
    reference: id,
    landscape: true,
    sections: [
      {
        heading: words.request,
        blocks: [
          {
            kind: 'facts',
            facts: [
              [words.facts.id, id],
              [words.facts.requestedBy, request.requestedBy],
              [words.facts.title, words.titles[request.title]],
              [words.facts.reason, request.reason],
              [words.facts.requestedAt, shownTime(instant.ms)],
              [words.facts.madeBy, request.madeBy],
              [words.facts.entries, String(entries)],
            ],
          },
          { kind: 'paragraph', text: words.noContent },
          ...(notSealed + notStamped > 0 ? [{ kind: 'notice', text: words.notSealed(notSealed, notStamped) } as const] : []),
        ],
      },
      { heading: words.entries, blocks: [{ kind: 'paragraph', text: words.times }, ...listed] },
      { heading: words.verify, blocks: [{ kind: 'paragraph', text: words.howToVerify(words.readme) }] },
    ],
  }
}
