/** `ceralacca ledger extract`: answers a holder's or an authority's request with what the ledger says, signed and stamped. */
import { hostname, userInfo } from 'node:os'
import { clientError } from '../base/errors.ts'
import { createLog } from '../base/log.ts'
import { choiceOf, readDate, readEnd, textOf, type Command } from './command.ts'
import { withInstallation } from './connect.ts'

/** Who does it: the account on this machine, and the one that it was changed from. */
function accountOf(): string {
  const { username } = userInfo()
  const before = process.env['SUDO_USER']
  return `${before === undefined || before === username ? '' : `${before} as `}${username}@${hostname()}`
}

export const ledgerExtract: Command = {
  words: ['ledger', 'extract'],
  summary: 'Write a signed and stamped extract of the ledger, for a holder or an authority.',
  options: {
    mailbox: { type: 'string', value: 'ADDRESS', help: 'what the ledger says of this mailbox, as a sender or a recipient' },
    message: { type: 'string', value: 'ID', help: 'what it says of this message: its certified identifier' },
    from: { type: 'string', value: 'DATE', help: 'since when: 2026-03-15, or 2026-03-15T09:30:00Z; times are UTC' },
    to: { type: 'string', value: 'DATE', help: 'until when; a day is meant to its end' },
    'requested-by': { type: 'string', value: 'NAME', help: 'who asks for it' },
    title: { type: 'string', value: 'holder|authority', help: 'on what title; a holder gets what is about his mailbox' },
    reason: { type: 'string', value: 'TEXT', help: 'why: the request, or the order with its reference' },
    out: { type: 'string', value: 'FILE.zip', help: 'where to write it; must not be there' },
    language: { type: 'string', value: 'it|en', help: 'of the PDF and the README; it where not given' },
  },
  details:
    'The request, and who made it, are recorded in the ledger for good. Without a seal or a time stamp nothing is written. To have all entries under a stamp of the ledger, run "ceralacca ledger stamp" first. How to verify an extract: docs/guides/ledger-extract.md.',
  run: ({ config, options }) => {
    const title = choiceOf(options, 'title', ['holder', 'authority'])
    const [out, from, to] = [textOf(options, 'out'), textOf(options, 'from'), textOf(options, 'to')]
    if (title === undefined) throw clientError('usage', 'say on what title with --title holder or --title authority')
    if (out === undefined) throw clientError('usage', 'say where to write it with --out FILE.zip')
    const request = {
      mailbox: textOf(options, 'mailbox') ?? null,
      message: textOf(options, 'message') ?? null,
      from: from === undefined ? null : readDate(from),
      to: to === undefined ? null : readEnd(to),
      requestedBy: textOf(options, 'requested-by') ?? '',
      title,
      reason: textOf(options, 'reason') ?? '',
      madeBy: accountOf(),
      language: choiceOf(options, 'language', ['it', 'en']) ?? 'it',
    }
    return withInstallation(config, async (installation) => {
      const report = createLog(config.values.CERALACCA_LOG_LEVEL)
      // What writes PDF is large, and nothing else needs it.
      const { makeExtractOf } = await import('../wiring/evidence-parts.ts')
      const made = await makeExtractOf(config, installation, report, request, out)
      const { id, file, entries, notSealed, notStamped, manifest } = made
      const open = notSealed + notStamped
      const lines = [
        `${file}: ${id}, ${entries} entries.`,
        `SHA-256 of its manifest: ${manifest}`,
        ...(open > 0 ? [`${open} of them are not under a stamp of the ledger yet: the extract says so.`] : []),
      ]
      return { text: lines.join('\n'), json: made }
    })
  },
}
