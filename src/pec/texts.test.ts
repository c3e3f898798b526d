import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { AT, PEC_MSGID, RECIPIENT, SENDER } from '../../test/support/certification.ts'
import type { Certification, MessageKind } from './certification-data.ts'
import { writeText } from './texts.ts'

function certification(kind: MessageKind, subject = 'Convocazione'): Certification {
  const recipients = [
    { address: RECIPIENT, certified: true },
    { address: 'c.verdi@example.com', certified: false },
  ]
  const submission = {
    pecMsgid: PEC_MSGID,
    msgid: null,
    sender: SENDER,
    recipients,
    replyTo: SENDER,
    subject,
    rawSubject: subject,
  }
  const failure = { error: 'no-dest', text: '5.1.1 - Gestore - indirizzo non valido' } as const
  return { kind, submission, provider: 'Gestore', at: AT, recipient: RECIPIENT, ...(kind === 'errore-consegna' && { failure }) }
}

const KINDS: MessageKind[] = ['accettazione', 'posta-certificata', 'avvenuta-consegna', 'errore-consegna']
const RULE = '-'.repeat(60)

/** The Italian version in the words of the rules. */
const ITALIAN: Record<MessageKind, string[]> = {
  accettazione: [
    'Ricevuta di accettazione',
    'Il giorno 15/03/2026 alle ore 10:30:21 (+0100) il messaggio',
    `"Convocazione" proveniente da "${SENDER}"`,
    'ed indirizzato a:',
    `${RECIPIENT} ("posta certificata")`,
    'c.verdi@example.com ("posta ordinaria")',
    'è stato accettato dal sistema ed inoltrato.',
  ],
  'posta-certificata': [
    'Messaggio di posta certificata',
    'Il giorno 15/03/2026 alle ore 10:30:21 (+0100) il messaggio',
    `"Convocazione" è stato inviato da "${SENDER}"`,
    'indirizzato a:',
    RECIPIENT,
    'c.verdi@example.com',
    'Il messaggio originale è incluso in allegato.',
  ],
  'avvenuta-consegna': [
    'Ricevuta di avvenuta consegna',
    'Il giorno 15/03/2026 alle ore 10:30:21 (+0100) il messaggio',
    `"Convocazione" proveniente da "${SENDER}"`,
    `ed indirizzato a "${RECIPIENT}"`,
    'è stato consegnato nella casella di destinazione.',
  ],
  'errore-consegna': [
    'Avviso di mancata consegna',
    'Il giorno 15/03/2026 alle ore 10:30:21 (+0100) nel messaggio',
    `"Convocazione" proveniente da "${SENDER}"`,
    `e destinato all'utente "${RECIPIENT}"`,
    'è stato rilevato un errore 5.1.1 - Gestore - indirizzo non valido.',
    'Il messaggio è stato rifiutato dal sistema.',
  ],
}

const FIRST_ENGLISH: Record<MessageKind, string> = {
  accettazione: 'Acceptance receipt',
  'posta-certificata': 'Certified mail message',
  'avvenuta-consegna': 'Delivery receipt',
  'errore-consegna': 'Non-delivery notice',
}

test('the Italian words of the rules first, the English version below a rule', () => {
  for (const kind of KINDS) {
    const lines = writeText(certification(kind))
      .plain.split('\r\n')
      .filter((line) => line !== '')
    const rule = lines.indexOf(RULE)
    assert.deepEqual(lines.slice(0, rule), [...ITALIAN[kind], `Identificativo messaggio: ${PEC_MSGID}`])
    const english = lines.slice(rule + 1)
    assert.equal(english[0], FIRST_ENGLISH[kind])
    assert.equal(english.length, rule, 'as many lines in English')
    assert.match(english[1] ?? '', /^On 15\/03\/2026 at 10:30:21 \(\+0100\), /)
    assert.equal(english.at(-1), `Message identifier: ${PEC_MSGID}`)
    const named = kind === 'accettazione' || kind === 'posta-certificata' ? [RECIPIENT, 'c.verdi@example.com'] : [RECIPIENT]
    for (const fact of ['Convocazione', SENDER, ...named])
      assert.ok(
        english.some((line) => line.includes(fact)),
        fact,
      )
  }
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
  fc.string({ unit: fc.constantFrom('<', '>', '&', '"', '<br>', '<script>', '&amp;', '&#60;', 'è', '€', '\t', '\u202e') }),
)

test('plain text and HTML tell the same, whatever the subject; the HTML is ASCII without links, images, scripts or attributes', () => {
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), anySubject, (kind, subject) => {
      fc.pre(!/[\r\n]/.test(subject))
      const { plain, html } = writeText(certification(kind, subject))
      assert.match(plain, /^[\t\r\n\u0020-\u007e\u00a0-\u00ff]*$/)
      assert.doesNotMatch(plain, /[^\r]\n|\r[^\n]/)
      assert.match(html, /^[\r\n\u0020-\u007e]*$/)
      const lines = plain.split('\r\n').filter((line) => line !== '')
      assert.deepEqual(shown(html).map(comparable), lines.map(comparable))
      const tags = new Set(html.match(/<[^>]*>/g))
      for (const tag of tags) assert.match(tag, /^<\/?(?:html|head|title|body|h3|br|hr)>$/)
    }),
  )
})

test('HTML shows what ISO-8859-1 lacks; plain text shows "?"', () => {
  const { plain, html } = writeText(certification('accettazione', 'Costo: 5 €, 日'))
  assert.match(plain, /"Costo: 5 \?, \?" proveniente/)
  assert.match(html, /&quot;Costo: 5 &#8364;, &#26085;&quot; proveniente/)
})

test('no subject turns the direction in which the rest is read', () => {
  assert.doesNotMatch(writeText(certification('accettazione', '\u202eabc\u2066\u200f')).html, /&#(?:8238|8294|8207);/)
})
