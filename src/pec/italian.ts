/** The Italian texts, to the letter those of docs/reference/formats.md ("Body texts"). */
import type { Instant } from '../base/instant.ts'
import type { ReceiptType } from './certification-data.ts'
import type { Facts, Language } from './wording.ts'

const when = ({ day, time, zone }: Instant): string => `Il giorno ${day} alle ore ${time} (${zone})`
const from = ({ submission }: Facts): string => `"${submission.subject}" proveniente da "${submission.sender}"`
const addresses = ({ submission }: Facts): string[] => submission.recipients.map(({ address }) => address)

/** The opening of what is about one recipient. */
const aboutOne = (facts: Facts, preposition: 'il' | 'nel', recipient: string): string[] => [
  `${when(facts.at)} ${preposition} messaggio`,
  from(facts),
  `e destinato all'utente "${recipient}"`,
]

const DELIVERY_TITLES: Record<ReceiptType, string> = {
  completa: 'Ricevuta di avvenuta consegna',
  breve: 'Ricevuta breve di avvenuta consegna',
  sintetica: 'Ricevuta sintetica di avvenuta consegna',
}

const TIMEOUT_LINES: Record<12 | 24, readonly string[]> = {
  12: [
    'non è stato consegnato nelle prime dodici ore dal suo invio.',
    "Non escludendo che questo possa avvenire in seguito, si ritiene utile considerare che l'invio potrebbe non andare a buon fine.",
    'Il sistema provvederà comunque ad inviare un ulteriore avviso di mancata consegna se nelle prossime dodici ore non vi sarà ' +
      'la conferma della ricezione da parte del destinatario.',
  ],
  24: [
    'non è stato consegnato nelle prime ventiquattro ore dal suo invio.',
    'Si ritiene che la spedizione debba considerarsi non andata a buon fine.',
  ],
}

export const ITALIAN: Language = {
  identifier: 'Identificativo messaggio',

  acceptance: (facts) => ({
    title: 'Ricevuta di accettazione',
    lines: [
      `${when(facts.at)} il messaggio`,
      from(facts),
      'ed indirizzato a:',
      ...facts.submission.recipients.map(
        ({ address, certified }) => `${address} ("posta ${certified ? 'certificata' : 'ordinaria'}")`,
      ),
      'è stato accettato dal sistema ed inoltrato.',
    ],
  }),

  nonAcceptance: (facts, reason) => ({
    title: "Errore nell'accettazione del messaggio",
    lines: [
      `${when(facts.at)} nel messaggio`,
      from(facts),
      'ed indirizzato a:',
      ...addresses(facts),
      `è stato rilevato un problema che ne impedisce l'accettazione a causa di ${reason}.`,
      'Il messaggio non è stato accettato.',
    ],
  }),

  virusNonAcceptance: (facts, threat) => ({
    title: "Errore nell'accettazione del messaggio per presenza di virus",
    lines: [
      `${when(facts.at)} nel messaggio`,
      from(facts),
      'ed indirizzato a:',
      ...addresses(facts),
      `è stato rilevato un problema di sicurezza ${threat}.`,
      'Il messaggio non è stato accettato.',
    ],
  }),

  envelope: (facts) => ({
    title: 'Messaggio di posta certificata',
    lines: [
      `${when(facts.at)} il messaggio`,
      `"${facts.submission.subject}" è stato inviato da "${facts.submission.sender}"`,
      'indirizzato a:',
      ...addresses(facts),
      'Il messaggio originale è incluso in allegato.',
    ],
  }),

  takeInCharge: (facts, received) => ({
    title: 'Ricevuta di presa in carico',
    lines: [`${when(facts.at)} il messaggio`, from(facts), 'ed indirizzato a:', ...received, 'è stato accettato dal sistema.'],
  }),

  anomaly: (facts, reason) => ({
    title: 'Anomalia nel messaggio',
    lines: [
      `${when(facts.at)} è stato ricevuto il messaggio`,
      from(facts),
      'ed indirizzato a:',
      ...addresses(facts),
      `Tali dati non sono stati certificati per il seguente errore: ${reason}`,
      'Il messaggio originale è incluso in allegato.',
    ],
  }),

  delivery: (facts, recipient, receiptType) => ({
    title: DELIVERY_TITLES[receiptType],
    lines: [
      `${when(facts.at)} il messaggio`,
      from(facts),
      `ed indirizzato a "${recipient}"`,
      'è stato consegnato nella casella di destinazione.',
    ],
  }),

  nonDelivery: (facts, recipient, reason) => ({
    title: 'Avviso di mancata consegna',
    lines: [
      ...aboutOne(facts, 'nel', recipient),
      `è stato rilevato un errore ${reason}.`,
      'Il messaggio è stato rifiutato dal sistema.',
    ],
  }),

  virusNonDelivery: (facts, recipient, threat) => ({
    title: 'Avviso di mancata consegna per virus',
    lines: [
      ...aboutOne(facts, 'nel', recipient),
      `è stato rilevato un problema di sicurezza ${threat}.`,
      'Il messaggio non è stato consegnato.',
    ],
  }),

  timeout: (facts, recipient, hours) => ({
    title: 'Avviso di mancata consegna',
    lines: [...aboutOne(facts, 'il', recipient), ...TIMEOUT_LINES[hours]],
  }),

  virus: (facts, recipient, threat) => ({
    title: 'Avviso di rilevazione virus informatico',
    lines: [...aboutOne(facts, 'nel', recipient), `è stato rilevato un problema di sicurezza ${threat}.`],
  }),
}
