/**
 * The Delivery Point (RFC 6109 2.2.3): puts envelopes into mailboxes and issues the receipts, in one transaction of the recipient's slot
 * (I3); puts receipts into the sender's mailbox. Deliveries to one mailbox travel together. Called by transport/dispatcher.ts.
 */
import { createBatcher } from '../base/batcher.ts'
import type { Checkpoint } from '../base/checkpoint.ts'
import type { EventSink } from '../base/events.ts'
import { newMessageId, slotOf, uuidv7 } from '../base/ids.ts'
import { instantOf, type Instant } from '../base/instant.ts'
import { BytesPack, arrivalItem, contentItem, type MessageContent } from '../mailbox/content.ts'
import { ledgerEntry } from '../ledger/entry.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import type { Failure } from '../pec/certification-data.ts'
import { deliveryReceipt, nonDeliveryNotice, type Issuer } from '../pec/receipts.ts'
import type { Sealer } from '../seal/cms-template.ts'
import { sealMessage } from '../seal/seal-message.ts'
import type { Bus } from '../storage/bus.ts'
import type { Database } from '../storage/database.ts'
import { LEASE_MS } from '../transport/lease.ts'
import type { Dispatch, OutgoingReceipt, ReceiptKind } from '../transport/types.ts'
import { deliveryQueries, type DeliveryStatus } from './queries.ts'
import { mailboxFull, noSuchMailbox } from './failures.ts'

export interface DeliveryPointDeps {
  readonly database: Database
  readonly sealer: Sealer
  readonly issuer: Issuer
  /** domain of the receipts' Message-IDs */
  readonly domain: string
  readonly findMailbox: (address: string) => Promise<MailboxRef | undefined>
  readonly bus: Pick<Bus, 'publish'>
  readonly report: EventSink
  readonly checkpoint: Checkpoint
  readonly now: () => number
}

export interface DeliveryPoint {
  /** Answers the receipt that is now in the outbox, or undefined if the verdict was given before. */
  deliver(dispatch: Dispatch): Promise<OutgoingReceipt | undefined>
  /** Puts a receipt into the sender's mailbox and closes its dispatch. */
  receive(receipt: OutgoingReceipt): Promise<void>
}

interface SealedReceipt extends OutgoingReceipt {
  readonly at: Instant
  readonly failure: Failure | null
}

interface Delivery {
  readonly mailbox: MailboxRef
  readonly dispatch: Dispatch
  readonly receipt: SealedReceipt
}

interface Returned {
  readonly receipt: OutgoingReceipt
  readonly at: Instant
}

