/** Debian's clamd on a free loopback port and a Unix socket, with a database of one signature: by default that of the EICAR test file. */
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { defer, type Owner } from './cleanup.ts'
import { temporaryFolder } from './provider.ts'
import { TOOLS_PATH } from './tools.ts'

/** The text that every virus scanner takes for a virus; in pieces, so that none takes this file for one. */
export const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}', '$EICAR-STANDARD-ANTIVIRUS', '-TEST-FILE!$H+H*'].join('')

/** What one clamd takes for a virus. */
export interface Signature {
  readonly name: string
  /** latin1 */
  readonly text: string
}

const EICAR_SIGNATURE: Signature = { name: 'Eicar-Test-Signature', text: EICAR }

/** As clamd names it: a signature that is not ClamAV's own has a suffix. */
export const nameFound = ({ name }: Signature): string => `${name}.UNOFFICIAL`

export const EICAR_NAME = nameFound(EICAR_SIGNATURE)

/** Longer streams are refused. */
export const CLAMD_STREAM_BYTES = 2 * 1024 * 1024

export interface RunningClamd {
  /** host:port */
  readonly tcp: string
  /** path of its socket */
  readonly unix: string
  /** Ends it and waits until it is gone. */
  stop(): Promise<void>
}

/** Starts clamd as the current user and waits until it listens; it is stopped after the test. The test calls `requireTools(t, 'clamd')` before. */
export async function startClamd(owner: Owner, signature = EICAR_SIGNATURE): Promise<RunningClamd> {
  for (let attempt = 0; ; attempt++) {
    const folder = temporaryFolder(owner)
    const port = await freePort()
    writeDatabase(folder, signature)
    writeFileSync(join(folder, 'clamd.conf'), configuration(folder, port))
    const child = spawn('clamd', [`--config-file=${join(folder, 'clamd.conf')}`], {
      env: { ...process.env, PATH: TOOLS_PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const gone = new Promise<void>((resolve, reject) => {
      child.once('exit', () => resolve())
      child.once('error', reject)
    })
    const stop = async (): Promise<void> => {
      child.kill('SIGKILL')
      await gone
    }
    defer(owner, stop)
    let output = ''
    const listening = new Promise<boolean>((resolve) => {
      const read = (data: Buffer): void => {
        output += data.toString()
        // Its first words once the sockets are open.
        if (output.includes('Self checking')) resolve(true)
      }
      child.stdout.on('data', read)
      child.stderr.on('data', read)
      void gone.then(() => resolve(false))
    })
    if (await listening) return { tcp: `127.0.0.1:${port}`, unix: join(folder, 'clamd.sock'), stop }
    // Somebody else may have taken the port meanwhile.
    if (attempt === 5) throw new Error(`clamd did not start:\n${output}`)
  }
}

function writeDatabase(folder: string, { name, text }: Signature): void {
  mkdirSync(join(folder, 'database'))
  writeFileSync(join(folder, 'database', 'test.ndb'), `${name}:0:*:${Buffer.from(text, 'latin1').toString('hex')}\n`)
}

const configuration = (folder: string, port: number): string =>
  [
    'Foreground yes',
    `DatabaseDirectory ${join(folder, 'database')}`,
    `TemporaryDirectory ${folder}`,
    `LocalSocket ${join(folder, 'clamd.sock')}`,
    'TCPAddr 127.0.0.1',
    `TCPSocket ${port}`,
    `StreamMaxLength ${CLAMD_STREAM_BYTES}`,
    '',
  ].join('\n')

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
