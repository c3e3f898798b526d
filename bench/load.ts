/** The load: SMTP submission over TLS on connections that stay open, one sender each. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { connect, type TLSSocket } from 'node:tls'
import type { Account, Provider } from '../test/support/provider.ts'

export interface Sent {
  readonly msgid: string
  /** performance.now() when the last byte of DATA was handed to the socket */
  readonly endOfData: number
  /** ... when the 250 came */
  readonly accepted: number
  readonly bytes: number
}

/** A client that keeps one connection; no more than SMTP needs, so that the load costs little of the machine that it measures. */
export class Submitter {
  readonly account: Account
  private readonly socket: TLSSocket
  private received = ''
  private expected = ''
  private waiting: ((reply: string) => void) | undefined

  private constructor(account: Account, socket: TLSSocket) {
    this.account = account
    this.socket = socket
    socket.setNoDelay(true)
    // A server that goes away fails what waits for its answer.
    socket.once('close', () => this.waiting?.(''))
    socket.on('error', () => undefined)
    socket.on('data', (data: Buffer) => {
      this.received += data.toString('latin1')
      if (!this.received.endsWith('\r\n')) return
      const last = this.received.trimEnd().split('\r\n').at(-1) ?? ''
      // What was pipelined is answered line by line; a refusal, or the answer to the last command, ends the wait.
      if (!/^\d{3} /.test(last) || (last.startsWith('250') && this.expected === '354')) return
      this.received = ''
      this.waiting?.(last)
    })
  }

  static async open(provider: Provider, account: Account): Promise<Submitter> {
    const socket = connect({ host: 'localhost', port: provider.ports.submissions, ca: readFileSync(provider.ca) })
    const submitter = new Submitter(account, socket)
    await submitter.reply('220')
    await submitter.command('EHLO bench', '250')
    const token = Buffer.from(`\0${account.address}\0${account.password}`).toString('base64')
    await submitter.command(`AUTH PLAIN ${token}`, '235')
    return submitter
  }

  async send(recipient: string, size: number): Promise<Sent> {
    const msgid = `<${randomBytes(12).toString('hex')}@bench>`
    const message = makeMessage(this.account.address, recipient, msgid, size)
    // Pipelined, as mail servers do (RFC 2920).
    this.socket.write(`MAIL FROM:<${this.account.address}>\r\nRCPT TO:<${recipient}>\r\nDATA\r\n`)
    await this.reply('354')
    await new Promise<void>((resolve) => this.socket.write(message, () => resolve()))
    this.socket.write('.\r\n')
    const endOfData = performance.now()
    await this.reply('250')
    return { msgid, endOfData, accepted: performance.now(), bytes: message.length }
  }

  close(): void {
    this.socket.end('QUIT\r\n')
  }

  private async command(line: string, expected: string): Promise<void> {
    this.socket.write(`${line}\r\n`)
    await this.reply(expected)
  }

  private reply(expected: string): Promise<void> {
    this.expected = expected
    return new Promise((resolve, reject) => {
      this.waiting = (reply) => {
        this.waiting = undefined
        if (reply.startsWith(expected)) resolve()
        else reject(new Error(`expected ${expected}, got ${reply}`))
      }
    })
  }
}

/** Text of random base64: it does not compress, as attachments do not. */
const filler = randomBytes(1_100_000).toString('base64').replace(/.{76}/g, '$&\r\n')

function makeMessage(from: string, to: string, msgid: string, size: number): Buffer {
  const header = `From: ${from}\r\nTo: ${to}\r\nSubject: Prova di carico\r\nMessage-ID: ${msgid}\r\nDate: ${new Date().toUTCString()}\r\n\r\n`
  const body = filler.slice(0, Math.max(size - header.length - 2, 0)).replace(/\r?\n?$/, '')
  return Buffer.from(`${header}${body}\r\n`, 'latin1')
}
