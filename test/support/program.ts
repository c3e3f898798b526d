/** Programs that run beside a test, and end with it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { defer, type Owner } from './cleanup.ts'

const LONGEST_START_MS = 60_000

export interface Program {
  /** what it has written so far */
  output(): string
  /** Asks again and again, until there is an answer; fails when the program ends before. */
  until<Answer>(ask: () => Answer | undefined): Promise<Answer>
}

/** Starts a program. After the test it is killed, with all that it has started. */
export function startProgram(
  owner: Owner,
  program: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Program {
  const child: ChildProcess = spawn(program, args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // In a group of its own: what a start script starts ends with it.
    detached: true,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (output += data.toString()))
  const gone = once(child, 'close')
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null
  defer(owner, async () => {
    if (child.pid !== undefined && !ended()) process.kill(-child.pid, 'SIGKILL')
    await gone
  })
  return {
    output: () => output,
    async until(ask) {
      const deadline = Date.now() + LONGEST_START_MS
      for (;;) {
        const answer = ask()
        if (answer !== undefined) return answer
        if (ended() || Date.now() > deadline) throw new Error(`${program} did not start:\n${output}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
  }
}
