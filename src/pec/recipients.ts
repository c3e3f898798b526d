/** Which delivery receipt a recipient's provider owes the sender (RFC 6109 3.3.2). */
import { parseAddresses } from '../mime/address.ts'
import { fieldsOf, fieldValue, unfold, type Header } from '../mime/header.ts'
import type { Address } from '../mime/parsed.ts'
import type { ReceiptType } from './certification-data.ts'

/**
 * The addresses that are carbon copy recipients: named in Cc, and surely not in To. In doubt a recipient is a primary one
 * (RFC 6109 3.3.2.1), so where a piece of To cannot be read, nobody is a copy.
 * @returns lower-case addresses
 */
export function copyRecipients(header: Header, addresses: readonly string[]): Set<string> {
  const to = addressesIn(header, 'To')
  if (to.some(isUnreadable)) return new Set()
  const [primary, copies] = [namesOf(to), namesOf(addressesIn(header, 'Cc'))]
  const wanted = addresses.map((address) => address.toLowerCase())
  return new Set(wanted.filter((address) => copies.has(address) && !primary.has(address)))
}

/** The receipt asked for with X-TipoRicevuta; anything else than the three words asks for a complete one. */
export function receiptTypeOf(header: Header): ReceiptType {
  const asked = (fieldValue(header, 'X-TipoRicevuta') ?? '').toLowerCase()
  return asked === 'breve' || asked === 'sintetica' ? asked : 'completa'
}

/** The receipt that one recipient's delivery gives: a carbon copy's is always concise. */
export function receiptTypeFor(requested: ReceiptType, copy: boolean): ReceiptType {
  return copy ? 'sintetica' : requested
}

function addressesIn(header: Header, name: string): Address[] {
  return fieldsOf(header, name).flatMap(({ value }) => parseAddresses(unfold(value)))
}

/** Start and end of a group have no host; what is no address has an empty one, and what lacks a comma two at signs. */
function isUnreadable({ mailbox, host }: Address): boolean {
  return host !== null && (host === '' || !mailbox || mailbox.includes('@'))
}

function namesOf(addresses: readonly Address[]): Set<string> {
  return new Set(addresses.flatMap(({ mailbox, host }) => (mailbox && host ? [`${mailbox}@${host}`.toLowerCase()] : [])))
}
