/** `ceralacca message show`: where is this message? Of a submission, of one that was refused, and of what came in. Ledger data only, never content. */
import { clientError } from '../base/errors.ts'
import type { LedgerEntry } from '../ledger/entry.ts'
import type { Installation } from '../wiring/installation.ts'
import type { SubmissionRow } from '../transport/queries.ts'
import { table, type Command } from './command.ts'
import { withInstallation } from './connect.ts'

export const messageShow: Command = {
  words: ['message', 'show'],
  summary: 'Show where a message is: its dispatches, their outcomes, its ledger entries.',
  operands: ['ID'],
  details: 'ID is the certified identifier (with or without angle brackets), or the Message-ID that the user gave (with them).',
  run: ({ config, operands: [id = ''] }) =>
    withInstallation(config, async (installation) => {
      const { transport, refusals } = installation
      const bare = id.replace(/^<(.*)>$/, '$1')
      const certified = await transport.findSubmissions(bare)
      const found = certified.length > 0 ? certified : await transport.findSubmissions(id)
      const shown = await Promise.all(found.map((row) => showSubmission(installation, row)))
      // Of what was refused, or came in, the ledger alone tells.
      const others = found.length > 0 ? [] : [bare, ...(await refusals.identifiersOf(id))]
      for (const one of others) shown.push(...(await showEntries(installation, one)))
      if (shown.length === 0) throw clientError('no-such-message', `Nothing is known here of a message ${id}`)
      return { text: shown.map(({ text }) => text).join('\n\n'), json: shown.map(({ json }) => json) }
    }),
}

interface Shown {
  readonly text: string
  readonly json: object
}

async function showSubmission({ transport, ledger }: Installation, row: SubmissionRow): Promise<Shown> {
  const dispatches = await transport.dispatches(row.slot, row.pec_msgid)
  const entries = await ledger.entriesOf(row.pec_msgid)
  const json = {
    pecMsgid: row.pec_msgid,
    msgid: row.msgid,
    sender: row.sender,
    acceptedAt: row.accepted_at,
    dispatches: dispatches.map(({ recipient, outcome, closed_at, attempts, last_error }) => ({
      recipient,
      outcome: outcome ?? 'under way',
      closedAt: closed_at,
      attempts,
      lastError: last_error,
    })),
    ledger: entries.map(shownEntry),
  }
  const text = [
    table([
      ['Identifier', row.pec_msgid],
      ['Message-ID', row.msgid ?? '(none)'],
      ['Sender', row.sender],
      ['Accepted', row.accepted_at.toISOString()],
    ]),
    '',
    table([
      ['RECIPIENT', 'OUTCOME', 'CLOSED', 'ATTEMPTS', 'LAST ERROR'],
      ...json.dispatches.map(({ recipient, outcome, closedAt, attempts, lastError }) => [
        recipient,
        outcome,
        closedAt?.toISOString() ?? '',
        String(attempts),
        lastError ?? '',
      ]),
    ]),
    '',
    ledgerTable(json.ledger),
  ].join('\n')
  return { text, json }
}

/** The ledger's entries of an identifier, if there are any. */
async function showEntries({ ledger }: Installation, pecMsgid: string): Promise<Shown[]> {
  const entries = await ledger.entriesOf(pecMsgid)
  const [first] = entries
  if (!first) return []
  const { msgid, sender } = first
  const json = { pecMsgid, msgid, sender, ledger: entries.map(shownEntry) }
  const facts = [
    ['Identifier', pecMsgid],
    ['Message-ID', msgid ?? '(none)'],
    ['Sender', sender],
  ]
  return [{ text: [table(facts), '', ledgerTable(json.ledger)].join('\n'), json }]
}

const shownEntry = ({ at, event, recipients, related, detail }: LedgerEntry) => ({
  at: new Date(at),
  event,
  recipients,
  related,
  detail,
})

const ledgerTable = (entries: readonly ReturnType<typeof shownEntry>[]): string =>
  table([
    ['AT', 'EVENT', 'RECIPIENTS', 'MESSAGES MADE', 'DETAIL'],
    ...entries.map(({ at, event, recipients, related, detail }) => [
      at.toISOString(),
      event,
      recipients.join(' '),
      related.join(' '),
      detail ?? '',
    ]),
  ])
