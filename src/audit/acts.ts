/**
 * The acts that the audit log tells of, each with its details. A room that adds acts adds them here, so that one list says what is
 * recorded. Details hold what is needed to understand the act and no more: no secret, no content of a message, no free text of a person
 * but the reason that the law wants recorded.
 */

/** In what capacity somebody acts. `host` is who runs a command on the machine itself, `system` the provider by itself. */
export type AuditRole = 'administrator' | 'desk' | 'support' | 'auditor' | 'holder' | 'order' | 'token' | 'host' | 'system'

/** A detail is a short value, or a list of them. */
export type AuditDetail = string | number | boolean | null | readonly string[]

export interface AuditActs {
  /** a command is about to run on the machine. `order`: the judicial order because of which its holders are not told */
  'command-run': { readonly command: string; readonly options: readonly string[]; readonly order?: string }
  /** an entry that was withheld from its holders may be shown to them from now on */
  'access-disclosed': { readonly reason: string }
}

export type AuditAct = keyof AuditActs
