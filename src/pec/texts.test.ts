import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { AT, PEC_MSGID, RECIPIENT, SENDER } from '../../test/support/certification.ts'
import { writeText, type BodyText } from './texts.ts'
import type { Facts, Language, Words } from './wording.ts'

const RULE = '-'.repeat(60)
const REASON = '5.1.1 - Gestore - indirizzo non valido'
const OTHER = 'c.verdi@example.com'

type Model = (language: Language, facts: Facts) => Words

const facts = (subject: string): Facts => ({
  at: AT,
  submission: {
    subject,
    sender: SENDER,
    recipients: [
      { address: RECIPIENT, certified: true },
      { address: OTHER, certified: false },
    ],
  },
})

const write = (model: Model, subject = 'Convocazione'): BodyText =>
  writeText((language) => model(language, facts(subject)), PEC_MSGID)

const WHEN = 'Il giorno 15/03/2026 alle ore 10:30:21 (+0100)'
const FROM = `"Convocazione" proveniente da "${SENDER}"`
const ALL = ['ed indirizzato a:', RECIPIENT, OTHER]
const ONE = `e destinato all'utente "${RECIPIENT}"`

interface Expected {
  readonly model: Model
  /** in the words of the rules */
  readonly italian: readonly string[]
  /** the title, and the last line before the identifier */
  readonly english: readonly [string, string]
}

