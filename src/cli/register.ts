/** `ceralacca register`: what is sent to the public register of addresses for an order. */
import { writeFileSync } from 'node:fs'
import { clientError } from '../base/errors.ts'
import type { RegisterExport } from '../registry/agreement/register-exports.ts'
import { readRejections, type Rejection } from '../registry/agreement/register-file.ts'
import { table, textOf, wholeNumberOf, type Command, type Invocation } from './command.ts'
import { withInstallation } from './connect.ts'
import { hostActor } from './host-actor.ts'
import { readInput } from './roll.ts'

/** @throws `usage` */
function numberOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw clientError('usage', `"${text}" is not the number of an export`)
  return Number(text)
}

const receiptText = ({ number, lines, bytes, sha256 }: RegisterExport): string =>
  `Export ${number}: ${lines} lines, ${bytes} bytes, SHA-256 ${sha256}`

const registerExport: Command = {
  words: ['register', 'export'],
  summary: 'Write the file for the public register: what has changed since the last one; or that again, until it is confirmed.',
  operands: ['ORDER', 'FILE'],
  options: { number: { type: 'string', value: 'NUMBER', help: 'an export of before, as it was' } },
  details: 'FILE must not be there yet. Send it to the register, then say "ceralacca register confirm".',
  run: ({ config, operands: [order = '', path = ''], options }) =>
    withInstallation(config, async ({ registerExports }) => {
      const number = wholeNumberOf(options, 'number')
      const { receipt, file, again } =
        number === undefined
          ? await registerExports.next(order, hostActor())
          : { ...(await registerExports.get(order, number)), again: true }
      writeFileSync(path, file, { mode: 0o600, flag: 'wx' })
      return { text: `${receiptText(receipt)}${again ? ', as before' : ''}, in ${path}`, json: { ...receipt, again } }
    }),
}

function rejectedBy(options: Invocation['options']): readonly Rejection[] | { all: string } {
  const [path, all] = [textOf(options, 'rejected'), textOf(options, 'refused')]
  if (path !== undefined && all !== undefined) throw clientError('usage', 'Say --rejected or --refused, not both')
  if (all !== undefined) return { all }
  return path === undefined ? [] : readRejections(readInput(path))
}

const registerConfirm: Command = {
  words: ['register', 'confirm'],
  summary: 'Note that the register has taken an export, but for the lines that it has rejected.',
  operands: ['ORDER', 'NUMBER'],
  options: {
    rejected: { type: 'string', value: 'FILE', help: 'CSV with the number of each rejected line and why' },
    refused: { type: 'string', value: 'WHY', help: 'the register has refused the whole file' },
  },
  details: 'What was rejected is said again with the next export.',
  run: ({ config, operands: [order = '', number = ''], options }) =>
    withInstallation(config, async ({ registerExports }) => {
      const receipt = await registerExports.confirm(order, numberOf(number), rejectedBy(options), hostActor())
      return { text: `Export ${receipt.number} is confirmed; rejected: ${receipt.rejected} of ${receipt.lines}.`, json: receipt }
    }),
}

const registerList: Command = {
  words: ['register', 'list'],
  summary: "An order's exports to the register, the last one first; with --number what was rejected of one.",
  operands: ['ORDER'],
  options: {
    number: { type: 'string', value: 'NUMBER', help: 'show this one, and its rejected lines' },
    before: { type: 'string', value: 'NUMBER', help: 'begin before this one' },
  },
  run: ({ config, operands: [order = ''], options }) =>
    withInstallation(config, async ({ registerExports }) => {
      const number = wholeNumberOf(options, 'number')
      if (number !== undefined) {
        const { receipt } = await registerExports.get(order, number)
        const rejected = await registerExports.rejections(order, number)
        const lines = rejected.map(({ line, why, taxCode }) => `  line ${line}, ${taxCode}: ${why}`)
        return { text: [receiptText(receipt), ...lines].join('\n'), json: { ...receipt, rejections: rejected } }
      }
      const all = await registerExports.list(order, { before: wholeNumberOf(options, 'before') ?? null })
      const rows = all.map((one) => [
        String(one.number),
        one.madeAt.toISOString(),
        one.madeBy,
        `${one.afterFact + 1}-${one.toFact}`,
        String(one.lines),
        String(one.rejected),
        one.confirmedAt?.toISOString() ?? 'open',
        one.sha256.slice(0, 16),
      ])
      const titles = ['NUMBER', 'MADE', 'BY', 'FACTS', 'LINES', 'REJECTED', 'CONFIRMED', 'SHA-256']
      return { text: table([titles, ...rows]), json: all }
    }),
}

export const registerCommands: readonly Command[] = [registerExport, registerConfirm, registerList]
