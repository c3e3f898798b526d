/**
 * The Delivery Point (RFC 6109 2.2.3): puts envelopes into mailboxes and issues the receipts, in one transaction of the recipient's slot
 * (I3); puts other mail into mailboxes without a receipt. Deliveries to one mailbox travel together. Called by transport and incoming.
 */
import { createBatcher } from '../base/batcher.ts'
import type { Checkpoint } from '../base/checkpoint.ts'
import { CeralaccaError } from '../base/errors.ts'
import type { EventSink } from '../base/events.ts'
import { slotOf, uuidv7 } from '../base/ids.ts'
import type { Instant } from '../base/instant.ts'
import { BytesPack, arrivalItem, type MessageContent } from '../mailbox/content.ts'
import { ledgerEntry, type LedgerFacts } from '../ledger/entry.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import type { Failure } from '../pec/certification-data.ts'
import type { Bus } from '../storage/bus.ts'
import type { Database } from '../storage/database.ts'
import { LEASE_MS } from '../transport/lease.ts'
import type { Delivery, OutgoingReceipt } from '../transport/types.ts'
import { createReceiptMaker, verdictItem, type ReceiptMakerDeps, type SealedReceipt } from './delivery-receipt.ts'
import { mailboxDisabled, mailboxFull, noSuchMailbox } from './failures.ts'
import { deliveryQueries, type DeliveryStatus } from './queries.ts'

/** What stands behind an address of ours: a mailbox, with the status code by which mail to it is refused now (null: it takes mail), or nothing. */
export type Destination = { readonly mailbox: MailboxRef; readonly refusal: '5.1.1' | '5.2.1' | null } | undefined

export interface DeliveryPointDeps extends ReceiptMakerDeps {
  readonly database: Database
  readonly destination: (address: string) => Promise<Destination>
  readonly bus: Pick<Bus, 'publish'>
  readonly report: EventSink
  readonly checkpoint: Checkpoint
}

/** Mail that has no receipt: an anomaly envelope, or a message that is passed on as it came. */
export interface PlainMail {
  /** with the recipient, the key of I4 */
  readonly id: string
  readonly recipient: string
  readonly content: MessageContent
  readonly at: Instant
  readonly facts: LedgerFacts
  /** the provider that it came from; empty if from none */
  readonly provider: string
  /** what the ledger calls it: mail, or a notice between providers */
  readonly event: 'delivered' | 'receipt-received'
}

export interface DeliveryPoint {
  /** Answers the receipt that is now in the outbox, or undefined if the verdict was given before. */
  deliver(delivery: Delivery): Promise<OutgoingReceipt | undefined>
  /**
   * Puts mail without a receipt into a mailbox. It was taken in, so it is put there whatever the mailbox's state is by now; it may use the
   * receipts' reserve. Repeated, it changes nothing. @throws `mailbox-missing`
   */
  store(mail: PlainMail): Promise<void>
}

type Arriving =
  | { readonly mailbox: MailboxRef; readonly delivery: Delivery; readonly receipt: SealedReceipt }
  | { readonly mailbox: MailboxRef; readonly mail: PlainMail }

export function createDeliveryPoint(deps: DeliveryPointDeps): DeliveryPoint {
  const { database, issuer, destination, bus, report, checkpoint, now } = deps
  const { provider } = issuer
  const queries = deliveryQueries(database)
  const makeReceipt = createReceiptMaker(deps)
  const lease = (): Date => new Date(now() + LEASE_MS)

  function itemOf(pack: BytesPack, arriving: Arriving): object {
    if ('receipt' in arriving) {
      const { receipt, delivery } = arriving
      const envelope = arrivalItem(pack, uuidv7(receipt.at.ms), delivery.envelope.envelope, receipt.at, false)
      return { envelope, ...verdictItem(pack, receipt, delivery.provider ?? provider) }
    }
    const { id, recipient, content, at, facts, provider: sealedBy, event } = arriving.mail
    return {
      pecMsgid: id,
      recipient,
      envelope: arrivalItem(pack, uuidv7(at.ms), content, at, true),
      ledger: ledgerEntry(event, at, { ...facts, recipients: [recipient] }, { related: [], provider: sealedBy }),
    }
  }

  const deliverTogether = createBatcher<Arriving, DeliveryStatus>(async (_, arriving) => {
    const [{ mailbox }] = arriving as [Arriving, ...Arriving[]]
    const pack = new BytesPack()
    const items = arriving.map((one) => itemOf(pack, one))
    checkpoint('deliver-before-commit')
    const statuses = await queries.deliver(mailbox, items, pack.bytes(), lease())
    checkpoint('deliver-after-commit')
    bus.publish(mailbox.id)
    return statuses
  })

  async function fail(delivery: Delivery, slot: number, failure: Failure): Promise<OutgoingReceipt | undefined> {
    const receipt = await makeReceipt(delivery, slot, failure)
    const pack = new BytesPack()
    const status = await queries.fail(slot, verdictItem(pack, receipt, delivery.provider ?? provider), pack.bytes(), lease())
    if (status !== 'failed') return undefined
    report('delivered', { pecMsgid: receipt.pecMsgid, outcome: 'failed' })
    return receipt
  }

  return {
    async deliver(delivery) {
      const { envelope, recipient, retried } = delivery
      const { pecMsgid } = envelope.data
      const found = await destination(recipient)
      // The verdict is in the mailbox's slot, whatever its state, for that may change between two attempts. Where there is no mailbox, the hash
      // of the address places it; then it stands, even if the mailbox has been made since.
      const addressSlot = slotOf(recipient.toLowerCase())
      const slots = new Set([found?.mailbox.slot ?? addressSlot, addressSlot])
      if (retried) for (const slot of slots) if (await queries.hasVerdict(slot, pecMsgid, recipient)) return undefined
      if (!found) return fail(delivery, addressSlot, noSuchMailbox(provider))
      const { mailbox, refusal } = found
      if (refusal !== null)
        return fail(delivery, mailbox.slot, refusal === '5.1.1' ? noSuchMailbox(provider) : mailboxDisabled(provider))
      const receipt = await makeReceipt(delivery, mailbox.slot, null)
      const status = await deliverTogether(mailbox.id, { mailbox, delivery, receipt })
      if (status === 'full') return fail(delivery, mailbox.slot, mailboxFull(provider))
      if (status === 'repeated') return undefined
      report('delivered', { pecMsgid, outcome: 'delivered' })
      return receipt
    },

    async store(mail) {
      const found = await destination(mail.recipient)
      if (!found)
        throw new CeralaccaError('mailbox-missing', 'bug', `there is no mailbox ${mail.recipient}, and mail for it was taken in`)
      await deliverTogether(found.mailbox.id, { mailbox: found.mailbox, mail })
    },
  }
}
