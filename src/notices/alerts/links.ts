/**
 * Tokens of the links in alerts. Each does one thing for one recipient of one mailbox: stop its alerts, or confirm the address. Nothing is
 * stored: the token says whose it is, and an HMAC with a secret of the installation that it was given out.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { clientError } from '../../base/errors.ts'
import { slotOf } from '../../base/ids.ts'
import type { MailboxRef } from '../../mailbox/types.ts'
import type { SecretOf } from '../../registry/secrets.ts'

export type AlertLink = 'stop' | 'confirm'

export interface LinkTarget {
  readonly mailbox: MailboxRef
  readonly serial: number
}

export interface AlertLinks {
  token(purpose: AlertLink, target: LinkTarget): Promise<string>
  /** @throws `bad-link` */
  read(purpose: AlertLink, token: string): Promise<LinkTarget>
}

const SECRET = 'alert-links'
const TOKEN = /^([0-9a-f]{32})([0-9a-z]{1,6})\.([A-Za-z0-9_-]{43})$/
const UUID = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/

export function createAlertLinks(secretOf: SecretOf): AlertLinks {
  const sign = async (purpose: AlertLink, whose: string): Promise<Buffer> =>
    createHmac('sha256', await secretOf(SECRET))
      .update(`${purpose}:${whose}`)
      .digest()

  return {
    async token(purpose, { mailbox, serial }) {
      const whose = `${mailbox.id.replaceAll('-', '')}${serial.toString(36)}`
      return `${whose}.${(await sign(purpose, whose)).toString('base64url')}`
    },

    async read(purpose, token) {
      const [, hex = '', serial = '', mac = ''] = TOKEN.exec(token) ?? []
      const given = Buffer.from(mac, 'base64url')
      const made = await sign(purpose, `${hex}${serial}`)
      if (given.length !== made.length || !timingSafeEqual(given, made))
        throw clientError('bad-link', 'This link is not complete, or not for this: copy all of it from the message')
      const id = hex.replace(UUID, '$1-$2-$3-$4-$5')
      return { mailbox: { slot: slotOf(id), id }, serial: Number.parseInt(serial, 36) }
    },
  }
}
