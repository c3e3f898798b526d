/** Reads a submission and looks for a reason not to accept it: formal checks, who may be written to, and last, for it costs most, the scan. */
import { domainOf } from '../base/domain-of.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import type { Recipient } from '../pec/certification-data.ts'
import type { Scanner, Threat } from '../quarantine/types.ts'
import { findFormalProblem, readHeader, type SubmissionLimits } from './formal-checks.ts'
import { withCrlf } from '../mime/line-ends.ts'
import { refusal, type Refusal } from './refusal.ts'
import type { ReadSubmission, SubmissionRequest } from './types.ts'

export interface InspectionDeps {
  readonly limits: SubmissionLimits
  /** whose a domain is, according to the directory (RFC 6109 2.2.1) */
  readonly recipientKind: (domain: string) => Promise<'certified' | 'ordinary'>
  /** whether this mailbox, at this domain, may write to ordinary addresses */
  readonly ordinaryRecipientsAllowed: (mailbox: MailboxRef, senderDomain: string) => Promise<boolean>
  readonly scanner: Scanner
}

export interface Problem {
  readonly refusal: Refusal
  /** what the scanner found, if it was the scanner */
  readonly threat: Threat | null
}

export function createInspection({ limits, recipientKind, ordinaryRecipientsAllowed, scanner }: InspectionDeps) {
  /** The recipients as certified or ordinary; each domain is asked for once. */
  async function kindsOf(addresses: readonly string[]): Promise<Recipient[]> {
    const domains = [...new Set(addresses.map(domainOf))]
    const kinds = new Map(await Promise.all(domains.map(async (domain) => [domain, await recipientKind(domain)] as const)))
    return addresses.map((address) => ({ address, certified: kinds.get(domainOf(address)) === 'certified' }))
  }

  return {
    async read(request: SubmissionRequest): Promise<ReadSubmission> {
      const bytes = withCrlf(request.bytes)
      return { request, bytes, header: readHeader(bytes), recipients: await kindsOf(request.recipients) }
    },

    /** The first reason not to accept it, or null. @throws temporary errors, `scanner-unavailable` among them */
    async findProblem({ request, bytes, header, recipients }: ReadSubmission): Promise<Problem | null> {
      const { mailbox, sender } = request
      const formal = findFormalProblem({ bytes, header, sender, recipients: request.recipients }, limits)
      if (formal) return { refusal: formal, threat: null }
      const ordinary = recipients.filter(({ certified }) => !certified)
      if (ordinary.length > 0 && !(await ordinaryRecipientsAllowed(mailbox, domainOf(sender))))
        return { refusal: ordinaryRefusal(ordinary.map(({ address }) => address)), threat: null }
      const threat = await scanner.scan(bytes)
      return threat && { refusal: threatRefusal(threat), threat }
    },
  }
}

function ordinaryRefusal([first, ...others]: readonly string[]): Refusal {
  const more = others.length > 0 ? ` e altri ${others.length}` : ''
  return refusal(
    'ordinary-recipient',
    `destinatario di posta ordinaria (${first}${more}): la casella può scrivere soltanto a indirizzi di posta certificata`,
  )
}

/** A blocked attachment is a rule of the provider's, no virus: a formal non-acceptance (decision 0011). */
function threatRefusal({ kind, name }: Threat): Refusal {
  if (kind === 'virus') return refusal('virus', name)
  return refusal('blocked-attachment', `presenza di ${name}`)
}
