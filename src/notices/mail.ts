/** An ordinary e-mail that leaves, as it is kept. */
export interface MailBody {
  readonly language: 'it' | 'en'
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly headers: Readonly<Record<string, string>>
}

export const MAIL_STATES = ['waiting', 'sent', 'failed'] as const
export type MailState = (typeof MAIL_STATES)[number]

/** A mail without its body, which nobody but the postman sees. */
export interface MailRow {
  readonly slot: number
  readonly key: string
  readonly id: string
  readonly recipient: string
  readonly aboutKind: string | null
  readonly aboutSubject: string | null
  readonly aboutSlot: number | null
  readonly state: MailState
  readonly attempts: number
  readonly lastWord: string | null
  readonly dueAt: Date
  readonly createdAt: Date
  readonly closedAt: Date | null
}
