/** The message table of docs/reference/formats.md as data, and what each message of it must say. */
import type { CertifiedData } from './certified-data.ts'

/** What a submission is: every message about it tells the same. */
export interface Facts {
  readonly sender: string
  readonly recipients: readonly string[]
  /** those of `recipients` that no provider holds */
  readonly ordinary: readonly string[]
  /** decoded */
  readonly subject: string
  /** with its angle brackets */
  readonly msgid: string
  readonly pecMsgid: string
  readonly replyTo: string
  /** X-TipoRicevuta of the envelope */
  readonly receiptType: ReceiptType
}

export type ReceiptType = 'completa' | 'breve' | 'sintetica'

export interface Row {
  /** the fields that mark it, by lower-case name; no other marker is there */
  readonly marks: Readonly<Record<string, string>>
  readonly prefix: string
  /** first line of the text */
  readonly title: string
  /** who writes it: the provider, or the provider on behalf of the sender */
  readonly author: 'provider' | 'sender'
  /** the reverse path of the SMTP dialogue: the address of the certificate, or the sender's */
  readonly reversePath: 'provider' | 'sender'
  /** what daticert.xml says beside the facts that all have; null where there is no daticert.xml */
  readonly data: Partial<CertifiedData> | null
  /** how the original is enclosed */
  readonly encloses: 'original' | 'brief original' | null
}

const receipt = (
  kind: string,
  prefix: string,
  title: string,
  data: Partial<CertifiedData> = {},
  more: Partial<Row> = {},
): Row => ({
  prefix,
  title,
  author: 'provider',
  reversePath: 'provider',
  encloses: null,
  ...more,
  marks: { 'x-ricevuta': kind, ...more.marks },
  data: { tipo: kind, ...data },
})

const VIRUS_MARK = { 'x-verificasicurezza': 'errore' }

export const acceptance = receipt('accettazione', 'ACCETTAZIONE: ', 'Ricevuta di accettazione')

export const nonAcceptance = (reason: string): Row =>
  receipt('non-accettazione', 'AVVISO DI NON ACCETTAZIONE: ', "Errore nell'accettazione del messaggio", {
    errore: 'altro',
    erroreEsteso: reason,
  })

export const virusNonAcceptance = (virus: string): Row =>
  receipt(
    'non-accettazione',
    'AVVISO DI NON ACCETTAZIONE PER VIRUS: ',
    "Errore nell'accettazione del messaggio per presenza di virus",
    { errore: 'virus', erroreEsteso: virus },
    { marks: VIRUS_MARK },
  )

export const envelope = ({ receiptType }: Facts): Row => ({
  marks: { 'x-trasporto': 'posta-certificata', 'x-tiporicevuta': receiptType },
  prefix: 'POSTA CERTIFICATA: ',
  title: 'Messaggio di posta certificata',
  author: 'sender',
  reversePath: 'sender',
  data: { tipo: 'posta-certificata', ricevuta: receiptType },
  encloses: 'original',
})

export const takeInCharge = (received: readonly string[]): Row =>
  receipt('presa-in-carico', 'PRESA IN CARICO: ', 'Ricevuta di presa in carico', { ricezione: received })

export const anomalyEnvelope: Row = {
  marks: { 'x-trasporto': 'errore' },
  prefix: 'ANOMALIA MESSAGGIO: ',
  title: 'Anomalia nel messaggio',
  author: 'sender',
  reversePath: 'sender',
  data: null,
  encloses: 'original',
}

const DELIVERIES = {
  completa: ['Ricevuta di avvenuta consegna', 'original'],
  breve: ['Ricevuta breve di avvenuta consegna', 'brief original'],
  sintetica: ['Ricevuta sintetica di avvenuta consegna', null],
} as const

export const delivery = (recipient: string, receiptType: ReceiptType = 'completa'): Row => {
  const [title, encloses] = DELIVERIES[receiptType]
  return receipt('avvenuta-consegna', 'CONSEGNA: ', title, { consegna: recipient, ricevuta: receiptType }, { encloses })
}

export const nonDelivery = (recipient: string, errore: string, erroreEsteso: string): Row =>
  receipt('errore-consegna', 'AVVISO DI MANCATA CONSEGNA: ', 'Avviso di mancata consegna', {
    consegna: recipient,
    errore,
    erroreEsteso,
  })

export const virusNotice = (sender: string, recipient: string, virus: string): Row =>
  receipt(
    'rilevazione-virus',
    'PROBLEMA DI SICUREZZA: ',
    'Avviso di rilevazione virus informatico',
    { consegna: recipient, errore: 'virus', erroreEsteso: virus },
    { marks: { 'x-mittente': sender } },
  )

export const virusNonDelivery = (recipient: string, erroreEsteso: string): Row =>
  receipt(
    'errore-consegna',
    'AVVISO DI MANCATA CONSEGNA PER VIRUS: ',
    'Avviso di mancata consegna per virus',
    { consegna: recipient, errore: 'virus', erroreEsteso },
    { marks: VIRUS_MARK },
  )
