/** A client that speaks no more IMAP than the benchmark needs: it costs little beside the servers that it measures. */
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { Account } from '../../test/support/provider.ts'

export interface Endpoint {
  readonly port: number
  readonly ca: Buffer
}

export interface Answer {
  /** of everything up to the tagged line, this included */
  readonly bytes: number
  /** latin1, if it was to be kept; else empty */
  readonly text: string
}

/** The last line of an answer is looked for in so many bytes. */
const TAIL = 4096

interface Waiting {
  /** how the line starts that ends the wait */
  readonly starts: readonly string[]
  resolve(answer: Answer): void
  reject(error: Error): void
}

export class ImapClient {
  /** keeps the text of answers, to look at it */
  keeping = false
  readonly socket: TLSSocket
  private tags = 0
  private tail: Buffer = Buffer.alloc(0)
  private bytes = 0
  private kept: Buffer[] = []
  private waiting: Waiting | undefined

  private constructor(socket: TLSSocket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.take(chunk))
    socket.on('error', (error) => this.waiting?.reject(error))
    socket.once('close', () => this.waiting?.reject(new Error('the server closed the connection')))
  }

  /** A connection that has been greeted. */
  static async connect({ port, ca }: Endpoint, options: ConnectionOptions = {}): Promise<ImapClient> {
    const client = new ImapClient(connect({ host: '127.0.0.1', servername: 'localhost', port, ca, ...options }))
    await client.wait(['* OK'])
    return client
  }

  /** A connection that has logged in. */
  static async open(endpoint: Endpoint, { address, password }: Account): Promise<ImapClient> {
    const client = await ImapClient.connect(endpoint)
    await client.command(`LOGIN "${address}" "${password}"`)
    return client
  }

  /** Sends a command and waits for its OK; anything else is an error. */
  async command(line: string, ...more: (Buffer | string)[]): Promise<Answer> {
    const tag = `b${this.tags++}`
    const answer = this.wait([`${tag} OK`], `${tag} `)
    this.socket.cork()
    this.socket.write(`${tag} ${line}`, 'latin1')
    for (const piece of more) this.socket.write(piece)
    this.socket.write('\r\n')
    this.socket.uncork()
    return answer
  }

  /** APPEND; several messages at once need MULTIAPPEND (RFC 3502). Literals are not waited for (RFC 7888). */
  append(folder: string, messages: readonly Buffer[]): Promise<Answer> {
    const literals = messages.flatMap((message) => [` {${message.length}+}\r\n`, message])
    return this.command(`APPEND ${folder}`, ...literals)
  }

  /** Waits for changes until the connection is closed. */
  async idle(): Promise<void> {
    const waiting = this.wait(['+'])
    this.socket.write('i IDLE\r\n')
    await waiting
  }

  async close(): Promise<void> {
    await this.command('LOGOUT')
    this.destroy()
  }

  destroy(): void {
    this.waiting = undefined
    this.socket.destroy()
  }

  private wait(expected: readonly string[], any?: string): Promise<Answer> {
    this.tail = Buffer.alloc(0)
    this.bytes = 0
    this.kept = []
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed) reject(new Error('the connection is closed'))
      this.waiting = { starts: any === undefined ? expected : [...expected, any], resolve, reject }
    })
  }

  private take(chunk: Buffer): void {
    this.bytes += chunk.length
    if (this.keeping) this.kept.push(chunk)
    this.tail = (chunk.length >= TAIL ? chunk : Buffer.concat([this.tail, chunk])).subarray(-TAIL)
    if (this.tail[this.tail.length - 1] !== 10 || !this.waiting) return
    const before = this.tail.lastIndexOf('\r\n', this.tail.length - 3)
    const line = this.tail.toString('latin1', before < 0 ? 0 : before + 2)
    const { starts, resolve, reject } = this.waiting
    const found = starts.findIndex((start) => line.startsWith(start))
    if (found < 0) return
    this.waiting = undefined
    if (found === 0) resolve({ bytes: this.bytes, text: Buffer.concat(this.kept).toString('latin1') })
    else reject(new Error(`the server answered: ${line.trim()}`))
  }
}
