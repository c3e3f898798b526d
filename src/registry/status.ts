/** The states of a mailbox, and what each means. An operator, and later the agreement's renewals, change them. */
import { clientError } from '../base/errors.ts'

/**
 * | state | log in and read | send | receive |
 * |---|---|---|---|
 * | active | yes | yes | yes |
 * | suspended (expired, may be renewed; or stopped by an operator) | yes | no | no: 5.2.1 |
 * | disabled (closed against abuse, or ended) | no | no | no: 5.2.1 |
 * | revoked (as if it did not exist; the address is never given again) | no | no | no: 5.1.1 |
 *
 * Receipts are no mail from others: what a mailbox sent before is answered whatever its state (I2, I10).
 */
/** From the freest to the strictest. */
export const STATUSES = ['active', 'suspended', 'disabled', 'revoked'] as const

export type MailboxStatus = (typeof STATUSES)[number]

/** Whether one is stricter than another. */
export const isStricter = (one: MailboxStatus, than: MailboxStatus): boolean => STATUSES.indexOf(one) > STATUSES.indexOf(than)

interface Rights {
  readonly logIn: boolean
  readonly send: boolean
  /** enhanced status code (RFC 3463) with which mail to it is refused; null: it receives */
  readonly refusal: '5.1.1' | '5.2.1' | null
}

export const RIGHTS: Readonly<Record<MailboxStatus, Rights>> = {
  active: { logIn: true, send: true, refusal: null },
  suspended: { logIn: true, send: false, refusal: '5.2.1' },
  disabled: { logIn: false, send: false, refusal: '5.2.1' },
  revoked: { logIn: false, send: false, refusal: '5.1.1' },
}

/** @throws `login-refused` if the holder may not log in */
export function checkMayLogIn(status: MailboxStatus): void {
  if (!RIGHTS[status].logIn) throw clientError('login-refused', `This mailbox is ${status}: ask your provider`)
}

/** @throws `sending-refused` if the holder may not send */
export function checkMaySend(status: MailboxStatus): void {
  if (!RIGHTS[status].send) throw clientError('sending-refused', `This mailbox is ${status} and cannot send: ask your provider`)
}
