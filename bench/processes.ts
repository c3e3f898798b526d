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
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    const number = (index: number): number => Number(fields[index])
    // From the state on: ppid is the 2nd field, utime stime cutime cstime the 12th to 15th.
    return { pid, parent: number(1), ticks: number(11) + number(12) + number(13) + number(14) }
  } catch (error) {
    // It has ended since the folder was read; what it used counts with its parent's children.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return undefined
    throw error
  }
}

/** Milliseconds of CPU that the processes have used so far, each with all that descend from it. */
export function cpuMilliseconds(roots: readonly number[]): number {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? [])
  const wanted = new Set(roots)
  for (let grown = true; grown;) {
    const before = wanted.size
    for (const { pid, parent } of all) if (wanted.has(parent)) wanted.add(pid)
    grown = wanted.size > before
  }
  return all.filter(({ pid }) => wanted.has(pid)).reduce((sum, { ticks }) => sum + ticks * MS_PER_TICK, 0)
}

/** Resident memory of one process, in MB: what it holds now, and the most that it ever held. */
export function memoryOf(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1])
  return { now: kilobytes('VmRSS') / 1000, peak: kilobytes('VmHWM') / 1000 }
}
