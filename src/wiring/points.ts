/** Builds the points of RFC 6109 and the transport between them. */
import { createAccessPoint } from '../access/access-point.ts'
import type { Checkpoint } from '../base/checkpoint.ts'
import type { EventSink } from '../base/events.ts'
import type { Config } from '../config/config.ts'
import { createDeliveryPoint } from '../delivery/delivery-point.ts'
import { transportFailure } from '../delivery/failures.ts'
import { createReturnPoint } from '../delivery/return-point.ts'
import { createSenderNotices } from '../delivery/sender-notices.ts'
import { arrivalQueries } from '../incoming/arrival-queries.ts'
import { createArrivals } from '../incoming/arrivals.ts'
import { createEnvelopes } from '../incoming/envelopes.ts'
import { createIncomingPoint } from '../incoming/incoming-point.ts'
import { createMailAuthentication } from '../incoming/mail-authentication.ts'
import { createOrdinaryMail } from '../incoming/ordinary-mail.ts'
import { createPlainMail } from '../incoming/plain-mail.ts'
import { createRecogniser } from '../incoming/recognise.ts'
import { createReturnedReceipts } from '../incoming/returned-receipts.ts'
import { createTaker } from '../incoming/taking.ts'
import { createContents } from '../mailbox/contents.ts'
import { mailboxQueries } from '../mailbox/queries.ts'
import { createScanner } from '../quarantine/scanner.ts'
import { createCodeSender } from '../registry/agreement/elsewhere-sender.ts'
import { createCertificateCache } from '../seal/certificate-cache.ts'
import { createFetchList } from '../seal/fetch-list.ts'
import type { Identity } from '../seal/identity.ts'
import { keptLists } from '../seal/kept-lists.ts'
import { createRevocation } from '../seal/revocation.ts'
import { verifyDetached } from '../seal/verify.ts'
import type { Bus } from '../storage/bus.ts'
import { createDispatches } from '../transport/dispatches.ts'
import { createLoader } from '../transport/loader.ts'
import { createMailer } from '../transport/mailer.ts'
import { createOutbox } from '../transport/outbox.ts'
import { createTasks, HERE } from '../transport/tasks.ts'
import type { ReturnedReceipt } from '../transport/types.ts'
import { createWatches } from '../transport/watches.ts'
import { createWorker } from '../transport/worker.ts'
import { instantOf } from '../base/instant.ts'
import { addressBook, serviceAddress } from './addresses.ts'
import { alertQueue } from './alert-parts.ts'
import { directoryParts } from './directory-parts.ts'
import type { Installation } from './installation.ts'
import { sealRoots, tlsRoots, type KeyStores } from './keys.ts'
import { dkimKey, postParts } from './post-parts.ts'
import { sealIdentities } from './seal-parts.ts'

export interface PointsDeps {
  readonly identity: Identity
  readonly stores: KeyStores
  readonly bus: Bus
  readonly report: EventSink
  readonly checkpoint: Checkpoint
}

