/** The MX of another provider, played by the test: SMTP with STARTTLS, answering by a script that may change while it runs. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import type { IssuedPair } from '../../src/seal/test-authority.ts'
import { defer, type Owner } from './cleanup.ts'

export interface TakenMail {
  readonly from: string
  readonly to: readonly string[]
  readonly bytes: Buffer
}

/** A reply; or `cut`, the end of the connection; or `hang`, nothing at all. */
export type Step = string

type Command = 'EHLO' | 'STARTTLS' | 'MAIL' | 'RCPT' | 'DATA' | 'RSET' | 'NOOP' | 'QUIT'

/** What is not said here is answered as a server does that takes all mail. */
export type Script = Partial<Record<Command, Step | ((line: string) => Step)>> & {
  /** asked with the number of the connection, from 0 */
  readonly greeting?: Step | ((connection: number) => Step)
  /** cuts the connection as soon as some of a message has come */
  readonly cutInMessage?: boolean
  /** the answer to a whole message */
  readonly final?: Step | ((mail: TakenMail) => Step | Promise<Step>)
}

export interface ScriptedPeer {
  readonly port: number
  /** of all steps from now on */
  script: Script
  /** certificate and key that it shows; without one STARTTLS is refused */
  identity: IssuedPair | undefined
  /** what came, with `(tls)` before what came over TLS */
  readonly commands: string[]
  /** messages that were answered with 2xx */
  readonly taken: TakenMail[]
  /** connections so far */
  readonly connections: () => number
  /** Cuts the connections that are open. */
  cut(): void
}

const USUAL: Record<Command, string> = {
  EHLO: '250-peer.test\r\n250-8BITMIME\r\n250-STARTTLS\r\n250 SIZE 100000000',
  STARTTLS: '220 2.0.0 go on',
  MAIL: '250 2.1.0 ok',
  RCPT: '250 2.1.5 ok',
  DATA: '354 go on',
  RSET: '250 2.0.0 ok',
  NOOP: '250 2.0.0 ok',
  QUIT: '221 2.0.0 bye',
}

/** On a free port of 127.0.0.1 until the end of the test. */
export async function startPeer(owner: Owner, script: Script = {}, identity?: IssuedPair): Promise<ScriptedPeer> {
  const open = new Set<Socket>()
  let count = 0
  const server = createServer((socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    converse(socket, peer, count++)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const peer: ScriptedPeer = {
    port: (server.address() as AddressInfo).port,
    script,
    identity,
    commands: [],
    taken: [],
    connections: () => count,
    cut() {
      for (const socket of open) socket.destroy()
    },
  }
  defer(owner, async () => {
    peer.cut()
    server.close()
    await once(server, 'close')
  })
  return peer
}

/** One connection. */
function converse(raw: Socket, peer: ScriptedPeer, connection: number): void {
  let socket = raw
  let rest = ''
  let message = false
  let mail = { from: '', to: [] as string[] }

  function take(step: Step): void {
    if (step === 'cut') raw.destroy()
    else if (step !== 'hang') socket.write(`${step}\r\n`)
    if (step.startsWith('421')) socket.end()
  }

  function listen(): void {
    socket.on('error', () => raw.destroy())
    socket.on('data', (data: Buffer) => {
      rest += data.toString('latin1')
      read()
    })
  }

  function secure(): void {
    if (!peer.identity) return
    const { certificate, key } = peer.identity
    raw.removeAllListeners('data')
    socket = new TLSSocket(raw, { isServer: true, secureContext: createSecureContext({ cert: certificate, key }) })
    rest = ''
    listen()
  }

  async function finish(bytes: Buffer): Promise<void> {
    const whole = { ...mail, bytes }
    const { final = '250 2.0.0 taken' } = peer.script
    const step = typeof final === 'function' ? await final(whole) : final
    if (step.startsWith('2')) peer.taken.push(whole)
    take(step)
  }

  function command(line: string): void {
    peer.commands.push(socket === raw ? line : `(tls) ${line}`)
    const verb = line.slice(0, 4).toUpperCase()
    const name = (verb === 'STAR' ? 'STARTTLS' : verb) as Command
    const scripted = peer.script[name] ?? (name === 'STARTTLS' && !peer.identity ? '502 5.5.1 no' : USUAL[name])
    const step = typeof scripted === 'function' ? scripted(line) : (scripted ?? '500 5.5.2 what?')
    const path = /<(.*?)>/.exec(line)?.[1] ?? ''
    if (name === 'MAIL') mail = { from: path, to: [] }
    if (name === 'RCPT' && step.startsWith('2')) mail.to.push(path)
    message = name === 'DATA' && step.startsWith('354')
    take(step)
    if (name === 'STARTTLS' && step.startsWith('220')) secure()
    if (name === 'QUIT') socket.end()
  }

  function read(): void {
    for (;;) {
      if (message) {
        if (peer.script.cutInMessage === true && rest !== '') return void raw.destroy()
        const end = `\r\n${rest}`.indexOf('\r\n.\r\n')
        if (end < 0) return
        const bytes = Buffer.from(rest.slice(0, end).replace(/^\.\./gm, '.'), 'latin1')
        rest = rest.slice(end + 3)
        message = false
        void finish(bytes)
      } else {
        const end = rest.indexOf('\r\n')
        if (end < 0) return
        const line = rest.slice(0, end)
        rest = rest.slice(end + 2)
        command(line)
      }
    }
  }

  const { greeting = '220 peer.test ESMTP' } = peer.script
  listen()
  take(typeof greeting === 'function' ? greeting(connection) : greeting)
}
