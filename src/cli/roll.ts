/** `ceralacca roll`: the rolls of the orders' members. */
import { readFileSync } from 'node:fs'
import { clientError } from '../base/errors.ts'
import { readTaxCode } from '../registry/people/tax-code.ts'
import type { RollCursor, RollLine } from '../registry/agreement/rolls.ts'
import { table, textOf, wholeNumberOf, type Command, type Invocation } from './command.ts'
import { withInstallation } from './connect.ts'
import { hostActor } from './host-actor.ts'

const told = (title: string, lines: readonly RollLine[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map(({ line, why }) => `  line ${line}: ${why}`)]

/** Where a page begins, as `--after` says. */
export function cursorOf(options: Invocation['options']): RollCursor | null {
  const [surname, givenName = '', taxCode = ''] = textOf(options, 'after')?.split(';') ?? []
  return surname === undefined ? null : [surname, givenName, taxCode]
}

export const cursorText = (next: RollCursor | null): string => (next ? `\nMore: --after "${next.join(';')}"` : '')

/** @throws `no-such-file` */
export function readInput(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw clientError('no-such-file', `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

export const rollImport: Command = {
  words: ['roll', 'import'],
  summary: 'Import members from a CSV file, and report every line that is rejected.',
  operands: ['ORDER', 'FILE'],
  options: {
    'dry-run': { type: 'boolean', help: 'only say what would change' },
    whole: { type: 'boolean', help: 'the file is the whole roll: who is not in it is struck off today, and loses the mailbox' },
    'allow-many': { type: 'boolean', help: 'let a whole roll strike off more than a tenth of the members' },
  },
  details:
    'The first line has the titles: "Codice fiscale", "Cognome", "Nome" are needed; "Numero iscrizione", "Data iscrizione" and\n"Data cancellazione" are read too. Separated by ";" or ",", in UTF-8 or Windows-1252. Ends with code 1 if a line is rejected.',
  run: ({ config, operands: [order = '', path = ''], options }) =>
    withInstallation(config, async ({ rolls }) => {
      const report = await rolls.importFile(order, readInput(path), hostActor(), {
        dryRun: options['dry-run'] === true,
        whole: options['whole'] === true,
        allowMany: options['allow-many'] === true,
      })
      const { changes, rejected, doubtful, examples, revoked } = report
      const counts = Object.entries({ lines: report.lines, unchanged: report.unchanged, ...changes, rejected: rejected.length })
      const text = [
        options['dry-run'] === true ? 'This would change:' : `Import ${report.version} of ${order} is done.`,
        table(counts.map(([what, count]) => [what, String(count)])),
        ...(revoked > 0 ? [`Mailboxes that are being revoked: ${revoked}`] : []),
        ...examples.map(({ change, taxCode, name }) => `  ${change}: ${taxCode} ${name}`),
        ...told('Rejected:', rejected),
        ...told('Taken, but to be looked at:', doubtful),
      ]
      return { text: text.join('\n'), json: report, exitCode: rejected.length > 0 ? 1 : 0 }
    }),
}

export const rollList: Command = {
  words: ['roll', 'list'],
  summary: "List an order's members with their addresses, by name.",
  operands: ['ORDER'],
  options: {
    'without-address': { type: 'boolean', help: 'only those on the roll who have no certified address' },
    after: { type: 'string', value: 'SURNAME;NAME;TAXCODE', help: 'begin behind this member, as the page before says' },
    limit: { type: 'string', value: 'NUMBER', help: 'at most so many; 100 unless given' },
  },
  run: ({ config, operands: [order = ''], options }) =>
    withInstallation(config, async ({ orders, rolls }) => {
      await orders.get(order)
      const page = await rolls.list(order, {
        after: cursorOf(options),
        limit: wholeNumberOf(options, 'limit') ?? 100,
        only: options['without-address'] === true ? 'without-address' : 'all',
      })
      const rows = page.members.map((one) => [
        one.taxCode,
        `${one.surname} ${one.givenName}`,
        one.registerNumber,
        one.struckOffOn === null ? '' : `struck off ${one.struckOffOn}`,
        one.address ?? '-',
      ])
      return {
        text: `${table([['TAX CODE', 'NAME', 'NUMBER', 'STATE', 'ADDRESS'], ...rows])}${cursorText(page.next)}`,
        json: page,
      }
    }),
}

export const rollShow: Command = {
  words: ['roll', 'show'],
  summary: 'What the roll says of a member and what it said before; what was sent for want of an address.',
  operands: ['ORDER', 'TAXCODE'],
  run: ({ config, operands: [order = '', text = ''] }) =>
    withInstallation(config, async ({ rolls, missingAddresses }) => {
      const { code } = readTaxCode(text)
      const member = await rolls.member(order, code)
      if (!member) throw clientError('not-on-roll', `${code} is not on the roll of ${order}`)
      const history = await rolls.history(order, code)
      const sent = await missingAddresses.sentTo(order, code)
      const rows = history.map(({ version, change, before, at }) => [
        String(version),
        at.toISOString(),
        change,
        before
          ? `was ${before.surname} ${before.givenName}, ${before.registerNumber}, ${before.struckOffOn ?? 'on the roll'}`
          : '',
      ])
      return {
        text: [
          JSON.stringify(member, null, 2),
          table([['IMPORT', 'AT', 'CHANGE', ''], ...rows]),
          ...sent.map(({ kind, sentOn, note }) => `${kind} of ${sentOn}: ${note}`),
        ].join('\n'),
        json: { member, history, sent },
      }
    }),
}
