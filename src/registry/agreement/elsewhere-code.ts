/** The code that proves who reads a certified mailbox elsewhere, and the message that it comes in. */
import { createHash, randomInt } from 'node:crypto'

/** Without letters that are taken for digits. 60 bits: no hash of it is turned round while it counts. */
const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
const GROUPS = 3
const GROUP = 4

export const newCode = (): string =>
  Array.from({ length: GROUPS }, () => Array.from({ length: GROUP }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')).join(
    '-',
  )

/** Of a code as somebody types it: in any case, with or without hyphens and spaces. */
export const hashOfCode = (code: string): Buffer =>
  createHash('sha256')
    .update(code.toUpperCase().replace(/[^0-9A-Z]/g, ''))
    .digest()

export interface CodeMessage {
  readonly from: string
  readonly to: string
  readonly code: string
  /** of the order */
  readonly order: string
  /** the last day on which the code counts */
  readonly until: string
  /** milliseconds since 1970 */
  readonly at: number
}

/** The message as it is submitted; the order's code and the addresses are ASCII. */
export function codeMessage({ from, to, code, order, until, at }: CodeMessage): Buffer {
  return Buffer.from(
    [
      `From: <${from}>`,
      `To: <${to}>`,
      // RFC 5322 3.3
      `Date: ${new Date(at).toUTCString().replace('GMT', '+0000')}`,
      `Subject: Codice per il domicilio digitale / Code for your certified address (${order})`,
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
      '',
      `Questo indirizzo è stato comunicato all'ordine ${order} come domicilio digitale di un iscritto.`,
      'Se è il suo, inserisca questo codice dove le è stato chiesto:',
      '',
      `    ${code}`,
      '',
      `Il codice vale fino al ${until}. Se non ha comunicato nulla, ignori questo messaggio: senza il codice non succede niente.`,
      '',
      '----',
      '',
      `This address was communicated to the order ${order} as the certified address of a member.`,
      `If it is yours, type the code above where you were asked for it. It is good until ${until}.`,
      'If you have communicated nothing, ignore this message: without the code nothing happens.',
      '',
    ].join('\r\n'),
  )
}
