/**
 * Ordinary mail to certified mailboxes, as each holder wishes: in an anomaly envelope, refused, or forwarded to his ordinary address. A report
 * of a message that could not be delivered is taken in whatever he wishes: it may be about one of his.
 */
import { clientError, temporaryError } from '../base/errors.ts'
import type { Destination } from '../delivery/delivery-point.ts'
import type { MailboxRef } from '../mailbox/types.ts'
import { fieldsOf, unfold, type Header } from '../mime/header.ts'
import { parseParameterized } from '../mime/parameters.ts'
import type { IncomingRequest } from './request.ts'
import type { createPlainMail, Forward } from './plain-mail.ts'
import type { OrdinaryReason, Recognised } from './recognise.ts'

export type OrdinaryPolicy = { readonly policy: 'accept' | 'refuse' } | { readonly policy: 'forward'; readonly to: string }

export interface OrdinaryMailDeps {
  readonly destination: (address: string) => Promise<Destination>
  readonly policyOf: (mailbox: MailboxRef) => Promise<OrdinaryPolicy>
  /** bytes that may still come to a mailbox */
  readonly room: (mailbox: MailboxRef) => Promise<number>
  /** SPF, DKIM, DMARC in one line; it does not reject */
  readonly authenticate: (request: IncomingRequest) => Promise<string>
  readonly plainMail: Pick<ReturnType<typeof createPlainMail>, 'wrap'>
}

export interface OrdinaryMail {
  /** Asked at RCPT. @throws `no-such-mailbox`, `mailbox-disabled`, `certified-only`, `mailbox-full` */
  checkRecipient(address: string, reversePath: string): Promise<void>
  /** @throws `no-such-mailbox` */
  checkAllKnown(recipients: readonly string[]): Promise<void>
  /** @throws `no-such-mailbox`, `mailbox-disabled`, `certified-only`, `mailbox-full`, `mailbox-busy`: of one recipient, for all of them */
  take(request: IncomingRequest, recognised: Extract<Recognised, { readonly class: 'ordinary' }>): Promise<void>
}

/** Why it is not certified, in the words of the anomaly envelope. */
const REASONS: Record<OrdinaryReason, string> = {
  'no-signature': 'il messaggio proviene dalla posta ordinaria',
  'unknown-origin': 'la firma non è di un gestore di posta certificata',
  'foreign-sender': 'il dominio del mittente non è gestito dal gestore che ha firmato il messaggio',
  'invalid-signature': 'la firma del gestore non è valida: il messaggio è stato modificato',
  expired: 'il certificato del gestore non era valido alla data della firma',
  revoked: 'il certificato del gestore è stato revocato',
}

/** What an anomaly envelope has around a message: text, headers, signature. */
const AROUND = 10_000

export function createOrdinaryMail({ destination, policyOf, room, authenticate, plainMail }: OrdinaryMailDeps): OrdinaryMail {
  async function mailboxOf(address: string): Promise<MailboxRef> {
    const found = await destination(address)
    if (!found || found.refusal === '5.1.1') throw clientError('no-such-mailbox', `There is no mailbox ${address} here`)
    if (found.refusal !== null) throw clientError('mailbox-disabled', `The mailbox ${address} takes no mail now`)
    return found.mailbox
  }

  const refused = (address: string) => clientError('certified-only', `${address} takes certified mail only`)
  const full = (address: string) => clientError('mailbox-full', `The mailbox ${address} is full`)

  /** Bytes that are being taken for mailboxes, by this process; from then on the database knows of them. */
  const taking = new Map<string, number>()

  /** Keeps room for a message, until `free`. What others are taking at the same time may leave too little, or come to nothing. */
  async function reserve({ slot, id }: MailboxRef, bytes: number, address: string): Promise<() => void> {
    const others = taking.get(id) ?? 0
    taking.set(id, others + bytes)
    const free = (): void => {
      const left = (taking.get(id) ?? 0) - bytes
      if (left > 0) taking.set(id, left)
      else taking.delete(id)
    }
    try {
      const left = await room({ slot, id })
      if (left < bytes) throw full(address)
      if (left < bytes + others)
        throw temporaryError('mailbox-busy', `The mailbox ${address} is nearly full, and mail is coming to it`)
      return free
    } catch (error) {
      free()
      throw error
    }
  }

  return {
    async checkRecipient(address, reversePath) {
      const mailbox = await mailboxOf(address)
      const { policy } = await policyOf(mailbox)
      if (policy === 'refuse' && reversePath !== '') throw refused(address)
      // Later it would be refused for the other recipients too.
      if (policy !== 'forward' && (await room(mailbox)) < 1) throw full(address)
    },

    async checkAllKnown(recipients) {
      for (const address of recipients) await mailboxOf(address)
    },

    async take(request, { message, reason }) {
      const { header } = message
      const recipients: string[] = []
      const forwards: Forward[] = []
      const reserved: (() => void)[] = []
      try {
        for (const recipient of request.recipients) {
          const mailbox = await mailboxOf(recipient)
          const wish = await policyOf(mailbox)
          const report = isDeliveryReport(request.reversePath, header)
          if (wish.policy === 'refuse' && !report) throw refused(recipient)
          // What has been here before would go round in circles.
          if (wish.policy === 'forward' && !report && !wasDeliveredTo(header, recipient))
            forwards.push({ recipient, to: wish.to })
          else {
            reserved.push(await reserve(mailbox, request.bytes.length + AROUND, recipient))
            recipients.push(recipient)
          }
        }
        const detail = `${REASONS[reason]} (${await authenticate(request)})`
        await plainMail.wrap({ ...request, recipients, forwards, header, provider: '' }, detail)
      } finally {
        for (const free of reserved) free()
      }
    },
  }
}

/** RFC 3464: a report with the null reverse path. */
function isDeliveryReport(reversePath: string, header: Header): boolean {
  const type = parseParameterized(unfold(fieldsOf(header, 'Content-Type')[0]?.value ?? ''))
  return reversePath === '' && type.value.toLowerCase() === 'multipart/report'
}

const wasDeliveredTo = (header: Header, address: string): boolean =>
  fieldsOf(header, 'Delivered-To').some(({ value }) => unfold(value).toLowerCase() === address.toLowerCase())
