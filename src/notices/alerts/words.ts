/** The words of alerts, in each language. Pure. */
import type { Language } from '../../base/languages.ts'
import type { ArrivalKind } from './types.ts'

export interface Words {
  /** `of` is the certified address */
  readonly arrivedSubject: (count: number, of: string) => string
  readonly arrived: (count: string, of: string) => string
  readonly count: (kind: ArrivalKind, count: number) => string
  readonly atLeast: (count: string) => string
  readonly more: (count: number) => string
  readonly noSubject: string
  readonly read: string
  readonly quotaSubject: (mark: number, of: string) => string
  readonly quota: (used: string, quota: string, percent: number, of: string) => string
  readonly quotaAdvice: string
  readonly expirySubject: (days: number, of: string) => string
  readonly expiry: (day: string, of: string) => string
  readonly expiryAdvice: string
  readonly confirmSubject: string
  readonly confirm: (of: string) => string
  readonly confirmLink: string
  readonly confirmAdvice: string
  readonly why: (of: string) => string
  readonly stopLink: string
  readonly locale: string
}

const inDaysIt = (days: number): string => (days === 0 ? 'oggi' : days === 1 ? 'domani' : `tra ${days} giorni`)
const inDaysEn = (days: number): string => (days === 0 ? 'today' : days === 1 ? 'tomorrow' : `in ${days} days`)

const it: Words = {
  arrivedSubject: (count, of) =>
    count === 1 ? `Un nuovo messaggio nella casella PEC ${of}` : `${count} nuovi messaggi nella casella PEC ${of}`,
  arrived: (count, of) =>
    `Nella casella di posta elettronica certificata ${of} sono arrivati, e non sono ancora stati letti: ${count}.`,
  count: (kind, count) =>
    ({
      envelopes: count === 1 ? '1 messaggio di posta certificata' : `${count} messaggi di posta certificata`,
      receipts: count === 1 ? '1 ricevuta' : `${count} ricevute`,
      anomalies: count === 1 ? '1 messaggio in busta di anomalia' : `${count} messaggi in busta di anomalia`,
    })[kind],
  atLeast: (count) => `almeno ${count}`,
  more: (count) => (count === 1 ? 'e un altro' : `e altri ${count}`),
  noSubject: '(senza oggetto)',
  read: 'Per leggerli acceda alla casella come di consueto. Questo avviso non ha valore di notifica e non contiene i messaggi.',
  quotaSubject: (mark, of) => `La casella PEC ${of} è piena oltre il ${mark} %`,
  quota: (used, quota, percent, of) =>
    `La casella di posta elettronica certificata ${of} occupa ${used} di ${quota} (${percent} %).`,
  quotaAdvice:
    'Quando è piena, i messaggi per lei non vengono consegnati. Scarichi ed elimini ciò che non serve, o chieda più spazio.',
  expirySubject: (days, of) => `La casella PEC ${of} scade ${inDaysIt(days)}`,
  expiry: (day, of) =>
    `La casella di posta elettronica certificata ${of} scade il ${day}: dopo quel giorno non invia e non riceve.`,
  expiryAdvice: 'Se il rinnovo non è già stato concluso, si rivolga al Suo ordine o al gestore.',
  confirmSubject: 'Conferma dell’indirizzo per gli avvisi',
  confirm: (of) =>
    `Il titolare della casella di posta elettronica certificata ${of} desidera ricevere avvisi a questo indirizzo.`,
  confirmLink: 'Confermi qui',
  confirmAdvice: 'Se non è stato Lei, ignori questo messaggio: non riceverà altro.',
  why: (of) => `Riceve questo avviso perché è stato richiesto per la casella ${of}.`,
  stopLink: 'Non ricevere più avvisi',
  locale: 'it-IT',
}

const en: Words = {
  arrivedSubject: (count, of) =>
    count === 1 ? `A new message in the PEC mailbox ${of}` : `${count} new messages in the PEC mailbox ${of}`,
  arrived: (count, of) => `In the certified mailbox ${of} have arrived, and are not read yet: ${count}.`,
  count: (kind, count) =>
    ({
      envelopes: count === 1 ? '1 certified message' : `${count} certified messages`,
      receipts: count === 1 ? '1 receipt' : `${count} receipts`,
      anomalies: count === 1 ? '1 message in an anomaly envelope' : `${count} messages in anomaly envelopes`,
    })[kind],
  atLeast: (count) => `at least ${count}`,
  more: (count) => (count === 1 ? 'and one more' : `and ${count} more`),
  noSubject: '(no subject)',
  read: 'Open the mailbox as usual to read them. This alert has no legal value and does not contain the messages.',
  quotaSubject: (mark, of) => `The PEC mailbox ${of} is more than ${mark}% full`,
  quota: (used, quota, percent, of) => `The certified mailbox ${of} uses ${used} of ${quota} (${percent}%).`,
  quotaAdvice:
    'When it is full, messages to you are not delivered. Download and delete what you do not need, or ask for more space.',
  expirySubject: (days, of) => `The PEC mailbox ${of} expires ${inDaysEn(days)}`,
  expiry: (day, of) => `The certified mailbox ${of} expires on ${day}: after that day it neither sends nor receives.`,
  expiryAdvice: 'Unless its renewal is concluded already, turn to your professional order or to the provider.',
  confirmSubject: 'Confirm your address for alerts',
  confirm: (of) => `The holder of the certified mailbox ${of} wishes to receive alerts at this address.`,
  confirmLink: 'Confirm here',
  confirmAdvice: 'If this was not you, ignore this message: you will get no other.',
  why: (of) => `You get this alert because it was asked for the mailbox ${of}.`,
  stopLink: 'Stop alerts',
  locale: 'en-GB',
}

export const WORDS: Readonly<Record<Language, Words>> = { it, en }
