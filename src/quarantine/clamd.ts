/**
 * The virus scanner clamd (`man clamd`): a message is streamed to it with INSTREAM, over TCP or a Unix socket. Each scan has a connection of
 * its own, which costs little beside a scan and leaves no state behind; how many there are at once is bounded.
 *
 * Invariant: only a whole and clean answer says that nothing was found. Whatever else comes, or comes too late, is `scanner-unavailable`,
 * so that the sender tries again. (What clamd itself does not look into, because of its own limits, is reported by it only with
 * AlertExceedsMax; its StreamMaxLength must be as large as the largest message.)
 */
import { connect } from 'node:net'
import type { NetConnectOpts, Socket } from 'node:net'
import { CeralaccaError, clientError, temporaryError } from '../base/errors.ts'
import { createWaitLine } from './wait-line.ts'

export interface ClamdOptions {
  /** host:port, or the path of a Unix socket */
  readonly address: string
  /** scans at once, fewer than clamd's MaxThreads (10); default 8 */
  readonly connections?: number
  /** scans that may wait for a turn; default 200 */
  readonly waiting?: number
  /** longest wait for a turn, milliseconds; default one minute */
  readonly waitMs?: number
  /** longest time until the connection stands, milliseconds; default 5 seconds */
  readonly connectMs?: number
  /** longest time of a whole scan, milliseconds; default 2 minutes. With the wait it is far less than what SMTP clients wait (RFC 5321 4.5.3.2.6) */
  readonly scanMs?: number
}

export interface Clamd {
  /** The name of the virus in a message, or null. @throws `scanner-unavailable` (temporary) */
  scan(message: Buffer): Promise<string | null>
  /** What clamd says of itself and its signatures: it is there and answers. @throws `scanner-unavailable` (temporary) */
  version(): Promise<string>
}

const CHUNK = 128 * 1024
/** clamd's replies are one line. */
const MAX_REPLY = 8192
/** Whoever asks for the version wants to know whether clamd answers now. */
const VERSION_MS = 5000

/** @throws `bad-config` if the address is none */
export function createClamd(options: ClamdOptions): Clamd {
  const { address, connections = 8, waiting = 200, waitMs = 60_000, connectMs = 5000, scanMs = 120_000 } = options
  const target = readAddress(address)
  const line = createWaitLine({ places: connections, waiting, waitMs, refusal: unavailable })
  return {
    scan: (message) =>
      line.run(async () => readVerdict(await converse(target, instream(message), { connectMs, totalMs: scanMs }))),
    async version() {
      const reply = await converse(target, [Buffer.from('zVERSION\0')], { connectMs, totalMs: VERSION_MS })
      if (!/^ClamAV \d/.test(reply)) throw unavailable(`clamd answered "${shown(reply)}" to VERSION`)
      return reply
    },
  }
}

const unavailable = (why: string, cause?: unknown): CeralaccaError =>
  temporaryError('scanner-unavailable', `The virus scanner cannot be used: ${why}`, cause)

function readAddress(address: string): NetConnectOpts {
  if (address.includes('/')) return { path: address }
  const [, bracketed, name, port] = /^(?:\[([\da-f:.]+)\]|([^:\s]+)):(\d{1,5})$/i.exec(address) ?? []
  const host = bracketed ?? name
  if (host === undefined || Number(port) > 65_535) {
    throw clientError('bad-config', `CERALACCA_CLAMD must be host:port or the path of a socket, not "${address}"`)
  }
  return { host, port: Number(port) }
}

/**
 * clamd decodes attachments only of what it takes for mail, and it tells from the first bytes: a message that begins with "GIF89a: x", or with
 * three long fields of any name, would pass with a virus in base64. Behind this field every message is mail.
 */
const MAIL_START = Buffer.from('Received: from localhost by localhost\r\n')

/** The command and the message in chunks, each after its length; an empty one ends them. */
function* instream(message: Buffer): Iterable<Buffer> {
  yield Buffer.from('zINSTREAM\0')
  yield lengthOf(MAIL_START)
  yield MAIL_START
  for (let at = 0; at < message.length; at += CHUNK) {
    const chunk = message.subarray(at, at + CHUNK)
    yield lengthOf(chunk)
    yield chunk
  }
  yield lengthOf(Buffer.alloc(0))
}

function lengthOf(chunk: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(chunk.length)
  return length
}

function readVerdict(reply: string): string | null {
  if (reply === 'stream: OK') return null
  const [, name] = /^stream: (.+) FOUND$/.exec(reply) ?? []
  if (name !== undefined) return name
  const hint = /size limit exceeded/i.test(reply) ? ' (raise StreamMaxLength of clamd)' : ''
  throw unavailable(`clamd answered "${shown(reply)}"${hint}`)
}

const shown = (reply: string): string => reply.slice(0, 200).replace(/[^\x20-\x7e]/g, '?')

/** One connection: sends the pieces, answers the reply without the NUL that ends it. */
function converse(
  target: NetConnectOpts,
  pieces: Iterable<Buffer>,
  { connectMs, totalMs }: { connectMs: number; totalMs: number },
): Promise<string> {
  return new Promise((resolve, reject) => {
    // The last piece is four bytes: nobody waits for more to send with it.
    const socket = connect({ ...target, noDelay: true })
    let reply = ''
    const connecting = setTimeout(() => fail(`no connection in ${connectMs} ms`), connectMs)
    const overall = setTimeout(() => fail(`no answer in ${totalMs} ms`), totalMs)

    function settle(): void {
      clearTimeout(connecting)
      clearTimeout(overall)
      socket.destroy()
    }
    function fail(why: string, cause?: unknown): void {
      settle()
      reject(unavailable(why, cause))
    }

    socket.once('connect', () => {
      clearTimeout(connecting)
      sendAll(socket, pieces[Symbol.iterator]())
    })
    socket.on('data', (data) => {
      reply += data.toString('latin1')
      const end = reply.indexOf('\0')
      if (end >= 0) {
        settle()
        resolve(reply.slice(0, end))
      } else if (reply.length > MAX_REPLY) fail('clamd answered without end')
    })
    socket.on('error', (error) => fail(error.message, error))
    socket.once('close', () => fail('clamd closed the connection before it had answered'))
  })
}

/** Sends as fast as the other side takes it. */
function sendAll(socket: Socket, pieces: Iterator<Buffer>): void {
  for (let next = pieces.next(); !next.done; next = pieces.next()) {
    if (socket.destroyed) return
    if (!socket.write(next.value)) {
      socket.once('drain', () => sendAll(socket, pieces))
      return
    }
  }
}
