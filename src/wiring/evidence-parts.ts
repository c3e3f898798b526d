/** What makes evidence, from the settings, for the commands. */
import type { EventSink } from '../base/events.ts'
import type { Config } from '../config/config.ts'
import { makeExtract, type MadeExtract } from '../evidence/extract.ts'
import type { ExtractRequest } from '../evidence/extract-request.ts'
import type { Signer } from '../evidence/signed-archive.ts'
import { extractQueries } from '../ledger/extract-queries.ts'
import { sealingReads } from '../ledger/sealing-queries.ts'
import { createCertificateCache } from '../seal/certificate-cache.ts'
import { findChain } from '../seal/chain.ts'
import type { SealIdentities } from '../seal/identities.ts'
import type { Installation } from './installation.ts'
import { sealRoots } from './keys.ts'
import { stampRoots, timeStampClient } from './ledger-parts.ts'
import { openSeal } from './seal-parts.ts'

/** The identity that seals now, with its certificates up to the root where the settings believe one. */
function signerOf(config: Config, identities: SealIdentities, now: () => number): Signer {
  const cache = createCertificateCache()
  return {
    seal: (digest, at) => identities.seal(digest, at),
    certificates() {
      const identity = identities.list().find(({ sealsNow }) => sealsNow)
      if (!identity) return []
      const [certificate, ...others] = [identity.certificate, ...identity.chain].flatMap((der) => cache.open(der) ?? [])
      if (!certificate) return []
      const found = findChain({ certificate, others, roots: cache.openList(sealRoots(config)), at: now() }, cache)
      return [identity.certificate, ...(found.ok ? found.chain.map(({ der }) => der) : identity.chain)]
    },
  }
}

/** Opens the seal, makes the extract, closes. */
export async function makeExtractOf(
  config: Config,
  installation: Installation,
  report: EventSink,
  request: ExtractRequest,
  file: string,
): Promise<MadeExtract> {
  const { database, mailboxes, now } = installation
  const { identities, stores } = await openSeal(config, installation, report)
  try {
    const deps = {
      queries: { ...extractQueries(database), ...sealingReads(database.reader) },
      signer: signerOf(config, identities, now),
      stamps: await timeStampClient(config, now),
      stampRoots: stampRoots(config),
      expectMailbox: async (address: string) => void (await mailboxes.show(address)),
      provider: config.values.CERALACCA_PROVIDER_NAME,
      now,
    }
    return await makeExtract(deps, request, file)
  } finally {
    await stores.token?.close()
  }
}
