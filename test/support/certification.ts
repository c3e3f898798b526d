/** A submission to certify, and the messages made of it, for the tests of pec and seal. */
import { instantOf } from '../../src/base/instant.ts'
import { parseHeader, type Header } from '../../src/mime/header.ts'
import type { SubmissionData } from '../../src/pec/certification-data.ts'
import { transportEnvelope } from '../../src/pec/envelope.ts'
import { closeMessage, type EnclosedOriginal, type UnsealedMessage } from '../../src/pec/message.ts'
import { makeOriginal } from '../../src/pec/original.ts'
import { receiptTypeOf } from '../../src/pec/recipients.ts'
import { readSubject } from '../../src/pec/submission.ts'

export const ISSUER = { provider: 'Gestore <Prova> & C. S.p.A.', address: 'posta-certificata@pec.example.it' }
/** 15/03/2026 10:30:21, winter time */
export const AT = instantOf(Date.UTC(2026, 2, 15, 9, 30, 21))
export const PEC_MSGID = '0198c0de00007000800000000000000a@pec.example.it'
export const SENDER = 'mario.rossi@pec.example.it'
export const RECIPIENT = 'anna.bianchi@pec.altro.it'

export const MESSAGE = Buffer.from(
  [
    `From: ${SENDER}`,
    `To: Anna <${RECIPIENT}>`,
    'Subject: Convocazione',
    'Message-ID: <uno@client.test>',
    'Date: Sun, 15 Mar 2026 10:30:00 +0100',
    '',
    'Testo.',
    '',
  ].join('\r\n'),
)

export interface Certifiable {
  readonly submission: SubmissionData
  readonly header: Header
  readonly original: EnclosedOriginal
  readonly body: Buffer
}

/** What the access point knows of a submission of these bytes. */
export function certifiable(bytes: Buffer, overrides: Partial<SubmissionData> = {}): Certifiable {
  const header = parseHeader(bytes)
  const { header: originalHeader, bodyStart, msgid } = makeOriginal(bytes, header, PEC_MSGID)
  const recipients = [
    { address: RECIPIENT, certified: true },
    { address: 'c.verdi@example.com', certified: false },
  ]
  const body = bytes.subarray(bodyStart)
  const eightBit = bytes.some((byte) => byte > 127)
  return {
    submission: {
      pecMsgid: PEC_MSGID,
      msgid,
      sender: SENDER,
      recipients,
      replyTo: SENDER,
      ...readSubject(header),
      receiptType: receiptTypeOf(header),
      ...overrides,
    },
    header,
    original: { header: originalHeader, bodyLength: body.length, eightBit },
    body,
  }
}

export const RECEIVED = 'from [192.0.2.1] by pec.example.it with ESMTPSA id abc;\r\n Sun, 15 Mar 2026 10:30:21 +0100'

export function envelopeOf({ submission, header, original }: Certifiable): UnsealedMessage {
  return transportEnvelope({ issuer: ISSUER, submission, at: AT, header, received: RECEIVED, original })
}

/** The whole message, with a seal that is none. */
export function wholeOf(message: UnsealedMessage, body: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([message.head, body, closeMessage(message, Buffer.from('no seal'))])
}
