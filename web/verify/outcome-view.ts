/** The outcome on the page, in the words of the command. What is wrong puts the rest in doubt: then nothing is shown as proved. */
import type { Finding } from '../../src/evidence/bundle-findings.ts'
import type { TimelineEvent } from '../../src/evidence/bundle-timeline.ts'
import type { BundleReport } from '../../src/evidence/bundle-verify.ts'
import { HEADINGS, shownTime, wordsOf, type Language } from '../../src/evidence/bundle-words.ts'
import { banner } from '../common/banner.ts'
import { element } from '../common/elements.ts'
import type { Outcome } from './outcome.ts'
import { eventName, TEXTS } from './words.ts'

export interface View {
  /** one line */
  readonly verdict: string
  readonly content: readonly HTMLElement[]
}

function listed(heading: string, findings: readonly Finding[], language: Language): HTMLElement[] {
  if (findings.length === 0) return []
  const items = findings.map((one) => element('li', {}, wordsOf(one, language)))
  return [element('h3', {}, heading), element('ul', {}, ...items)]
}

const timeOf = (ms: number): HTMLElement => {
  const iso = new Date(ms).toISOString()
  return element('time', { datetime: iso }, shownTime(iso))
}

function timeline(events: readonly TimelineEvent[], language: Language): HTMLElement[] {
  const texts = TEXTS[language]
  const items = events.map(({ at, what, who, source }) =>
    element(
      'li',
      {},
      timeOf(at),
      element('strong', {}, eventName(what, language)),
      element('span', {}, who),
      element('span', { class: 'source' }, source ?? texts.ledger),
    ),
  )
  return events.length === 0 ? [] : [element('h3', {}, texts.timeline), element('ol', { class: 'timeline' }, ...items)]
}

function facts({ facts, stampedAt }: BundleReport, language: Language): HTMLElement[] {
  if (!facts || stampedAt === null) return []
  const texts = TEXTS[language]
  const rows: (readonly [string, string | HTMLElement])[] = [
    [texts.identifier, facts.pecMsgid],
    [texts.mailbox, facts.mailbox],
    [texts.direction, texts[facts.direction]],
    [texts.provider, facts.provider],
    [texts.stampedAt, timeOf(stampedAt)],
  ]
  const cells = rows.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value)))
  return [element('h3', {}, texts.message), element('dl', {}, ...cells)]
}

function reportView(report: BundleReport, file: string, language: Language): View {
  const { wrong, proved, notProved } = report
  const [texts, headings] = [TEXTS[language], HEADINGS[language]]
  const named = `${texts.file}: ${file}`
  const open = listed(headings.open, notProved, language)
  const [first, ...more] = wrong
  if (first) {
    const verdict = `${headings.wrong}: ${wordsOf(first, language)}`
    return {
      verdict,
      content: [banner('bad', verdict, texts.wrongHelp, named), ...listed(headings.more, more, language), ...open],
    }
  }
  const conditional = notProved.some(({ code }) => code === 'roots-of-the-bundle')
  const verdict = conditional ? texts.conditional : headings.verified
  const top = conditional ? banner('conditional', verdict, texts.conditionalHelp, named) : banner('good', verdict, named)
  const shown = [...facts(report, language), ...timeline(report.timeline, language), ...listed(headings.proved, proved, language)]
  return { verdict, content: [top, ...(conditional ? open : []), ...shown, ...(conditional ? [] : open)] }
}

export function viewOf(outcome: Outcome, language: Language): View {
  if ('report' in outcome) return reportView(outcome.report, outcome.file, language)
  const { file, failure, reason } = outcome
  const texts = TEXTS[language]
  const look = failure === 'notRead' ? 'bad' : 'none'
  const verdict = texts[failure]
  return { verdict, content: [banner(look, verdict, `${texts.reason}: ${reason}`, `${texts.file}: ${file}`)] }
}
