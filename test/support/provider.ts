/** A provider in a process of its own, as `npm start` runs it, on free ports and a data folder that goes with the test. */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defer, type Owner } from './cleanup.ts'
import { execute, type Result } from './execute.ts'

export interface Account {
  readonly address: string
  readonly password: string
}

export interface Provider {
  readonly pid: number
  readonly dataFolder: string
  readonly environment: Record<string, string>
  /** path of the CA certificate */
  readonly ca: string
  readonly ports: {
    readonly submissions: number
    readonly submission: number
    readonly imaps: number
    readonly imap: number
    readonly pop3s: number
    readonly pop3: number
    readonly mx: number
    readonly https: number
  }
  readonly accounts: readonly [Account, Account]
  /** what the server has written so far */
  readonly output: () => string
  /** milliseconds from the start of the process to `ready` */
  readonly startedIn: number
  /** resolves when the process has ended, for whatever reason */
  readonly gone: Promise<void>
  /** Runs `ceralacca ARGS` against it. */
  ceralacca(...args: string[]): Promise<Result>
  /** Asks it to stop and waits until it is gone. */
  stop(): Promise<void>
  /** kill -9, and waits until it is gone; with its database if asked, so that the database has to recover from its log. */
  kill(what: 'server' | 'server and database'): Promise<void>
  /** the process of its embedded database */
  postmaster(): number
}

/** As scripts/run.mjs starts it. */
const scripts = (file: string): unknown => JSON.parse(readFileSync(new URL(`../../scripts/${file}`, import.meta.url), 'utf8'))
const FLAGS = scripts('node-flags.json') as string[]
const ENVIRONMENT = scripts('node-environment.json') as Record<string, string>
const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname
export const PORTS = {
  submissions: 1465,
  submission: 1587,
  imaps: 1993,
  imap: 1143,
  pop3s: 1995,
  pop3: 1110,
  mx: 1025,
  https: 1443,
}

/** A fresh folder that an unprivileged database user can pass through; removed after the test. */
export function temporaryFolder(owner: Owner): string {
  const folder = mkdtempSync(join(tmpdir(), 'ceralacca-test-'))
  chmodSync(folder, 0o755)
  defer(owner, () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface StartOptions {
  /** of an earlier start, to start again on its data */
  readonly dataFolder?: string
  readonly environment?: Record<string, string>
  /** program to run instead of the CLI */
  readonly main?: string
  /** added to the ports, where others must know them before; it must be free */
  readonly offset?: number
}

/** Starts a provider and waits for `ready`; it is stopped after the test. A port that was taken meanwhile makes it choose others. */
export async function startProvider(owner: Owner, options: StartOptions = {}): Promise<Provider> {
  const dataFolder = options.dataFolder ?? join(temporaryFolder(owner), 'data')
  for (let attempt = 0; ; attempt++) {
    const offset = options.offset ?? (await freeOffset())
    const environment = { CERALACCA_DATA: dataFolder, CERALACCA_PORT_OFFSET: String(offset), ...options.environment }
    const started = Date.now()
    const server = spawnServer(options.main ?? MAIN, environment)
    defer(owner, () => server.end('SIGTERM'))
    const ready = await server.ready
    if (ready) return describe(server, environment, dataFolder, offset, Date.now() - started)
    if (!server.output().includes('is taken') || attempt > 5) throw new Error(`the provider did not start:\n${server.output()}`)
  }
}

function describe(
  server: Server,
  environment: Record<string, string>,
  dataFolder: string,
  offset: number,
  startedIn: number,
): Provider {
  const demo = JSON.parse(readFileSync(join(dataFolder, 'demo.json'), 'utf8')) as { ca: string; mailboxes: [Account, Account] }
  const commands = { ...environment, CERALACCA_LOG_LEVEL: 'silent' }
  const ports = Object.fromEntries(Object.entries(PORTS).map(([service, port]) => [service, port + offset])) as Provider['ports']
  return {
    pid: server.pid,
    dataFolder,
    environment,
    ca: demo.ca,
    ports,
    accounts: demo.mailboxes,
    output: server.output,
    startedIn,
    gone: server.gone,
    ceralacca: (...args) => execute(process.execPath, [MAIN, ...args], { environment: commands }),
    stop: () => server.end('SIGTERM'),
    async kill(what) {
      const database = postmasterOf(dataFolder)
      const ended = server.end('SIGKILL')
      if (what === 'server and database') process.kill(database, 'SIGKILL')
      await ended
    },
    postmaster: () => postmasterOf(dataFolder),
  }
}

const postmasterOf = (dataFolder: string): number =>
  Number(readFileSync(join(dataFolder, 'postgres', 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0])

interface Server {
  readonly pid: number
  readonly ready: Promise<boolean>
  readonly gone: Promise<void>
  output(): string
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

function spawnServer(main: string, environment: Record<string, string>): Server {
  const child: ChildProcess = spawn(process.execPath, [...FLAGS, main, 'serve'], {
    env: { ...ENVIRONMENT, ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const ready = new Promise<boolean>((resolve) => {
    const read = (data: Buffer): void => {
      output += data.toString()
      if (/^ready$/m.test(output)) resolve(true)
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    void exited.then(() => resolve(false))
  })
  return {
    pid: child.pid ?? 0,
    ready,
    gone: exited,
    output: () => output,
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      await exited
    },
  }
}

/** An offset at which all our ports are free now. */
export async function freeOffset(): Promise<number> {
  for (;;) {
    const offset = randomInt(5000, 60_000)
    const free = await Promise.all(Object.values(PORTS).map((port) => isFree(port + offset)))
    if (free.every(Boolean)) return offset
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
