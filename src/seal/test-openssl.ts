/** For the tests of this room: openssl as the judge, and an authority with a seal to try things on. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSealer } from './cms-template.ts'
import type { SealIdentity, Sealer } from './cms-template.ts'
import { identityOfFiles } from './file-identity.ts'
import { certificatesOf } from './pem.ts'
import { createTestAuthority } from './test-authority.ts'
import type { IssuedPair, TestAuthority } from './test-authority.ts'

/** Why tests with openssl are skipped, or false. */
export const skipOpenssl: string | false = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'

/** A fixed instant, with seconds that are not zero. */
export const NOW = Date.UTC(2026, 2, 15, 9, 30, 21)

export const ADDRESS = 'posta-certificata@pec.example.it'

export interface Answer {
  readonly ok: boolean
  readonly stdout: Buffer
  readonly stderr: string
}

export interface Bench {
  readonly folder: string
  readonly authority: TestAuthority
  readonly seal: IssuedPair
  readonly identity: SealIdentity
  readonly sealer: Sealer
  /** DER */
  readonly roots: Buffer[]
  /** Writes a file into the folder and answers its path. */
  file(name: string, content: Buffer | string): string
  /** Runs openssl in the folder, which holds ca.pem, seal.pem and seal-key.pem. */
  openssl(...args: string[]): Answer
  close(): void
}

export async function openBench(): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), 'ceralacca-seal-'))
  const authority = await createTestAuthority({ name: 'Autorità di prova', now: NOW })
  const seal = await authority.issueSealCertificate({ providerName: 'Società Esempio S.p.A.', address: ADDRESS })
  const identity = identityOfFiles({ certificate: seal.certificate, chain: authority.certificate, key: seal.key })
  const file = (name: string, content: Buffer | string): string => {
    const path = join(folder, name)
    writeFileSync(path, content)
    return path
  }
  file('ca.pem', authority.certificate)
  file('seal.pem', seal.certificate)
  file('seal-key.pem', seal.key)
  return {
    folder,
    authority,
    seal,
    identity,
    sealer: await openSealer(identity),
    roots: certificatesOf(authority.certificate),
    file,
    openssl(...args) {
      const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: folder })
      return { ok: status === 0, stdout, stderr: stderr.toString() }
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}
