/**
 * The sender's side of a provider in this process: points.ts with dispatches to other providers through a scripted mailer, the watches, and the
 * way of other providers' receipts into the mailbox. A test does a round of work at a time, at the hour that it says.
 */
import assert from 'node:assert/strict'
import { instantOf } from '../../src/base/instant.ts'
import { transportFailure } from '../../src/delivery/failures.ts'
import { createDeliveryPoint } from '../../src/delivery/delivery-point.ts'
import { createReturnPoint } from '../../src/delivery/return-point.ts'
import { createSenderNotices, type SenderNotices } from '../../src/delivery/sender-notices.ts'
import { createReturnedReceipts } from '../../src/incoming/returned-receipts.ts'
import { createContents } from '../../src/mailbox/contents.ts'
import { mailboxQueries } from '../../src/mailbox/queries.ts'
import { readMessage } from '../../src/pec/reading.ts'
import { createMailboxes } from '../../src/registry/mailboxes.ts'
import { registryQueries } from '../../src/registry/queries.ts'
import { createDomains } from '../../src/directory/domains.ts'
import { createTestAuthority } from '../../src/seal/test-authority.ts'
import { openDatabase } from '../../src/storage/database.ts'
import { lastFirst, type TestScope } from '../../src/storage/test-database.ts'
import { createDispatches } from '../../src/transport/dispatches.ts'
import { createLoader } from '../../src/transport/loader.ts'
import type { Mailer, SendResult } from '../../src/transport/mailer-types.ts'
import { transportQueries, type TransportQueries } from '../../src/transport/queries.ts'
import { createTasks, HERE } from '../../src/transport/tasks.ts'
import type { Submission } from '../../src/transport/types.ts'
import { createWatches } from '../../src/transport/watches.ts'
import type { Queue } from '../../src/transport/worker.ts'
import { createForeignProvider, type ForeignProvider } from './foreign-provider.ts'
import { withPoints, type Holder, type Points } from './points.ts'

/** What one process of the sending side has. */
export interface SendingWorker {
  /** A round: what is due of dispatches and watches at the time of the clock. */
  round(): Promise<void>
  readonly dispatches: Queue
  readonly watches: Queue
  readonly notices: SenderNotices
  readonly transport: TransportQueries
  /** Takes a receipt of another provider in, as it came by SMTP for that address. */
  receive(from: ForeignProvider, bytes: Buffer, to: string): Promise<void>
  stop(): Promise<void>
}

export interface SendingSide extends Points {
  /** manages pec.remoto.test */
  readonly remote: ForeignProvider
  /** manages pec.altro.test */
  readonly other: ForeignProvider
  readonly serviceMailbox: Holder
  /** by domain, what the other server answers; deferred where nothing is said */
  readonly answers: Map<string, SendResult['outcome']>
  sendingWorker(): SendingWorker
}

const CERTIFIED = ['pec.points.test', 'pec.remoto.test', 'pec.altro.test']

export async function withSendingSide(scope: TestScope): Promise<SendingSide> {
  const last = lastFirst(scope)
  const points = await withPoints(last, (domain) => (CERTIFIED.includes(domain) ? 'certified' : 'ordinary'))
  const { shared } = points
  const { issuer, now, report, checkpoint, blobs, bus, connection, isLocal } = shared
  const { provider } = issuer
  const authority = await createTestAuthority({ name: 'Autorità', now: now() })
  const remote = await createForeignProvider({ authority, name: 'Gestore Remoto', domains: ['pec.remoto.test'], now })
  const other = await createForeignProvider({ authority, name: 'Altro Gestore', domains: ['pec.altro.test'], now })
  const records = [remote.record, other.record]
  const directory = {
    providerOf: (domain: string) => Promise.resolve(records.find(({ domains }) => domains.includes(domain))),
    providerOfCertificate: () => assert.fail('the recogniser is not here'),
  }
  const answers = new Map<string, SendResult['outcome']>()
  const mailer: Mailer = {
    send: ({ to, domain }) =>
      Promise.resolve(
        to.map((recipient) => ({ recipient, outcome: answers.get(domain) ?? 'deferred', status: '4.2.1', text: 'scripted' })),
      ),
    close: () => Promise.resolve(),
  }
  const serviceMailbox = await points.holder('ricevute')

  return {
    ...points,
    remote,
    other,
    serviceMailbox,
    answers,

    sendingWorker() {
      const database = openDatabase(connection, { max: 4 })
      let stopped: Promise<void> | undefined
      const stop = (): Promise<void> => (stopped ??= database.close())
      last.after(stop)
      const queries = transportQueries(database)
      const mailboxes = createMailboxes({
        database,
        queries: registryQueries(database),
        domains: createDomains(database, now),
        now,
      })
      const destination = async (address: string) => {
        const mailbox = await mailboxes.find(address)
        return mailbox && { mailbox, refusal: null }
      }
      const delivery = createDeliveryPoint({ ...shared, database, destination })
      const returns = createReturnPoint({ database, provider, bus, checkpoint })
      const notices = createSenderNotices({ ...shared, returns })
      const loader = createLoader({ queries, contents: createContents(mailboxQueries(database), blobs) })
      const common = { queries, loader, report, now }
      const tasks = createTasks(report, 'test')
      const dispatches = createDispatches({
        ...common,
        mailer,
        destinationOf: async (domain) => ((await isLocal(domain)) ? HERE : domain),
        tasks,
        deliver: delivery.deliver,
        bringBack: async ({ kind, target, ...receipt }) => {
          assert.ok(kind === 'delivery' && 'mailbox' in target)
          const at = instantOf(now())
          const returned = { ...receipt, kind, target: target.mailbox }
          await returns.receive({ receipt: returned, at, origin: 'local', blob: null, watchAt: null, detail: null })
          await queries.receiptsArrived(receipt.slot, [returned])
        },
        giveUp: (submission, recipient, status, words) =>
          notices.nonDelivery(submission, recipient, transportFailure(provider, status, words)),
        provider,
        checkpoint,
      }).queue
      const watches = createWatches({ ...common, notify: notices.timeout })
      const takeReceipt = createReturnedReceipts({
        directory,
        transport: queries,
        findSubmission: loader.findFacts,
        findMailbox: mailboxes.find,
        isServiceAddress: (address) => Promise.resolve(address === serviceMailbox.address),
        returns,
        delivery,
        notices,
        blobs,
        report,
        now,
      })
      return {
        dispatches,
        watches,
        notices,
        transport: queries,
        stop,
        async round() {
          for (const queue of [dispatches, watches]) {
            await workOff(queue, now())
            await tasks.settled()
          }
        },
        async receive({ record, address }, bytes, to) {
          const message = readMessage(bytes)
          const { daticert } = message
          assert.ok(daticert)
          const client = { address: '192.0.2.9', name: 'mx.remoto.test', protocol: 'ESMTPS' }
          const request = { reversePath: address, recipients: [to], bytes, client }
          assert.deepEqual(await takeReceipt(request, { provider: record, message: { ...message, daticert } }), [])
        },
      }
    },
  }
}

async function workOff(queue: Queue, at: number): Promise<void> {
  for (const slot of await queue.dueSlots(new Date(at))) await queue.workOff(slot)
}

/** Recipients of a submission, with what they were given. */
export const recipientsOf = ({ data }: Submission): string[] => data.recipients.map(({ address }) => address)