const EXPECTED: Record<string, Expected> = {
  acceptance: {
    model: (language, facts) => language.acceptance(facts),
    italian: [
      'Ricevuta di accettazione',
      `${WHEN} il messaggio`,
      FROM,
      'ed indirizzato a:',
      `${RECIPIENT} ("posta certificata")`,
      `${OTHER} ("posta ordinaria")`,
      'è stato accettato dal sistema ed inoltrato.',
    ],
    english: ['Acceptance receipt', 'was accepted by the system and forwarded to the recipient(s).'],
  },
  'non-acceptance': {
    model: (language, facts) => language.nonAcceptance(facts, 'destinatari in copia nascosta'),
    italian: [
      "Errore nell'accettazione del messaggio",
      `${WHEN} nel messaggio`,
      FROM,
      ...ALL,
      "è stato rilevato un problema che ne impedisce l'accettazione a causa di destinatari in copia nascosta.",
      'Il messaggio non è stato accettato.',
    ],
    english: ['Error in message acceptance', 'The message was not accepted.'],
  },
  'non-acceptance for a virus': {
    model: (language, facts) => language.virusNonAcceptance(facts, 'Eicar-Test-Signature'),
    italian: [
      "Errore nell'accettazione del messaggio per presenza di virus",
      `${WHEN} nel messaggio`,
      FROM,
      ...ALL,
      'è stato rilevato un problema di sicurezza Eicar-Test-Signature.',
      'Il messaggio non è stato accettato.',
    ],
    english: ['Error in message acceptance due to virus presence', 'The message was not accepted.'],
  },
  envelope: {
    model: (language, facts) => language.envelope(facts),
    italian: [
      'Messaggio di posta certificata',
      `${WHEN} il messaggio`,
      `"Convocazione" è stato inviato da "${SENDER}"`,
      'indirizzato a:',
      RECIPIENT,
      OTHER,
      'Il messaggio originale è incluso in allegato.',
    ],
    english: ['Certified mail message', 'The original message is included in attachment.'],
  },
  'take-in-charge': {
    model: (language, facts) => language.takeInCharge(facts, [RECIPIENT]),
    italian: [
      'Ricevuta di presa in carico',
      `${WHEN} il messaggio`,
      FROM,
      'ed indirizzato a:',
      RECIPIENT,
      'è stato accettato dal sistema.',
    ],
    english: ['Take-in-charge receipt', 'was accepted by the system.'],
  },
  anomaly: {
    model: (language, facts) => language.anomaly(facts, 'firma non valida'),
    italian: [
      'Anomalia nel messaggio',
      `${WHEN} è stato ricevuto il messaggio`,
      FROM,
      ...ALL,
      'Tali dati non sono stati certificati per il seguente errore: firma non valida',
      'Il messaggio originale è incluso in allegato.',
    ],
    english: ['Message anomaly', 'The original message is included in attachment.'],
  },
  ...delivery('completa', 'Ricevuta di avvenuta consegna', 'Delivery receipt'),
  ...delivery('breve', 'Ricevuta breve di avvenuta consegna', 'Brief delivery receipt'),
  ...delivery('sintetica', 'Ricevuta sintetica di avvenuta consegna', 'Concise delivery receipt'),
  'non-delivery': {
    model: (language, facts) => language.nonDelivery(facts, RECIPIENT, REASON),
    italian: [
      'Avviso di mancata consegna',
      `${WHEN} nel messaggio`,
      FROM,
      ONE,
      `è stato rilevato un errore ${REASON}.`,
      'Il messaggio è stato rifiutato dal sistema.',
    ],
    english: ['Non-delivery notice', 'The message was refused by the system.'],
  },
  'non-delivery for a virus': {
    model: (language, facts) => language.virusNonDelivery(facts, RECIPIENT, 'Eicar'),
    italian: [
      'Avviso di mancata consegna per virus',
      `${WHEN} nel messaggio`,
      FROM,
      ONE,
      'è stato rilevato un problema di sicurezza Eicar.',
      'Il messaggio non è stato consegnato.',
    ],
    english: ['Non-delivery notice due to virus', 'The message was not delivered.'],
  },
  'notice after 12 hours': {
    model: (language, facts) => language.timeout(facts, RECIPIENT, 12),
    italian: [
      'Avviso di mancata consegna',
      `${WHEN} il messaggio`,
      FROM,
      ONE,
      'non è stato consegnato nelle prime dodici ore dal suo invio.',
      "Non escludendo che questo possa avvenire in seguito, si ritiene utile considerare che l'invio potrebbe non andare a buon fine.",
      'Il sistema provvederà comunque ad inviare un ulteriore avviso di mancata consegna se nelle prossime dodici ore non vi sarà la conferma della ricezione da parte del destinatario.',
    ],
    english: [
      'Non-delivery notice',
      'The system will send another non-delivery notice if in the following twelve hours no confirmation is received from the recipient.',
    ],
  },
  'notice after 24 hours': {
    model: (language, facts) => language.timeout(facts, RECIPIENT, 24),
    italian: [
      'Avviso di mancata consegna',
      `${WHEN} il messaggio`,
      FROM,
      ONE,
      'non è stato consegnato nelle prime ventiquattro ore dal suo invio.',
      'Si ritiene che la spedizione debba considerarsi non andata a buon fine.',
    ],
    english: ['Non-delivery notice', 'The transaction is deemed to be terminated with a negative outcome.'],
  },
  'virus notice': {
    model: (language, facts) => language.virus(facts, RECIPIENT, 'Eicar'),
    italian: [
      'Avviso di rilevazione virus informatico',
      `${WHEN} nel messaggio`,
      FROM,
      ONE,
      'è stato rilevato un problema di sicurezza Eicar.',
    ],
    english: ['Virus detection notice', 'a security problem was detected: Eicar.'],
  },
}

function delivery(receiptType: 'completa' | 'breve' | 'sintetica', title: string, english: string): Record<string, Expected> {
  return {
    [`delivery, ${receiptType}`]: {
      model: (language, facts) => language.delivery(facts, RECIPIENT, receiptType),
      italian: [
        title,
        `${WHEN} il messaggio`,
        FROM,
        `ed indirizzato a "${RECIPIENT}"`,
        'è stato consegnato nella casella di destinazione.',
      ],
      english: [english, "was placed in the destination's mailbox."],
    },
  }
}

const MODELS = Object.values(EXPECTED).map(({ model }) => model)

