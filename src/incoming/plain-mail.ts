/**
 * Mail that nobody certifies (RFC 6109 2.2.2, 3.2.2): what a provider sealed but wrote wrongly, and ordinary mail. It goes into the mailbox
 * in an anomaly envelope, which says so; ordinary mail may also be refused or forwarded, as its holder wishes. And receipts that concern nothing
 * of the mailbox, which are passed on as they came.
 */
import { isAscii } from 'node:buffer'
import { hash } from 'node:crypto'
import { CeralaccaError } from '../base/errors.ts'
import { newMessageId, slotOf, uuidv7 } from '../base/ids.ts'
import { instantOf, type Instant } from '../base/instant.ts'
import { fieldsOf, fieldValue, parseHeader, unfold, type Header } from '../mime/header.ts'
import { withCrlf } from '../mime/line-ends.ts'
import { parseAddresses } from '../mime/address.ts'
import { anomalyEnvelope } from '../pec/anomaly.ts'
import type { Issuer } from '../pec/receipts.ts'
import { readSubject } from '../pec/submission.ts'
import type { Sealer } from '../seal/cms-template.ts'
import { bodyOf, sealMessage } from '../seal/seal-message.ts'
import type { Blobs } from '../storage/blobs.ts'
import type { OutgoingReceipt } from '../transport/types.ts'
import type { ArrivalKind } from './arrival-queries.ts'
import type { Arrival, Arrivals } from './arrivals.ts'
import type { IncomingRequest } from './request.ts'
import { storedWhole } from './sealed-envelope.ts'
import { newBlob, type Taking } from './taking.ts'

export interface PlainMailDeps {
  readonly blobs: Blobs
  readonly take: (taking: Taking) => Promise<'taken' | 'repeated' | 'other'>
  readonly start: (pieces: number, bytes: number, work: () => Promise<void>) => void
  readonly arrivals: Pick<Arrivals, 'attempt'>
  readonly bringBack: (receipt: OutgoingReceipt) => Promise<void>
  readonly sealer: Pick<Sealer, 'seal'>
  readonly issuer: Issuer
  /** domain of identifiers, and name of the host in the trace */
  readonly domain: string
  readonly now: () => number
}

const NOTHING = Buffer.alloc(0)

/** A copy for an ordinary address. */
export interface Forward {
  /** of ours, whose holder wants it */
  readonly recipient: string
  readonly to: string
}

export interface PlainRequest extends IncomingRequest {
  readonly header: Header
  /** who gets it in his mailbox: the others of `recipients` are in `forwards` */
  readonly recipients: readonly string[]
  readonly forwards: readonly Forward[]
  /** the provider that sealed it; empty if none */
  readonly provider: string
}

