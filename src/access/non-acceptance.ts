/**
 * The non-acceptance notice (RFC 6109 3.1.2, 3.1.3): sealed, into the sender's mailbox, with its row and its ledger entry in one
 * transaction. The provider has answered then; nothing of the message itself is kept here. Called by access-point.ts.
 */
import { uuidv7 } from '../base/ids.ts'
import type { Instant } from '../base/instant.ts'
import { ledgerEntry, storable } from '../ledger/entry.ts'
import { arrivalItem, BytesPack } from '../mailbox/content.ts'
import { encodeWords } from '../mime/encoding.ts'
import { fieldValue, type Header } from '../mime/header.ts'
import type { Recipient, SubmissionData } from '../pec/certification-data.ts'
import { nonAcceptanceNotice, type Issuer } from '../pec/receipts.ts'
import { readSubject, type SubmissionSubject } from '../pec/submission.ts'
import type { Sealer } from '../seal/cms-template.ts'
import { sealMessage } from '../seal/seal-message.ts'
import { replyToOf } from './formal-checks.ts'
import type { Refusal } from './refusal.ts'

export interface RefusedSubmission {
  readonly refusal: Refusal
  /** as `readHeader` gives it: anything may stand in it */
  readonly header: Header
  readonly sender: string
  readonly recipients: readonly Recipient[]
  readonly pecMsgid: string
  readonly at: Instant
}

/** The notice of a refused submission as `access_refuse` takes it. @param messageId of the notice, without angle brackets */
export async function refuseItem(
  { refusal: { code, reason }, header, sender, recipients, pecMsgid, at }: RefusedSubmission,
  { sealer, issuer, messageId }: { sealer: Pick<Sealer, 'seal'>; issuer: Issuer; messageId: string },
): Promise<{ item: object; bytes: Buffer }> {
  const data: SubmissionData = {
    pecMsgid,
    msgid: shownMsgid(header),
    sender,
    recipients,
    replyTo: shownReplyTo(header, sender),
    ...shownSubject(header),
    receiptType: 'completa',
  }
  const failure = { error: code === 'virus' ? 'virus' : 'altro', text: storable(reason) } as const
  const notice = nonAcceptanceNotice({ issuer, submission: data, at, messageId, failure })
  const sealed = await sealMessage(sealer, notice, at.ms, null)
  const pack = new BytesPack()
  const facts = { ...data, recipients: recipients.map(({ address }) => address) }
  const item = {
    at: at.ms,
    pecMsgid,
    msgid: data.msgid,
    code,
    reason: failure.text,
    notice: arrivalItem(pack, uuidv7(at.ms), { ...sealed, slice: null }, at, true),
    ledger: ledgerEntry('refused', at, facts, { related: [messageId], provider: issuer.provider, detail: failure.text }),
  }
  return { item, bytes: pack.bytes() }
}

/** With the name of its field on one line (RFC 5322 2.1.1). */
const LONGEST_MSGID = 900
/** What a notice repeats of one field; a header may be made of nothing else. */
const LONGEST_SHOWN = 2000

/** The user's Message-ID, so that he finds his message; bytes that no identifier may have show as "?". */
function shownMsgid(header: Header): string | null {
  const msgid = (fieldValue(header, 'Message-ID') ?? '').slice(0, LONGEST_MSGID).replace(/[^\u0020-\u007e]/g, '?')
  return msgid === '' ? null : msgid
}

function shownSubject(header: Header): SubmissionSubject {
  const { subject, rawSubject } = readSubject(header)
  if (rawSubject === null || rawSubject.length <= LONGEST_SHOWN) return { subject: storable(subject), rawSubject }
  const cut = `${subject.slice(0, LONGEST_SHOWN)}...`
  return { subject: storable(cut), rawSubject: encodeWords(storable(cut)) }
}

function shownReplyTo(header: Header, sender: string): string {
  const replyTo = replyToOf(header, sender)
  return replyTo.length <= LONGEST_SHOWN ? replyTo : sender
}
