/** Reads daticert.xml, the certification data that machines believe (RFC 6109 4.4). The text for people is never read by a machine. */
import type { Instant } from '../base/instant.ts'
import { readDaticertTree, type DaticertElement } from './daticert-tree.ts'
import type { Failure, MessageKind, ReceiptType, Recipient } from './certification-data.ts'
import { writtenInstant } from './written-instant.ts'

export interface ReadDaticert {
  /** `tipo` */
  readonly kind: MessageKind
  /** `errore` */
  readonly error: Failure['error'] | 'nessuno'
  /** `errore-esteso`, null where there is none */
  readonly errorText: string | null
  /** `mittente` */
  readonly sender: string
  /** `destinatari`, in their order */
  readonly recipients: readonly Recipient[]
  /** `risposte` */
  readonly replyTo: string
  /** `oggetto`, null where there is none */
  readonly subject: string | null
  /** `gestore-emittente` */
  readonly provider: string
  /** `data`, in the time zone in which the provider wrote it */
  readonly at: Instant
  /** `identificativo`, without angle brackets */
  readonly pecMsgid: string
  /** `msgid` as it stands, null where there is none */
  readonly msgid: string | null
  /** `ricevuta`, null where there is none */
  readonly receiptType: ReceiptType | null
  /** `consegna`, null where there is none */
  readonly recipient: string | null
  /** each `ricezione` */
  readonly received: readonly string[]
}

/** Characters, far more than any Message-ID has: it is a key by which messages are looked up. */
const LONGEST_IDENTIFIER = 500

/** @param xml the decoded part; any bytes, it never throws */
export function readDaticert(xml: Buffer): ReadDaticert | { readonly problem: string } {
  const root = readDaticertTree(xml)
  if ('problem' in root) return root
  const header = child(root, 'intestazione')
  const data = child(root, 'dati')
  const date = child(data, 'data')
  const at = writtenInstant(textOf(date, 'giorno') ?? '', textOf(date, 'ora') ?? '', date?.attributes['zona'] ?? '')
  if (!at) return { problem: 'daticert.xml has no readable date' }
  const pecMsgid = (textOf(data, 'identificativo') ?? '').replace(/^<(.*)>$/s, '$1')
  if (pecMsgid.length > LONGEST_IDENTIFIER) return { problem: 'the identifier in daticert.xml is too long' }
  return {
    // The DTD has judged the words.
    kind: root.attributes['tipo'] as MessageKind,
    error: (root.attributes['errore'] ?? 'nessuno') as ReadDaticert['error'],
    errorText: textOf(data, 'errore-esteso'),
    sender: textOf(header, 'mittente') ?? '',
    recipients: children(header, 'destinatari').map(({ text, attributes }) => ({
      address: text.trim(),
      certified: attributes['tipo'] !== 'esterno',
    })),
    replyTo: textOf(header, 'risposte') ?? '',
    subject: child(header, 'oggetto')?.text ?? null,
    provider: textOf(data, 'gestore-emittente') ?? '',
    at,
    pecMsgid,
    msgid: textOf(data, 'msgid') || null,
    receiptType: (child(data, 'ricevuta')?.attributes['tipo'] as ReceiptType | undefined) ?? null,
    recipient: textOf(data, 'consegna'),
    received: children(data, 'ricezione').map(({ text }) => text.trim()),
  }
}

const children = (element: DaticertElement | undefined, name: string): DaticertElement[] =>
  (element?.children ?? []).filter((one) => one.name === name)

const child = (element: DaticertElement | undefined, name: string): DaticertElement | undefined => children(element, name)[0]

/** Blanks around are layout: some writers give each value lines of its own. */
const textOf = (element: DaticertElement | undefined, name: string): string | null => child(element, name)?.text.trim() ?? null
