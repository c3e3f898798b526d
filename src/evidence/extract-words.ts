/** The words of an extract for people, in Italian and English. */
import type { Language } from './extract-request.ts'

export interface ExtractWords {
  readonly title: string
  readonly readme: string
  readonly mailbox: string
  readonly message: string
  /** @param from null: since the beginning of what is kept */
  readonly period: (from: string | null, to: string) => string
  readonly request: string
  readonly facts: Readonly<Record<'id' | 'requestedBy' | 'title' | 'reason' | 'requestedAt' | 'madeBy' | 'entries', string>>
  readonly titles: Readonly<Record<'holder' | 'authority', string>>
  readonly noContent: string
  readonly notSealed: (notSealed: number, notStamped: number) => string
  readonly entries: string
  readonly times: string
  readonly columns: readonly [
    at: string,
    event: string,
    identifier: string,
    sender: string,
    recipients: string,
    subject: string,
    place: string,
  ]
  readonly summary: (entries: number, most: number) => string
  readonly summaryColumns: readonly [month: string, event: string, entries: string]
  readonly verify: string
  readonly howToVerify: (readme: string) => string
  readonly events: Readonly<Record<string, string>>
}

export const WORDS: Readonly<Record<Language, ExtractWords>> = {
  it: {
    title: 'Estratto del registro dei messaggi di posta elettronica certificata',
    readme: 'LEGGIMI.txt',
    mailbox: 'Casella',
    message: 'Messaggio',
    period: (from, to) => `${from === null ? 'dall’inizio della conservazione' : `dal ${from}`} al ${to}`,
    request: 'La richiesta',
    facts: {
      id: 'Identificativo dell’estratto',
      requestedBy: 'Richiesto da',
      title: 'A titolo di',
      reason: 'Motivo',
      requestedAt: 'Richiesta registrata il',
      madeBy: 'Operatore del gestore',
      entries: 'Registrazioni',
    },
    titles: { holder: 'titolare della casella', authority: 'autorità' },
    noContent: 'L’estratto riporta le registrazioni come stanno nel registro. Il contenuto dei messaggi non vi compare.',
    notSealed: (notSealed, notStamped) =>
      `Registrazioni non ancora sigillate nel registro: ${notSealed}; sigillate ma non ancora coperte da una marca temporale del registro: ${notStamped}. L’estratto le riporta come sono; per esse vale la sola firma del gestore sull’estratto, con la sua marca temporale.`,
    entries: 'Le registrazioni',
    times: 'Date e ore sono quelle legali italiane.',
    columns: ['Data e ora', 'Evento', 'Identificativo', 'Mittente', 'Destinatari', 'Oggetto', 'Slot/n.'],
    summary: (entries, most) =>
      `Le registrazioni sono ${entries}: oltre ${most} questo documento le riassume. Si trovano tutte in extract.csv e in extract.json.`,
    summaryColumns: ['Mese', 'Evento', 'Registrazioni'],
    verify: 'Come si verifica',
    howToVerify: (readme) =>
      `Questo documento è accompagnato da extract.csv ed extract.json, con gli stessi dati, e da proofs.jsonl, che riconduce ogni registrazione alle marche temporali del registro. Gli hash SHA-256 di tutti i file stanno in manifest.sha256; il sigillo del gestore sul manifesto in manifest.sha256.p7s; la marca temporale sul sigillo in manifest.sha256.p7s.tst. I comandi per la verifica sono in ${readme}.`,
    events: {
      accepted: 'accettazione',
      refused: 'non accettazione',
      'taken-in-charge': 'presa in carico',
      arrived: 'arrivo di posta non certificata o anomala',
      'virus-found': 'virus rilevato',
      delivered: 'avvenuta consegna',
      'delivery-failed': 'mancata consegna',
      'receipt-received': 'ricevuta pervenuta',
      'timeout-notice': 'preavviso di mancata consegna',
      relayed: 'inoltro ad altro gestore',
      'entries-deleted': 'cancellazione dopo il termine',
      'extract-requested': 'richiesta di estratto',
      'extract-made': 'estratto redatto',
    },
  },
  en: {
    title: 'Extract of the log of certified mail',
    readme: 'README.txt',
    mailbox: 'Mailbox',
    message: 'Message',
    period: (from, to) => `from ${from ?? 'the beginning of what is kept'} to ${to}`,
    request: 'The request',
    facts: {
      id: 'Identifier of the extract',
      requestedBy: 'Requested by',
      title: 'On the title of',
      reason: 'Reason',
      requestedAt: 'Request recorded on',
      madeBy: 'Operator of the provider',
      entries: 'Entries',
    },
    titles: { holder: 'holder of the mailbox', authority: 'authority' },
    noContent: 'The extract has the entries as they stand in the log. No content of a message is in it.',
    notSealed: (notSealed, notStamped) =>
      `Entries that are not sealed in the log yet: ${notSealed}; sealed, but not under a time stamp of the log yet: ${notStamped}. The extract has them as they are; for them stands only the provider’s seal on the extract, with its time stamp.`,
    entries: 'The entries',
    times: 'Dates and times are Italian legal time.',
    columns: ['Date and time', 'Event', 'Identifier', 'Sender', 'Recipients', 'Subject', 'Slot/no.'],
    summary: (entries, most) =>
      `There are ${entries} entries: beyond ${most} this document sums them up. All of them are in extract.csv and extract.json.`,
    summaryColumns: ['Month', 'Event', 'Entries'],
    verify: 'How to verify',
    howToVerify: (readme) =>
      `Beside this document are extract.csv and extract.json with the same data, and proofs.jsonl, which ties each entry to the time stamps of the log. The SHA-256 hashes of all files are in manifest.sha256, the provider’s seal on the manifest in manifest.sha256.p7s, and the time stamp on the seal in manifest.sha256.p7s.tst. The commands to verify are in ${readme}.`,
    events: {
      accepted: 'acceptance',
      refused: 'non-acceptance',
      'taken-in-charge': 'taken in charge',
      arrived: 'arrival of mail that is not certified, or malformed',
      'virus-found': 'virus found',
      delivered: 'delivery',
      'delivery-failed': 'non-delivery',
      'receipt-received': 'receipt received',
      'timeout-notice': 'timeout notice',
      relayed: 'handed to another provider',
      'entries-deleted': 'deletion after its time',
      'extract-requested': 'extract requested',
      'extract-made': 'extract made',
    },
  },
}
