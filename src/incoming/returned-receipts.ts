/**
 * Correct receipts and notices of other providers (RFC 6109 2.2.2): a delivery receipt or non-delivery notice goes into its sender's mailbox as it
 * came, and closes the dispatch that it is about; a take-in-charge and a virus notice come to the service mailbox, and tell the dispatch.
 * Only the provider that manages a recipient may say what became of his mail; what anybody else says is passed on, and changes nothing.
 */
import { hash } from 'node:crypto'
import { clientError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { instantOf, type Instant } from '../base/instant.ts'
import type { DeliveryPoint } from '../delivery/delivery-point.ts'
import type { ReturnPoint } from '../delivery/return-point.ts'
import type { SenderNotices } from '../delivery/sender-notices.ts'
import type { Directory, ProviderRecord } from '../directory/types.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import { encodeParsed, parseStructure } from '../mime/structure.ts'
import type { ReadDaticert } from '../pec/daticert.ts'
import type { ReadMessage } from '../pec/reading.ts'
import type { Blobs } from '../storage/blobs.ts'
import type { TransportQueries } from '../transport/queries.ts'
import { oneLine } from '../transport/verdict.ts'
import type { ReceiptKind, SubmissionFacts } from '../transport/types.ts'
import { manages } from './recognise.ts'
import type { IncomingRequest } from './request.ts'
import { storedWhole } from './sealed-envelope.ts'
import { newBlob } from './taking.ts'

/** What the recogniser vouches for. */
export interface CorrectReceipt {
  readonly provider: ProviderRecord
  readonly message: ReadMessage & { readonly daticert: ReadDaticert }
}

export interface ReturnedReceiptsDeps {
  readonly directory: Directory
  readonly transport: Pick<TransportQueries, 'taken'>
  /** The submission of that identifier in a mailbox's slot. */
  readonly findSubmission: (slot: number, pecMsgid: string) => Promise<SubmissionFacts | undefined>
  /** A mailbox of ours, whatever its state: who sent must hear what became of it. */
  readonly findMailbox: (address: string) => Promise<MailboxRef | undefined>
  readonly isServiceAddress: (address: string) => Promise<boolean>
  readonly returns: ReturnPoint
  readonly delivery: Pick<DeliveryPoint, 'store'>
  readonly notices: Pick<SenderNotices, 'nonDelivery'>
  readonly blobs: Blobs
  readonly report: EventSink
  readonly now: () => number
}

const KINDS: Partial<Record<ReadDaticert['kind'], ReceiptKind>> = {
  'avvenuta-consegna': 'delivery',
  'errore-consegna': 'non-delivery',
}

export function createReturnedReceipts(deps: ReturnedReceiptsDeps) {
  const { directory, transport, findSubmission, findMailbox, isServiceAddress, returns, delivery, notices, blobs, report, now } =
    deps

  /** The submission that a notice is about, if its sender is ours, and the spelling of the recipient on its dispatch. */
  async function subjectOf(provider: ProviderRecord, { sender, pecMsgid }: ReadDaticert, recipient: string) {
    const mailbox = await findMailbox(sender)
    const submission = mailbox && (await findSubmission(mailbox.slot, pecMsgid))
    if (!submission || submission.sender.id !== mailbox.id || !(await manages(directory, provider, recipient))) return undefined
    const known = submission.data.recipients.find(({ address }) => address.toLowerCase() === recipient.toLowerCase())
    return known && { submission, recipient: known.address }
  }

  /** Keeps a notice between providers where people can look at it. */
  async function keepInService(
    bytes: Buffer,
    address: string,
    { provider, message }: CorrectReceipt,
    at: Instant,
  ): Promise<void> {
    const content = {
      head: bytes,
      tail: Buffer.alloc(0),
      size: bytes.length,
      parsed: encodeParsed(parseStructure(bytes)),
      slice: null,
    }
    const { pecMsgid, msgid, sender, subject } = message.daticert
    const facts = { pecMsgid, msgid, sender, recipients: [address], subject: subject ?? '' }
    // The same bytes, sealed by a provider, are the same notice.
    const id = `sha256:${hash('sha256', bytes)}`
    await delivery.store({ id, recipient: address, content, at, facts, provider: provider.name, event: 'receipt-received' })
  }

  async function takeServiceNotice(bytes: Buffer, address: string, receipt: CorrectReceipt): Promise<void> {
    const { provider, message } = receipt
    const { daticert } = message
    const at = instantOf(now())
    if (daticert.kind === 'presa-in-carico') {
      const mailbox = await findMailbox(daticert.sender)
      const allowed: string[] = []
      for (const recipient of daticert.received)
        if (await manages(directory, provider, recipient)) allowed.push(recipient.toLowerCase())
      if (mailbox && allowed.length > 0) await transport.taken(mailbox.slot, daticert.pecMsgid, allowed, new Date(at.ms))
    }
    if (daticert.kind === 'rilevazione-virus' && daticert.recipient !== null) {
      const about = await subjectOf(provider, daticert, daticert.recipient)
      const virus = oneLine(daticert.errorText ?? '')
      if (about) {
        const failure = { error: 'virus', text: `5.7.1 - ${provider.name} - ${virus}` } as const
        await notices.nonDelivery(about.submission, about.recipient, failure)
      }
      report('virus-missed', { pecMsgid: daticert.pecMsgid, provider: provider.name, virus })
    }
    await keepInService(bytes, address, receipt, at)
  }

  /** Answers false for a receipt that tells nothing new of anything that this mailbox sent: it is passed on. */
  async function takeHolderReceipt(bytes: Buffer, mailbox: MailboxRef, { provider, message }: CorrectReceipt): Promise<boolean> {
    const { daticert, messageId } = message
    const kind = KINDS[daticert.kind]
    const about = kind && daticert.recipient !== null && (await subjectOf(provider, daticert, daticert.recipient))
    if (!about || about.submission.sender.id !== mailbox.id) return false
    const at = instantOf(now())
    const blob = newBlob(blobs, mailbox.slot, at, bytes)
    if (blob.place === 'disk') await blobs.putOnDisk(blob, bytes)
    const { pecMsgid, msgid, sender, subject } = about.submission.data
    const status = await returns.receive({
      receipt: {
        pecMsgid,
        recipient: about.recipient,
        kind,
        messageId: messageId ?? '',
        content: storedWhole(bytes, { ...blob, offset: 0, length: bytes.length }),
        target: mailbox,
        msgid,
        sender,
        subject,
      },
      at,
      origin: 'remote',
      blob,
      watchAt: null,
      detail: daticert.errorText,
    })
    // Another one of the same kind was there before, such as our own notice of a virus: this one is mail all the same.
    return status !== 'other'
  }

  /** Answers the recipients to whom it must be passed on as it came. */
  return async (request: IncomingRequest, receipt: CorrectReceipt): Promise<string[]> => {
    // What is refused is refused before anything is taken.
    const mailboxes = new Map<string, MailboxRef>()
    for (const recipient of request.recipients) {
      const mailbox = await findMailbox(recipient)
      if (!mailbox) throw clientError('no-such-mailbox', `There is no mailbox ${recipient} here`)
      mailboxes.set(recipient, mailbox)
    }
    const passed: string[] = []
    for (const [recipient, mailbox] of mailboxes) {
      if (await isServiceAddress(recipient)) await takeServiceNotice(request.bytes, recipient, receipt)
      else if (!(await takeHolderReceipt(request.bytes, mailbox, receipt))) passed.push(recipient)
    }
    return passed
  }
}
