/**
 * Signs a folder of files and packs it: a manifest with the SHA-256 of each, as `sha256sum` reads it; the provider's seal on the manifest, a
 * detached CMS; and an authority's time stamp on the seal, which shows for ever that the seal was made while its certificate was valid. One
 * ZIP, written in pieces.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Zip, ZipDeflate } from 'fflate'
import type { Instant } from '../base/instant.ts'
import { pemOf } from '../seal/pem.ts'
import type { TimeStampClient } from '../seal/time-stamp-client.ts'
import { sealAndStamp } from './seal-and-stamp.ts'

export interface Signer {
  /** @param digest SHA-256 @returns DER of a detached CMS @throws what says that nothing can be sealed now */
  seal(digest: Buffer, at: Date | number): Promise<Buffer>
  /** DER of the certificate that seals now and of those above it */
  certificates(): readonly Buffer[]
}

export interface ArchiveDeps {
  readonly signer: Signer
  readonly stamps: Pick<TimeStampClient, 'stamp'>
  /** DER of the CA certificates that vouch for time-stamping authorities */
  readonly stampRoots: readonly Buffer[]
}

export const SIGNED = {
  manifest: 'manifest.sha256',
  seal: 'manifest.sha256.p7s',
  stamp: 'manifest.sha256.p7s.tst',
  sealCertificates: 'certificates/seal-ca.pem',
  stampCertificates: 'certificates/timestamp-ca.pem',
} as const

async function hashOfFile(path: string): Promise<string> {
  const sha256 = createHash('sha256')
  for await (const piece of createReadStream(path)) sha256.update(piece as Buffer)
  return sha256.digest('hex')
}

/**
 * Adds manifest, seal, time stamp and certificates to a folder.
 * @param files names in the folder, none with a line end
 * @returns all files in the order in which they are packed, and the SHA-256 of the manifest
 * @throws temporary errors: those of the seal, and `time-stamp-unavailable`
 */
export async function signFolder(
  { signer, stamps, stampRoots }: ArchiveDeps,
  folder: string,
  files: readonly string[],
  instant: Instant,
): Promise<{ files: string[]; manifest: Buffer }> {
  await mkdir(join(folder, dirname(SIGNED.sealCertificates)), { recursive: true })
  const write = (name: string, bytes: Buffer | string): Promise<void> =>
    writeFile(join(folder, name), bytes, { flag: 'wx', mode: 0o600 })
  await write(SIGNED.sealCertificates, pemOf(signer.certificates()))
  await write(SIGNED.stampCertificates, pemOf(stampRoots))
  const listed = [...files, SIGNED.sealCertificates, SIGNED.stampCertificates]
  const lines: string[] = []
  for (const name of listed) lines.push(`${await hashOfFile(join(folder, name))}  ${name}\n`)
  const manifest = Buffer.from(lines.join(''))
  const { digest, seal, token } = await sealAndStamp({ sealer: signer, stamps }, manifest, instant.ms)
  await write(SIGNED.manifest, manifest)
  await write(SIGNED.seal, seal)
  await write(SIGNED.stamp, token)
  return { files: [...listed, SIGNED.manifest, SIGNED.seal, SIGNED.stamp], manifest: digest }
}

/** Packs files of a folder into a ZIP, synced to disk. Memory is bounded by a piece of a file. */
export async function packFolder(folder: string, files: readonly string[], path: string, instant: Instant): Promise<void> {
  const target = await open(path, 'wx', 0o600)
  try {
    let packed: Uint8Array[] = []
    const zip = new Zip((error, piece) => {
      if (error) throw error
      packed.push(piece)
    })
    const flush = async (): Promise<void> => {
      const pieces = Buffer.concat(packed)
      packed = []
      await target.writeFile(pieces)
    }
    for (const name of files) {
      const entry = new ZipDeflate(name, { level: 6 })
      entry.mtime = instant.ms
      zip.add(entry)
      for await (const piece of createReadStream(join(folder, name), { highWaterMark: 256 * 1024 })) {
        entry.push(piece as Buffer)
        await flush()
      }
      entry.push(new Uint8Array(0), true)
    }
    zip.end()
    await flush()
    await target.sync()
  } finally {
    await target.close()
  }
}
