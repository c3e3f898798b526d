/**
 * The Access Point (RFC 6109 2.2.1, 3.1): takes a submission and makes certified mail of it. Checks, one instant, one PEC msgid, original,
 * acceptance and envelope, sealed; then one transaction, and only then the answer (I1). Called by protocols/smtp.
 */
import { createHash } from 'node:crypto'
import { createBatcher } from '../base/batcher.ts'
import type { Checkpoint } from '../base/checkpoint.ts'
import { CeralaccaError, asCeralaccaError, clientError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { newMessageId, uuidv7 } from '../base/ids.ts'
import { instantOf, type Instant } from '../base/instant.ts'
import type { Blobs } from '../storage/blobs.ts'
import type { Bus } from '../storage/bus.ts'
import type { Database } from '../storage/database.ts'
import { parseHeader, type Header } from '../mime/header.ts'
import { BytesPack } from '../mailbox/content.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import type { SubmissionData } from '../pec/certification-data.ts'
import { transportEnvelope } from '../pec/envelope.ts'
import type { EnclosedOriginal } from '../pec/message.ts'
import { makeOriginal } from '../pec/original.ts'
import { acceptanceReceipt, type Issuer } from '../pec/receipts.ts'
import { readSubject } from '../pec/submission.ts'
import type { Sealer } from '../seal/cms-template.ts'
import { bodyOf, sealMessage } from '../seal/seal-message.ts'
import type { Submission } from '../transport/types.ts'
import { acceptItem, type Accepted } from './accept-item.ts'
import { checkSubmission, type SubmissionLimits } from './formal-checks.ts'
import { hasEightBit, withCrlf } from './line-ends.ts'
import { acceptQueries } from './queries.ts'

/** What a holder's client handed in. */
export interface SubmissionRequest {
  readonly mailbox: MailboxRef
  /** the login's address, canonical: also the reverse path */
  readonly sender: string
  /** forward paths, each once */
  readonly recipients: readonly string[]
  readonly bytes: Buffer
  /** where it came from, for the trace */
  readonly client: { readonly address: string; readonly protocol: string }
}

export interface AccessPoint {
  /**
   * Resolves once the submission is certified and on disk.
   * @throws client errors of the checks, `mailbox-full`; temporary errors of database and disk
   */
  accept(request: SubmissionRequest): Promise<{ pecMsgid: string }>
}

export interface AccessPointDeps {
  readonly database: Database
  readonly blobs: Blobs
  readonly bus: Pick<Bus, 'publish'>
  readonly sealer: Sealer
  readonly issuer: Issuer
  /** domain of the identifiers, and name of the host in the trace */
  readonly domain: string
  readonly limits: SubmissionLimits
  readonly startDispatches: (submission: Submission) => void
  readonly report: EventSink
  readonly checkpoint: Checkpoint
  readonly now: () => number
}

export function createAccessPoint(deps: AccessPointDeps): AccessPoint {
  const { database, blobs, bus, sealer, issuer, domain, limits, startDispatches, report, checkpoint, now } = deps
  const queries = acceptQueries(database)

  /** One transaction of the sender's slot for all that waits for the same mailbox. */
  const acceptTogether = createBatcher<Accepted, 'accepted' | 'full'>(async (_, accepted) => {
    const [{ submission }] = accepted as [Accepted, ...Accepted[]]
    const pack = new BytesPack()
    const items = accepted.map((item) => acceptItem(pack, item, issuer.provider))
    const statuses = await queries.accept(submission.sender, items, pack.bytes(), now())
    bus.publish(submission.sender.id)
    return statuses
  })

  const identifier = (at: Instant): string => newMessageId(at.ms, domain)

  async function certify(request: SubmissionRequest, bytes: Buffer, header: Header, replyTo: string): Promise<Accepted> {
    const at = instantOf(now())
    const pecMsgid = identifier(at)
    const { header: originalHeader, bodyStart, msgid } = makeOriginal(bytes, header, pecMsgid)
    const bodyBytes = bytes.subarray(bodyStart)
    const eightBit = hasEightBit(bytes)
    const original: EnclosedOriginal = { header: originalHeader, bodyLength: bodyBytes.length, eightBit }
    const body = bodyOf(originalHeader, bodyBytes)
    const recipients = request.recipients.map((address) => ({ address, certified: true }))
    const data: SubmissionData = { pecMsgid, msgid, sender: request.sender, recipients, replyTo, ...readSubject(header) }
    const acceptanceId = identifier(at)
    const { address, protocol } = request.client
    // RFC 5321 4.1.3: address literals of IPv6 carry a tag.
    const literal = address.includes(':') ? `IPv6:${address}` : address
    const received = `from [${literal}] by ${domain} with ${protocol} id ${pecMsgid.split('@')[0]};\r\n ${at.rfc5322}`
    const input = { issuer, submission: data, at }
    const [acceptance, envelope] = await Promise.all([
      sealMessage(sealer, acceptanceReceipt({ ...input, messageId: acceptanceId }), at.ms, null),
      sealMessage(sealer, transportEnvelope({ ...input, header, received, original }), at.ms, body),
    ])
    const blob = { slot: request.mailbox.slot, id: uuidv7(at.ms), place: blobs.place(bytes.length) }
    const slice = { ...blob, offset: bodyStart, length: bodyBytes.length }
    return {
      at,
      blob: { ...blob, bytes, sha256: createHash('sha256').update(bytes).digest() },
      acceptance: { messageId: acceptanceId, content: { ...acceptance, slice: null } },
      submission: { sender: request.mailbox, data, envelope: { ...envelope, slice }, original, body, acceptedAt: at },
    }
  }

  async function accept(request: SubmissionRequest): Promise<{ pecMsgid: string }> {
    const started = now()
    const bytes = withCrlf(request.bytes)
    // No mail may carry one (RFC 2045 2.8), and no text column can keep one.
    if (bytes.includes(0)) throw clientError('nul-byte', 'The message contains NUL bytes: send binary files as attachments')
    const header = parseHeader(bytes)
    const { replyTo } = checkSubmission({ ...request, header, bytes: bytes.length }, limits)
    const accepted = await certify(request, bytes, header, replyTo)
    const { blob, submission } = accepted
    if (blob.place === 'disk') await blobs.putOnDisk(blob, bytes)
    checkpoint('accept-before-commit')
    const status = await acceptTogether(request.mailbox.id, accepted)
    if (status === 'full') {
      throw clientError(
        'mailbox-full',
        'Your mailbox is full, and the receipts of this message would not fit: remove messages and try again',
      )
    }
    checkpoint('accept-after-commit')
    const { pecMsgid } = submission.data
    report('submission-accepted', {
      pecMsgid,
      recipients: request.recipients.length,
      bytes: bytes.length,
      milliseconds: now() - started,
    })
    startDispatches(submission)
    return { pecMsgid }
  }

  return {
    async accept(request) {
      try {
        return await accept(request)
      } catch (thrown) {
        const error = asCeralaccaError(thrown)
        report('submission-refused', { code: error.code, bytes: request.bytes.length })
        if (!(thrown instanceof CeralaccaError)) report('unexpected-error', { where: 'accept', error })
        throw error
      }
    },
  }
}
