/** Another provider, played by the test: what it seals with its own certificate, for our servers to receive. */
import { instantOf } from '../../src/base/instant.ts'
import { newMessageId } from '../../src/base/ids.ts'
import type { ProviderRecord } from '../../src/directory/types.ts'
import { parseHeader } from '../../src/mime/header.ts'
import type { Failure, SubmissionData } from '../../src/pec/certification-data.ts'
import { transportEnvelope } from '../../src/pec/envelope.ts'
import type { UnsealedMessage } from '../../src/pec/message.ts'
import { makeOriginal } from '../../src/pec/original.ts'
import { deliveryReceipt, nonDeliveryNotice, takeInCharge, type ReceiptInput } from '../../src/pec/receipts.ts'
import { readSubject } from '../../src/pec/submission.ts'
import { createSealer } from '../../src/seal/cms-template.ts'
import { identityOfFiles } from '../../src/seal/file-identity.ts'
import { certificatesOf } from '../../src/seal/pem.ts'
import { bodyOf, sealMessage } from '../../src/seal/seal-message.ts'
import type { TestAuthority } from '../../src/seal/test-authority.ts'
import { plainMessage } from './submit.ts'

export interface ForeignEnvelope {
  readonly data: SubmissionData
  readonly bytes: Buffer
}

export interface ForeignProvider {
  readonly record: ProviderRecord
  /** reverse path of its receipts */
  readonly address: string
  /** @param options.pecMsgid a new one where not given */
  envelope(options: {
    sender: string
    recipients: readonly string[]
    subject: string
    pecMsgid?: string
    body?: string
  }): Promise<ForeignEnvelope>
  /** @param to service mailbox of the sending provider */
  takeInCharge(data: SubmissionData, to: string, received: readonly string[]): Promise<Buffer>
  /** the concise one, without the original */
  delivery(data: SubmissionData, recipient: string): Promise<Buffer>
  nonDelivery(data: SubmissionData, recipient: string): Promise<Buffer>
}

export interface ForeignProviderRequest {
  readonly authority: TestAuthority
  readonly name: string
  /** the first one is that of its own addresses */
  readonly domains: readonly [string, ...string[]]
  /** the clock that it seals by, milliseconds since 1970 */
  readonly now: () => number
}

export async function createForeignProvider({ authority, name, domains, now }: ForeignProviderRequest): Promise<ForeignProvider> {
  const [domain] = domains
  const address = `posta-certificata@${domain}`
  const pair = await authority.issueSealCertificate({ providerName: name, address })
  const sealer = createSealer(identityOfFiles({ ...pair, chain: authority.certificate }))
  const issuer = { provider: name, address }

  async function receipt(submission: SubmissionData, write: (input: ReceiptInput) => UnsealedMessage): Promise<Buffer> {
    const at = instantOf(now())
    const message = write({ issuer, submission, at, messageId: newMessageId(at.ms, domain) })
    const { head, tail } = await sealMessage(sealer, message, at.ms, null)
    return Buffer.concat([head, tail])
  }

  return {
    address,
    record: {
      name,
      unit: null,
      mailReceipt: `ricevute@${domain}`,
      domains,
      certificates: certificatesOf(pair.certificate),
      ldifUrl: null,
      description: null,
    },

    async envelope({ sender, recipients, subject, pecMsgid, body: text }) {
      const at = instantOf(now())
      const id = pecMsgid ?? newMessageId(at.ms, domain)
      const headers = [`Subject: ${subject}`, `Message-ID: <${subject}@client.test>`]
      const bytes = Buffer.from(plainMessage(sender, recipients, { headers, ...(text !== undefined && { body: text }) }))
      const header = parseHeader(bytes)
      const { header: originalHeader, bodyStart, msgid } = makeOriginal(bytes, header, id)
      const body = bodyOf(originalHeader, bytes.subarray(bodyStart))
      const data: SubmissionData = {
        pecMsgid: id,
        msgid,
        sender,
        recipients: recipients.map((address) => ({ address, certified: true })),
        replyTo: sender,
        ...readSubject(header),
        receiptType: 'completa',
      }
      const original = { header: originalHeader, bodyLength: body.bytes.length, eightBit: false }
      const received = `from [192.0.2.9] by ${domain} with ESMTPSA id foreign;\r\n ${at.rfc5322}`
      const message = transportEnvelope({ issuer, submission: data, at, header, received, original })
      const { head, tail } = await sealMessage(sealer, message, at.ms, body)
      return { data, bytes: Buffer.concat([head, body.bytes, tail]) }
    },

    takeInCharge: (data, to, received) => receipt(data, (input) => takeInCharge({ ...input, to, received })),

    delivery: (data, recipient) =>
      receipt(data, (input) => deliveryReceipt({ ...input, recipient, receiptType: 'sintetica', original: null })),

    nonDelivery: (data, recipient) => {
      const failure: Failure = { error: 'no-dest', text: `5.1.1 - ${name} - indirizzo non valido` }
      return receipt(data, (input) => nonDeliveryNotice({ ...input, recipient, failure }))
    },
  }
}
