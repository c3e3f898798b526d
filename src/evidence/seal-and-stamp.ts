/** What goes on the manifest of everything that is handed out: the provider's seal, and an authority's time stamp on the seal. */
import { hash } from 'node:crypto'
import type { Sealer } from '../seal/cms-template.ts'
import type { TimeStampClient } from '../seal/time-stamp-client.ts'

export interface SealingDeps {
  readonly sealer: Pick<Sealer, 'seal'>
  readonly stamps: Pick<TimeStampClient, 'stamp'>
}

export interface Sealed {
  /** SHA-256 of the manifest */
  readonly digest: Buffer
  /** DER of a detached CMS over it */
  readonly seal: Buffer
  /** DER of the time-stamp token over the seal (RFC 3161), which shows for ever that it was made while its certificate was valid */
  readonly token: Buffer
}

/** @param at milliseconds since 1970 @throws temporary errors: those of the seal, and `time-stamp-unavailable` */
export async function sealAndStamp({ sealer, stamps }: SealingDeps, manifest: Buffer, at: number): Promise<Sealed> {
  const digest = hash('sha256', manifest, 'buffer')
  const seal = await sealer.seal(digest, at)
  const { token } = await stamps.stamp(hash('sha256', seal, 'buffer'))
  return { digest, seal, token }
}
