/** News as a letter: subject, text and HTML. Pure. Whatever comes from messages is escaped. */
import { instantOf } from '../../base/instant.ts'
import { escapeHtml } from '../../base/html.ts'
import type { Language } from '../../base/languages.ts'
import { ARRIVAL_KINDS, type Arrived, type News } from './types.ts'
import { WORDS, type Words } from './words.ts'

export interface Letter {
  readonly subject: string
  readonly text: string
  readonly html: string
}

export interface LetterLinks {
  /** stops the alerts */
  readonly stop: string
  /** confirms the address */
  readonly confirm: string
}

/** A letter is paragraphs, with perhaps a list and a link. */
interface Parts {
  readonly subject: string
  readonly paragraphs: readonly string[]
  readonly list?: readonly (readonly string[])[]
  readonly after?: readonly string[]
  readonly link?: { readonly words: string; readonly href: string }
  readonly foot?: { readonly words: string; readonly href: string; readonly why: string }
}

/** @param of the certified address that it is about */
export function alertLetter(news: News, of: string, language: Language, links: LetterLinks): Letter {
  const words = WORDS[language]
  return written(partsOf(news, of, words, links), language)
}

function partsOf(news: News, of: string, words: Words, links: LetterLinks): Parts {
  const foot = { words: words.stopLink, href: links.stop, why: words.why(of) }
  switch (news.kind) {
    case 'arrived':
      return { ...arrivedParts(news, of, words), foot }
    case 'quota': {
      const percent = Math.floor((news.used * 100) / news.quota)
      const [used, quota] = [megabytes(news.used, words), megabytes(news.quota, words)]
      return {
        subject: words.quotaSubject(news.mark, of),
        paragraphs: [words.quota(used, quota, percent, of), words.quotaAdvice],
        foot,
      }
    }
    case 'expiry':
      return {
        subject: words.expirySubject(news.days, of),
        paragraphs: [words.expiry(news.expiresOn.split('-').toReversed().join('/'), of), words.expiryAdvice],
        foot,
      }
    case 'confirmation':
      return {
        subject: words.confirmSubject,
        paragraphs: [words.confirm(of), words.confirmAdvice],
        link: { words: words.confirmLink, href: links.confirm },
      }
  }
}

function arrivedParts({ messages, counts, atLeast }: Extract<News, { kind: 'arrived' }>, of: string, words: Words): Parts {
  const total = ARRIVAL_KINDS.reduce((sum, kind) => sum + counts[kind], 0)
  const listed = ARRIVAL_KINDS.filter((kind) => counts[kind] > 0).map((kind) => words.count(kind, counts[kind]))
  const count = listed.join(', ')
  const hidden = messages.length === 0 ? 0 : total - messages.length
  return {
    subject: words.arrivedSubject(total, of),
    paragraphs: [words.arrived(atLeast ? words.atLeast(count) : count, of)],
    list: messages.map((message) => rowOf(message, words)),
    after: [...(hidden > 0 ? [words.more(hidden)] : []), words.read],
  }
}

function rowOf({ kind, at, sender, subject }: Arrived, words: Words): string[] {
  const { day, time } = instantOf(at)
  return [`${day} ${time.slice(0, 5)}`, sender ?? words.count(kind, 1), subject === '' ? words.noSubject : subject]
}

const megabytes = (bytes: number, { locale }: Words): string =>
  `${new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(bytes / 1e6)} MB`

function written({ subject, paragraphs, list = [], after = [], link, foot }: Parts, language: Language): Letter {
  const text = [
    ...paragraphs,
    ...(link ? [`${link.words}:\n${link.href}`] : []),
    ...(list.length > 0 ? [list.map((cells) => `- ${cells.join(' | ')}`).join('\n')] : []),
    ...after,
    ...(foot ? [`--\n${foot.why}\n${foot.words}: ${foot.href}`] : []),
  ]
  const rows = list.map((cells) => `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`)
  const html = [
    ...paragraphs.map((one) => `<p>${escapeHtml(one)}</p>`),
    ...(link ? [`<p>${anchor(link)}</p>`] : []),
    ...(rows.length > 0 ? [`<table cellpadding="4">${rows.join('\n')}</table>`] : []),
    ...after.map((one) => `<p>${escapeHtml(one)}</p>`),
    ...(foot ? [`<hr>\n<p><small>${escapeHtml(foot.why)} ${anchor(foot)}</small></p>`] : []),
  ]
  return {
    subject,
    text: `${text.join('\n\n')}\n`,
    html: `<!doctype html>\n<html lang="${language}">\n<body>\n${html.join('\n')}\n</body>\n</html>\n`,
  }
}

const anchor = ({ words, href }: { words: string; href: string }): string =>
  `<a href="${escapeHtml(href)}">${escapeHtml(words)}</a>`