export function createPlainMail({ blobs, take, start, arrivals, bringBack, sealer, issuer, domain, now }: PlainMailDeps) {
  const trace = ({ client }: IncomingRequest, id: string, at: Instant): string => {
    // RFC 5321 4.4 and 4.1.3: the name that was given, and the address that it came from.
    const literal = client.address.includes(':') ? `IPv6:${client.address}` : client.address
    return `from ${client.name} ([${literal}]) by ${domain} with ${client.protocol} id ${id};\r\n ${at.rfc5322}`
  }

  /** The copy leaves under a trace of ours; with the null reverse path, so that no bounce goes in circles. Nobody reads its structure here. */
  function forwardOf(
    request: PlainRequest,
    { recipient, to }: Forward,
    id: string,
    slot: number,
    at: Instant,
    blobSlice: OutgoingReceipt['content']['slice'],
  ): OutgoingReceipt {
    const head = Buffer.from(`Received: ${trace(request, id, at)}\r\nDelivered-To: ${recipient}\r\n`, 'latin1')
    const { bytes } = request
    return {
      slot,
      pecMsgid: id,
      recipient,
      kind: 'forward',
      messageId: newMessageId(at.ms, domain),
      content: { head, tail: NOTHING, parsed: NOTHING, size: head.length + bytes.length, slice: blobSlice },
      target: { address: to },
      msgid: null,
      sender: request.reversePath,
      subject: '',
      reversePath: '',
      sliceBytes: bytes,
      attempts: 1,
    }
  }

  async function takeIn(
    request: PlainRequest,
    kind: ArrivalKind,
    content: (id: string, at: Instant, slice: NonNullable<OutgoingReceipt['content']['slice']>) => Promise<Taking['content']>,
    detail: string | null,
  ): Promise<void> {
    const { bytes, header, reversePath, provider, recipients } = request
    const at = instantOf(now())
    const id = uuidv7(at.ms)
    const slot = slotOf(id)
    const blob = newBlob(blobs, slot, at, bytes)
    const slice = { slot, id: blob.id, place: blob.place, offset: 0, length: bytes.length }
    const outbox = request.forwards.map((forward) => forwardOf(request, forward, id, slot, at, slice))
    const stored = await content(id, at, slice)
    const msgid = fieldValue(header, 'Message-ID') ?? null
    const facts = { pecMsgid: id, msgid, sender: reversePath, subject: readSubject(header).subject }
    const status = await take({
      slot,
      id,
      kind,
      reversePath,
      provider,
      digest: hash('sha256', bytes, 'buffer'),
      blob,
      content: stored,
      facts,
      recipients,
      forwarded: request.forwards.map(({ recipient }) => recipient),
      outbox,
      event: 'arrived',
      detail,
      at,
    })
    if (status !== 'taken') throw new CeralaccaError('arrival-id', 'bug', `the new identifier ${id} was taken before`)
    start(recipients.length + outbox.length, bytes.length, async () => {
      const onTheirWay = outbox.map(bringBack)
      const arrival: Arrival = { slot, id, at, provider, facts, mail: { content: stored } }
      await arrivals.attempt(arrival, recipients)
      await Promise.all(onTheirWay)
    })
  }

  return {
    /**
     * Into an anomaly envelope, with line ends put right, for its seal is over them. Who has it forwarded instead gets it if nobody takes the forward.
     * @param reason why it is not certified, in Italian, as the text of the envelope says it
     */
    wrap: (asItCame: PlainRequest, reason: string): Promise<void> => {
      const bytes = withCrlf(asItCame.bytes)
      const request = bytes === asItCame.bytes ? asItCame : { ...asItCame, bytes, header: parseHeader(bytes) }
      return takeIn(
        request,
        'anomaly',
        async (id, at, slice) => {
          const { header, recipients, forwards, reversePath } = request
          const enclosed = {
            header: bytes.subarray(0, header.bodyStart),
            bodyLength: bytes.length - header.bodyStart,
            eightBit: !isAscii(bytes),
          }
          const body = bodyOf(enclosed.header, bytes.subarray(header.bodyStart))
          const message = anomalyEnvelope({
            issuer,
            at,
            header,
            received: trace(request, id, at),
            returnPath: reversePath,
            recipients: [...recipients, ...forwards.map(({ recipient }) => recipient)],
            reason,
            enclosed,
            sender: reversePath === '' ? authorOf(header) : reversePath,
            ...readSubject(header),
          })
          const sealed = await sealMessage(sealer, message, at.ms, body)
          return { ...sealed, slice: { ...slice, offset: header.bodyStart, length: enclosed.bodyLength } }
        },
        reason,
      )
    },

    /** As it came. */
    pass: (request: PlainRequest): Promise<void> =>
      takeIn(request, 'passed', (_id, _at, slice) => Promise.resolve(storedWhole(request.bytes, slice)), null),
  }
}

/** Of a message without a reverse path. */
function authorOf(header: Header): string {
  const [author] = fieldsOf(header, 'From').flatMap(({ value }) => parseAddresses(unfold(value)))
  return author?.mailbox && author.host ? `${author.mailbox}@${author.host}` : ''
}