export function buildPoints(config: Config, installation: Installation, deps: PointsDeps) {
  const { database, blobs, domains, transport: queries, profiles, quarantine, now } = installation
  const { values } = config
  const { identity, stores, bus, report, checkpoint } = deps
  const domain = values.CERALACCA_DOMAIN
  const provider = values.CERALACCA_PROVIDER_NAME
  const { isLocal } = domains
  const addresses = addressBook(config, installation)
  const { destination, returnTo } = addresses

  const certificates = createCertificateCache()
  const roots = tlsRoots(config)
  const fetchList = createFetchList(roots === undefined ? {} : { tlsRoots: [roots] })
  const refreshMs = values.CERALACCA_CRL_REFRESH_MINUTES * 60_000
  const revocation = createRevocation({ fetchList, refreshMs, now, report, keep: keptLists(database).keep }, certificates)
  const identities = sealIdentities(config, { database, own: identity, stores, revocation, certificates, report, now })
  const issuer = { provider, address: identities.address }
  const seals = { sealer: identities, issuer, domain, now }
  const { directory, refresh, ownRecord } = directoryParts(config, { database, domains, identities, revocation, report, now })
  const scanner = createScanner({ clamd: values.CERALACCA_CLAMD, blocked: values.CERALACCA_BLOCKED_ATTACHMENTS })

  const contents = createContents(mailboxQueries(database), blobs)
  const delivery = createDeliveryPoint({ ...seals, database, destination, bus, report, checkpoint })
  const returns = createReturnPoint({ database, provider, bus, checkpoint })
  const notices = createSenderNotices({ ...seals, returns })

  const loader = createLoader({ queries, contents })
  const dkim = dkimKey(config)
  const mailer = createMailer({
    routes: values.CERALACCA_ROUTES,
    dnsServers: values.CERALACCA_DNS_SERVERS,
    tlsRoots: roots,
    serverName: values.CERALACCA_SERVER_NAME,
    ...(dkim && { dkim }),
    report,
    now,
  })
  const receiveLocal = (receipt: ReturnedReceipt) =>
    returns.receive({ receipt, at: instantOf(now()), origin: 'local', blob: null, watchAt: null, detail: null })
  const arrivalRows = arrivalQueries(database)
  const tasks = createTasks(report, 'transport')
  const destinationOf = async (name: string): Promise<string> =>
    (await isLocal(name)) ? HERE : ((await directory.providerOf(name))?.name ?? name)
  const leaving = { queries, loader, mailer, destinationOf, tasks, report, now }
  const outbox = createOutbox({
    ...leaving,
    receive: receiveLocal,
    keepForward: ({ slot, pecMsgid, recipient }) => arrivalRows.keepForward(slot, pecMsgid, recipient, new Date(now())),
    address: issuer.address,
  })
  const { bringBack } = outbox
  const dispatches = createDispatches({
    ...leaving,
    deliver: delivery.deliver,
    bringBack,
    giveUp: (submission, recipient, status, words) =>
      notices.nonDelivery(submission, recipient, transportFailure(provider, status, words)),
    provider,
    checkpoint,
  })
  const arrivals = createArrivals({ queries: arrivalRows, contents, delivery, tasks, bringBack, returnTo, report, now })
  const watches = createWatches({ queries, loader, notify: notices.timeout, report, now })
  const { bounces, queues } = postParts(config, installation, { mailer, tasks, destinationOf, report })
  const alerts = alertQueue(config, installation, { bus, contents, report })
  const codes = createCodeSender({
    database,
    sender: serviceAddress(config),
    findMailbox: installation.mailboxes.find,
    send: ({ mailbox, sender, recipient, bytes }) =>
      access.accept({ mailbox, sender, recipients: [recipient], bytes, client: { address: '127.0.0.1', protocol: 'local' } }),
    report,
    now,
  })
  const worker = createWorker({
    queues: [outbox.queue, arrivals.queue, dispatches.queue, watches, installation.timers, ...queues, alerts, codes],
    tasks,
    report,
    now,
  })

  const access = createAccessPoint({
    ...seals,
    database,
    blobs,
    bus,
    scanner,
    quarantine,
    limits: {
      messageBytes: values.CERALACCA_MAX_TOTAL_BYTES,
      totalBytes: values.CERALACCA_MAX_TOTAL_BYTES,
      recipients: values.CERALACCA_MAX_RECIPIENTS,
    },
    recipientKind: async (name) => ((await directory.providerOf(name)) ? 'certified' : 'ordinary'),
    ordinaryRecipientsAllowed: profiles.ordinaryRecipientsAllowed,
    startDispatches(submission) {
      worker.start(submission.data.recipients.length, submission.envelope.size, () => dispatches.attempt(submission))
    },
    report,
    checkpoint,
  })

  const taking = {
    blobs,
    take: createTaker({ queries: arrivalRows, blobs, checkpoint, now }),
    start: worker.start,
    arrivals,
    bringBack,
    ...seals,
  }
  const plainMail = createPlainMail(taking)
  const incoming = createIncomingPoint({
    directory,
    isLocal,
    isServiceAddress: addresses.isServiceAddress,
    recogniser: createRecogniser({
      directory,
      verify: (input) => verifyDetached(input, certificates),
      roots: sealRoots(config),
      revocation,
      now,
    }),
    takeEnvelope: createEnvelopes({ ...taking, queries: arrivalRows, returnTo, isLocal, scanner, quarantine }),
    takeReceipt: createReturnedReceipts({
      ...addresses,
      directory,
      transport: queries,
      findSubmission: loader.findFacts,
      returns,
      delivery,
      notices,
      blobs,
      report,
      now,
    }),
    plainMail,
    bounces,
    ordinaryMail: createOrdinaryMail({
      ...addresses,
      room: arrivalRows.room,
      plainMail,
      authenticate: createMailAuthentication({
        dnsServers: values.CERALACCA_DNS_SERVERS,
        serverName: values.CERALACCA_SERVER_NAME,
      }),
    }),
    scanner,
    quarantine,
    report,
    now,
  })

  return {
    access,
    incoming,
    worker,
    directoryRefresh: refresh,
    ownRecord,
    identities,
    /** Finishes what is under way. */
    async stop() {
      // The mailer ends what other servers do not: a server that says nothing would hold up the stop.
      await Promise.all([worker.stop(), mailer.close()])
      await Promise.all([outbox.flush(), arrivals.flush()])
      await identities.stop()
    },
  }
}
