/**
 * A notice as a letter: the words of its kind in the language of who gets it, with its values filled in. Pure: the link is given, and nothing
 * is known of where the letter goes.
 */
import { CeralaccaError } from '../../base/errors.ts'
import type { NoticeKind } from '../../registry/agreement/states.ts'
import { inLine, sheetHtml, sheetText } from './blocks.ts'
import { ENGLISH } from './english.ts'
import { ITALIAN } from './italian.ts'
import { LINK_PAGES } from './link-pages.ts'
import type { Communicated, Facts, HolderKind, Place, Wording, Words } from './wording.ts'

export interface Letter {
  readonly language: 'it' | 'en'
  readonly subject: string
  readonly text: string
  readonly html: string
}

const WORDINGS: Readonly<Record<Letter['language'], Wording>> = { it: ITALIAN, en: ENGLISH }

const PAGES: Readonly<Partial<Record<NoticeKind, string>>> = LINK_PAGES

export type NoticeData = Readonly<Record<string, string | number | null>>

/** @param token of the one-time link, null where the kind has none */
export function letterOf(kind: NoticeKind, data: NoticeData, token: string | null, place: Place): Letter {
  const language = data['language'] === 'en' ? 'en' : 'it'
  const wording = WORDINGS[language]
  const facts = factsOf(data, wording, place, token === null ? null : `${place.web}${PAGES[kind] ?? ''}#${token}`)
  const toOrder = data['to'] === 'order'
  const { subject, blocks } = wordsOf(wording, kind, toOrder ? data['fact'] : undefined)(facts)
  const sheet = {
    language,
    subject: inLine(subject),
    greeting: toOrder ? wording.greetOrder(facts) : wording.greetHolder(facts),
    blocks: blocks.filter((block) => block !== null),
    signature: wording.signature(facts),
    note: wording.note(facts),
  } as const
  return { language, subject: sheet.subject, text: sheetText(sheet), html: sheetHtml(sheet) }
}

/** @param fact what an order is told of an address */
function wordsOf({ holder, order }: Wording, kind: NoticeKind, fact: unknown): (facts: Facts) => Words {
  const words =
    kind !== 'address-communicated'
      ? holder[kind satisfies HolderKind]
      : typeof fact === 'string' && Object.hasOwn(order, fact)
        ? order[fact as Communicated]
        : undefined
  if (!words) throw new CeralaccaError('no-letter', 'bug', `src/notices/letters has no words for ${kind} ${String(fact)}`)
  return words
}

function factsOf(data: NoticeData, { locale, anOrder }: Wording, place: Place, link: string | null): Facts {
  const text = (name: string): string | null => {
    const value = data[name]
    return typeof value === 'string' && value.trim() !== '' ? value : null
  }
  const number = (name: string): number | null => (typeof data[name] === 'number' ? data[name] : null)
  const day = (name: string): string | null => {
    const value = text(name)
    return value === null
      ? null
      : new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' }).format(Date.parse(value))
  }
  const cents = number('cents')
  return {
    ...place,
    address: text('address') ?? '',
    person: [text('givenName'), text('surname')].filter((name) => name !== null).join(' '),
    order: text('order') ?? anOrder,
    link,
    event: text('event'),
    reason: text('reason'),
    years: number('years'),
    days: number('days'),
    expiresOn: day('expiresOn'),
    lastDay: day('lastDay'),
    endsOn: day('endsOn'),
    deleteOn: day('deleteOn'),
    reference: text('reference'),
    amount: cents === null ? null : new Intl.NumberFormat(locale, { style: 'currency', currency: 'EUR' }).format(cents / 100),
  }
}
