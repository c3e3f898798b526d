/**
 * Correct envelopes of other providers (RFC 6109 2.2.2): taken in charge, one take-in-charge for the recipients of one SMTP transaction (3.2.1),
 * and on their way to the Delivery Point. One with a virus goes no further (3.2.3): it is kept in quarantine, and a notice per recipient tells its provider.
 */
import { hash } from 'node:crypto'
import { domainOf } from '../base/domain-of.ts'
import { temporaryError } from '../base/errors.ts'
import { newMessageId, slotOf } from '../base/ids.ts'
import { instantOf, type Instant } from '../base/instant.ts'
import type { ProviderRecord } from '../directory/types.ts'
import type { SubmissionData } from '../pec/certification-data.ts'
import type { UnsealedMessage } from '../pec/message.ts'
import type { ReadMessage, SealParts } from '../pec/reading.ts'
import { takeInCharge, virusNotice, type Issuer, type ReceiptInput } from '../pec/receipts.ts'
import type { Quarantine, Scanner, Threat } from '../quarantine/types.ts'
import type { Sealer } from '../seal/cms-template.ts'
import { sealMessage } from '../seal/seal-message.ts'
import type { Blobs } from '../storage/blobs.ts'
import type { OutgoingReceipt, OutboxKind, ReturnTo } from '../transport/types.ts'
import type { ArrivalQueries } from './arrival-queries.ts'
import type { Arrival, Arrivals } from './arrivals.ts'
import type { IncomingRequest } from './request.ts'
import { sealedEnvelope, storedWhole } from './sealed-envelope.ts'
import { newBlob, type Taking } from './taking.ts'

export interface EnvelopesDeps {
  readonly queries: Pick<ArrivalQueries, 'arrival' | 'recipients'>
  readonly blobs: Blobs
  readonly take: (taking: Taking) => Promise<'taken' | 'repeated' | 'other'>
  /** starts work whose rows have been committed */
  readonly start: (pieces: number, bytes: number, work: () => Promise<void>) => void
  readonly arrivals: Pick<Arrivals, 'attempt'>
  readonly bringBack: (receipt: OutgoingReceipt) => Promise<void>
  readonly returnTo: (sender: string) => Promise<ReturnTo>
  readonly isLocal: (domain: string) => Promise<boolean>
  readonly scanner: Scanner
  readonly quarantine: Quarantine
  readonly sealer: Pick<Sealer, 'seal'>
  readonly issuer: Issuer
  /** domain of the receipts' Message-IDs */
  readonly domain: string
  readonly now: () => number
}

/** What the recogniser vouches for. */
export interface CorrectEnvelope {
  readonly provider: ProviderRecord
  readonly message: ReadMessage & { readonly submission: SubmissionData; readonly seal: SealParts }
}

/** `other`: the identifier belongs to another message, so this one is not correct after all. */
export type EnvelopeOutcome = 'taken' | 'repeated' | 'other'

const MOST_ATTEMPTS = 3

