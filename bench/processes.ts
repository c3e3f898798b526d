/** CPU and memory of a process and all of its descendants, from /proc. */
import { readFileSync, readdirSync } from 'node:fs'

interface Stat {
  readonly pid: number
  readonly parent: number
  /** clock ticks, reaped children included */
  readonly ticks: number
}

/** Linux counts CPU in hundredths of a second (sysconf(_SC_CLK_TCK)). */
const MS_PER_TICK = 10

function statOf(pid: number): Stat | undefined {
  const text = readProcess(pid, 'stat')
  // What it used counts with its parent's children.
  if (text === undefined) return undefined
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const number = (index: number): number => Number(fields[index])
  // From the state on: ppid is the 2nd field, utime stime cutime cstime the 12th to 15th.
  return { pid, parent: number(1), ticks: number(11) + number(12) + number(13) + number(14) }
}

/** A file of a process; undefined if the process has ended since its folder was read. */
function readProcess(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return undefined
    throw error
  }
}

/** The processes and all that descend from them. */
function familyOf(roots: readonly number[]): Stat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? [])
  const wanted = new Set(roots)
  for (let grown = true; grown;) {
    const before = wanted.size
    for (const { pid, parent } of all) if (wanted.has(parent)) wanted.add(pid)
    grown = wanted.size > before
  }
  return all.filter(({ pid }) => wanted.has(pid))
}

/** Milliseconds of CPU that the processes have used so far, each with all that descend from it. */
export const cpuMilliseconds = (roots: readonly number[]): number =>
  familyOf(roots).reduce((sum, { ticks }) => sum + ticks * MS_PER_TICK, 0)

/** KB that the processes hold with all that descend from them; a page that several hold counts for each. */
export const residentMemoryOf = (roots: readonly number[]): number => sumOf(roots, 'status', 'VmRSS')

/** The same, but a page that several processes hold counts once, divided among them (PSS); only their own user or root may know. */
export const proportionalMemoryOf = (roots: readonly number[]): number => sumOf(roots, 'smaps_rollup', 'Pss')

function sumOf(roots: readonly number[], file: string, field: string): number {
  const pattern = new RegExp(`^${field}:\\s+(\\d+)`, 'm')
  return familyOf(roots).reduce((sum, { pid }) => sum + Number(pattern.exec(readProcess(pid, file) ?? '')?.[1] ?? 0), 0)
}

/** Resident memory of one process, in MB: what it holds now, and the most that it ever held. */
export function memoryOf(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  return { now: kilobytes('VmRSS') / 1000, peak: kilobytes('VmHWM') / 1000 }
}
