/** The three points in this process, as main.ts wires them, without servers: for tests that need a step at a time, and a clock of their own. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { createAccessPoint } from '../../src/access/access-point.ts'
import { passCheckpoint } from '../../src/base/checkpoint.ts'
import type { EventSink } from '../../src/base/events.ts'
import { DELIVERY_CHECKS } from '../../src/delivery/consistency.ts'
import { createDeliveryPoint, type DeliveryPoint } from '../../src/delivery/delivery-point.ts'
import { createDomains } from '../../src/directory/domains.ts'
import { LEDGER_CHECKS } from '../../src/ledger/consistency.ts'
import { MAILBOX_CHECKS } from '../../src/mailbox/consistency.ts'
import { createContents } from '../../src/mailbox/contents.ts'
import { mailboxQueries } from '../../src/mailbox/queries.ts'
import { createMailboxStore } from '../../src/mailbox/store.ts'
import type { MailboxRef } from '../../src/mailbox/types.ts'
import { REGISTRY_CHECKS } from '../../src/registry/consistency.ts'
import { createMailboxes } from '../../src/registry/mailboxes.ts'
import { registryQueries } from '../../src/registry/queries.ts'
import { openIdentity } from '../../src/seal/identity.ts'
import { createBus } from '../../src/storage/bus.ts'
import { BLOB_CHECKS, findViolations } from '../../src/storage/consistency.ts'
import { openDatabase, type Database } from '../../src/storage/database.ts'
import { lastFirst, withTestDatabase, type TestScope } from '../../src/storage/test-database.ts'
import { TRANSPORT_CHECKS } from '../../src/transport/consistency.ts'
import { createDispatcher, type Dispatcher } from '../../src/transport/dispatcher.ts'
import { createLoader } from '../../src/transport/loader.ts'
import { transportQueries, type TransportQueries } from '../../src/transport/queries.ts'
import type { Submission } from '../../src/transport/types.ts'
import { plainMessage } from './submit.ts'

const CHECKS = [...BLOB_CHECKS, ...MAILBOX_CHECKS, ...LEDGER_CHECKS, ...REGISTRY_CHECKS, ...TRANSPORT_CHECKS, ...DELIVERY_CHECKS]
const DOMAIN = 'pec.points.test'

/** What one process of a provider has. */
export interface Worker {
  readonly delivery: DeliveryPoint
  readonly dispatcher: Dispatcher
  readonly transport: TransportQueries
}

export interface Holder {
  readonly address: string
  readonly mailbox: MailboxRef
}

export interface InboxMessage {
  readonly source: Buffer
  readonly internalDate: number
}

export interface Points {
  readonly database: Database
  /** what the points take for now, in milliseconds; `step` is added each time that one looks */
  readonly clock: { ms: number; step: number }
  address(name: string): string
  holder(name: string, quota?: number): Promise<Holder>
  /** Another process on the same database. */
  worker(): Worker
  /** Accepts a message of the sender's; its dispatches are not started. */
  accept(sender: Holder, recipients: readonly string[], body?: string): Promise<Submission>
  inbox(holder: Holder): Promise<InboxMessage[]>
  /** All that the steps write, but for the leases of what waits. */
  state(): Promise<unknown>
}

export async function withPoints(scope: TestScope): Promise<Points> {
  const last = lastFirst(scope)
  const { database, connection, blobs, folder } = await withTestDatabase(last)
  last.after(async () => assert.deepEqual(await findViolations(database.reader, CHECKS), []))
  const clock = { ms: Date.now(), step: 0 }
  const now = (): number => (clock.ms += clock.step)
  const bus = createBus({ warn: console.warn })
  last.after(() => bus.close())
  const request = { providerName: 'Gestore Prova', address: `posta-certificata@${DOMAIN}`, names: ['localhost'], now: clock.ms }
  const { sealer } = await openIdentity({ test: { folder: join(folder, 'keys'), request } })
  const domains = createDomains(database, now)
  await domains.add(DOMAIN)
  const report: EventSink = (name, data) => {
    if ('error' in data) console.warn(name, data.error)
  }
  const issuer = { provider: request.providerName, address: sealer.address }
  const shared = { sealer, issuer, domain: DOMAIN, bus, report, checkpoint: passCheckpoint, now }
  const mailboxesOf = (database: Database) => createMailboxes({ database, queries: registryQueries(database), domains, now })
  const mailboxes = mailboxesOf(database)
  const store = createMailboxStore({ database, blobs, bus, now })
  const accepted: Submission[] = []
  const access = createAccessPoint({
    ...shared,
    database,
    blobs,
    limits: { messageBytes: 1e8, totalBytes: 1e8, recipients: 500 },
    startDispatches: (submission) => accepted.push(submission),
  })
  const address = (name: string): string => `${name}@${DOMAIN}`

  return {
    database,
    clock,
    address,

    async holder(name, quota = 1e9) {
      await mailboxes.create(address(name), 'una parola lunga', quota)
      const mailbox = await mailboxes.find(address(name))
      assert.ok(mailbox)
      return { address: address(name), mailbox }
    },

    worker() {
      const own = openDatabase(connection, { max: 4 })
      last.after(() => own.close())
      const transport = transportQueries(own)
      const find = mailboxesOf(own).find
      const delivery = createDeliveryPoint({ ...shared, database: own, findMailbox: find })
      const loader = createLoader({ queries: transport, contents: createContents(mailboxQueries(own), blobs) })
      const { deliver, receive } = delivery
      const dispatcher = createDispatcher({ queries: transport, loader, deliver, receive, report, now })
      last.after(() => dispatcher.stop())
      return { delivery, dispatcher, transport }
    },

    async accept({ address, mailbox }, recipients, body = 'Testo.\r\n') {
      const headers = ['Subject: Prova', 'Message-ID: <prova@client.test>']
      const bytes = Buffer.from(plainMessage(address, recipients, { headers, body }))
      const client = { address: '192.0.2.1', protocol: 'ESMTPSA' }
      const { pecMsgid } = await access.accept({ mailbox, sender: address, recipients, bytes, client })
      const submission = accepted.find(({ data }) => data.pecMsgid === pecMsgid)
      assert.ok(submission)
      return submission
    },

    async inbox({ mailbox }) {
      const { folder, messages } = await store.open(mailbox, 'INBOX', false)
      const found: InboxMessage[] = []
      for await (const { content, internalDate } of store.messages(
        mailbox,
        folder.id,
        messages.map(({ uid }) => uid),
      )) {
        const source = Buffer.concat(await Array.fromAsync(store.read(mailbox, content.id, 0, content.size)))
        found.push({ source, internalDate })
      }
      return found
    },

    async state() {
      const tables: Record<string, unknown> = {}
      for (const table of [
        'mailbox',
        'folder',
        'message',
        'content',
        'blob',
        'submission',
        'delivery',
        'receipt',
        'ledger_entry',
      ])
        tables[table] = await database.reader.read(`select * from ${table} order by 1, 2, 3`)
      tables['dispatch'] = await database.reader.read(
        'select slot, pec_msgid, recipient, outcome, closed_at from dispatch order by 1, 2, 3',
      )
      tables['outbox'] = await database.reader.read(
        'select slot, pec_msgid, recipient, kind, message_id, head, tail from outbox order by 1, 2, 3, 4',
      )
      return tables
    },
  }
}
