/** The parts that make evidence bundles, from the settings, for the command. */
import { asCeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import type { Config } from '../config/config.ts'
import { createBundleMaker } from '../evidence/bundle.ts'
import { createGatherer } from '../evidence/bundle-gather.ts'
import { proveEntry } from '../ledger/proof.ts'
import { sealingReads } from '../ledger/sealing-queries.ts'
import { createContents } from '../mailbox/contents.ts'
import { mailboxQueries } from '../mailbox/queries.ts'
import type { Installation } from './installation.ts'
import { sealRoots } from './keys.ts'
import { timeStampClient, stampRoots } from './ledger-parts.ts'
import { openSeal } from './seal-parts.ts'

/** What makes evidence bundles, and what to close when it is done. */
export async function openBundleMaker(config: Config, installation: Installation, report: EventSink) {
  const { database, blobs, transport, mailboxes, ledger, now } = installation
  const { identities, revocation, lists, stores } = await openSeal(config, installation, report)
  const reads = sealingReads(database.reader)
  const messages = mailboxQueries(database)
  const stamping = stampRoots(config)
  const make = createBundleMaker({
    gather: createGatherer({
      transport,
      mailboxes,
      messages,
      contents: createContents(messages, blobs),
      ledger: { entriesOf: ledger.entriesOf, prove: (slot, seq) => proveEntry(reads, slot, seq) },
    }),
    lists,
    async refreshLists(certificate, chain) {
      try {
        await revocation.check(certificate, chain, now())
      } catch (thrown) {
        // The list cannot be had now: what was kept goes into the bundle, which says what it lacks.
        if (asCeralaccaError(thrown).fault !== 'temporary') throw thrown
      }
    },
    roots: [...sealRoots(config), ...stamping],
    stampRoots: stamping,
    sealer: identities,
    stamps: await timeStampClient(config, now),
    provider: config.values.CERALACCA_PROVIDER_NAME,
    now,
  })
  return { make, close: async () => stores.token?.close() }
}
