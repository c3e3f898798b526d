/** What verifying a bundle finds: codes with what they are about. bundle-words.ts says them in words. */
export type WrongCode =
  | 'not-a-bundle'
  | 'unknown-file'
  | 'manifest-malformed'
  | 'stamp-wrong'
  | 'signature-wrong'
  | 'file-missing'
  | 'file-changed'
  | 'file-not-listed'
  | 'facts-malformed'
  | 'seal-missing'
  | 'seal-wrong'
  | 'seal-revoked'
  | 'sealed-after'
  | 'message-malformed'
  | 'not-the-envelope'
  | 'not-a-receipt'
  | 'other-message'
  | 'other-sender'
  | 'other-recipient'
  | 'other-mailbox'
  | 'other-original'
  | 'other-maker'
  | 'list-wrong'
  | 'proof-malformed'
  | 'proof-wrong'
  | 'proof-other-message'
  | 'proof-other-time'
  | 'stamp-of-nothing'

export type ProvedCode =
  | 'bundle-signed'
  | 'files-whole'
  | 'seal-holds'
  | 'seal-in-time'
  | 'not-revoked'
  | 'original-certified'
  | 'accepted'
  | 'not-accepted'
  | 'delivered'
  | 'not-delivered'
  | 'event-in-ledger'

export type OpenCode =
  | 'roots-of-the-bundle'
  | 'no-lists'
  | 'list-missing'
  | 'seal-time-by-signer'
  | 'brief-in-other-form'
  | 'concise'
  | 'not-in-ledger'
  | 'no-outcome'
  | 'missing-receipt'
  | 'missing-time-stamp'
  | 'missing-delivery-receipt'
  | 'directory'
  | 'summary'

export type FindingCode = WrongCode | ProvedCode | OpenCode

export interface Finding<Code extends FindingCode = FindingCode> {
  readonly code: Code
  /** the file that it is about; null for the whole */
  readonly path: string | null
  readonly values: Readonly<Record<string, string>>
}

/** Where the parts of verifying put what they find. */
export interface Findings {
  readonly wrong: Finding<WrongCode>[]
  readonly proved: Finding<ProvedCode>[]
  readonly open: Finding<OpenCode>[]
}

export const noFindings = (): Findings => ({ wrong: [], proved: [], open: [] })

export const finding = <Code extends FindingCode>(
  code: Code,
  path: string | null = null,
  values: Readonly<Record<string, string>> = {},
): Finding<Code> => ({ code, path, values })
