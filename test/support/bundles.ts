/** For the tests of bundles: a provider in this process, with a ledger that is stamped, revocation lists, and another provider beside it. */
import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { withPoints, type Holder } from './points.ts'
import { createDeliveryPoint } from '../../src/delivery/delivery-point.ts'
import { sealingQueries } from '../../src/ledger/sealing-queries.ts'
import { createSealing } from '../../src/ledger/sealing.ts'
import { createStamping } from '../../src/ledger/stamping.ts'
import { proveEntry } from '../../src/ledger/proof.ts'
import { entriesOf } from '../../src/ledger/queries.ts'
import { createContents } from '../../src/mailbox/contents.ts'
import { mailboxQueries } from '../../src/mailbox/queries.ts'
import { openSealer, type Sealer } from '../../src/seal/cms-template.ts'
import { keptLists } from '../../src/seal/kept-lists.ts'
import { identityOfFiles } from '../../src/seal/file-identity.ts'
import { certificatesOf } from '../../src/seal/pem.ts'
import { createTestAuthority, type TestAuthority } from '../../src/seal/test-authority.ts'
import { createTestTimeStamps } from '../../src/seal/test-time-stamps.ts'
import { createTimeStampClient } from '../../src/seal/time-stamp-client.ts'
import type { TestScope } from '../../src/storage/test-database.ts'
import { createBundleMaker } from '../../src/evidence/bundle.ts'
import { PATH, writeManifest, type BundleFiles } from '../../src/evidence/bundle-format.ts'
import { createGatherer } from '../../src/evidence/bundle-gather.ts'

export const DAY_MS = 86_400_000
const LIST_URL = 'http://ca.test/list.crl'

/** @param days that its certificate lasts: what proves must outlive it */
async function sealerOf(
  authority: TestAuthority,
  name: string,
  address: string,
  days = 30,
): Promise<{ sealer: Sealer; pem: string }> {
  const request = { providerName: name, address, days, listUrl: LIST_URL }
  const seal = await authority.issueSealCertificate(request)
  const identity = identityOfFiles({ certificate: seal.certificate, chain: authority.certificate, key: seal.key })
  return { sealer: await openSealer(identity), pem: seal.certificate }
}

export async function openTestBundles(scope: TestScope) {
  const start = Date.now()
  const authority = await createTestAuthority({ name: 'Prova', now: start })
  const stampPair = await authority.issueTimeStampCertificate({ days: 60 })
  const own = await sealerOf(authority, 'Gestore Prova', 'posta-certificata@pec.points.test')
  const lasting = await sealerOf(authority, 'Gestore Prova', 'posta-certificata@pec.points.test', 60)
  const other = await sealerOf(authority, 'Altro Gestore', 'posta-certificata@pec.altro.test')
  const points = await withPoints(scope, () => 'certified', own.sealer)
  const { database, shared, clock } = points
  const roots = certificatesOf(authority.certificate)
  const { now } = shared

  const lists = keptLists(database)
  await lists.keep({ url: LIST_URL, bytes: await authority.issueRevocationList({ thisUpdate: start - 1000 }) }, start)
  const stamps = createTimeStampClient({ authorities: [createTestTimeStamps(stampPair, now)], roots })
  const ledger = sealingQueries(database)
  const sealing = createSealing({ queries: ledger, holder: '00000000-0000-7000-8000-000000000001', now })
  const stamping = createStamping({ queries: ledger, client: stamps, report: shared.report, now })

  const worker = points.worker()
  const queries = mailboxQueries(database)
  const holders = new Map<string, Holder>()
  const make = createBundleMaker({
    gather: createGatherer({
      transport: worker.transport,
      mailboxes: { find: (address) => Promise.resolve(holders.get(address)?.mailbox) },
      messages: queries,
      contents: createContents(queries, shared.blobs),
      ledger: {
        entriesOf: (pecMsgid) => entriesOf(database.reader, pecMsgid),
        prove: (slot, seq) => proveEntry(ledger, slot, seq),
      },
    }),
    lists,
    refreshLists: () => Promise.resolve(),
    roots,
    stampRoots: roots,
    sealer: own.sealer,
    stamps,
    provider: 'Gestore Prova',
    now,
  })
  /** Delivers here what another provider seals the receipt of. */
  const elsewhere = createDeliveryPoint({
    ...shared,
    database,
    sealer: other.sealer,
    issuer: { provider: 'Altro Gestore', address: other.sealer.address },
    destination: (address) => {
      const holder = holders.get(address)
      return Promise.resolve(holder && { mailbox: holder.mailbox, refusal: null })
    },
  })

  return {
    ...points,
    authority,
    roots,
    lists,
    stamps,
    sealers: { own: own.sealer, lasting: lasting.sealer, other: other.sealer },
    certificates: { own: own.pem, other: other.pem },
    make,

    async holder(name: string): Promise<Holder> {
      const holder = await points.holder(name)
      holders.set(holder.address, holder)
      return holder
    },

    /** A message from one to others, with all its receipts; of those in `abroad` another provider makes them. */
    async send(from: Holder, to: readonly Holder[], { abroad = [], fields = [] }: { abroad?: Holder[]; fields?: string[] } = {}) {
      const envelope = await points.accept(
        from,
        to.map(({ address }) => address),
        'Testo perché sì.\r\n',
        fields,
      )
      clock.ms += 2000
      for (const holder of to) {
        const point = abroad.includes(holder) ? elsewhere : worker.delivery
        const receipt = await point.deliver({ envelope, recipient: holder.address, retried: false })
        if (receipt) await worker.receive(receipt)
      }
      return envelope.data.pecMsgid
    },

    async stampLedger(): Promise<void> {
      clock.ms += 60_000
      await sealing.sealAll()
      await stamping.stampNow()
      assert.equal(await stamping.fetchTokens(), 0)
      clock.ms += 1000
    },

    /** Signs and stamps files as a provider does that says something else. */
    async sign(files: BundleFiles, sealer: Sealer = own.sealer): Promise<Map<string, Buffer>> {
      const signed = new Map(files)
      const manifest = writeManifest(signed)
      signed.set(PATH.manifest, manifest)
      const signature = await sealer.seal(hash('sha256', manifest, 'buffer'), now())
      signed.set(PATH.signature, signature)
      const { token } = await stamps.stamp(hash('sha256', signature, 'buffer'))
      return signed.set(PATH.stamp, token)
    },
  }
}

export type TestBundles = Awaited<ReturnType<typeof openTestBundles>>

export function fileOf(files: BundleFiles, path: string): Buffer {
  const bytes = files.get(path)
  assert.ok(bytes, path)
  return bytes
}
