/** A submission as the access point's parts hand it to each other. */
import type { Header } from '../mime/header.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import type { Recipient } from '../pec/certification-data.ts'
import type { RefusalCode } from './refusal.ts'

/** What a holder's client handed in. */
export interface SubmissionRequest {
  readonly mailbox: MailboxRef
  /** the login's address, canonical: also the reverse path */
  readonly sender: string
  /** forward paths, canonical (forward-path.ts), each once */
  readonly recipients: readonly string[]
  readonly bytes: Buffer
  /** where it came from, for the trace */
  readonly client: { readonly address: string; readonly protocol: string }
}

/** A submission as it was read: the same whether it is then accepted or refused. */
export interface ReadSubmission {
  readonly request: SubmissionRequest
  /** with CRLF line ends only */
  readonly bytes: Buffer
  /** as `readHeader` gives it */
  readonly header: Header
  readonly recipients: readonly Recipient[]
}

/** How a submission was answered: by its acceptance, or by the notice of its non-acceptance. */
export type Answer =
  | { readonly outcome: 'accepted'; readonly pecMsgid: string }
  | { readonly outcome: 'refused'; readonly pecMsgid: string; readonly code: RefusalCode }
