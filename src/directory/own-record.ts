/** What this provider says of itself: its record, and the signed file that the central directory fetches daily (RFC 6109 4.5). */
import type { Domains } from './domains.ts'
import { writeLdif } from './ldif-writer.ts'
import { entryOf } from './records.ts'
import type { ProviderRecord } from './types.ts'

export interface OwnRecordDeps {
  /** name of the provider, as in its certificates */
  readonly name: string
  /**
   * DER of the certificates that it seals with; around a renewal the new one stands here before it is used. The same array as long as
   * nothing changes.
   */
  readonly certificates: () => readonly Buffer[]
  /** address of the service mailbox */
  readonly mailReceipt: string
  readonly domains: Pick<Domains, 'current'>
  /** public address of the signed file, where it has one */
  readonly ldifUrl: string | null
  /** Signs a file (seal/signed-file.ts) with the instant of signing. */
  readonly sign: (content: Buffer, at: number) => Promise<Buffer>
  readonly now: () => number
}

export interface OwnRecord {
  /** The same object as long as nothing changes. */
  record(): Promise<ProviderRecord>
  ldif(): Promise<Buffer>
  /** The LDIF in a .p7m; signed anew only when the record has changed. */
  signed(): Promise<Buffer>
}

export function createOwnRecord({ name, certificates, mailReceipt, domains, ldifUrl, sign, now }: OwnRecordDeps): OwnRecord {
  let known: { domains: readonly string[]; certificates: readonly Buffer[]; record: ProviderRecord } | undefined
  let kept: { record: ProviderRecord; file: Promise<Buffer> } | undefined

  async function record(): Promise<ProviderRecord> {
    const current = await domains.current()
    const ours = certificates()
    if (known?.domains !== current || known.certificates !== ours) {
      const record = { name, unit: null, mailReceipt, domains: current, certificates: ours, ldifUrl, description: null }
      known = { domains: current, certificates: ours, record }
    }
    return known.record
  }

  const ldifOf = (record: ProviderRecord): Buffer => writeLdif([entryOf(record)])

  return {
    record,
    ldif: async () => ldifOf(await record()),
    async signed() {
      const current = await record()
      if (kept?.record !== current) kept = { record: current, file: sign(ldifOf(current), now()) }
      const mine = kept
      try {
        return await mine.file
      } catch (error) {
        // The next one who asks tries again.
        if (kept === mine) kept = undefined
        throw error
      }
    },
  }
}
