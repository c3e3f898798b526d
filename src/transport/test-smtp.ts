/** For tests: SMTP servers on loopback, a well-behaved one with what it received, and one that answers by a script. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { SMTPServer } from 'smtp-server'
import type { SMTPServerOptions } from 'smtp-server'
import { createTestAuthority } from '../seal/test-authority.ts'
import type { IssuedPair, TestAuthority } from '../seal/test-authority.ts'

export interface Received {
  readonly bytes: Buffer
  readonly from: string
  readonly mailArgs: Readonly<Record<string, string | boolean>>
  readonly to: readonly string[]
  readonly secure: boolean
  readonly connection: string
}

export interface TestServer {
  readonly port: number
  readonly received: Received[]
  /** connections ever opened, and the most at the same time */
  readonly connections: { total: number; most: number }
  close(): Promise<void>
}

let authority: Promise<{ authority: TestAuthority; localhost: IssuedPair }> | undefined

/** One authority for a test file, with a certificate for `localhost` and 127.0.0.1. */
export function testAuthority(): Promise<{ authority: TestAuthority; localhost: IssuedPair }> {
  authority ??= (async () => {
    const made = await createTestAuthority({ name: 'Mailer Test', now: Date.now() })
    return { authority: made, localhost: await made.issueTlsCertificate({ names: ['localhost', '127.0.0.1'] }) }
  })()
  return authority
}

/** A server by the library smtp-server. Without `pair` it has no STARTTLS. */
export async function startServer(pair: IssuedPair | null, options: SMTPServerOptions = {}): Promise<TestServer> {
  const received: Received[] = []
  const connections = { total: 0, most: 0 }
  const open = new Set<Socket>()
  const server = new SMTPServer({
    ...(pair ? { key: pair.key, cert: pair.certificate } : {}),
    authOptional: true,
    disabledCommands: pair ? ['AUTH'] : ['AUTH', 'STARTTLS'],
    size: 100_000_000,
    disableReverseLookup: true,
    closeTimeout: 10,
    onData(stream, session, callback) {
      const pieces: Buffer[] = []
      stream.on('data', (piece: Buffer) => pieces.push(piece))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        received.push({
          bytes: Buffer.concat(pieces),
          from: mailFrom === false ? '' : mailFrom.address,
          mailArgs: (mailFrom === false ? {} : mailFrom.args) as Received['mailArgs'],
          to: rcptTo.map(({ address }) => address),
          secure: session.secure,
          connection: session.id,
        })
        callback(null, '2.0.0 taken')
      })
    },
    ...options,
  })
  server.on('error', () => undefined)
  server.server.on('connection', (socket: Socket) => {
    open.add(socket)
    connections.total++
    connections.most = Math.max(connections.most, open.size)
    socket.once('close', () => open.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  return {
    port: (server.server.address() as AddressInfo).port,
    received,
    connections,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** What the scripted server does at a step: `cut` ends the connection, `hang` is no answer, all else is the reply. */
export type Step = string

export type Script = Partial<
  Record<'greeting' | 'EHLO' | 'STARTTLS' | 'MAIL' | 'RCPT' | 'DATA' | 'final' | 'RSET', Step | ((line: string) => Step)>
> & {
  /** cuts the connection after so many bytes of a message */
  readonly cutAfter?: number
}

const USUAL: Record<Exclude<keyof Script, 'cutAfter'>, string> = {
  greeting: '220 scripted.test',
  EHLO: '250-scripted.test\r\n250-8BITMIME\r\n250 SIZE 1000000',
  STARTTLS: '502 5.5.1 no',
  MAIL: '250 2.1.0 ok',
  RCPT: '250 2.1.5 ok',
  DATA: '354 go on',
  final: '250 2.0.0 taken',
  RSET: '250 2.0.0 ok',
}

export interface ScriptedServer {
  readonly port: number
  /** lines of commands that came, of all connections */
  readonly commands: string[]
  readonly connections: () => number
  close(): Promise<void>
}

/** A server that answers by `script`, which may be another for each connection (from 0). */
export async function startScripted(script: Script | ((connection: number) => Script)): Promise<ScriptedServer> {
  const commands: string[] = []
  const sockets = new Set<Socket>()
  let count = 0
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    converse(socket, typeof script === 'function' ? script(count) : script, commands)
    count++
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    commands,
    connections: () => count,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function converse(socket: Socket, script: Script, commands: string[]): void {
  let rest = ''
  let inData = false

  function answer(step: Exclude<keyof Script, 'cutAfter'>, line: string): void {
    const scripted = script[step] ?? USUAL[step]
    const reply = typeof scripted === 'function' ? scripted(line) : scripted
    if (reply === 'cut') socket.destroy()
    else if (reply !== 'hang') socket.write(`${reply}\r\n`)
    inData = step === 'DATA' && reply.startsWith('354')
    if (reply.startsWith('421')) socket.end()
  }

  answer('greeting', '')
  socket.on('data', (chunk) => {
    rest += chunk.toString('latin1')
    for (;;) {
      if (inData && script.cutAfter !== undefined && rest.length > script.cutAfter) return void socket.destroy()
      // A message without a line begins with its end.
      const mark = inData && !rest.startsWith('.\r\n') ? '\r\n.\r\n' : '\r\n'
      const end = rest.indexOf(mark)
      if (end < 0) return
      const line = rest.slice(0, end)
      rest = rest.slice(end + mark.length)
      if (inData) {
        inData = false
        answer('final', '')
        continue
      }
      commands.push(line)
      const verb = line.slice(0, line.search(/[ ]|$/)).toUpperCase()
      if (verb === 'QUIT') return void socket.end('221 2.0.0 bye\r\n')
      answer(verb as 'MAIL', line)
    }
  })
}
