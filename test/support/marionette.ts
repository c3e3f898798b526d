/**
 * Drives a Mozilla program by Marionette, the protocol beneath WebDriver: JSON messages with their length before them, over TCP.
 * Only what a test of the program's own windows needs: to run scripts in them.
 * https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { defer, type Owner } from './cleanup.ts'

type Reply = readonly [
  kind: number,
  id: number,
  error: { error: string; message: string; stacktrace: string } | null,
  result: unknown,
]

export class Marionette {
  readonly #socket: Socket
  readonly #waiting = new Map<number, (reply: Reply | undefined) => void>()
  #received = Buffer.alloc(0)
  #id = 0

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (data: Buffer) => {
      this.#received = Buffer.concat([this.#received, data])
      this.#read()
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.#waiting.forEach((answer) => answer(undefined)))
  }

  /** A session in the program's own context ("chrome"), closed after the test. */
  static async connect(owner: Owner, port: number): Promise<Marionette> {
    const socket = connect(port, '127.0.0.1')
    defer(owner, () => void socket.destroy())
    await once(socket, 'connect')
    const client = new Marionette(socket)
    await client.#command('WebDriver:NewSession', {})
    await client.#command('Marionette:SetContext', { value: 'chrome' })
    await client.#command('WebDriver:SetTimeouts', { script: 60_000 })
    return client
  }

  /**
   * Runs the body of an async function in the current window, with the rights of the program, and answers what it returns.
   * `args` is what it is given; both pass through JSON.
   */
  async run<Value>(body: string, ...args: unknown[]): Promise<Value> {
    const script = `return (async (...args) => { ${body} })(...arguments)`
    const result = await this.#command('WebDriver:ExecuteScript', { script, args, sandbox: 'system', newSandbox: true })
    return (result as { value: Value }).value
  }

  async #command(name: string, parameters: object): Promise<unknown> {
    const id = ++this.#id
    const text = Buffer.from(JSON.stringify([0, id, name, parameters]))
    const reply = await new Promise<Reply | undefined>((resolve) => {
      this.#waiting.set(id, resolve)
      if (this.#socket.destroyed) resolve(undefined)
      else this.#socket.write(Buffer.concat([Buffer.from(`${text.length}:`), text]))
    })
    this.#waiting.delete(id)
    if (!reply) throw new Error(`the program has gone away during ${name}`)
    const [, , error, result] = reply
    if (error) throw new Error(`${name}: ${error.error}: ${error.message}\n${error.stacktrace}`)
    return result
  }

  #read(): void {
    for (;;) {
      const colon = this.#received.indexOf(':')
      if (colon < 0) return
      const end = colon + 1 + Number(this.#received.toString('latin1', 0, colon))
      if (this.#received.length < end) return
      const message = JSON.parse(this.#received.toString('utf8', colon + 1, end)) as unknown
      this.#received = this.#received.subarray(end)
      // The greeting is no reply.
      if (Array.isArray(message)) this.#waiting.get((message as unknown as Reply)[1])?.(message as unknown as Reply)
    }
  }
}
