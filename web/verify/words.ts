/** What the page says of itself. What is found is said by src/evidence/bundle-words.ts, as the command says it. */
import type { Language } from '../../src/evidence/bundle-words.ts'

const it = {
  title: 'Verifica di un fascicolo di prova',
  lead: 'Un fascicolo di prova dice che cosa è successo a un messaggio di posta elettronica certificata, e lo prova. Questa pagina lo verifica su questo computer: non invia nulla a nessuno e funziona anche senza rete.',
  skip: 'Vai al contenuto',
  languages: 'Lingua',
  bundle: 'Fascicolo di prova (.zip)',
  bundleHelp: 'Scegliere il file, oppure trascinarlo su questa pagina.',
  authoritiesSummary: 'Indicare le autorità di certificazione',
  authorities: 'Certificati delle autorità (.pem)',
  authoritiesHelp:
    'I certificati delle autorità a cui si crede, per i sigilli e per le marche temporali, presi da dove le autorità li pubblicano. Senza, valgono quelli nel fascicolo, e le loro impronte sono da confrontare.',
  authoritiesChosen: 'Autorità prese da',
  checking: 'Verifica in corso: nessun esito finché non è finita.',
  conditional: 'Verificato, se le autorità sono quelle vere.',
  conditionalHelp:
    'Nessuno ha indicato le autorità a cui credere, e chiunque può fare un fascicolo con autorità proprie. Confrontare le impronte qui sotto con quelle pubblicate dalle autorità, oppure indicare i loro certificati.',
  wrongHelp: 'Il fascicolo non prova nulla: qualcosa in esso è stato cambiato, manca o non è di chi dice di essere.',
  notRead: 'NON verificato: non è un fascicolo di prova che si possa leggere.',
  noAuthorities: 'Nessun esito: nel file delle autorità non c’è un certificato che si possa leggere.',
  cannotJudge: 'Nessun esito: questo browser non sa giudicare il fascicolo. Usare il comando «ceralacca verify».',
  failed:
    'Nessun esito: la pagina non ha potuto finire la verifica. Riprovare con un altro browser o con il comando «ceralacca verify».',
  reason: 'Motivo',
  file: 'File',
  message: 'Il messaggio',
  identifier: 'Identificativo',
  mailbox: 'Casella',
  direction: 'Copia',
  sent: 'di chi ha inviato',
  received: 'di chi ha ricevuto',
  provider: 'Gestore che ha fatto il fascicolo',
  stampedAt: 'Marca temporale del fascicolo',
  timeline: 'Che cosa è successo',
  ledger: 'registro del gestore',
  keep: 'Conservare questa pagina per usarla senza rete',
  footer: 'La pagina è un solo file, che si può salvare: verifica senza rete e senza alcun server.',
}

const en: Readonly<Record<keyof typeof it, string>> = {
  title: 'Verify an evidence bundle',
  lead: 'An evidence bundle says what happened to a certified e-mail message, and proves it. This page verifies it on this computer: it sends nothing to anybody, and works without a network too.',
  skip: 'Go to the content',
  languages: 'Language',
  bundle: 'Evidence bundle (.zip)',
  bundleHelp: 'Choose the file, or drag it onto this page.',
  authoritiesSummary: 'Name the certification authorities',
  authorities: 'Certificates of the authorities (.pem)',
  authoritiesHelp:
    'The certificates of the authorities that you believe, for the seals and for the time stamps, from where the authorities publish them. Without them those in the bundle are taken, and their fingerprints are to be compared.',
  authoritiesChosen: 'Authorities taken from',
  checking: 'Verifying: there is no result before the end.',
  conditional: 'Verified, if the authorities are the true ones.',
  conditionalHelp:
    'Nobody has named the authorities to believe, and anybody can make a bundle with authorities of his own. Compare the fingerprints below with those that the authorities publish, or name their certificates.',
  wrongHelp: 'The bundle proves nothing: something in it was changed, is missing, or is not of whom it says.',
  notRead: 'NOT verified: this is no evidence bundle that can be read.',
  noAuthorities: 'No result: the file of the authorities has no certificate that can be read.',
  cannotJudge: 'No result: this browser cannot judge the bundle. Use the command "ceralacca verify".',
  failed: 'No result: the page could not finish. Try another browser, or the command "ceralacca verify".',
  reason: 'Reason',
  file: 'File',
  message: 'The message',
  identifier: 'Identifier',
  mailbox: 'Mailbox',
  direction: 'Copy',
  sent: 'of who sent it',
  received: 'of who received it',
  provider: 'Provider that made the bundle',
  stampedAt: 'Time stamp of the bundle',
  timeline: 'What happened',
  ledger: "the provider's ledger",
  keep: 'Keep this page, to use it without a network',
  footer: 'The page is one file that you can save: it verifies without a network and without any server.',
}

export const TEXTS: Readonly<Record<Language, Readonly<Record<keyof typeof it, string>>>> = { it, en }

/** Kinds of messages, and events of the ledger. */
const EVENTS: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  accettazione: { it: 'Ricevuta di accettazione', en: 'Acceptance receipt' },
  'non-accettazione': { it: 'Avviso di non accettazione', en: 'Non-acceptance notice' },
  'posta-certificata': { it: 'Busta di trasporto', en: 'Transport envelope' },
  'presa-in-carico': { it: 'Ricevuta di presa in carico', en: 'Take-in-charge receipt' },
  'avvenuta-consegna': { it: 'Ricevuta di avvenuta consegna', en: 'Delivery receipt' },
  'errore-consegna': { it: 'Avviso di mancata consegna', en: 'Non-delivery notice' },
  'preavviso-errore-consegna': { it: 'Preavviso di mancata consegna', en: 'Early non-delivery notice' },
  'rilevazione-virus': { it: 'Avviso di rilevazione virus', en: 'Virus notice' },
  accepted: { it: 'Accettato', en: 'Accepted' },
  refused: { it: 'Non accettato', en: 'Refused' },
  relayed: { it: 'Inoltrato a un altro server', en: 'Relayed to another server' },
  'taken-in-charge': { it: 'Preso in carico', en: 'Taken in charge' },
  'virus-found': { it: 'Trovato un virus', en: 'Virus found' },
  delivered: { it: 'Consegnato', en: 'Delivered' },
  'delivery-failed': { it: 'Non consegnato', en: 'Not delivered' },
  'receipt-received': { it: 'Ricevuta arrivata al mittente', en: 'Receipt came to the sender' },
  'timeout-notice': { it: 'Avviso per superamento del tempo', en: 'Timeout notice' },
}

/** What is not known stays as it is. */
export const eventName = (event: string, language: Language): string => EVENTS[event]?.[language] ?? event
