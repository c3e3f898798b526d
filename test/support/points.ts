/** The three points in this process, as main.ts wires them, without servers: for tests that need a step at a time, and a clock of their own. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { createAccessPoint } from '../../src/access/access-point.ts'
import { ACCESS_CHECKS } from '../../src/access/consistency.ts'
import { passCheckpoint, type Checkpoint } from '../../src/base/checkpoint.ts'
import type { EventSink } from '../../src/base/events.ts'
import { instantOf } from '../../src/base/instant.ts'
import { DELIVERY_CHECKS } from '../../src/delivery/consistency.ts'
import { createDeliveryPoint, type DeliveryPoint } from '../../src/delivery/delivery-point.ts'
import { createReturnPoint } from '../../src/delivery/return-point.ts'
import { createDomains } from '../../src/directory/domains.ts'
import { LEDGER_CHECKS } from '../../src/ledger/consistency.ts'
import { MAILBOX_CHECKS } from '../../src/mailbox/consistency.ts'
import { createContents } from '../../src/mailbox/contents.ts'
import { mailboxQueries } from '../../src/mailbox/queries.ts'
import { createMailboxStore } from '../../src/mailbox/store.ts'
import type { MailboxRef } from '../../src/mailbox/types.ts'
import { QUARANTINE_CHECKS } from '../../src/quarantine/consistency.ts'
import { REGISTRY_CHECKS } from '../../src/registry/consistency.ts'
import { createMailboxes } from '../../src/registry/mailboxes.ts'
import { registryQueries } from '../../src/registry/queries.ts'
import type { Issuer } from '../../src/pec/receipts.ts'
import type { Sealer } from '../../src/seal/cms-template.ts'
import { openIdentity } from '../../src/seal/identity.ts'
import type { Blobs } from '../../src/storage/blobs.ts'
import { createBus, type Bus } from '../../src/storage/bus.ts'
import type { ConnectionSettings } from '../../src/storage/connection.ts'
import { BLOB_CHECKS, findViolations } from '../../src/storage/consistency.ts'
import { openDatabase, type Database } from '../../src/storage/database.ts'
import { lastFirst, withTestDatabase, type TestScope } from '../../src/storage/test-database.ts'
import { TRANSPORT_CHECKS } from '../../src/transport/consistency.ts'
import { createDispatches } from '../../src/transport/dispatches.ts'
import { createLoader } from '../../src/transport/loader.ts'
import type { Mailer } from '../../src/transport/mailer-types.ts'
import { createOutbox } from '../../src/transport/outbox.ts'
import { createTasks, HERE } from '../../src/transport/tasks.ts'
import { transportQueries, type TransportQueries } from '../../src/transport/queries.ts'
import type { OutgoingReceipt, ReturnedReceipt, Submission } from '../../src/transport/types.ts'
import { createWorker, type Worker as TransportWorker } from '../../src/transport/worker.ts'
import { plainMessage } from './submit.ts'
import { openFolder } from '../../src/mailbox/test-store.ts'

const CHECKS = [
  ...BLOB_CHECKS,
  ...MAILBOX_CHECKS,
  ...LEDGER_CHECKS,
  ...REGISTRY_CHECKS,
  ...TRANSPORT_CHECKS,
  ...ACCESS_CHECKS,
  ...DELIVERY_CHECKS,
  ...QUARANTINE_CHECKS,
]
const DOMAIN = 'pec.points.test'

/** What one process of a provider has. */
export interface Worker {
  readonly delivery: DeliveryPoint
  /** Puts a receipt of a verdict into the sender's mailbox. */
  readonly receive: (receipt: OutgoingReceipt) => Promise<unknown>
  readonly work: TransportWorker
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

/** What every process of the provider shares, for those that a test builds itself. */
export interface SharedParts {
  readonly connection: ConnectionSettings
  readonly blobs: Blobs
  readonly sealer: Sealer
  readonly issuer: Issuer
  readonly domain: string
  readonly bus: Bus
  readonly report: EventSink
  readonly checkpoint: Checkpoint
  readonly now: () => number
  readonly isLocal: (domain: string) => Promise<boolean>
  /** path of the certificate of the authority that certifies the seal */
  readonly ca: string
}

export interface Points {
  readonly database: Database
  readonly shared: SharedParts
  /** what the points take for now, in milliseconds; `step` is added each time that one looks */
  readonly clock: { ms: number; step: number }
  address(name: string): string
  holder(name: string, quota?: number): Promise<Holder>
  /** Another process on the same database. */
  worker(): Worker
  /** Accepts a message of the sender's; its dispatches are not started. @param more fields of its header */
  accept(sender: Holder, recipients: readonly string[], body?: string, more?: readonly string[]): Promise<Submission>
  inbox(holder: Holder): Promise<InboxMessage[]>
  /** All that the steps write, but for the leases of what waits. */
  state(): Promise<unknown>
}

/** These tests stay within one provider. */
const NO_MAILER: Mailer = { send: () => assert.fail('nothing leaves'), close: () => Promise.resolve() }

/**
 * @param kindOf of a recipient's domain
 * @param ownSealer instead of the test authority's
 */
export async function withPoints(
  scope: TestScope,
  kindOf: (domain: string) => 'certified' | 'ordinary' = () => 'certified',
  ownSealer?: Sealer,
): Promise<Points> {
  const last = lastFirst(scope)
  const { database, connection, blobs, folder } = await withTestDatabase(last)
  last.after(async () => assert.deepEqual(await findViolations(database.reader, CHECKS), []))
  const clock = { ms: Date.now(), step: 0 }
  const now = (): number => (clock.ms += clock.step)
  const bus = createBus({ warn: console.warn })
  last.after(() => bus.close())
  const request = { providerName: 'Gestore Prova', address: `posta-certificata@${DOMAIN}`, names: ['localhost'], now: clock.ms }
  const sealer = ownSealer ?? (await openIdentity({ test: { folder: join(folder, 'keys'), request } })).sealer
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
    recipientKind: (domain) => Promise.resolve(kindOf(domain)),
    ordinaryRecipientsAllowed: () => Promise.resolve(true),
    scanner: { scan: () => Promise.resolve(null) },
    quarantine: { keep: () => assert.fail('nothing is found') },
    startDispatches: (submission) => accepted.push(submission),
  })
  const address = (name: string): string => `${name}@${DOMAIN}`

  return {
    database,
    shared: { ...shared, connection, blobs, isLocal: domains.isLocal, ca: join(folder, 'keys', 'ca.pem') },
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
      const transport = transportQueries(own)
      const find = mailboxesOf(own).find
      const destination = async (address: string) => {
        const mailbox = await find(address)
        return mailbox && { mailbox, refusal: null }
      }
      const delivery = createDeliveryPoint({ ...shared, database: own, destination })
      const returns = createReturnPoint({ database: own, provider: issuer.provider, bus, checkpoint: passCheckpoint })
      const loader = createLoader({ queries: transport, contents: createContents(mailboxQueries(own), blobs) })
      const { deliver } = delivery
      const receiveLocal = (receipt: ReturnedReceipt) =>
        returns.receive({ receipt, at: instantOf(now()), origin: 'local', blob: null, watchAt: null, detail: null })
      const receive = async (receipt: OutgoingReceipt): Promise<unknown> => {
        const { kind, target } = receipt
        assert.ok((kind === 'delivery' || kind === 'non-delivery') && 'mailbox' in target)
        return receiveLocal({ ...receipt, kind, target: target.mailbox })
      }
      const tasks = createTasks(report, 'test')
      const destinationOf = (domain: string) => Promise.resolve(domain === DOMAIN ? HERE : assert.fail('nothing leaves'))
      const common = { queries: transport, loader, mailer: NO_MAILER, destinationOf, tasks, report, now }
      const keepForward = () => assert.fail('nothing is forwarded')
      const outbox = createOutbox({ ...common, receive: receiveLocal, keepForward, address: issuer.address })
      const dispatches = createDispatches({
        ...common,
        deliver,
        bringBack: outbox.bringBack,
        giveUp: () => assert.fail('nothing leaves'),
        provider: issuer.provider,
        checkpoint: passCheckpoint,
      })
      const work = createWorker({ queues: [outbox.queue, dispatches.queue], tasks, report, now })
      let stopped: Promise<void> | undefined
      const stop = (): Promise<void> => (stopped ??= work.stop().then(outbox.flush).then(own.close))
      last.after(stop)
      return { delivery, receive, work: { ...work, stop }, transport }
    },

    async accept({ address, mailbox }, recipients, body = 'Testo.\r\n', more = []) {
      const headers = ['Subject: Prova', 'Message-ID: <prova@client.test>', ...more]
      const bytes = Buffer.from(plainMessage(address, recipients, { headers, body }))
      const client = { address: '192.0.2.1', protocol: 'ESMTPSA' }
      const { pecMsgid } = await access.accept({ mailbox, sender: address, recipients, bytes, client })
      const submission = accepted.find(({ data }) => data.pecMsgid === pecMsgid)
      assert.ok(submission)
      return submission
    },

    async inbox({ mailbox }) {
      const { folder, messages } = await openFolder(store, mailbox, 'INBOX')
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
