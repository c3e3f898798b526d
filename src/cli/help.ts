/** Help texts, from the commands themselves. */
import { table, type Command } from './command.ts'

export function overview(commands: readonly Command[]): string {
  const rows = commands.map((command) => [`  ${command.words.join(' ')}`, command.summary])
  return `Usage: ceralacca COMMAND [OPTION ...]\n\n${table(rows)}\n\nEvery command has --help and --json.`
}

export function helpOf({ words, summary, operands = [], options = {}, details }: Command): string {
  const rows = [
    ...Object.entries(options).map(([name, { value, help }]) => [`  --${name}${value ? ` ${value}` : ''}`, help]),
    ['  --json', 'print for programs'],
    ['  --help', 'print this'],
  ]
  const usage = ['Usage: ceralacca', ...words, ...operands, '[OPTION ...]'].join(' ')
  return [usage, '', summary, '', table(rows), ...(details ? ['', details] : [])].join('\n')
}