export function createEnvelopes(deps: EnvelopesDeps) {
  const {
    queries,
    blobs,
    take,
    start,
    arrivals,
    bringBack,
    returnTo,
    isLocal,
    scanner,
    quarantine,
    sealer,
    issuer,
    domain,
    now,
  } = deps

  /** A notice to the sending provider's service mailbox. Its key names one recipient: another transaction has others. */
  async function toProvider(
    slot: number,
    kind: OutboxKind,
    { provider, message }: CorrectEnvelope,
    recipient: string,
    at: Instant,
    write: (input: ReceiptInput & { to: string }) => UnsealedMessage,
  ): Promise<OutgoingReceipt> {
    const messageId = newMessageId(at.ms, domain)
    const { submission } = message
    const unsealed = write({ issuer, submission, at, messageId, to: provider.mailReceipt })
    const content = { ...(await sealMessage(sealer, unsealed, at.ms, null)), slice: null }
    const { pecMsgid, msgid, sender, subject } = submission
    const target = { address: provider.mailReceipt }
    return {
      slot,
      pecMsgid,
      recipient,
      kind,
      messageId,
      content,
      target,
      msgid,
      sender,
      subject,
      reversePath: null,
      sliceBytes: null,
      attempts: 1,
    }
  }

  async function noticesFor(
    envelope: CorrectEnvelope,
    slot: number,
    recipients: readonly string[],
    threat: Threat | null,
    at: Instant,
  ) {
    const [first = ''] = recipients
    if (threat) {
      const failure = { error: 'virus', text: threat.name } as const
      return Promise.all(
        recipients.map((recipient) =>
          toProvider(slot, 'virus', envelope, recipient, at, (input) => virusNotice({ ...input, recipient, failure })),
        ),
      )
    }
    // An envelope of our own that came back to us: there is no other provider to tell.
    if (await isLocal(domainOf(envelope.provider.mailReceipt))) return []
    return [
      await toProvider(slot, 'take-in-charge', envelope, first, at, (input) => takeInCharge({ ...input, received: recipients })),
    ]
  }

  async function keep(envelope: CorrectEnvelope, request: IncomingRequest, threat: Threat, at: Instant): Promise<void> {
    const { pecMsgid, sender } = envelope.message.submission
    const { recipients, bytes } = request
    await quarantine.keep({ point: 'incoming', threat, pecMsgid, sender, recipients, bytes, at: at.ms })
  }

  /**
   * @param request its recipients as daticert.xml writes them
   * @param found a threat that was found before: the message goes no further in any case
   */
  return async (request: IncomingRequest, envelope: CorrectEnvelope, found: Threat | null = null): Promise<EnvelopeOutcome> => {
    const { bytes, reversePath } = request
    const { provider, message } = envelope
    const { submission, seal } = message
    const { pecMsgid } = submission
    const slot = slotOf(pecMsgid)
    const threat = found ?? (await scanner.scan(bytes))
    const digest = hash('sha256', bytes.subarray(seal.start, seal.end), 'buffer')
    // Again where another copy of it comes in at the same time, with some of the recipients.
    for (let attempt = 0; ; attempt++) {
      const known = await queries.arrival(slot, pecMsgid)
      if (known && !known.digest.equals(digest)) return 'other'
      const before = new Set(known ? await queries.recipients(slot, pecMsgid) : [])
      const recipients = request.recipients.filter((recipient) => !before.has(recipient))
      if (recipients.length === 0) return 'repeated'
      const at = instantOf(now())
      if (threat) await keep(envelope, request, threat, at)
      const outbox = await noticesFor(envelope, slot, recipients, threat, at)
      const blob = newBlob(blobs, slot, at, bytes)
      const slice = { ...blob, offset: 0, length: bytes.length }
      const { msgid, sender, subject } = submission
      const facts = { pecMsgid, msgid, sender, subject }
      const sealed = threat ? null : sealedEnvelope(bytes, { ...message, submission }, blob, await returnTo(sender))
      const status = await take({
        slot,
        id: pecMsgid,
        kind: threat ? 'virus' : 'envelope',
        reversePath,
        provider: provider.name,
        digest,
        blob,
        content: sealed?.envelope ?? storedWhole(bytes, slice),
        facts,
        recipients,
        outbox,
        event: threat ? 'virus-found' : 'taken-in-charge',
        detail: threat?.name ?? null,
        at,
      })
      if (status === 'other') return status
      if (status === 'repeated') {
        // Some of them are not taken yet, so a 250 would be a lie: the other server comes again.
        if (attempt === MOST_ATTEMPTS) throw temporaryError('arrival-contended', `${pecMsgid} comes in several times at once`)
        continue
      }
      start(recipients.length + outbox.length, bytes.length, async () => {
        const onTheirWay = outbox.map(bringBack)
        if (sealed) {
          const arrival: Arrival = { slot, id: pecMsgid, at, provider: provider.name, facts, mail: { envelope: sealed } }
          await arrivals.attempt(arrival, recipients)
        }
        await Promise.all(onTheirWay)
      })
      return 'taken'
    }
  }
}
