/** What verifying a bundle finds, in plain words. */
import { instantOf } from '../base/instant.ts'
import type { Finding, FindingCode } from './bundle-findings.ts'

export type Language = 'it' | 'en'

type Values = Readonly<Record<string, string>>
type Words = Readonly<Record<Language, (values: Values) => string>>

/** An instant in Italian legal time; what is none stays as it is. */
export function shownTime(iso: string | undefined): string {
  const ms = Date.parse(iso ?? '')
  if (Number.isNaN(ms)) return iso ?? ''
  const { day, time, zone } = instantOf(ms)
  return `${day} ${time} (${zone})`
}

const same = (it: string, en: string): Words => ({ it: () => it, en: () => en })

const WORDS: Readonly<Record<FindingCode, Words>> = {
  'not-a-bundle': {
    it: ({ why }) => `non è un fascicolo di prova: ${why}`,
    en: ({ why }) => `this is no evidence bundle: ${why}`,
  },
  'unknown-file': same('non fa parte di un fascicolo di prova', 'does not belong in an evidence bundle'),
  'manifest-malformed': same("non è l'elenco dei file di un fascicolo", "is not the list of a bundle's files"),
  'stamp-wrong': {
    it: ({ reason }) => `la marca temporale del fascicolo non vale (${reason})`,
    en: ({ reason }) => `the time stamp of the bundle does not hold (${reason})`,
  },
  'signature-wrong': {
    it: ({ reason }) => `la firma del gestore sull'elenco dei file non vale (${reason})`,
    en: ({ reason }) => `the provider's signature over the list of files does not hold (${reason})`,
  },
  'file-missing': same('manca, ma il gestore lo ha firmato', 'is missing, but the provider has signed it'),
  'file-changed': same('non è il file che il gestore ha firmato', 'is not the file that the provider has signed'),
  'file-not-listed': same('è stato aggiunto: il gestore non lo ha firmato', 'was added: the provider has not signed it'),
  'facts-malformed': same('non dice che fascicolo è', 'does not say which bundle this is'),
  'seal-missing': same('non ha il sigillo di un gestore', 'has no seal of a provider'),
  'seal-wrong': {
    it: ({ reason }) => `il sigillo non vale (${reason})`,
    en: ({ reason }) => `the seal does not hold (${reason})`,
  },
  'seal-revoked': {
    it: ({ at }) => `il certificato era revocato quando è stato usato, il ${shownTime(at)}`,
    en: ({ at }) => `the certificate was revoked when it was used, at ${shownTime(at)}`,
  },
  'sealed-after': same('dice di essere stato sigillato dopo la marca temporale', 'says that it was sealed after the time stamp'),
  'message-malformed': {
    it: ({ problem }) => `non è un messaggio certificato corretto: ${problem}`,
    en: ({ problem }) => `is no correct certified message: ${problem}`,
  },
  'not-the-envelope': same('non è una busta di trasporto', 'is no transport envelope'),
  'not-a-receipt': same('non è una ricevuta', 'is no receipt'),
  'other-message': {
    it: ({ found }) => `riguarda un altro messaggio: ${found}`,
    en: ({ found }) => `is about another message: ${found}`,
  },
  'other-sender': {
    it: ({ found }) => `riguarda un altro mittente: ${found}`,
    en: ({ found }) => `is about another sender: ${found}`,
  },
  'other-recipient': {
    it: ({ found }) => `riguarda un destinatario che il messaggio non ha: ${found}`,
    en: ({ found }) => `is about a recipient that the message does not have: ${found}`,
  },
  'other-mailbox': {
    it: ({ found }) => `il messaggio non è di questa casella: ${found}`,
    en: ({ found }) => `the message is not one of this mailbox: ${found}`,
  },
  'other-original': same(
    'il messaggio originale che contiene non è quello del fascicolo',
    'the original message within it is not that of the bundle',
  ),
  'other-maker': {
    it: ({ maker }) => `non è sigillato da chi ha fatto il fascicolo (${maker})`,
    en: ({ maker }) => `was not sealed by who made the bundle (${maker})`,
  },
  'list-wrong': {
    it: ({ why }) => `la lista di revoca non si può usare: ${why}`,
    en: ({ why }) => `the revocation list cannot be used: ${why}`,
  },
  'proof-malformed': same('non è una prova del registro', 'is no proof of the ledger'),
  'proof-wrong': {
    it: ({ reason }) => `la prova non porta alla radice marcata (${reason})`,
    en: ({ reason }) => `the proof does not lead to the stamped root (${reason})`,
  },
  'proof-other-message': {
    it: ({ found }) => `la riga del registro riguarda un altro messaggio: ${found}`,
    en: ({ found }) => `the entry of the ledger is about another message: ${found}`,
  },
  'proof-other-time': {
    it: ({ entry, message }) => `il registro dice ${shownTime(entry)}, il messaggio ${shownTime(message)}`,
    en: ({ entry, message }) => `the ledger says ${shownTime(entry)}, the message ${shownTime(message)}`,
  },
  'stamp-of-nothing': same('non è la marca di nessuna prova del fascicolo', 'is not the stamp of any proof in the bundle'),

  'bundle-signed': {
    it: ({ signer, at }) => `Il fascicolo è firmato da ${signer} e una marca temporale prova che esisteva il ${shownTime(at)}.`,
    en: ({ signer, at }) => `The bundle is signed by ${signer}, and a time stamp proves that it existed at ${shownTime(at)}.`,
  },
  'files-whole': {
    it: ({ count }) => `Tutti i ${count} file sono quelli firmati, nessuno manca e nessuno è stato aggiunto.`,
    en: ({ count }) => `All ${count} files are those that were signed; none is missing and none was added.`,
  },
  'seal-holds': {
    it: ({ kind, signer, at }) => `${kind}: sigillata da ${signer} il ${shownTime(at)}, intatta; il certificato era valido.`,
    en: ({ kind, signer, at }) => `${kind}: sealed by ${signer} at ${shownTime(at)}, unchanged; the certificate was valid.`,
  },
  'seal-in-time': same(
    'Esisteva già quando il certificato del sigillo era ancora valido: lo prova la marca temporale del fascicolo.',
    "It existed while the seal's certificate was still valid: the time stamp of the bundle proves it.",
  ),
  'not-revoked': {
    it: ({ at }) => `Il certificato non era revocato il ${shownTime(at)}, secondo le liste incluse.`,
    en: ({ at }) => `The certificate was not revoked at ${shownTime(at)}, by the lists that are included.`,
  },
  'original-certified': same(
    'Il messaggio originale è, byte per byte, quello sigillato nella busta di trasporto.',
    'The original message is, byte for byte, the one that is sealed in the transport envelope.',
  ),
  accepted: {
    it: ({ sender, at }) => `Il messaggio di ${sender} è stato accettato il ${shownTime(at)}.`,
    en: ({ sender, at }) => `The message of ${sender} was accepted at ${shownTime(at)}.`,
  },
  'not-accepted': {
    it: ({ at }) => `Il messaggio non è stato accettato, il ${shownTime(at)}.`,
    en: ({ at }) => `The message was not accepted, at ${shownTime(at)}.`,
  },
  delivered: {
    it: ({ recipient, at }) => `È stato consegnato nella casella di ${recipient} il ${shownTime(at)}.`,
    en: ({ recipient, at }) => `It was delivered to the mailbox of ${recipient} at ${shownTime(at)}.`,
  },
  'not-delivered': {
    it: ({ recipient, at, kind }) => `${kind}: un avviso per ${recipient} è stato emesso il ${shownTime(at)}.`,
    en: ({ recipient, at, kind }) => `${kind}: a notice about ${recipient} was issued at ${shownTime(at)}.`,
  },
  'event-in-ledger': {
    it: ({ event, at, stampedAt }) =>
      `Il registro ha l'evento «${event}» del ${shownTime(at)}; una marca temporale prova che c'era il ${shownTime(stampedAt)}.`,
    en: ({ event, at, stampedAt }) =>
      `The ledger has the event "${event}" of ${shownTime(at)}; a time stamp proves that it was there at ${shownTime(stampedAt)}.`,
  },

  'roots-of-the-bundle': {
    it: ({ fingerprints }) =>
      `Che le autorità di certificazione siano quelle vere: sono state prese dal fascicolo stesso. Confrontare le impronte SHA-256 con quelle pubblicate: ${fingerprints}.`,
    en: ({ fingerprints }) =>
      `That the certification authorities are the true ones: they were taken from the bundle itself. Compare their SHA-256 with those that are published: ${fingerprints}.`,
  },
  'no-lists': same(
    'Che il certificato non fosse revocato: la sua autorità non pubblica liste di revoca.',
    'That the certificate was not revoked: its authority publishes no revocation lists.',
  ),
  'list-missing': {
    it: ({ at }) => `Che il certificato non fosse revocato il ${shownTime(at)}: manca una lista di revoca che lo dica.`,
    en: ({ at }) => `That the certificate was not revoked at ${shownTime(at)}: there is no revocation list that tells.`,
  },
  'seal-time-by-signer': {
    it: ({ at, end }) =>
      `Che sia stato sigillato il ${shownTime(at)}: lo dice il gestore che lo ha sigillato; il fascicolo è stato fatto dopo la scadenza del certificato (${shownTime(end)}).`,
    en: ({ at, end }) =>
      `That it was sealed at ${shownTime(at)}: the provider that sealed it says so; the bundle was made after the end of the certificate (${shownTime(end)}).`,
  },
  'brief-in-other-form': same(
    'Che la ricevuta breve riguardi lo stesso contenuto: le impronte degli allegati sono scritte in una forma che non viene confrontata.',
    'That the brief receipt is about the same content: the hashes of the attachments are written in a form that is not compared.',
  ),
  concise: same(
    'Quale contenuto è stato consegnato: questa ricevuta non ne contiene; lo dice solo il suo identificativo.',
    'Which content was delivered: this receipt has none; its identifier alone says it.',
  ),
  'not-in-ledger': same(
    'Che il registro di chi ha fatto il fascicolo conosca questo messaggio: nessuna prova inclusa lo nomina.',
    'That the ledger of who made the bundle knows of this message: no proof that is included names it.',
  ),
  'no-outcome': {
    it: ({ recipient }) => `L'esito per ${recipient}: nel fascicolo non c'è una ricevuta di consegna né un avviso.`,
    en: ({ recipient }) => `The outcome for ${recipient}: the bundle has neither a delivery receipt nor a notice.`,
  },
  'missing-receipt': {
    it: ({ what }) => `Una ricevuta che c'era non è più conservata: ${what}.`,
    en: ({ what }) => `A receipt that there was is not kept any more: ${what}.`,
  },
  'missing-time-stamp': {
    it: ({ what }) => `L'evento del registro «${what}»: non aveva ancora una marca temporale.`,
    en: ({ what }) => `The event "${what}" of the ledger: it had no time stamp yet.`,
  },
  'missing-delivery-receipt': same(
    'La ricevuta di consegna stessa: è del mittente, e non è nella casella del destinatario.',
    "The delivery receipt itself: it is the sender's, and not in the recipient's mailbox.",
  ),
  directory: same(
    "Che ogni gestore fosse, allora, un gestore riconosciuto e competente per i domini: lo dice l'indice dei gestori.",
    'That each provider was, then, a recognised one and managed the domains: the directory of the providers says so.',
  ),
  summary: same(
    'Quello che dice summary.pdf: serve solo a leggere; contano gli altri file.',
    'What summary.pdf says: it is for reading only; the other files count.',
  ),
}

/** A finding in words, with the file that it is about before it. */
export function wordsOf({ code, path, values }: Finding, language: Language): string {
  const text = WORDS[code][language](values)
  return path === null ? text : `${path}: ${text}`
}

/** What stands above the findings of each kind. */
export const HEADINGS = {
  en: {
    verified: 'Verified.',
    wrong: 'NOT verified. The first wrong thing',
    more: 'Also wrong',
    proved: 'Proved',
    open: 'Not proved',
  },
  it: {
    verified: 'Verificato.',
    wrong: 'NON verificato. La prima cosa che non va',
    more: 'Altro che non va',
    proved: 'È provato',
    open: 'Non è provato',
  },
} as const
