/**
 * Certification data: what every message of one submission tells, and daticert.xml, the form that machines read
 * (RFC 6109 4.4, validates against postacert.dtd).
 */
import type { Instant } from '../base/instant.ts'

export interface Recipient {
  readonly address: string
  /** held by a PEC provider ("posta certificata"), or ordinary mail */
  readonly certified: boolean
  /** named in Cc and not in To: gets concise receipts (RFC 6109 3.3.2.1) */
  readonly copy?: boolean
}

/** Facts of a submission, fixed at its acceptance (RFC 6109 2.1: taken from the SMTP dialogue). */
export interface SubmissionData {
  /** the certified identifier, without angle brackets */
  readonly pecMsgid: string
  /** the user's Message-ID as he wrote it, or null if he wrote none */
  readonly msgid: string | null
  readonly sender: string
  readonly recipients: readonly Recipient[]
  /** addresses to reply to: Reply-To, or the sender where there is none */
  readonly replyTo: string
  /** decoded */
  readonly subject: string
  /** the Subject field's raw value (latin1), null if there was none */
  readonly rawSubject: string | null
  /** the delivery receipt that the sender asked for with X-TipoRicevuta; anything else than these three words asks for a complete one */
  readonly receiptType: ReceiptType
}

/** complete, brief, concise (RFC 6109 3.3.2) */
export type ReceiptType = 'completa' | 'breve' | 'sintetica'

/** `tipo` of the XML (RFC 6109 4.4). */
export type MessageKind =
  | 'accettazione'
  | 'non-accettazione'
  | 'presa-in-carico'
  | 'avvenuta-consegna'
  | 'posta-certificata'
  | 'errore-consegna'
  | 'preavviso-errore-consegna'
  | 'rilevazione-virus'

type ErrorKind = 'nessuno' | 'no-dest' | 'no-dominio' | 'virus' | 'altro'

/** The reason of a failure: `error` for machines, `text` is "CODE - PROVIDER - words". */
export interface Failure {
  readonly error: Exclude<ErrorKind, 'nessuno'>
  readonly text: string
}

export interface Certification {
  readonly kind: MessageKind
  readonly submission: SubmissionData
  readonly provider: string
  readonly at: Instant
  /** in envelopes and delivery receipts: the kind of receipt that the sender asked for */
  readonly receiptType?: ReceiptType
  /** in delivery, non-delivery, virus and timeout notices: the recipient that it is about */
  readonly recipient?: string
  /** in a take-in-charge: the recipients that it is about */
  readonly received?: readonly string[]
  readonly failure?: Failure
}

/** The text of daticert.xml, without DOCTYPE (docs/reference/formats.md), lines ended by LF. */
export function writeDaticert(data: Certification): string {
  const { submission, at } = data
  const recipients = submission.recipients.map(
    ({ address, certified }) =>
      `        <destinatari tipo="${certified ? 'certificato' : 'esterno'}">${escape(address)}</destinatari>\n`,
  )
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n` +
    `<postacert tipo="${data.kind}" errore="${data.failure?.error ?? 'nessuno'}">\n` +
    `    <intestazione>\n` +
    `        <mittente>${escape(submission.sender)}</mittente>\n` +
    recipients.join('') +
    `        <risposte>${escape(submission.replyTo)}</risposte>\n` +
    element('oggetto', submission.rawSubject === null ? undefined : submission.subject) +
    `    </intestazione>\n` +
    `    <dati>\n` +
    element('gestore-emittente', data.provider) +
    `        <data zona="${at.zone}">\n            <giorno>${at.day}</giorno>\n            <ora>${at.time}</ora>\n        </data>\n` +
    element('identificativo', submission.pecMsgid) +
    element('msgid', submission.msgid ?? undefined) +
    (data.receiptType ? `        <ricevuta tipo="${data.receiptType}"/>\n` : '') +
    element('consegna', data.recipient) +
    (data.received ?? []).map((address) => element('ricezione', address)).join('') +
    element('errore-esteso', data.failure?.text) +
    `    </dati>\n` +
    `</postacert>\n`
  )
}

function element(name: string, value: string | undefined): string {
  return value === undefined ? '' : `        <${name}>${escape(value)}</${name}>\n`
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' }

/** Escapes for XML 1.0; characters that no XML document may hold become U+FFFD, so that the data always can be read. */
function escape(text: string): string {
  return text
    .toWellFormed()
    .replace(/[&<>"\r]/g, (character) => ENTITIES[character] ?? '')
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
}
