/** What the page of one-time links says, in Italian and English; for people who are no technicians. */
import { LINK_HOURS } from '../../src/registry/agreement/terms.ts'
import { PASSWORD_LENGTH } from '../../src/registry/password-rule.ts'
import type { Language } from '../common/language.ts'
import type { Purpose } from './api.ts'

const { least, most } = PASSWORD_LENGTH
const DAYS = LINK_HOURS.activate / 24

const it = {
  skip: 'Vai al contenuto',
  languages: 'Lingua',
  confirmTitle: 'Confermare l’indirizzo e-mail',
  activateTitle: 'Scegliere la password della casella',
  looking: 'Un momento: controllo del collegamento.',
  working: 'Un momento.',
  retry: 'Riprova',

  confirmLead:
    'Con il pulsante conferma che questo indirizzo e-mail è suo: qui riceverà gli avvisi sulla casella. Finché non lo preme non cambia nulla.',
  email: 'Indirizzo e-mail',
  wantedAddress: 'Casella PEC richiesta',
  confirmButton: 'Confermo',
  notYou: 'Se non ha chiesto lei una casella PEC, chiuda questa pagina senza premere il pulsante: la richiesta decade da sola.',
  confirmed: 'L’indirizzo e-mail è confermato.',
  next: 'Che cosa viene dopo',
  document:
    'Il documento. Torni dove ha cominciato la richiesta e carichi la carta d’identità o il passaporto: un file PDF, JPEG o PNG, al massimo di 5 MB.',
  payment:
    'Il pagamento. Se paga il suo Ordine non deve fare nulla; altrimenti le scriviamo quanto e come pagare, appena abbiamo il documento.',
  activation:
    'L’attivazione. Controlliamo il documento e le scriviamo a questo indirizzo: in quel messaggio c’è il collegamento per scegliere la password.',

  activateLead: 'La password la conosce soltanto lei: non la conosciamo noi, e non viene mai inviata per e-mail.',
  userName: 'Nome utente (il suo indirizzo PEC)',
  password: 'Nuova password',
  passwordRule: `Da ${least} a ${most} caratteri, qualsiasi. Una frase di più parole è sicura e facile da ricordare; non usi una password che ha già altrove.`,
  again: 'La stessa password, ancora una volta',
  showPassword: 'Mostra la password',
  activateButton: 'Imposta la password',
  tooShort: `La password è troppo corta: servono almeno ${least} caratteri.`,
  tooLong: `La password è troppo lunga: al massimo ${most} caratteri.`,
  weak: 'Questa password non va bene: ne scelga una più lunga e meno comune.',
  differ: 'Le due password sono diverse: le scriva di nuovo.',
  activated: 'La password è impostata.',
  activatedHelp:
    'La casella è pronta. Ecco i dati da inserire nel programma di posta; la password è quella che ha appena scelto.',
  parameters: 'Dati per il programma di posta',
  user: 'Nome utente',
  server: 'Server, per ricevere e per inviare',
  imap: 'Ricevere con IMAP (consigliato)',
  pop3: 'Ricevere con POP3',
  smtp: 'Inviare, con SMTP',
  port: 'porta',
  or: 'oppure',
  authenticated: 'con autenticazione',
  copy: 'Copia',
  copyAll: 'Copia tutti i dati',
  copied: 'Copiato.',
  notCopied: 'Il browser non permette di copiare: selezioni il testo.',
  footer: 'Non le chiederemo mai la password, né per e-mail né per telefono.',
}

const en: Readonly<Record<keyof typeof it, string>> = {
  skip: 'Go to the content',
  languages: 'Language',
  confirmTitle: 'Confirm the e-mail address',
  activateTitle: 'Choose the password of the mailbox',
  looking: 'One moment: the link is being checked.',
  working: 'One moment.',
  retry: 'Try again',

  confirmLead:
    'With the button you confirm that this e-mail address is yours: notices about the mailbox go there. Nothing changes until you press it.',
  email: 'E-mail address',
  wantedAddress: 'PEC mailbox that was requested',
  confirmButton: 'I confirm',
  notYou: 'If you have not asked for a PEC mailbox, close this page without pressing the button: the request ends by itself.',
  confirmed: 'The e-mail address is confirmed.',
  next: 'What comes next',
  document:
    'The document. Go back to where you began the request and upload your identity card or passport: a PDF, JPEG or PNG file of at most 5 MB.',
  payment:
    'The payment. If your order pays, there is nothing to do; otherwise we write to you how much to pay, and how, once we have the document.',
  activation:
    'The activation. We look at the document and write to this address: that message has the link for choosing the password.',

  activateLead: 'Only you know the password: we do not know it, and it is never sent by e-mail.',
  userName: 'User name (your PEC address)',
  password: 'New password',
  passwordRule: `Between ${least} and ${most} characters, of any kind. A phrase of several words is safe and easy to remember; do not use a password that you have elsewhere.`,
  again: 'The same password once more',
  showPassword: 'Show the password',
  activateButton: 'Set the password',
  tooShort: `The password is too short: it needs at least ${least} characters.`,
  tooLong: `The password is too long: ${most} characters at most.`,
  weak: 'This password will not do: choose a longer and less common one.',
  differ: 'The two passwords differ: write them again.',
  activated: 'The password is set.',
  activatedHelp:
    'The mailbox is ready. These are the settings for your mail program; the password is the one that you have just chosen.',
  parameters: 'Settings for the mail program',
  user: 'User name',
  server: 'Server, for receiving and sending',
  imap: 'Receive by IMAP (recommended)',
  pop3: 'Receive by POP3',
  smtp: 'Send, by SMTP',
  port: 'port',
  or: 'or',
  authenticated: 'with authentication',
  copy: 'Copy',
  copyAll: 'Copy all settings',
  copied: 'Copied.',
  notCopied: 'The browser does not allow copying: select the text.',
  footer: 'We never ask for your password, neither by e-mail nor by telephone.',
}

