/** `ceralacca alerts`: the ordinary e-mail that tells a holder that certified mail has come. */
import { clientError } from '../base/errors.ts'
import { LANGUAGES } from '../base/languages.ts'
import { ALERT_KINDS, FREQUENCIES, type AlertKind, type AlertSettings, type AlertWishes } from '../notices/alerts/types.ts'
import { choiceOf, textOf, wholeNumberOf, type Command, type Invocation } from './command.ts'
import { withInstallation } from './connect.ts'

const alertsShow: Command = {
  words: ['alerts', 'show'],
  summary: 'Show what alerts a holder wishes, and whether they are sent.',
  operands: ['ADDRESS'],
  run: ({ config, operands: [address = ''] }) =>
    withInstallation(config, async ({ alerts }) => {
      const settings = await alerts.get(address)
      return { text: settings ? describe(settings) : `${address} has no alerts.`, json: settings }
    }),
}

const alertsSet: Command = {
  words: ['alerts', 'set'],
  summary: 'Begin alerts, begin them again, or change them.',
  operands: ['ADDRESS'],
  options: {
    to: { type: 'string', value: 'EMAIL', help: "the ordinary address that is told; the holder's own unless given" },
    confirmed: { type: 'boolean', help: 'the holder has shown that the address is his: no link is sent to it' },
    frequency: { type: 'string', value: 'WHEN', help: `one of: ${FREQUENCIES.join(', ')}` },
    hour: { type: 'string', value: 'HOUR', help: 'of the day in Italy, 0 to 23, for "daily"' },
    details: { type: 'string', value: 'WHAT', help: 'sender and subject of messages: shown or hidden' },
    kinds: { type: 'string', value: 'LIST', help: `what is told, of ${ALERT_KINDS.join(',')}` },
    language: { type: 'string', value: 'LANGUAGE', help: LANGUAGES.join(' or ') },
  },
  details: 'At first: at-once, hidden, in Italian, all but receipts. What messages say is never told.',
  run: ({ config, operands: [address = ''], options }) => {
    const change = changeOf(options)
    return withInstallation(config, async ({ alerts }) => {
      const settings = await alerts.set(address, change, { confirmed: options['confirmed'] === true })
      return { text: describe(settings), json: settings }
    })
  },
}

const alertsStop: Command = {
  words: ['alerts', 'stop'],
  summary: 'Stop the alerts of a holder, until they are set again.',
  operands: ['ADDRESS'],
  run: ({ config, operands: [address = ''] }) =>
    withInstallation(config, async ({ alerts }) => {
      const settings = await alerts.stop(address)
      return { text: describe(settings), json: settings }
    }),
}

export const alertsCommands: readonly Command[] = [alertsShow, alertsSet, alertsStop]

function changeOf(options: Invocation['options']): Partial<AlertWishes> {
  const recipient = textOf(options, 'to')
  const frequency = choiceOf(options, 'frequency', FREQUENCIES)
  const hour = wholeNumberOf(options, 'hour')
  const details = choiceOf(options, 'details', ['shown', 'hidden'])
  const language = choiceOf(options, 'language', LANGUAGES)
  const kinds = textOf(options, 'kinds')
  return {
    ...(recipient !== undefined && { recipient }),
    ...(frequency !== undefined && { frequency }),
    ...(hour !== undefined && { hour }),
    ...(details !== undefined && { details: details === 'shown' }),
    ...(language !== undefined && { language }),
    ...(kinds !== undefined && { kinds: kinds.split(',').map(kindOf) }),
  }
}

function kindOf(text: string): AlertKind {
  const kind = ALERT_KINDS.find((one) => one === text)
  if (kind === undefined) throw clientError('usage', `--kinds is a list of: ${ALERT_KINDS.join(', ')}`)
  return kind
}

function describe({ recipient, language, frequency, hour, details, kinds, confirmedAt, stopped, toldAt }: AlertSettings): string {
  const reason = stopped?.reason ? `: ${stopped.reason}` : ''
  const sent = confirmedAt ? 'sent' : 'not sent before the address is confirmed, by the link that is sent to it'
  return [
    `Alerts:    ${stopped ? `stopped since ${stopped.at.toISOString()} by ${stopped.by}${reason}` : sent}`,
    `To:        ${recipient}, in ${language}`,
    `When:      ${frequency}${frequency === 'daily' ? `, at ${hour} o'clock` : ''}`,
    `Of:        ${kinds.join(', ')}`,
    `Shown:     ${details ? 'sender and subject' : 'only how many'}`,
    `Last one:  ${toldAt?.toISOString() ?? 'none yet'}`,
  ].join('\n')
}
