/** For tests: a POP3 server on a real mailbox store, mailboxes with messages, and a client that shows the protocol as it is. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { clientError } from '../../base/errors.ts'
import { createMaildropLock } from '../../mailbox/maildrop-lock.ts'
import { createMaildropStore } from '../../mailbox/maildrop.ts'
import type { MaildropStore } from '../../mailbox/maildrop.ts'
import { appended, withStore } from '../../mailbox/test-store.ts'
import type { TestStore } from '../../mailbox/test-store.ts'
import type { MailboxRef } from '../../mailbox/types.ts'
import { ensureTestKeys } from '../../seal/test-keys.ts'
import { createBus } from '../../storage/bus.ts'
import { lastFirst } from '../../storage/test-database.ts'
import type { TestScope } from '../../storage/test-database.ts'
import { createPop3Server } from './server.ts'
import type { Pop3Deps, Pop3Server } from './server.ts'

export const PASSWORD = 'correct è horse '
/** Also right: for configuration files. */
export const SIMPLE_PASSWORD = 'correct-horse'

export interface TestMailbox {
  readonly address: string
  readonly ref: MailboxRef
}

interface TestPorts {
  readonly tlsPort: number
  readonly starttlsPort: number
}

export interface TestPop3 extends TestStore, TestPorts {
  readonly maildrops: MaildropStore
  /** file with the CA certificate */
  readonly certificate: string
  /** what the server reported, and nobody took out */
  readonly reported: unknown[]
  /** A mailbox whose inbox has these messages (latin1). */
  filled(...messages: string[]): Promise<TestMailbox>
  /** Another server on the same store, some things otherwise. */
  serve(deps: Partial<Pop3Deps>): Promise<TestPorts & { server: Pop3Server }>
  /** A connection over TLS, the greeting read. */
  connect(port?: number): Promise<TestClient>
  /** A connection that has logged in. */
  login(mailbox: TestMailbox, port?: number): Promise<TestClient>
}

/** Starts everything; at the end no session may be left, nothing reported, no invariant broken. */
export async function withPop3(
  scope: TestScope,
  options: (defaults: Pop3Deps) => Partial<Pop3Deps> = () => ({}),
): Promise<TestPop3> {
  const last = lastFirst(scope)
  const base = await withStore(last)
  const { database, blobs, folder, store } = base
  const keys = await ensureTestKeys(join(folder, 'keys'), {
    providerName: 'Gestore Prova',
    address: 'posta-certificata@pec.test',
    names: ['localhost', '127.0.0.1'],
    now: Date.now(),
  })
  const bus = createBus({ warn: console.warn })
  last.after(() => bus.close())
  const mailboxes = new Map<string, MailboxRef>()
  const reported: unknown[] = []
  const servers: Pop3Server[] = []
  const clients: TestClient[] = []
  const report = (error: unknown): void => void reported.push(error)
  const maildrops = createMaildropStore({ database, blobs, bus, now: Date.now })
  const defaults: Pop3Deps = {
    authenticate(user, password) {
      const mailbox = mailboxes.get(user)
      if (!mailbox || ![PASSWORD, SIMPLE_PASSWORD].includes(password))
        return Promise.reject(clientError('bad-credentials', 'Wrong address or password'))
      return Promise.resolve({ mailbox })
    },
    store: maildrops,
    lock: createMaildropLock({ database, now: Date.now, report }),
    tls: { key: keys.tls.key, cert: keys.tls.certificate },
    report,
    serverName: 'pop3.test',
  }
  const serve = async (deps: Partial<Pop3Deps>): Promise<TestPorts & { server: Pop3Server }> => {
    const server = createPop3Server({ ...defaults, ...options(defaults), ...deps })
    servers.push(server)
    return { server, ...(await server.listen({ host: '127.0.0.1', tlsPort: 0, starttlsPort: 0 })) }
  }
  const { tlsPort, starttlsPort } = await serve({})
  last.after(async () => {
    for (const client of clients) client.destroy()
    await Promise.all(servers.map((server) => server.close()))
    assert.deepEqual(reported, [])
    assert.deepEqual(await database.reader.read('select holder from maildrop_lock where holder is not null'), [])
  })

  const connect = async (port = tlsPort): Promise<TestClient> => {
    const ca = readFileSync(keys.ca.certificatePath)
    const client = new TestClient(connectTls({ host: '127.0.0.1', port, ca, servername: 'localhost' }))
    clients.push(client)
    assert.equal(await client.line(), '+OK pop3.test POP3 ready')
    return client
  }

  return {
    ...base,
    maildrops,
    tlsPort,
    starttlsPort,
    certificate: keys.ca.certificatePath,
    reported,
    async filled(...messages) {
      const ref = await base.mailbox()
      if (messages.length > 0)
        await store.append(
          ref,
          'INBOX',
          messages.map((text) => appended(Buffer.from(text, 'latin1'))),
        )
      const address = `${ref.id.slice(-8)}@pec.test`
      mailboxes.set(address, ref)
      return { address, ref }
    },
    serve,
    connect,
    async login({ address }, port) {
      const client = await connect(port)
      await client.ok(`USER ${address}`)
      await client.ok(`PASS ${Buffer.from(PASSWORD).toString('latin1')}`)
      return client
    },
  }
}

