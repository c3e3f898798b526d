/**
 * Makes evidence bundles: what was gathered of a message, the certificates and revocation lists that its seals need, a summary for people, and
 * a manifest over all of it that the provider seals and an authority stamps. A bundle is verified before it is given away, by the same code
 * that verifies it anywhere (bundle-verify.ts). Called by the commands, through `wiring`.
 */
import { hash } from 'node:crypto'
import { readCertificate } from '../seal/certificate.ts'
import { createCertificateCache } from '../seal/certificate-cache.ts'
import type { Sealer } from '../seal/cms-template.ts'
import { findSigner } from '../seal/find-signer.ts'
import type { KeptLists } from '../seal/kept-lists.ts'
import { pemOf } from '../seal/pem.ts'
import { stampRoot } from '../ledger/sealed-lines.ts'
import type { TimeStampClient } from '../seal/time-stamp-client.ts'
import { verifyTimeStamp } from '../seal/time-stamp.ts'
import type { Signed } from '../seal/verify-cms.ts'
import { verifyDetached } from '../seal/verify.ts'
import { readMessage } from '../pec/reading.ts'
import { noFindings } from './bundle-findings.ts'
import {
  listPath,
  PATH,
  proofPath,
  receiptPath,
  stampPaths,
  writeFacts,
  writeManifest,
  type BundleFacts,
} from './bundle-format.ts'
import type { Gather, Gathered, GatherRequest } from './bundle-gather.ts'
import { readLists } from './bundle-revocation.ts'
import { summaryOf } from './bundle-summary.ts'
import { judgeContents, verifyBundle, type BundleReport } from './bundle-verify.ts'
import { zipBundle } from './bundle-zip.ts'
import { renderPdf } from './pdf.ts'
import { sealAndStamp } from './seal-and-stamp.ts'

export interface BundleMakerDeps {
  readonly gather: Gather
  readonly lists: Pick<KeptLists, 'about'>
  /** Sees to it that the lists of now are kept too; where they cannot be had, the bundle goes without. */
  readonly refreshLists: (certificate: Buffer, chain: readonly Buffer[]) => Promise<void>
  /** DER of the CA certificates that are believed, for seals and for time stamps */
  readonly roots: readonly Buffer[]
  /** those of them that vouch for time-stamping authorities */
  readonly stampRoots: readonly Buffer[]
  readonly sealer: Pick<Sealer, 'seal'>
  readonly stamps: TimeStampClient
  /** its name */
  readonly provider: string
  readonly now: () => number
}

export interface MadeBundle {
  readonly zip: Buffer
  readonly report: BundleReport
}

/** A certificate that has sealed something, those above it, and when. */
interface Use {
  readonly certificate: Buffer
  readonly chain: readonly Buffer[]
  readonly at: number
}

const NOTHING = Buffer.alloc(32)

export function createBundleMaker(deps: BundleMakerDeps) {
  const { gather, lists, refreshLists, roots, stampRoots, sealer, provider, now } = deps
  const cache = createCertificateCache()

  /** The signer of a CMS and those above him, as far as they are believed. */
  function useOf(cms: Buffer, signed: Signed): Use[] {
    const at = findSigner(cms)?.signingTime ?? now()
    const seal = verifyDetached({ ...signed, cms, roots, at }, cache)
    return seal.ok ? [{ certificate: seal.certificate, chain: seal.chain, at }] : []
  }

  function messageUse(bytes: Buffer): Use[] {
    const { seal } = readMessage(bytes)
    return seal ? useOf(seal.cms, { content: bytes.subarray(seal.start, seal.end) }) : []
  }

  function stampUse(token: Buffer, digest: Buffer): Use[] {
    const stamp = verifyTimeStamp(token, { digest, roots }, cache)
    return stamp.ok ? [{ certificate: stamp.certificate, chain: stamp.chain, at: stamp.time }] : []
  }

  async function listsFor(uses: readonly Use[]): Promise<Buffer[]> {
    const found = new Map<string, Buffer>()
    const refreshed = new Set<string>()
    for (const { certificate, chain, at } of uses) {
      const id = hash('sha256', certificate)
      const path = [certificate, ...chain].map((der) => readCertificate(der))
      if (path.every(({ distributionPoints }) => distributionPoints === null)) continue
      if (!refreshed.has(id)) await refreshLists(certificate, chain)
      refreshed.add(id)
      for (const { distributionPoints, issuer } of path) {
        if (distributionPoints === null) continue
        for (const list of await lists.about(issuer, at)) found.set(hash('sha256', list), list)
      }
    }
    return [...found.values()]
  }

  /** All but the summary and what goes around it. */
  async function filesOf(gathered: Gathered, facts: BundleFacts): Promise<Map<string, Buffer>> {
    const { envelope, original, receipts, proofs } = gathered
    const files = new Map([
      [PATH.facts, writeFacts(facts)],
      [PATH.original, original],
      [PATH.envelope, envelope],
      ...receipts.map((bytes, index) => [receiptPath(index + 1), bytes] as const),
      ...proofs.map((proof, index) => [proofPath(index + 1), Buffer.from(`${JSON.stringify(proof, null, 2)}\n`)] as const),
    ])
    const tokens = new Map(proofs.map(({ token, stamp }) => [token, stampRoot(stamp)]))
    for (const [index, [token, root]] of [...tokens].entries()) {
      const paths = stampPaths(index + 1)
      files.set(paths.token, Buffer.from(token, 'base64'))
      files.set(paths.root, Buffer.from(`${root.toString('hex')}\n`))
    }
    // Who will sign the bundle is known by a signature over nothing; who will stamp it has stamped the ledger before.
    const uses = [
      ...[envelope, ...receipts].flatMap(messageUse),
      ...[...tokens].flatMap(([token, root]) => stampUse(Buffer.from(token, 'base64'), root)),
      ...useOf(await sealer.seal(NOTHING, now()), { digest: NOTHING }),
    ]
    for (const [index, list] of (await listsFor(uses)).entries()) files.set(listPath(index + 1), list)
    files.set(PATH.authorities, eachOnce([...uses.flatMap(({ chain }) => chain), ...stampRoots]))
    files.set(PATH.signers, eachOnce(uses.map(({ certificate }) => certificate)))
    return files
  }

  /** @throws `no-such-message`, and what sealing, stamping and the database throw */
  return async (request: GatherRequest & Pick<BundleFacts, 'language'>): Promise<MadeBundle> => {
    const gathered = await gather(request)
    const { direction, mailbox, pecMsgid, missing } = gathered
    const madeAt = Math.floor(now() / 1000) * 1000
    const facts: BundleFacts = { madeAt, provider, language: request.language, direction, mailbox, pecMsgid, missing }
    const files = await filesOf(gathered, facts)
    const found = noFindings()
    const examination = { files, facts, roots, at: madeAt, cache, lists: readLists(files, found), found }
    const contents = judgeContents(examination)
    files.set(PATH.summary, await renderPdf(summaryOf(facts, files, contents, found)))

    const manifest = writeManifest(files)
    files.set(PATH.manifest, manifest)
    const { seal, token } = await sealAndStamp(deps, manifest, now())
    files.set(PATH.signature, seal)
    files.set(PATH.stamp, token)
    return { zip: zipBundle(files, madeAt), report: verifyBundle(files, roots, cache) }
  }
}

/** PEM, each once, in the order in which they come. */
function eachOnce(ders: readonly Buffer[]): Buffer {
  const each = new Map(ders.map((der) => [hash('sha256', der), der]))
  return Buffer.from(pemOf([...each.values()]))
}
