/** Runs a program to its end. */
import { spawn } from 'node:child_process'

export interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ExecuteOptions {
  readonly input?: string | Buffer
  readonly environment?: Record<string, string>
  readonly cwd?: string
}

/** Resolves with exit code and output, whatever the code; rejects only if the program cannot be started. */
export function execute(
  program: string,
  args: readonly string[],
  { input, environment, cwd }: ExecuteOptions = {},
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...process.env, ...environment }, cwd, stdio: ['pipe', 'pipe', 'pipe'] })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (data: Buffer) => out.push(data))
    child.stderr.on('data', (data: Buffer) => err.push(data))
    child.once('error', reject)
    child.once('close', (code) =>
      resolve({ code, stdout: Buffer.concat(out).toString('latin1'), stderr: Buffer.concat(err).toString('latin1') }),
    )
    // A program that ends before it has read everything is judged by its exit code.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  })
}