for (const [name, { model, italian, english }] of Object.entries(EXPECTED)) {
  test(`${name}: the Italian words of the rules first, the English version below a rule`, () => {
    const lines = write(model)
      .plain.split('\r\n')
      .filter((line) => line !== '')
    const rule = lines.indexOf(RULE)
    assert.deepEqual(lines.slice(0, rule), [...italian, `Identificativo messaggio: ${PEC_MSGID}`])
    const translated = lines.slice(rule + 1)
    assert.equal(translated.length, rule, 'as many lines in English')
    assert.deepEqual([translated[0], translated.at(-2)], english)
    assert.match(translated[1] ?? '', /^On 15\/03\/2026 at 10:30:21 \(\+0100\), /)
    assert.equal(translated.at(-1), `Message identifier: ${PEC_MSGID}`)
    // Whoever and whatever the Italian version names, the English one names too.
    for (const fact of ['"Convocazione"', `"${SENDER}"`, RECIPIENT, OTHER, REASON, 'Eicar', 'firma non valida']) {
      const naming = (all: readonly string[]): number => all.filter((line) => line.includes(fact)).length
      assert.equal(naming(translated), naming(italian), fact)
    }
  })
}

test('without an identifier there is no line for one', () => {
  const { plain, html } = writeText((language) => language.anomaly(facts('Uno'), 'x'), null)
  assert.doesNotMatch(plain + html, /[Ii]denti/)
})

const ENTITIES: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&amp;': '&' }

/** The lines of text that a browser shows. */
function shown(html: string): string[] {
  const body = /<body>([\s\S]*)<\/body>/.exec(html)?.[1] ?? ''
  return body
    .replace(/\r\n/g, '')
    .replace(/<hr>/g, `\n${RULE}\n`)
    .replace(/<br>|<\/?h3>/g, '\n')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&(?:lt|gt|quot|amp);/g, (entity) => ENTITIES[entity] ?? '')
    .split('\n')
    .filter((line) => line !== '')
}

/** What the character set of the plain text cannot hold is not compared. */
const comparable = (line: string): string => line.replace(/[^\u0021-\u007e\u00a0-\u00ff]/gu, '?')

const anySubject = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
  fc.string({
    unit: fc.constantFrom('<', '>', '&', '"', '<br>', '<script>', '&amp;', '&#60;', 'è', '€', '\t', '\u202e', '\r\n', '\n', '\r'),
  }),
)

test('plain text and HTML tell the same, whatever the subject; the HTML is ASCII without links, images, scripts or attributes', () => {
  const usual = new Map(MODELS.map((model) => [model, write(model).plain.split('\r\n').length]))
  fc.assert(
    fc.property(fc.constantFrom(...MODELS), anySubject, (model, subject) => {
      const { plain, html } = write(model, subject)
      assert.match(plain, /^[\t\r\n\u0020-\u007e\u00a0-\u00ff]*$/)
      assert.doesNotMatch(plain, /[^\r]\n|\r[^\n]/)
      assert.equal(plain.split('\r\n').length, usual.get(model), 'no line that is not ours')
      assert.match(html, /^[\r\n\u0020-\u007e]*$/)
      const lines = plain.split('\r\n').filter((line) => line !== '')
      assert.deepEqual(shown(html).map(comparable), lines.map(comparable))
      const tags = new Set(html.match(/<[^>]*>/g))
      for (const tag of tags) assert.match(tag, /^<\/?(?:html|head|title|body|h3|br|hr)>$/)
    }),
  )
})

test('HTML shows what ISO-8859-1 lacks; plain text shows "?"', () => {
  const { plain, html } = write((language, facts) => language.acceptance(facts), 'Costo: 5 €, 日')
  assert.match(plain, /"Costo: 5 \?, \?" proveniente/)
  assert.match(html, /&quot;Costo: 5 &#8364;, &#26085;&quot; proveniente/)
})

test('no subject turns the direction in which the rest is read', () => {
  const { html } = write((language, facts) => language.acceptance(facts), '\u202eabc\u2066\u200f')
  assert.doesNotMatch(html, /&#(?:8238|8294|8207);/)
})
