/** For tests: an IMAP server on a real mailbox store, mailboxes, and a client that shows the protocol as it is. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib'
import type { DeflateRaw } from 'node:zlib'
import type { ConnectionLimits } from '../../base/connection-limits.ts'
import { clientError } from '../../base/errors.ts'
import { slotOf, uuidv7 } from '../../base/ids.ts'
import { MAILBOX_CHECKS } from '../../mailbox/consistency.ts'
import { STANDARD_FOLDERS } from '../../mailbox/folder-names.ts'
import { insertFolders, insertMailbox } from '../../mailbox/folder-queries.ts'
import { createMailboxStore } from '../../mailbox/store.ts'
import type { MailboxRef, MailboxStore } from '../../mailbox/types.ts'
import { createBus } from '../../storage/bus.ts'
import { BLOB_CHECKS, findViolations } from '../../storage/consistency.ts'
import type { Database } from '../../storage/database.ts'
import { lastFirst, withTestDatabase } from '../../storage/test-database.ts'
import type { TestScope } from '../../storage/test-database.ts'
import type { ImapLimits } from './limits.ts'
import { createImapServer } from './server.ts'
import type { ImapServer } from './server.ts'
import type { SessionDeps } from './session.ts'

export const PASSWORD = 'correct è horse'

export interface TestMailbox {
  readonly address: string
  readonly ref: MailboxRef
}

export interface TestImap {
  readonly store: MailboxStore
  readonly database: Database
  readonly tlsPort: number
  readonly starttlsPort: number
  readonly folder: string
  /** file with the server's certificate, for clients that want to check it */
  readonly certificate: string
  /** what the server reported, and nobody took out */
  readonly reported: unknown[]
  mailbox(quota?: number): Promise<TestMailbox>
  /** Another server on the same store, with limits of its own. */
  serve(limits: Partial<ImapLimits>): Promise<{ tlsPort: number; starttlsPort: number }>
  /** A connection over TLS, the greeting read. */
  connect(port?: number): Promise<TestClient>
  /** A connection that has logged in, with a folder selected. */
  login(mailbox: TestMailbox, folder?: string, port?: number): Promise<TestClient>
  close(): Promise<void>
}

interface TestOptions {
  readonly limits?: Partial<ImapLimits>
  readonly connections?: ConnectionLimits
  readonly beginScram?: SessionDeps['beginScram']
  /** what a login is asked from time to time */
  readonly check?: () => Promise<void>
  /** methods of the store that are to behave otherwise */
  readonly store?: (real: MailboxStore) => Partial<MailboxStore>
}

/** Starts everything; at the end no client must be left without an answer, nothing reported, no invariant broken. */
export async function withImap(scope: TestScope, options: TestOptions = {}): Promise<TestImap> {
  const last = lastFirst(scope)
  const { database, blobs, folder } = await withTestDatabase(last)
  last.after(async () => assert.deepEqual(await findViolations(database.reader, [...MAILBOX_CHECKS, ...BLOB_CHECKS]), []))
  const bus = createBus({ warn: console.warn })
  last.after(() => bus.close())
  const real = createMailboxStore({ database, blobs, bus, now: Date.now })
  const store: MailboxStore = { ...real, ...options.store?.(real) }
  const mailboxes = new Map<string, MailboxRef>()
  const reported: unknown[] = []
  const tls = makeCertificate(folder)
  const servers: ImapServer[] = []
  const { check, beginScram, connections } = options
  const serve = async (limits: Partial<ImapLimits>): Promise<{ tlsPort: number; starttlsPort: number }> => {
    const server = createImapServer({
      store,
      authenticate(address, password) {
        const mailbox = mailboxes.get(address)
        if (!mailbox || password !== PASSWORD) return Promise.reject(clientError('bad-credentials', 'Wrong address or password'))
        return Promise.resolve({ mailbox, address, ...(check && { check }) })
      },
      ...(beginScram && { beginScram }),
      ...(connections && { connections }),
      tls,
      report: (error) => reported.push(error),
      serverName: 'imap.test',
      limits,
    })
    servers.push(server)
    return server.listen({ host: '127.0.0.1', tlsPort: 0, starttlsPort: 0 })
  }
  const close = async (): Promise<void> => void (await Promise.all(servers.map((server) => server.close())))
  const ports = await serve(options.limits ?? {})
  const clients: TestClient[] = []
  last.after(async () => {
    await close()
    for (const client of clients) client.destroy()
    assert.deepEqual(reported, [])
  })

  const connect = async (port = ports.tlsPort): Promise<TestClient> => {
    const client = new TestClient(connectTls({ host: '127.0.0.1', port, ca: tls.cert, servername: 'localhost' }))
    clients.push(client)
    assert.match(await client.response(), /^\* OK \[CAPABILITY /)
    return client
  }

  return {
    store,
    database,
    ...ports,
    folder,
    certificate: join(folder, 'cert.pem'),
    reported,
    async mailbox(quota = 1e9) {
      const id = uuidv7()
      const ref = { slot: slotOf(id), id }
      const address = `${id.slice(-8)}@pec.test`
      await database.transactor.transact(ref.slot, async (tx) => {
        await insertMailbox(tx, ref, address, { quota, reserve: 0, now: Date.now() })
        await insertFolders(tx, ref, STANDARD_FOLDERS, Date.now())
      })
      mailboxes.set(address, ref)
      return { address, ref }
    },
    connect,
    serve,
    async login(mailbox, selected, port) {
      const client = await connect(port)
      await client.ok(`LOGIN ${mailbox.address} "${Buffer.from(PASSWORD).toString('latin1')}"`)
      if (selected !== undefined) await client.ok(`SELECT "${selected}"`)
      return client
    },
    close,
  }
}

/** A self-signed P-256 certificate for localhost. */
function makeCertificate(folder: string): { key: string; cert: string } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...curve, ...names, '-keyout', key, '-out', cert], { stdio: 'pipe' })
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
}

