/** `ceralacca roll without-address` and what the order sends to those members. */
import { clientError } from '../base/errors.ts'
import { STAGES, type Sent } from '../registry/agreement/missing-addresses.ts'
import { readTaxCode } from '../registry/people/tax-code.ts'
import { choiceOf, table, textOf, wholeNumberOf, type Command } from './command.ts'
import { withInstallation } from './connect.ts'
import { hostActor } from './host-actor.ts'
import { cursorOf, cursorText } from './roll.ts'

const rollWithoutAddress: Command = {
  words: ['roll', 'without-address'],
  summary: 'The members on the roll who have no certified address, by name: since when, warned when, and until when.',
  operands: ['ORDER'],
  options: {
    stage: { type: 'string', value: 'STAGE', help: `only those who are: ${STAGES.join(', ')}` },
    after: { type: 'string', value: 'SURNAME;NAME;TAXCODE', help: 'begin behind this member, as the page before says' },
    limit: { type: 'string', value: 'NUMBER', help: 'at most so many; 100 unless given' },
  },
  run: ({ config, operands: [order = ''], options }) =>
    withInstallation(config, async ({ missingAddresses }) => {
      const page = await missingAddresses.list(order, {
        after: cursorOf(options),
        limit: wholeNumberOf(options, 'limit') ?? 100,
        stage: choiceOf(options, 'stage', STAGES) ?? null,
      })
      const rows = page.members.map((one) => [
        one.taxCode,
        `${one.surname} ${one.givenName}`,
        one.registerNumber,
        one.since.toISOString().slice(0, 10),
        one.stage,
        one.warnedOn ?? '-',
        one.lastDay ?? '-',
        one.proposedOn ?? '-',
      ])
      const titles = ['TAX CODE', 'NAME', 'NUMBER', 'SINCE', 'STAGE', 'WARNED', 'LAST DAY', 'PROPOSED']
      return { text: `${table([titles, ...rows])}${cursorText(page.next)}`, json: page }
    }),
}

const sending = (word: 'warn' | 'propose', kind: Sent['kind'], summary: string): Command => ({
  words: ['roll', word],
  summary,
  operands: ['ORDER', '[TAXCODE]'],
  options: {
    all: { type: 'boolean', help: 'to all whom it concerns' },
    on: { type: 'string', value: 'DAY', help: 'when it was sent; today unless given' },
    note: { type: 'string', value: 'TEXT', help: 'how it was sent, such as the number of the registered letter' },
  },
  run: ({ config, operands: [order = '', taxCode], options }) =>
    withInstallation(config, async ({ missingAddresses }) => {
      const all = options['all'] === true
      if (all === (taxCode !== undefined)) throw clientError('usage', 'Name a member by TAXCODE, or say --all')
      const on = textOf(options, 'on')
      const members = taxCode === undefined ? 'all' : [readTaxCode(taxCode).code]
      const note = textOf(options, 'note') ?? ''
      const count = await missingAddresses.note(
        order,
        { kind, members, note, ...(on !== undefined && { sentOn: on }) },
        hostActor(),
      )
      return { text: `Noted for ${count} members.`, json: { members: count } }
    }),
})

export const withoutAddressCommands: readonly Command[] = [
  rollWithoutAddress,
  sending('warn', 'warning', 'Note that the order has warned members without an address: they have 30 days.'),
  sending('propose', 'proposal', 'Note that the order has proposed to suspend members who let the 30 days pass.'),
]
