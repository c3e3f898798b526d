/** A notice of each kind to each reader, for the previews in the documents and the tests of the words. */
import type { NoticeKind } from '../../registry/agreement/states.ts'
import { letterOf, type Letter, type NoticeData } from './letter.ts'
import type { Communicated, Place } from './wording.ts'

export interface Sample {
  readonly kind: NoticeKind
  readonly to: 'holder' | 'order'
  /** what is told besides the names, as the steps of the agreement tell it */
  readonly data: NoticeData
  readonly token?: string
}

const TOKEN = '0a3EXAMPLE-EXAMPLE-EXAMPLE-EXAMPLE-EXAMPLE-EXA'
const EXPIRY = { expiresOn: '2027-05-08', lastDay: '2027-04-23' }
const END = { endsOn: '2027-08-07', deleteOn: '2027-09-06' }
const DUE = { reference: 'PEC0A3B7K2M9Q4', cents: 3000 }

export const SAMPLES: readonly Sample[] = [
  { kind: 'confirm-email', to: 'holder', data: {}, token: TOKEN },
  { kind: 'document-wanted', to: 'holder', data: { event: 'ask-document', reason: 'La fotografia è sfocata.' } },
  { kind: 'payment-awaited', to: 'holder', data: { event: 'give-document', ...DUE } },
  { kind: 'payment-registered', to: 'holder', data: { event: 'pay' } },
  { kind: 'request-abandoned', to: 'holder', data: { event: 'abandon' } },
  { kind: 'request-rejected', to: 'holder', data: { event: 'reject', reason: 'Il documento è di un’altra persona.' } },
  { kind: 'activation', to: 'holder', data: { expiresOn: EXPIRY.expiresOn }, token: TOKEN },
  { kind: 'reminder', to: 'holder', data: { days: 30, ...EXPIRY } },
  { kind: 'renewal-concluded', to: 'holder', data: { event: 'renew', years: 2, expiresOn: '2029-05-08' } },
  { kind: 'renewal-late', to: 'holder', data: EXPIRY },
  { kind: 'renewal-refused', to: 'holder', data: { event: 'refuse-late', reason: 'Pagamento ricevuto dopo la scadenza.' } },
  { kind: 'service-suspended', to: 'holder', data: { event: 'expire', expiresOn: EXPIRY.expiresOn, ...END } },
  { kind: 'service-stopped', to: 'holder', data: { event: 'revoke', reason: null, ...END } },
  { kind: 'service-ended', to: 'holder', data: { event: 'end', deleteOn: END.deleteOn } },
  { kind: 'content-deleted', to: 'holder', data: {} },
  ...(
    [
      ['given', { expiresOn: EXPIRY.expiresOn }],
      ['suspended', { event: 'expire', expiresOn: EXPIRY.expiresOn, ...END }],
      ['resumed', { event: 'renew', expiresOn: '2029-05-08' }],
      ['stopped', { event: 'die', reason: null, ...END }],
      ['ended', { event: 'end', deleteOn: END.deleteOn }],
      ['elsewhere', {}],
      ['elsewhere-ended', {}],
    ] satisfies [Communicated, NoticeData][]
  ).map(([fact, data], at): Sample => ({ kind: 'address-communicated', to: 'order', data: { fact, number: at + 1, ...data } })),
]

const NAMES = {
  address: 'mario.rossi@pec.ordine.example',
  surname: 'Rossi',
  givenName: 'Mario',
  order: 'Ordine dei Medici di Esempio',
}

export const PLACE: Place = {
  provider: 'Gestore di Esempio',
  web: 'https://pec.example.it',
  serverName: 'mail.pec.example.it',
  ports: { imaps: 993, pop3s: 995, submissions: 465 },
  bankAccount: 'IBAN e intestatario del conto',
}

export const sampleLetter = ({ kind, to, data, token = '' }: Sample, language: Letter['language']): Letter =>
  letterOf(kind, { ...NAMES, to, language, ...data }, token === '' ? null : token, PLACE)
