/** The letters in Italian: for people who are no technicians, in the words of the rules of certified mail. */
import { ERASE_DAYS, LAST_DAY, LINK_HOURS, SUSPENDED_DAYS } from '../../registry/agreement/terms.ts'
import { paragraph, type Block } from './blocks.ts'
import { oneTimeLink, row, site, type Facts, type Wording } from './wording.ts'

const reasonOf = ({ reason }: Facts): Block | null => (reason === null ? null : paragraph(`Motivo: ${reason}`))

const yearsOf = ({ years }: Facts): string => (years === 1 ? 'un anno' : `${years ?? 1} anni`)

/** A day after a word that the article melts into: `il 7 maggio`, `l’8 maggio`, `dell’11 maggio`, `dal 1º maggio`. */
const on = (word: 'Dal' | 'del' | 'il', day: string): string => {
  if (/^(8|11)\b/.test(day)) return `${word === 'il' ? 'l' : `${word}l`}’${day}`
  return `${word} ${day.replace(/^1\b/, '1º')}`
}

const NEVER_AGAIN = 'L’indirizzo non sarà mai assegnato a nessun altro.'

/** When a mailbox that is suspended ends, and what becomes of its messages. */
const ending = ({ endsOn, deleteOn }: Facts): Block =>
  paragraph(
    endsOn === null ? null : `${on('Dal', endsOn)} la casella sarà cessata e non potrà più accedervi.`,
    deleteOn === null
      ? null
      : `I messaggi saranno cancellati definitivamente ${on('il', deleteOn)}: se le servono, li scarichi prima della cessazione.`,
    NEVER_AGAIN,
  )

const whyStopped = ({ event, order }: Facts): string => {
  if (event === 'withdraw') return 'per recesso, come richiesto dal titolare'
  if (event === 'transfer') return 'per passaggio a un altro gestore, come richiesto dal titolare'
  return event === 'die' ? 'per decesso del titolare' : `per revoca, secondo la convenzione con ${order}`
}

const memberRows = ({ person, address }: Facts, more: readonly (readonly [string, string])[] = []): Block => ({
  rows: [['Iscritto', person], ['Indirizzo PEC', address], ...more],
})

const DATE_OF_END = 'Data di cessazione'

