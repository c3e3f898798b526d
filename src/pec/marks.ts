/** The fields that mark a certified message (RFC 6109 8.1). They are not sealed: what they say must agree with daticert.xml. */
import { fieldsOf, unfold, type Header } from '../mime/header.ts'
import type { MessageKind } from './certification-data.ts'

/** What a message says that it is; an anomaly envelope certifies nothing. */
export type MarkedKind = MessageKind | 'anomalia'

/** Values in lower case but for the last two; null where there is no such field. */
export interface Marks {
  /** X-Ricevuta */
  readonly receipt: string | null
  /** X-Trasporto */
  readonly transport: string | null
  /** X-VerificaSicurezza */
  readonly security: string | null
  /** X-TipoRicevuta */
  readonly receiptType: string | null
  /** X-Mittente */
  readonly sender: string | null
  /** X-Riferimento-Message-ID: in envelopes and receipts alike */
  readonly reference: string | null
}

export function readMarks(header: Header): Marks {
  return {
    receipt: word(header, 'X-Ricevuta'),
    transport: word(header, 'X-Trasporto'),
    security: word(header, 'X-VerificaSicurezza'),
    receiptType: word(header, 'X-TipoRicevuta'),
    sender: value(header, 'X-Mittente'),
    reference: value(header, 'X-Riferimento-Message-ID'),
  }
}

const RECEIPTS: ReadonlySet<string> = new Set<MessageKind>([
  'accettazione',
  'non-accettazione',
  'presa-in-carico',
  'avvenuta-consegna',
  'errore-consegna',
  'preavviso-errore-consegna',
  'rilevazione-virus',
])

/** @returns null where the fields say nothing that is known, or two things */
export function kindOf({ receipt, transport }: Marks): MarkedKind | null {
  if (receipt !== null) return transport === null && RECEIPTS.has(receipt) ? (receipt as MessageKind) : null
  if (transport === 'posta-certificata') return 'posta-certificata'
  return transport === 'errore' ? 'anomalia' : null
}

/** Of a field that stands there twice the values are joined: together they say nothing that is known. */
function value(header: Header, name: string): string | null {
  const fields = fieldsOf(header, name)
  return fields.length === 0 ? null : fields.map((field) => unfold(field.value)).join(', ')
}

const word = (header: Header, name: string): string | null => value(header, name)?.toLowerCase() ?? null