export type Texts = Readonly<Record<keyof typeof it, string>>

export const TEXTS: Readonly<Record<Language, Texts>> = { it, en }

/** What is wrong, and what to do. */
export type Failure = readonly [verdict: string, help: string]

/** Pressing again may help. */
export const LATER: Readonly<Record<Language, Readonly<Record<string, Failure>>>> = {
  it: {
    unreachable: ['Il servizio non risponde.', 'Controlli la connessione a Internet e riprovi: il collegamento resta valido.'],
    'too-many-requests': ['Ci sono troppe richieste.', 'Aspetti un minuto e riprovi: il collegamento resta valido.'],
    'mailbox-not-made': ['La casella è ancora in preparazione.', 'Riprovi tra un minuto: il collegamento resta valido.'],
    'not-now': ['Ora non è possibile.', 'Riprovi tra qualche minuto: il collegamento resta valido.'],
  },
  en: {
    unreachable: ['The service does not answer.', 'Check the connection to the Internet and try again: the link stays good.'],
    'too-many-requests': ['There are too many requests.', 'Wait a minute and try again: the link stays good.'],
    'mailbox-not-made': ['The mailbox is still being made.', 'Try again in a minute: the link stays good.'],
    'not-now': ['It cannot be done now.', 'Try again in a few minutes: the link stays good.'],
  },
}

const BROKEN: Readonly<Record<Language, Failure>> = {
  it: [
    'Il collegamento è incompleto, o ne è stato inviato uno più recente.',
    'Apra l’ultimo messaggio che ha ricevuto da noi e prema di nuovo il suo pulsante, oppure copi l’indirizzo per intero. Se non basta, ci chieda un nuovo collegamento.',
  ],
  en: [
    'The link is incomplete, or a newer one was sent.',
    'Open the last message that you had from us and press its button again, or copy the whole address. If that does not help, ask us for a new link.',
  ],
}

/** Nothing more can be done with this link. */
export const OVER: Readonly<Record<Language, Readonly<Record<Purpose, Readonly<Record<string, Failure>>>>>> = {
  it: {
    'confirm-email': {
      'bad-link': BROKEN.it,
      'link-used': [
        'Questo collegamento è già stato usato: l’indirizzo è confermato.',
        'Qui non serve altro: torni dove ha cominciato la richiesta e carichi il documento d’identità.',
      ],
      'link-expired': [
        'Il collegamento è scaduto.',
        `Vale ${LINK_HOURS['confirm-email']} ore. I dati della richiesta ci sono ancora: ci chieda un nuovo messaggio di conferma.`,
      ],
      'wrong-state': [
        'La richiesta non attende questa conferma.',
        'È stata conclusa, annullata o è scaduta. Se le serve ancora la casella, cominci una nuova richiesta.',
      ],
    },
    activate: {
      'bad-link': BROKEN.it,
      'link-used': [
        'Questo collegamento è già stato usato: la password è impostata.',
        'I dati per il programma di posta sono nel messaggio di attivazione. Se la password non l’ha scelta lei, ci avverta subito.',
      ],
      'link-expired': [
        'Il collegamento è scaduto.',
        `Vale ${DAYS} giorni. La casella resta sua: ci chieda un nuovo collegamento.`,
      ],
      'wrong-state': [
        'La casella non è attiva.',
        'È sospesa o cessata: la password non si può scegliere ora. Ci scriva o ci chiami.',
      ],
    },
  },
  en: {
    'confirm-email': {
      'bad-link': BROKEN.en,
      'link-used': [
        'This link was used already: the address is confirmed.',
        'Nothing else is needed here: go back to where you began the request and upload your identity document.',
      ],
      'link-expired': [
        'The link has expired.',
        `It is good for ${LINK_HOURS['confirm-email']} hours. What you entered is still there: ask us for a new confirmation message.`,
      ],
      'wrong-state': [
        'The request does not wait for this confirmation.',
        'It was concluded, cancelled or has expired. If you still need the mailbox, begin a new request.',
      ],
    },
    activate: {
      'bad-link': BROKEN.en,
      'link-used': [
        'This link was used already: the password is set.',
        'The settings for the mail program are in the activation message. If it was not you who chose the password, tell us at once.',
      ],
      'link-expired': ['The link has expired.', `It is good for ${DAYS} days. The mailbox stays yours: ask us for a new link.`],
      'wrong-state': [
        'The mailbox is not active.',
        'It is suspended or has ended: the password cannot be chosen now. Write or call us.',
      ],
    },
  },
}
