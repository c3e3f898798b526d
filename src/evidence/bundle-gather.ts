/**
 * Gathers what a holder's mailbox and the ledger have of one certified message: the bytes as they were sealed, and the proofs. Of the content
 * only what is that holder's own: of a sender what he sent and the receipts that came to him, of a recipient the envelope that came to him.
 */
import { CeralaccaError, clientError } from '../base/errors.ts'
import type { NumberedEntry } from '../ledger/entry.ts'
import type { InclusionProof } from '../ledger/verify-proof.ts'
import type { Contents } from '../mailbox/contents.ts'
import type { MailboxQueries } from '../mailbox/queries.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import { originalBytes, readMessage } from '../pec/reading.ts'
import type { SubmissionRow, TransportQueries } from '../transport/queries.ts'
import type { BundleFacts, MissingPart } from './bundle-format.ts'

export interface GatherDeps {
  readonly transport: Pick<TransportQueries, 'findSubmissions' | 'receiptsOf'>
  readonly mailboxes: { find(address: string): Promise<MailboxRef | undefined> }
  readonly messages: Pick<MailboxQueries, 'datedWithin'>
  readonly contents: Pick<Contents, 'load' | 'readSlice'>
  readonly ledger: {
    entriesOf(pecMsgid: string): Promise<NumberedEntry[]>
    prove(slot: number, seq: number): Promise<InclusionProof | null>
  }
}

export interface GatherRequest {
  /** the certified identifier, or the Message-ID that the sender gave, with its angle brackets */
  readonly id: string
  /** whose copy; null for the sender's, or that of the only recipient here */
  readonly mailbox: string | null
}

export interface Gathered extends Pick<BundleFacts, 'direction' | 'mailbox' | 'pecMsgid' | 'missing'> {
  readonly envelope: Buffer
  readonly original: Buffer
  readonly receipts: readonly Buffer[]
  readonly proofs: readonly InclusionProof[]
}

const noSuchMessage = (id: string, why = 'nothing is known of it here'): CeralaccaError =>
  clientError('no-such-message', `There is no bundle of the message ${id}: ${why}`)

const lower = (text: string): string => text.toLowerCase()

export function createGatherer({ transport, mailboxes, messages, contents, ledger }: GatherDeps) {
  async function read(slot: number, id: string): Promise<Buffer | null> {
    try {
      const content = await contents.load(slot, id)
      return Buffer.concat([content.head, await contents.readSlice(content), content.tail])
    } catch (error) {
      // The holder has removed it, and its time is over.
      if (error instanceof CeralaccaError && ['content-missing', 'blob-missing'].includes(error.code)) return null
      throw error
    }
  }

  async function prove(entries: readonly NumberedEntry[], missing: MissingPart[]): Promise<InclusionProof[]> {
    const proofs: InclusionProof[] = []
    for (const { slot, seq, event } of entries) {
      const proof = await ledger.prove(slot, seq)
      if (proof) proofs.push(proof)
      else missing.push({ part: 'time-stamp', what: event })
    }
    return proofs
  }

  function openEnvelope(bytes: Buffer, id: string): { envelope: Buffer; original: Buffer } {
    const { original } = readMessage(bytes)
    if (!original) throw noSuchMessage(id, 'its envelope has no original')
    return { envelope: bytes, original: originalBytes(bytes, original) }
  }

  async function gatherSent(row: SubmissionRow): Promise<Gathered> {
    const { slot, pec_msgid: pecMsgid, sender } = row
    const envelope = await read(slot, row.envelope)
    if (!envelope) throw noSuchMessage(pecMsgid, 'its envelope is not kept any more')
    const missing: MissingPart[] = []
    const receipts: Buffer[] = []
    const kept = [{ content: row.acceptance, kind: 'acceptance', recipient: '' }, ...(await transport.receiptsOf(slot, pecMsgid))]
    for (const { content, kind, recipient } of kept) {
      const bytes = await read(slot, content)
      if (bytes) receipts.push(bytes)
      else missing.push({ part: 'receipt', what: `${kind} ${recipient}`.trim() })
    }
    const proofs = await prove(await ledger.entriesOf(pecMsgid), missing)
    return { direction: 'sent', mailbox: sender, pecMsgid, missing, receipts, proofs, ...openEnvelope(envelope, pecMsgid) }
  }

  async function gatherReceived(pecMsgid: string, address: string, entries: readonly NumberedEntry[]): Promise<Gathered> {
    const about = entries.filter(({ recipients }) => recipients.some((one) => lower(one) === lower(address)))
    const delivered = about.find(({ event }) => event === 'delivered')
    const mailbox = await mailboxes.find(address)
    if (!delivered || !mailbox) throw noSuchMessage(pecMsgid, `it was not delivered to a mailbox ${address} here`)
    const envelope = await findDelivered(mailbox, pecMsgid, delivered.at)
    if (!envelope) throw noSuchMessage(pecMsgid, `it is not in the mailbox ${address} any more`)
    const missing: MissingPart[] = [{ part: 'delivery-receipt', what: address }]
    const proofs = await prove(about, missing)
    return {
      direction: 'received',
      mailbox: address,
      pecMsgid,
      missing,
      receipts: [],
      proofs,
      ...openEnvelope(envelope, pecMsgid),
    }
  }

  /** The internal date of what was delivered is the instant of its delivery, and stays whatever the holder does with it. */
  async function findDelivered(mailbox: MailboxRef, pecMsgid: string, at: number): Promise<Buffer | null> {
    for (const content of await messages.datedWithin(mailbox, new Date(at), new Date(at + 999))) {
      const bytes = await read(mailbox.slot, content)
      if (!bytes) continue
      const { kind, messageId } = readMessage(bytes)
      if (kind === 'posta-certificata' && messageId === pecMsgid) return bytes
    }
    return null
  }

  /** @throws client error `no-such-message`; `usage` where several would do */
  return async ({ id, mailbox }: GatherRequest): Promise<Gathered> => {
    const bare = id.replace(/^<(.*)>$/, '$1')
    const certified = await transport.findSubmissions(bare)
    const submissions = certified.length > 0 ? certified : await transport.findSubmissions(id)
    const own = submissions.filter(({ sender }) => mailbox === null || lower(sender) === lower(mailbox))
    const [row, second] = own
    if (second) throw clientError('usage', `Several messages have the identifier ${id}: give the certified one`)
    if (row) return gatherSent(row)
    const entries = await ledger.entriesOf(bare)
    if (mailbox !== null) return gatherReceived(bare, mailbox, entries)
    const recipients = entries.flatMap((entry) => (entry.event === 'delivered' ? entry.recipients : []))
    const [recipient, another] = [...new Set(recipients.map(lower))]
    if (recipient === undefined) throw noSuchMessage(id)
    if (another !== undefined) throw clientError('usage', 'Several mailboxes here received it: say --mailbox ADDRESS')
    return gatherReceived(bare, recipient, entries)
  }
}

export type Gather = ReturnType<typeof createGatherer>
