/** `ceralacca message show`: where is this message? Ledger data only, never content. */
import { clientError } from '../base/errors.ts'
import type { Installation } from '../main.ts'
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
      const { transport } = installation
      const bare = await transport.findSubmissions(id.replace(/^<(.*)>$/, '$1'))
      const found = bare.length > 0 ? bare : await transport.findSubmissions(id)
      if (found.length === 0) throw clientError('no-such-message', `No message ${id} was accepted here`)
      const shown = await Promise.all(found.map((row) => showSubmission(installation, row)))
      return { text: shown.map(({ text }) => text).join('\n\n'), json: shown.map(({ json }) => json) }
    }),
}

async function showSubmission({ transport, ledger }: Installation, row: SubmissionRow) {
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
      retries: attempts,
      lastError: last_error,
    })),
    ledger: entries.map(({ at, event, recipients, related }) => ({ at: new Date(at), event, recipients, related })),
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
      ['RECIPIENT', 'OUTCOME', 'CLOSED', 'RETRIES', 'LAST ERROR'],
      ...json.dispatches.map(({ recipient, outcome, closedAt, retries, lastError }) => [
        recipient,
        outcome,
        closedAt?.toISOString() ?? '',
        String(retries),
        lastError ?? '',
      ]),
    ]),
    '',
    table([
      ['AT', 'EVENT', 'RECIPIENTS', 'MESSAGES MADE'],
      ...json.ledger.map(({ at, event, recipients, related }) => [
        at.toISOString(),
        event,
        recipients.join(' '),
        related.join(' '),
      ]),
    ]),
  ].join('\n')
  return { text, json }
}
