/** An SMTP conversation line by line, for what no mail program would say. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { connect as connectTls, type ConnectionOptions } from 'node:tls'
import { defer, type Owner } from './cleanup.ts'
import type { Provider } from './provider.ts'

export class Dialog {
  readonly #ca: Buffer
  #socket: Socket
  #received = ''
  #closed = false
  #wake: (() => void) | undefined

  private constructor(socket: Socket, ca: Buffer) {
    this.#ca = ca
    this.#socket = socket
    this.#listen()
  }

  /** A connection to the TLS port, or in clear to the STARTTLS port, the greeting read; closed after the test. */
  static async open(owner: Owner, { ports, ca }: Provider, port: 'submissions' | 'submission'): Promise<Dialog> {
    const dialog = Dialog.connect(owner, { port: ports[port], ca, secure: port === 'submissions' })
    await dialog.reply()
    return dialog
  }

  /** A connection to a port of this machine, at once with TLS if `secure`; the greeting comes as the first reply. */
  static connect(owner: Owner, { port, ca, secure = false }: { port: number; ca: string; secure?: boolean }): Dialog {
    const authority = readFileSync(ca)
    const target = { host: 'localhost', port }
    const dialog = new Dialog(secure ? connectTls({ ...target, ca: authority }) : connect(target), authority)
    defer(owner, () => dialog.close())
    return dialog
  }

  /** Says a line, or several lines at once, and gives the next reply. */
  async say(...lines: string[]): Promise<string> {
    this.#socket.write(lines.map((line) => `${line}\r\n`).join(''), 'latin1')
    return this.reply()
  }

  /** Says bytes as they stand, without waiting for an answer. */
  write(text: string): void {
    this.#socket.write(text, 'latin1')
  }

  /** The next whole reply, "" if the server has hung up. */
  async reply(): Promise<string> {
    for (;;) {
      const whole = /^(?:\d{3}-.*\r\n)*\d{3}(?: .*)?\r\n/.exec(this.#received)?.[0]
      if (whole !== undefined) {
        this.#received = this.#received.slice(whole.length)
        return whole.trimEnd()
      }
      if (this.#closed) return ''
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** Goes on over TLS after the 220 to STARTTLS. */
  async secure(options: ConnectionOptions = {}): Promise<void> {
    this.#socket.removeAllListeners('data')
    const secured = connectTls({ ...options, socket: this.#socket, ca: this.#ca, servername: 'localhost' })
    this.#socket = secured
    this.#listen()
    await once(secured, 'secureConnect')
  }

  /** Says a line, and closes the connection when it has gone. */
  async hangUp(line: string): Promise<void> {
    const closed = once(this.#socket, 'close')
    this.#socket.end(`${line}\r\n`, 'latin1')
    await closed
  }

  close(): void {
    this.#socket.destroy()
  }

  #listen(): void {
    this.#socket.on('data', (data: Buffer) => {
      this.#received += data.toString('latin1')
      this.#wake?.()
    })
    this.#socket.on('error', () => this.#socket.destroy())
    this.#socket.on('close', () => {
      this.#closed = true
      this.#wake?.()
    })
  }
}

/** The argument of AUTH PLAIN (RFC 4616). */
export const plainLogin = (user: string, password: string): string => Buffer.from(`\0${user}\0${password}`).toString('base64')