export const ITALIAN: Wording = {
  locale: 'it-IT',
  anOrder: 'il suo Ordine',
  greetHolder: ({ person }) => `Gentile ${person},`,
  greetOrder: ({ order }) => `Spett.le ${order},`,
  signature: ({ provider }) => `Cordiali saluti, ${provider}`,
  note: ({ provider }) =>
    `Messaggio automatico di ${provider}, gestore di posta elettronica certificata: non risponda a questo indirizzo. Non le chiederemo mai la password.`,

  holder: {
    'confirm-email': (facts) => ({
      subject: 'Confermi il suo indirizzo e-mail per la richiesta della PEC',
      blocks: [
        paragraph(
          `abbiamo ricevuto la richiesta della casella di posta elettronica certificata (PEC) ${facts.address}, nell’ambito della convenzione con ${facts.order}.`,
          'Per proseguire, confermi che questo indirizzo e-mail è suo: è quello a cui invieremo gli avvisi sulla casella.',
        ),
        oneTimeLink(facts, 'Confermare l’indirizzo e-mail'),
        paragraph(
          `Il collegamento vale ${LINK_HOURS['confirm-email']} ore e si può usare una volta sola.`,
          'Se non ha chiesto lei una casella PEC, ignori questo messaggio: senza conferma la richiesta decade da sola.',
        ),
      ],
    }),

    activation: (facts) => ({
      subject: `La sua casella PEC è attiva: ${facts.address}`,
      blocks: [
        paragraph('la sua casella di posta elettronica certificata (PEC) è attiva. Per cominciare a usarla, scelga la password.'),
        oneTimeLink(facts, 'Scegliere la password'),
        paragraph(
          `Il collegamento vale ${LINK_HOURS.activate / 24} giorni e si può usare una volta sola.`,
          'La password la conosce soltanto lei: non le viene mai inviata per e-mail.',
        ),
        {
          rows: [
            ['Nome utente', facts.address],
            ...row('Scadenza', facts.expiresOn),
            ['Posta in arrivo (IMAP)', `${facts.serverName}, porta ${facts.ports.imaps}, SSL/TLS`],
            ['Posta in arrivo (POP3)', `${facts.serverName}, porta ${facts.ports.pop3s}, SSL/TLS`],
            ['Posta in uscita (SMTP)', `${facts.serverName}, porta ${facts.ports.submissions}, SSL/TLS, con autenticazione`],
          ],
        },
        site(facts, 'Istruzioni per computer, telefono e tablet'),
        paragraph('Comunichiamo noi l’indirizzo all’Ordine: non deve fare altro.'),
      ],
    }),

    'document-wanted': (facts) => ({
      subject: 'Serve un altro documento d’identità per la sua PEC',
      blocks: [
        paragraph(`per la richiesta della casella PEC ${facts.address} il documento d’identità inviato non si può accettare.`),
        reasonOf(facts),
        paragraph('Ne invii un altro, ben leggibile e in corso di validità, in formato PDF, JPEG o PNG.'),
        site(facts, 'Aprire il sito'),
      ],
    }),

    'payment-awaited': (facts) => ({
      subject: `Pagamento per la casella PEC ${facts.address}`,
      blocks: [
        paragraph(
          `per la casella PEC ${facts.address} attendiamo il pagamento. Se paga con bonifico, riporti nella causale il codice qui sotto.`,
        ),
        {
          rows: [
            ...row('Importo', facts.amount),
            ...row('Causale', facts.reference),
            ...row('Conto', facts.bankAccount),
            ...row('Da registrare entro il', facts.lastDay),
          ],
        },
        facts.lastDay === null
          ? paragraph('Proseguiamo appena il pagamento è registrato.')
          : paragraph(
              `Il rinnovo è concluso soltanto quando il pagamento è registrato da noi, almeno ${LAST_DAY} giorni prima della scadenza.`,
              'Un bonifico può richiedere alcuni giorni lavorativi: non aspetti l’ultimo giorno.',
            ),
      ],
    }),

    'payment-registered': (facts) => ({
      subject: 'Il suo pagamento è registrato',
      blocks: [
        paragraph(
          `il pagamento per la casella PEC ${facts.address} è registrato.`,
          'Ora un operatore verifica il documento d’identità; quando la casella sarà attiva, le scriveremo.',
        ),
      ],
    }),

    reminder: (facts) => ({
      subject: `La sua PEC scade ${on('il', facts.expiresOn ?? '')}: la rinnovi in tempo`,
      blocks: [
        paragraph(
          `la casella PEC ${facts.address} scade ${on('il', facts.expiresOn ?? '')}, tra ${facts.days ?? 0} giorni.`,
          facts.lastDay === null
            ? null
            : `Per rinnovarla in tempo, il pagamento deve essere registrato entro ${on('il', facts.lastDay)}, cioè almeno ${LAST_DAY} giorni prima della scadenza.`,
        ),
        site(facts, 'Rinnovare la casella'),
        paragraph(
          `Senza rinnovo, dopo la scadenza la casella è sospesa per ${SUSPENDED_DAYS} giorni: può leggere i messaggi, ma non inviarne né riceverne.`,
        ),
      ],
    }),

    'renewal-concluded': (facts) => ({
      subject: `La sua PEC è rinnovata: ${facts.address}`,
      blocks: [
        paragraph(
          `la casella PEC ${facts.address} è rinnovata per ${yearsOf(facts)}.`,
          facts.expiresOn === null ? null : `La nuova scadenza è ${on('il', facts.expiresOn)}.`,
        ),
      ],
    }),

    'renewal-late': (facts) => ({
      subject: 'Rinnovo della PEC oltre il termine',
      blocks: [
        paragraph(
          `per rinnovare in tempo la casella PEC ${facts.address}, il pagamento doveva essere registrato${facts.lastDay === null ? '' : ` entro ${on('il', facts.lastDay)}`}, almeno ${LAST_DAY} giorni prima della scadenza${facts.expiresOn === null ? '' : ` ${on('del', facts.expiresOn)}`}.`,
          'Un operatore decide se il rinnovo si può ancora accettare; le comunicheremo la decisione.',
        ),
        paragraph(
          `Se non si può, la casella sarà sospesa dopo la scadenza, e per ${SUSPENDED_DAYS} giorni potrà rinnovarla con lo stesso indirizzo.`,
        ),
      ],
    }),

    'renewal-refused': (facts) => ({
      subject: 'Il rinnovo tardivo della PEC non è accettato',
      blocks: [
        paragraph(`il rinnovo oltre il termine della casella PEC ${facts.address} non è stato accettato.`),
        reasonOf(facts),
        paragraph(
          `Dopo la scadenza la casella sarà sospesa; per ${SUSPENDED_DAYS} giorni potrà ancora rinnovarla, con lo stesso indirizzo.`,
          'Se ha già pagato, la contatteremo per il rimborso.',
        ),
      ],
    }),

    'request-abandoned': (facts) => ({
      subject: 'La sua richiesta di PEC è decaduta',
      blocks: [
        paragraph(
          `la richiesta della casella PEC ${facts.address} non è più in corso: è stata ritirata, oppure non è stata completata in tempo.`,
          `I suoi dati saranno cancellati tra ${ERASE_DAYS} giorni. Può presentare una nuova richiesta quando vuole.`,
        ),
        site(facts, 'Aprire il sito'),
      ],
    }),

    'request-rejected': (facts) => ({
      subject: 'La sua richiesta di PEC non è accolta',
      blocks: [
        paragraph(`la richiesta della casella PEC ${facts.address} non è stata accolta.`),
        reasonOf(facts),
        paragraph(`I suoi dati saranno cancellati tra ${ERASE_DAYS} giorni.`),
      ],
    }),

    'service-suspended': (facts) => ({
      subject: `La sua PEC è scaduta ed è sospesa: ${facts.address}`,
      blocks: [
        paragraph(
          `la casella PEC ${facts.address} è scaduta${facts.expiresOn === null ? '' : ` ${on('il', facts.expiresOn)}`} ed è sospesa.`,
          'Può leggere e scaricare i messaggi, ma non inviarne né riceverne: chi le scrive riceve un avviso di mancata consegna.',
        ),
        paragraph(
          facts.endsOn === null
            ? 'Può ancora rinnovarla, con lo stesso indirizzo.'
            : `Fino al giorno prima ${on('del', facts.endsOn)} può ancora rinnovarla, con lo stesso indirizzo.`,
        ),
        site(facts, 'Rinnovare la casella'),
        ending(facts),
      ],
    }),

    'service-stopped': (facts) => ({
      subject: `La sua PEC è stata disattivata: ${facts.address}`,
      blocks: [
        paragraph(
          `la casella PEC ${facts.address} è stata disattivata ${whyStopped(facts)}.`,
          'Può ancora leggere e scaricare i messaggi, ma non inviarne né riceverne: chi le scrive riceve un avviso di mancata consegna.',
        ),
        reasonOf(facts),
        ending(facts),
      ],
    }),

    'service-ended': (facts) => ({
      subject: `La sua PEC è cessata: ${facts.address}`,
      blocks: [
        paragraph(
          `la casella PEC ${facts.address} è cessata.`,
          facts.deleteOn === null ? null : `I messaggi saranno cancellati definitivamente ${on('il', facts.deleteOn)}.`,
          NEVER_AGAIN,
        ),
        paragraph(
          'Il registro delle operazioni, senza il contenuto dei messaggi, è conservato per 30 mesi, come prevede la legge.',
        ),
      ],
    }),

    'content-deleted': (facts) => ({
      subject: `I messaggi della casella ${facts.address} sono cancellati`,
      blocks: [
        paragraph(
          `come comunicato, i messaggi della casella PEC cessata ${facts.address} sono stati cancellati definitivamente.`,
          'Il registro delle operazioni, senza il contenuto dei messaggi, è conservato per 30 mesi, come prevede la legge.',
        ),
      ],
    }),
  },

  order: {
    given: (facts) => ({
      subject: `Nuovo indirizzo PEC di un iscritto: ${facts.address}`,
      blocks: [
        paragraph('è attivo il seguente indirizzo di posta elettronica certificata.'),
        memberRows(facts, row('Scadenza', facts.expiresOn)),
      ],
    }),
    suspended: (facts) => ({
      subject: `PEC di un iscritto scaduta e sospesa: ${facts.address}`,
      blocks: [
        paragraph('la seguente casella è scaduta senza rinnovo ed è sospesa: non invia e non riceve messaggi.'),
        memberRows(facts, [...row('Scadenza', facts.expiresOn), ...row(DATE_OF_END, facts.endsOn)]),
        paragraph('Fino alla cessazione l’iscritto può rinnovarla con lo stesso indirizzo.'),
      ],
    }),
    resumed: (facts) => ({
      subject: `PEC di un iscritto di nuovo attiva: ${facts.address}`,
      blocks: [
        paragraph('la seguente casella, che era sospesa, è stata rinnovata ed è di nuovo attiva.'),
        memberRows(facts, row('Nuova scadenza', facts.expiresOn)),
      ],
    }),
    stopped: (facts) => ({
      subject: `PEC di un iscritto disattivata: ${facts.address}`,
      blocks: [
        paragraph(`la seguente casella è stata disattivata ${whyStopped(facts)}: non invia e non riceve messaggi.`),
        memberRows(facts, row(DATE_OF_END, facts.endsOn)),
      ],
    }),
    ended: (facts) => ({
      subject: `PEC di un iscritto cessata: ${facts.address}`,
      blocks: [paragraph(`la seguente casella è cessata. ${NEVER_AGAIN}`), memberRows(facts)],
    }),
    elsewhere: (facts) => ({
      subject: `Indirizzo PEC di un iscritto presso un altro gestore: ${facts.address}`,
      blocks: [
        paragraph(
          'un iscritto ha comunicato il seguente indirizzo PEC, attivo presso un altro gestore, e ha dimostrato di averne l’uso.',
        ),
        memberRows(facts),
      ],
    }),
    'elsewhere-ended': (facts) => ({
      subject: `Indirizzo PEC di un iscritto non più comunicato: ${facts.address}`,
      blocks: [
        paragraph('il seguente indirizzo PEC presso un altro gestore non è più quello comunicato dall’iscritto.'),
        memberRows(facts),
      ],
    }),
  },
}