export interface Answer {
  /** whole responses, literals in place, without the last line break */
  readonly untagged: string[]
  /** without the tag */
  readonly tagged: string
}

/** Speaks in latin1, one character per byte. */
export class TestClient {
  #socket: Socket
  /** where the plain bytes come from: the socket, or what inflates for it */
  #source: Readable
  #deflate: DeflateRaw | undefined
  #received = Buffer.alloc(0)
  #wake: (() => void) | undefined
  #closed = false
  #tag = 0

  constructor(socket: Socket) {
    this.#socket = socket
    this.#source = socket
    this.#attach()
  }

  static plain(port: number): TestClient {
    return new TestClient(createConnection({ host: '127.0.0.1', port }))
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Goes on over TLS. */
  async secure(certificate: string): Promise<void> {
    this.#socket.removeAllListeners('data')
    this.#socket = connectTls({ socket: this.#socket, ca: readFileSync(certificate), servername: 'localhost' })
    this.#source = this.#socket
    this.#attach()
    await new Promise((resolve) => this.#socket.once('secureConnect', resolve))
  }

  /** Goes on compressed (RFC 4978); what has come and was not read must be nothing. */
  compress(): void {
    assert.equal(this.#received.length, 0)
    const [deflate, inflate] = [createDeflateRaw(), createInflateRaw()]
    this.#socket.removeAllListeners('data').removeAllListeners('close')
    this.#socket.pipe(inflate)
    deflate.pipe(this.#socket)
    inflate.on('error', () => this.#socket.destroy())
    this.#socket.on('close', () => inflate.end())
    inflate.on('data', this.#receive)
    inflate.on('close', this.#end)
    this.#deflate = deflate
    this.#source = inflate
  }

  /** Takes nothing more from the connection, until `resume`. */
  pause(): void {
    this.#source.pause()
  }

  resume(): void {
    this.#source.resume()
  }

  /** Bytes that came over the wire so far. */
  get bytesRead(): number {
    return this.#socket.bytesRead
  }

  /** Bytes that have come and were not looked at. */
  get pending(): number {
    return this.#received.length
  }

  write(text: string): void {
    if (!this.#deflate) {
      this.#socket.write(text, 'latin1')
      return
    }
    this.#deflate.write(text, 'latin1')
    this.#deflate.flush(constants.Z_SYNC_FLUSH)
  }

  /** One whole response, or "" when the connection is closed. */
  async response(): Promise<string> {
    let text = ''
    for (;;) {
      const line = await this.#take(() => this.#received.indexOf('\n') + 1)
      if (line === '') return text
      const literal = /\{(\d+)\}\r\n$/.exec(line)
      if (!literal) return text + line.replace(/\r\n$/, '')
      const length = Number(literal[1])
      text += line + (await this.#take(() => (this.#received.length >= length ? length : length === 0 ? -1 : 0)))
    }
  }

  /** Sends a command and takes everything up to its tagged response. */
  async command(text: string): Promise<Answer> {
    const tag = `t${++this.#tag}`
    this.write(`${tag} ${text}\r\n`)
    return this.answer(tag)
  }

  async answer(tag: string): Promise<Answer> {
    const untagged: string[] = []
    for (;;) {
      const response = await this.response()
      if (response.startsWith(`${tag} `)) return { untagged, tagged: response.slice(tag.length + 1) }
      if (response === '' && this.#closed) return { untagged, tagged: '' }
      untagged.push(response)
    }
  }

  /** The untagged responses of a command that must succeed. */
  async ok(text: string): Promise<string[]> {
    const { untagged, tagged } = await this.command(text)
    assert.match(tagged, /^OK/, text)
    return untagged
  }

  /** The tagged response of a command. */
  async tagged(text: string): Promise<string> {
    return (await this.command(text)).tagged
  }

  /** Appends with a non-synchronising literal; answers the tagged response. */
  append(folder: string, message: string, flags = ''): Promise<string> {
    return this.tagged(`APPEND "${folder}" ${flags}{${message.length}+}\r\n${message}`)
  }

  destroy(): void {
    this.#socket.destroy()
  }

  readonly #receive = (chunk: Buffer): void => {
    this.#received = Buffer.concat([this.#received, chunk])
    this.#wake?.()
  }

  readonly #end = (): void => {
    this.#closed = true
    this.#wake?.()
  }

  #attach(): void {
    this.#socket.on('data', this.#receive)
    this.#socket.on('error', () => this.#socket.destroy())
    this.#socket.on('close', this.#end)
  }

  /** Waits until `length` answers more than 0, and takes so many bytes; negative: none. */
  async #take(length: () => number): Promise<string> {
    for (;;) {
      const ready = length()
      if (ready !== 0) {
        const taken = this.#received.toString('latin1', 0, Math.max(ready, 0))
        this.#received = this.#received.subarray(Math.max(ready, 0))
        return taken
      }
      if (this.#closed) return ''
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
