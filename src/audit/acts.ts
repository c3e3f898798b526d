/**
 * The acts that the audit log tells of, each with its details. A room that adds acts adds them here, so that one list says what is
 * recorded. Details hold what is needed to understand the act and no more: no secret, no content of a message, no free text of a person
 * but the reason that the law wants recorded.
 */

/**
 * In what capacity somebody acts. `operator` is one who acts upon his own account, `host` who runs a command on the machine itself, `system`
 * the provider by itself.
 */
export type AuditRole =
  | 'administrator'
  | 'desk'
  | 'support'
  | 'auditor'
  | 'operator'
  | 'holder'
  | 'order'
  | 'token'
  | 'host'
  | 'system'

/** A detail is a short value, or a list of them. */
export type AuditDetail = string | number | boolean | null | readonly string[]

/** The terms of an agreement, durations as `1,2,3`. */
export type AgreementTerms = Readonly<Record<string, string | number | null>>

export interface AuditActs {
  /** a command is about to run on the machine. `order`: the judicial order because of which its holders are not told */
  'command-run': { readonly command: string; readonly options: readonly string[]; readonly order?: string }
  /** an entry that was withheld from its holders may be shown to them from now on */
  'access-disclosed': { readonly reason: string }

  'operator-added': { readonly roles: readonly string[] }
  'order-user-added': { readonly order: string }
  'operator-roles-changed': { readonly from: readonly string[]; readonly to: readonly string[] }
  'operator-disabled': { readonly sessions: number }
  'operator-enabled': Record<string, never>
  'operator-password-changed': { readonly sessions: number }
  /** all second factors are gone, and the operator enrols anew */
  'operator-second-factor-reset': { readonly sessions: number }
  'operator-second-factor-added': { readonly factor: 'totp' | 'passkey' }
  'operator-second-factor-removed': { readonly factor: 'totp' | 'passkey' }
  'operator-recovery-codes-made': { readonly codes: number }
  'operator-signed-in': { readonly factor: 'totp' | 'passkey' | 'recovery-code'; readonly clientAddress: string }
  'operator-sign-in-failed': { readonly step: 'password' | 'second-factor'; readonly clientAddress: string }
  'operator-sessions-ended': { readonly sessions: number }

  /** a token with which a program uses the API; what it does then it does as `token:NAME` */
  'token-made': { readonly owner: string; readonly scopes: readonly string[]; readonly expires: string }
  'token-revoked': Record<string, never>
  /** a webhook of the provider, of an order or of a mailbox, to a host; its path may hold a secret of its owner */
  'webhook-added': { readonly owner: string; readonly host: string; readonly kinds: readonly string[] }
  'webhook-removed': { readonly owner: string }
  /** `because`: owner, failing (nothing was taken for days), gone (the receiver says that it is no more) */
  'webhook-paused': { readonly owner: string; readonly because: string }
  'webhook-resumed': { readonly owner: string }
  'webhook-secret-changed': { readonly owner: string }
  /** events were sent once more; or one that the receiver does not take is not sent any more */
  'webhook-replayed': { readonly owner: string; readonly events: number }
  'webhook-event-skipped': { readonly owner: string; readonly event: string }

  /** a roll of members was imported */
  'roll-imported': {
    readonly version: number
    readonly lines: number
    readonly rejected: number
    readonly added: number
    readonly changed: number
    readonly 'struck-off': number
    readonly restored: number
  }
  /** a request, a contract or a renewal was begun (`from` is null) or went on, as the table of transitions says */
  'state-changed': { readonly event: string; readonly from: string | null; readonly to: string; readonly reason: string | null }
  /** an identity document was looked at */
  'document-shown': { readonly document: string }
  /** a link was made that opens something once; whoever has the link is not the log's to know */
  'link-made': { readonly purpose: string }
  /** a holder set the first password with a link */
  'password-set': { readonly by: 'link' }
  /** the ordinary address of a holder or an order did not take a notice of this kind */
  'notice-undeliverable': { readonly notice: string }
  /** a notice is sent once more */
  'notice-repeated': { readonly notice: string }
  /** the ordinary address or the telephone number of a holder changed; which they are is not the log's to know */
  'contact-changed': Record<string, never>
  /** a holder began or changed the alerts that are sent to him, or stopped them; which they are is not the log's to know */
  'alerts-changed': { readonly event: 'set' | 'stop' }
  /** a file for the public register was given out, made now or before */
  'register-exported': {
    readonly number: number
    readonly lines: number
    readonly sha256: string
    readonly again: boolean
  }
  'register-confirmed': { readonly number: number; readonly rejected: number }
  /** an order has warned members without an address, or proposed to suspend them; `sentOn` is the day on which it did */
  'members-warned': { readonly kind: string; readonly sentOn: string; readonly note: string; readonly members: number }
  'order-added': { readonly name: string; readonly email: string | null }
  /** an agreement began, or its terms changed: what is said now */
  'agreement-added': AgreementTerms
  'agreement-changed': Partial<AgreementTerms>
  /** a text of the terms that members accept was stored */
  'terms-added': { readonly language: string; readonly validFrom: string; readonly sha256: string }
  /** an address elsewhere: its way, from the message with the code to its end */
  'address-elsewhere': { readonly event: string; readonly address: string; readonly message: string | null }
  /** a payment provider, a bank or an operator told of money */
  'payment-told': { readonly movement: string; readonly cents: number; readonly outcome: string }
}

export type AuditAct = keyof AuditActs
