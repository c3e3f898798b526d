/** What is printed of an evidence bundle: what is wrong, what is proved, what is not. */
import type { Finding } from '../evidence/bundle-findings.ts'
import type { BundleReport } from '../evidence/bundle-verify.ts'
import { HEADINGS, wordsOf, type Language } from '../evidence/bundle-words.ts'
import type { Output } from './command.ts'
import { printable } from '../base/printable.ts'

/** @param file its path, as it was given */
export function bundleOutput(report: BundleReport, file: string, language: Language): Output {
  const { verified, wrong, proved, notProved, facts, stampedAt } = report
  const headings = HEADINGS[language]
  const said = (list: readonly Finding[]) => list.map((one) => ({ ...one, says: printable(wordsOf(one, language)) }))
  const [first, ...more] = said(wrong)
  const json = {
    file,
    verified,
    message: facts && { ...facts, madeAt: new Date(facts.madeAt).toISOString() },
    stampedAt: stampedAt === null ? null : new Date(stampedAt).toISOString(),
    wrong: said(wrong),
    proved: said(proved),
    notProved: said(notProved),
  }
  const listed = (heading: string, list: readonly { says: string }[]): string[] =>
    list.length === 0 ? [] : [`${heading}:`, ...list.map(({ says }) => `  ${says}`)]
  const lines = [
    `${printable(file)}${facts ? printable(`: ${facts.pecMsgid}, ${facts.mailbox}`) : ''}`,
    first === undefined ? headings.verified : `${headings.wrong}: ${first.says}`,
    ...listed(headings.more, more),
    // What is wrong puts the rest in doubt.
    ...(verified ? listed(headings.proved, json.proved) : []),
    ...listed(headings.open, json.notProved),
  ]
  return { text: lines.join('\n'), json, exitCode: verified ? 0 : 1 }
}
