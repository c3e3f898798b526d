/** IMAP, POP3 and submission as hostile clients meet them: real servers on real sockets, and what each is to say when all is well. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { PASSWORD as IMAP_PASSWORD, withImap } from '../../../src/protocols/imap/test-imap.ts'
import type { TestMailbox } from '../../../src/protocols/imap/test-imap.ts'
import { SIMPLE_PASSWORD, withPop3 } from '../../../src/protocols/pop3/test-pop3.ts'
import { createSubmissionServer } from '../../../src/protocols/smtp/submission-server.ts'
import { clientError } from '../../../src/base/errors.ts'
import { ensureTestKeys } from '../../../src/seal/test-keys.ts'
import { lastFirst, testFolder } from '../../../src/storage/test-database.ts'
import type { TestScope } from '../../../src/storage/test-database.ts'
import { RawClient } from './raw-client.ts'

const MANY = 1_000_000
const CONNECTIONS = { connected: () => true, loggedIn: () => true, closed: () => undefined }

export interface Service {
  readonly name: string
  /** what a client may say as often as it likes, before the login and after it; the tag where there are tags is "t" */
  readonly harmless: string
  /** its answer */
  readonly answer: RegExp
  /** with which it asks the server to close the connection */
  readonly farewell: string
  /** what a line is answered that is too long, unless the connection is closed */
  readonly tooLong: RegExp
  /** A connection, the greeting read. */
  connect(): Promise<RawClient>
  /**
   * A connection over TLS that has logged in to a mailbox with at least one message.
   * @param untouched to one that no other client has had in its hands
   */
  login(untouched?: boolean): Promise<RawClient>
}

const MESSAGE = `Subject: fuzz\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n${'testo \r\n'.repeat(6000)}--b--\r\n`

export async function imapService(scope: TestScope, limits: { badCommands?: number } = {}): Promise<Service> {
  const imap = await withImap(scope, { limits, connections: CONNECTIONS })
  let mailbox = await filled()
  let logins = 0

  /** What strangers do to a mailbox should not add up. */
  async function filled(): Promise<TestMailbox> {
    const made = await imap.mailbox()
    const client = await imap.login(made)
    assert.match(await client.append('INBOX', MESSAGE), /^OK/)
    client.destroy()
    return made
  }

  return {
    name: 'IMAP',
    harmless: 't CAPABILITY\r\n',
    answer: /t OK CAPABILITY completed\r\n/,
    farewell: 'z LOGOUT\r\n',
    tooLong: /^\* BAD .*\r\n/m,
    async connect() {
      const client = await RawClient.open(imap.starttlsPort, false)
      await client.until(/^\* OK .*\r\n/)
      return client
    },
    async login(untouched = false) {
      if (++logins % 50 === 0 || untouched) mailbox = await filled()
      const client = await RawClient.open(imap.tlsPort, true)
      client.push(`l LOGIN ${mailbox.address} "${Buffer.from(IMAP_PASSWORD).toString('latin1')}"\r\ns SELECT INBOX\r\n`)
      assert.match(await client.until(/s OK.*\r\n/), /l OK/)
      return client
    },
  }
}

export async function pop3Service(scope: TestScope, limits: { badCommands?: number } = {}): Promise<Service> {
  const pop3 = await withPop3(scope, () => ({ limits, connections: CONNECTIONS }))
  return {
    name: 'POP3',
    harmless: 'CAPA\r\n',
    answer: /\+OK Cap[^]*?\r\n\.\r\n/,
    farewell: 'QUIT\r\n',
    tooLong: /-ERR Line too long\r\n/,
    async connect() {
      const client = await RawClient.open(pop3.starttlsPort, false)
      await client.until(/^\+OK .*\r\n/)
      return client
    },
    async login() {
      // A maildrop has one session at a time.
      const mailbox = await pop3.filled(MESSAGE)
      const client = await RawClient.open(pop3.tlsPort, true)
      await client.until(/^\+OK .*\r\n/)
      await client.send(`USER ${mailbox.address}\r\nPASS ${SIMPLE_PASSWORD}\r\n`)
      assert.match(await client.until(/.*\r\n.*\r\n/), /^\+OK.*\r\n\+OK/)
      return client
    },
  }
}

export async function submissionService(scope: TestScope): Promise<Service> {
  const last = lastFirst(scope)
  const now = Date.now()
  const keys = await ensureTestKeys(join(testFolder(last), 'keys'), {
    providerName: 'Gestore Prova',
    address: 'posta-certificata@pec.test',
    names: ['localhost'],
    now,
  })
  const server = createSubmissionServer({
    authenticate(user, password) {
      if (password !== SIMPLE_PASSWORD) return Promise.reject(clientError('bad-credentials', 'Wrong address or password'))
      const mayDo = (): Promise<void> => Promise.resolve()
      return Promise.resolve({ mailbox: { slot: 1, id: user }, address: 'mario@pec.test', check: mayDo, checkMaySend: mayDo })
    },
    accept: () => Promise.resolve({ outcome: 'accepted', pecMsgid: 'x' }),
    tls: { key: keys.tls.key, cert: keys.tls.certificate },
    serverName: 'smtp.test',
    limits: { messageBytes: MANY, recipients: 100 },
    connections: CONNECTIONS,
  })
  last.after(() => server.close())
  const { tlsPort, starttlsPort } = await server.listen({ host: '127.0.0.1', tlsPort: 0, starttlsPort: 0 })
  const open = async (port: number, tls: boolean): Promise<RawClient> => {
    const client = await RawClient.open(port, tls)
    await client.until(/^220 .*\r\n/)
    await client.send('EHLO client.test\r\n')
    assert.match(await client.until(/^250 .*\r\n/m), /^250-/)
    return client
  }
  return {
    name: 'submission',
    harmless: 'NOOP\r\n',
    answer: /250 .*\r\n/,
    farewell: 'QUIT\r\n',
    tooLong: /^[45]\d\d .*\r\n/m,
    connect: () => open(starttlsPort, false),
    async login() {
      const client = await open(tlsPort, true)
      await client.send(`AUTH PLAIN ${Buffer.from(`\0mario@pec.test\0${SIMPLE_PASSWORD}`).toString('base64')}\r\n`)
      assert.match(await client.until(/^\d{3} .*\r\n/m), /^235 /)
      return client
    },
  }
}