export function createDeliveryPoint(deps: DeliveryPointDeps): DeliveryPoint {
  const { database, sealer, issuer, domain, findMailbox, bus, report, checkpoint, now } = deps
  const queries = deliveryQueries(database)
  const lease = (): Date => new Date(now() + LEASE_MS)

  async function sealReceipt(dispatch: Dispatch, slot: number, failure: Failure | null): Promise<SealedReceipt> {
    const { submission, recipient } = dispatch
    const at = instantOf(now())
    const messageId = newMessageId(at.ms, domain)
    const input = { issuer, submission: submission.data, at, messageId, recipient }
    const message = failure
      ? nonDeliveryNotice({ ...input, failure })
      : deliveryReceipt({ ...input, original: submission.original })
    const sealed = await sealMessage(sealer, message, at.ms, submission.body)
    const { pecMsgid, msgid, sender, subject } = submission.data
    return {
      slot,
      pecMsgid,
      recipient,
      kind: failure ? 'non-delivery' : 'delivery',
      messageId,
      content: { ...sealed, slice: failure ? null : submission.envelope.slice },
      target: submission.sender,
      msgid,
      sender,
      subject,
      at,
      failure,
    }
  }

  /** The ledger's entry of a verdict, and the outbox item of its receipt. */
  function verdictItem(pack: BytesPack, receipt: SealedReceipt): object {
    const { pecMsgid, recipient, kind, messageId, content, target, at, failure } = receipt
    const facts = { ...receipt, recipients: [recipient] }
    const details = { related: [messageId], provider: issuer.provider, detail: failure?.text ?? null }
    return {
      receipt: {
        ...contentItem(pack, uuidv7(at.ms), content),
        pecMsgid,
        recipient,
        kind,
        messageId,
        targetSlot: target.slot,
        targetMailbox: target.id,
      },
      ledger: ledgerEntry(failure ? 'delivery-failed' : 'delivered', at, facts, details),
    }
  }

  const deliverTogether = createBatcher<Delivery, DeliveryStatus>(async (_, deliveries) => {
    const [{ mailbox }] = deliveries as [Delivery, ...Delivery[]]
    const pack = new BytesPack()
    const items = deliveries.map(({ dispatch, receipt }) => ({
      envelope: arrivalItem(pack, uuidv7(receipt.at.ms), dispatch.submission.envelope, receipt.at, false),
      ...verdictItem(pack, receipt),
    }))
    checkpoint('deliver-before-commit')
    const statuses = await queries.deliver(mailbox, items, pack.bytes(), lease())
    checkpoint('deliver-after-commit')
    bus.publish(mailbox.id)
    return statuses
  })

  const receiveTogether = createBatcher<Returned, void>(async (_, returned) => {
    const [{ receipt: first }] = returned as [Returned, ...Returned[]]
    const pack = new BytesPack()
    const items = returned.map(({ receipt, at }) => receivedItem(pack, receipt, at, issuer.provider))
    checkpoint('receive-before-commit')
    await queries.receive(first.target, items, pack.bytes())
    checkpoint('receive-after-commit')
    bus.publish(first.target.id)
    return returned.map(() => undefined)
  })

  async function fail(dispatch: Dispatch, slot: number, failure: Failure): Promise<OutgoingReceipt | undefined> {
    const receipt = await sealReceipt(dispatch, slot, failure)
    const pack = new BytesPack()
    const status = await queries.fail(slot, verdictItem(pack, receipt), pack.bytes(), lease())
    if (status !== 'failed') return undefined
    report('delivered', { pecMsgid: receipt.pecMsgid, outcome: 'failed' })
    return receipt
  }

  return {
    async deliver(dispatch) {
      const { submission, recipient, retried } = dispatch
      const mailbox = await findMailbox(recipient)
      // Where there is no mailbox, the hash of the address places the verdict. It stands, even if the mailbox has been made since.
      const addressSlot = slotOf(recipient.toLowerCase())
      if (!mailbox) return fail(dispatch, addressSlot, noSuchMailbox(issuer.provider))
      if (retried && (await queries.hasVerdict(addressSlot, submission.data.pecMsgid, recipient))) return undefined
      const receipt = await sealReceipt(dispatch, mailbox.slot, null)
      const status = await deliverTogether(mailbox.id, { mailbox, dispatch, receipt })
      if (status === 'full') return fail(dispatch, mailbox.slot, mailboxFull(issuer.provider))
      if (status === 'repeated') return undefined
      report('delivered', { pecMsgid: receipt.pecMsgid, outcome: 'delivered' })
      return receipt
    },

    receive: (receipt) => receiveTogether(receipt.target.id, { receipt, at: instantOf(now()) }),
  }
}

const OUTCOME: Record<ReceiptKind, string> = { delivery: 'delivered', 'non-delivery': 'failed' }

function receivedItem(pack: BytesPack, receipt: OutgoingReceipt, at: Instant, provider: string): object {
  const { pecMsgid, recipient, kind, messageId } = receipt
  const content: MessageContent = receipt.content
  return {
    receipt: {
      ...arrivalItem(pack, uuidv7(at.ms), content, at, true),
      pecMsgid,
      recipient,
      kind,
      messageId,
      outcome: OUTCOME[kind],
    },
    ledger: ledgerEntry('receipt-received', at, { ...receipt, recipients: [recipient] }, { related: [messageId], provider }),
  }
}
