/** Measures rows on the servers in turn, and prints them as a table. */
import { cpuMilliseconds } from '../processes.ts'
import { ImapClient } from './imap-client.ts'
import { accountOf, type MailServer } from './mail-server.ts'
import type { Desk, Row } from './rows.ts'

export interface Figure {
  /** in the row's unit: the median of what was counted, and the first run, which was not */
  readonly value: number
  readonly first: number
  /** milliseconds of the server's CPU for what one unit counts, or for one MB */
  readonly cpuMs: number
}

interface Run {
  readonly value: number
  readonly cpuMs: number
}

async function runOnce(row: Row, desk: Desk): Promise<Run> {
  await row.prepare?.(desk)
  const cpuBefore = cpuMilliseconds(desk.server.roots())
  const started = performance.now()
  const done = await row.run(desk)
  const elapsed = performance.now() - started
  const cpuMs = (cpuMilliseconds(desk.server.roots()) - cpuBefore) / done
  return { value: row.unit === 'ms' ? elapsed / done : (done * 1000) / elapsed, cpuMs }
}

/** What the servers answer must be the same in number: else they were not asked the same. */
async function look(row: Row, desks: readonly Desk[]): Promise<void> {
  if (!row.look) return
  const seen: number[] = []
  for (const desk of desks) {
    await row.prepare?.(desk)
    const texts: string[] = []
    const command = desk.client.command.bind(desk.client)
    desk.client.keeping = true
    desk.client.command = async (...args) => {
      const answer = await command(...args)
      texts.push(answer.text)
      return answer
    }
    await row.run(desk)
    desk.client.keeping = false
    desk.client.command = command
    seen.push(row.look(texts[0] ?? ''))
  }
  if (new Set(seen).size > 1 || seen[0] === 0) throw new Error(`${row.name}: the servers answered ${seen.join(' and ')} things`)
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[half] ?? Number.NaN) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2
}

/** One figure per desk, undefined where a server cannot do it. The servers are measured in turn, and each goes first as often. */
export async function measureRow(row: Row, desks: readonly Desk[]): Promise<(Figure | undefined)[]> {
  const able: Desk[] = []
  for (const desk of desks) if (row.needs === undefined || (await offers(desk.server, row.needs))) able.push(desk)
  const firsts = new Map<Desk, Run>()
  for (const desk of able) firsts.set(desk, await runOnce(row, desk))
  await look(row, able)
  const runs = new Map(able.map((desk) => [desk, [] as Run[]]))
  for (let repetition = 0; repetition < row.repetitions; repetition++) {
    for (const desk of repetition % 2 === 0 ? able : [...able].reverse()) runs.get(desk)?.push(await runOnce(row, desk))
  }
  return desks.map((desk) => {
    const all = runs.get(desk)
    if (!all) return undefined
    const value = median(all.map((run) => run.value))
    // Ticks are coarse: the mean of all runs is finer than the median of a few.
    const cpuMs = all.reduce((sum, run) => sum + run.cpuMs, 0) / all.length
    return { value, first: firsts.get(desk)?.value ?? Number.NaN, cpuMs }
  })
}

async function offers(server: MailServer, capability: string): Promise<boolean> {
  const client = await ImapClient.open(server.endpoint, accountOf(server, 0))
  client.keeping = true
  const { text } = await client.command('CAPABILITY')
  client.keeping = false
  await client.close()
  return text.split(/\s/).includes(capability)
}

const show = (value: number | undefined): string => {
  if (value === undefined || Number.isNaN(value)) return '-'
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

const COLUMN = 11

export function printHeader(title: string): void {
  console.log(`\n${title}`)
  const cells = ['ours', 'Dovecot', 'ratio', 'first', 'Dovecot', 'CPU ms', 'Dovecot']
  console.log(''.padEnd(34) + cells.map((cell) => cell.padStart(COLUMN)).join(''))
}

/** The ratio is one of speed: above 1 we are faster. */
export function printRow({ name, unit }: Pick<Row, 'name' | 'unit'>, [ours, theirs]: readonly (Figure | undefined)[]): void {
  const ratio = ours && theirs && (unit === 'ms' ? theirs.value / ours.value : ours.value / theirs.value)
  const cells = [ours?.value, theirs?.value, ratio, ours?.first, theirs?.first, ours?.cpuMs, theirs?.cpuMs].map(show)
  console.log(`${name}, ${unit}`.padEnd(34) + cells.map((cell) => cell.padStart(COLUMN)).join(''))
}