/** Speaks in latin1, one character per byte. */
export class TestClient {
  #socket: Socket
  #received = ''
  #closed = false
  #wake: (() => void) | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    this.#listen()
  }

  /** A connection in clear, the greeting not read. */
  static plain(port: number): TestClient {
    return new TestClient(createConnection({ host: '127.0.0.1', port }))
  }

  /** Goes on over TLS. */
  async secure(certificate: string): Promise<void> {
    this.#socket.removeAllListeners('data')
    this.#socket = connectTls({ socket: this.#socket, ca: readFileSync(certificate), servername: 'localhost' })
    this.#listen()
    await once(this.#socket, 'secureConnect')
  }

  write(text: string): void {
    this.#socket.write(text, 'latin1')
  }

  /** Takes no more bytes from the server, until it is asked for some. */
  pause(): void {
    this.#socket.pause()
  }

  /** The next line without its end; undefined when the connection is closed. */
  async line(): Promise<string | undefined> {
    const line = await this.#take((received, from) => {
      const end = received.indexOf('\r\n', from)
      return end < 0 ? 0 : end + 2
    })
    return line?.slice(0, -2)
  }

  /** Says a line and gives the first line of the answer. */
  async say(text: string): Promise<string | undefined> {
    this.write(`${text}\r\n`)
    return this.line()
  }

  /** What follows "+OK " in the answer to a command that must succeed. */
  async ok(text: string): Promise<string> {
    const answer = await this.say(text)
    assert.match(answer ?? '', /^\+OK/, text)
    return answer?.slice(4) ?? ''
  }

  /** What follows the first line of a long answer, as it stands on the wire, without the final dot. */
  async body(text: string): Promise<string> {
    await this.ok(text)
    return this.rest()
  }

  async rest(): Promise<string> {
    const body = await this.#take((received, from) => {
      if (received.startsWith('.\r\n')) return 3
      const end = received.indexOf('\r\n.\r\n', from)
      return end < 0 ? 0 : end + 5
    })
    return (body ?? assert.fail('the connection was closed')).slice(0, -3)
  }

  /** Everything up to the end of the connection. */
  async all(): Promise<string> {
    this.#socket.resume()
    while (!this.#closed) await new Promise<void>((resolve) => (this.#wake = resolve))
    const all = this.#received
    this.#received = ''
    return all
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Waits until `lengthOf` finds an end, looking from a position on, and takes so many characters. */
  async #take(lengthOf: (received: string, from: number) => number): Promise<string | undefined> {
    let from = 0
    for (;;) {
      const length = lengthOf(this.#received, from)
      if (length > 0) {
        const taken = this.#received.slice(0, length)
        this.#received = this.#received.slice(length)
        return taken
      }
      if (this.#closed) return undefined
      from = Math.max(this.#received.length - 5, 0)
      this.#socket.resume()
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
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

/** What a client makes of a long answer (RFC 1939 3). */
export const unstuffed = (body: string): string => body.replace(/^\./gm, '')
