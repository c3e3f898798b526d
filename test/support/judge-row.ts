/** Judges a message by its row of the message table: by openssl, by xmllint with the DTD, by `ceralacca verify`, and by what stands in it. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCertifiedData } from './certified-data.ts'
import type { Owner } from './cleanup.ts'
import { enclosedOriginal, judge, judgeSeal } from './judges.ts'
import type { ReadMessage } from './mailbox-reader.ts'
import type { Facts, Row } from './message-table.ts'
import { temporaryFolder } from './provider.ts'
import type { Side } from './sides.ts'
import { takeApart, type TakenApart } from './take-apart.ts'

export interface Expected {
  readonly row: Row
  /** who has sealed it */
  readonly issuer: Side
  /** the To field */
  readonly to: string
  /** what postacert.eml is, if the row encloses one */
  readonly original?: Buffer
  /** where it came over the wire: its MX */
  readonly over?: Side
}

/** The receipt about this recipient, by what was certified; there must be one. */
export function receiptAbout(recipient: string, messages: readonly ReadMessage[]): ReadMessage {
  const isAbout = ({ source }: ReadMessage): boolean => {
    const { consegna, ricezione } = readCertifiedData(takeApart(source).daticert).data
    return consegna === recipient || ricezione.includes(recipient)
  }
  const [found, ...more] = messages.filter(isAbout)
  assert.ok(found && more.length === 0, `one receipt about ${recipient}`)
  return found
}

const MARKERS = ['x-ricevuta', 'x-trasporto', 'x-tiporicevuta', 'x-verificasicurezza', 'x-mittente']

/** @param reader in whose mailbox it lies; its installation verifies it */
export async function judgeRow(
  owner: Owner,
  reader: Side,
  message: ReadMessage,
  facts: Facts,
  expected: Expected,
): Promise<void> {
  const { row, issuer, original } = expected
  const { source } = message
  assert.equal(source.length, message.size)
  const [{ signer }] = await Promise.all([
    row.data === null ? judgeSeal(owner, reader.provider.ca, source) : judge(owner, reader.provider.ca, source),
    verify(owner, reader, source, expected),
  ])
  assert.equal(signer.subjectAltName, `email:${issuer.address}`)
  assert.ok(issuer.site.record.certificates[0]?.equals(signer.raw), 'sealed with the certificate in the directory')

  const apart = takeApart(source)
  judgeHeader(apart, message.subject, facts, expected)
  const isData = row.data !== null
  const moment = isData ? judgeData(apart, facts, expected) : null
  judgeText(apart, facts, row, moment)

  assert.equal(apart.original === null, row.encloses === null)
  if (original) assert.ok(enclosedOriginal(source).equals(original), 'postacert.eml is what it is to be, byte for byte')
  if (expected.over) {
    const transactions = expected.over.wire.transactionsOf(source)
    assert.ok(transactions.length > 0, 'the message came over the wire, byte for byte')
    for (const { from, secure } of transactions) {
      assert.equal(from, row.reversePath === 'provider' ? issuer.address : facts.sender)
      assert.ok(secure, 'it came over TLS')
    }
  }
}

/** Our own command, on a file as a mail program would save it. */
async function verify(owner: Owner, { provider }: Side, source: Buffer, { row, issuer }: Expected): Promise<void> {
  const file = join(temporaryFolder(owner), 'saved.eml')
  writeFileSync(file, source)
  const { code, stdout, stderr } = await provider.ceralacca('verify', file, '--json')
  assert.equal(code, 0, stdout + stderr)
  const verified = JSON.parse(stdout) as Record<string, unknown>
  const kind = row.data === null ? 'anomalia' : row.data.tipo
  const found = kind === 'anomalia' ? 'anomaly' : kind === 'posta-certificata' ? 'envelope' : 'receipt'
  assert.deepEqual(
    [verified['verified'], verified['class'], verified['kind'], verified['provider'], verified['problem']],
    [true, found, kind, issuer.site.name, null],
  )
}

function judgeHeader({ fields }: TakenApart, subject: string, facts: Facts, { row, issuer, to }: Expected): void {
  const marks = Object.fromEntries(MARKERS.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])))
  assert.deepEqual(marks, row.marks)
  assert.equal(subject, `${row.prefix}${facts.subject}`)
  assert.equal(fields['to'], to)
  const onBehalf = row.author === 'sender'
  assert.equal(fields['from'], onBehalf ? `"Per conto di: ${facts.sender}" <${issuer.address}>` : issuer.address)
  assert.equal(fields['reply-to'], onBehalf ? facts.replyTo : undefined)
  assert.equal(fields['sender'], undefined)
  if (row.data === null) return
  assert.equal(fields['x-riferimento-message-id'], facts.msgid)
  if (onBehalf) assert.equal(fields['message-id'], `<${facts.pecMsgid}>`)
  else {
    assert.notEqual(fields['message-id'], `<${facts.pecMsgid}>`)
    assert.match(fields['message-id'] ?? '', new RegExp(`^<[^@<>]+@${issuer.site.domain}>$`))
  }
}

/** Answers the moment, as the text says it. */
function judgeData({ daticert, fields }: TakenApart, facts: Facts, { row, issuer }: Expected): string {
  assert.doesNotMatch(daticert.toString(), /<!DOCTYPE/)
  const { data, moment } = readCertifiedData(daticert)
  assert.deepEqual(data, {
    errore: 'nessuno',
    mittente: facts.sender,
    destinatari: facts.recipients.map((address) => [address, facts.ordinary.includes(address) ? 'esterno' : 'certificato']),
    risposte: facts.replyTo,
    oggetto: facts.subject,
    gestore: issuer.site.name,
    identificativo: facts.pecMsgid,
    msgid: facts.msgid,
    ricevuta: null,
    consegna: null,
    ricezione: [],
    erroreEsteso: null,
    ...row.data,
  })
  const { giorno, ora, zona } = moment
  assert.match(zona, /^\+0[12]00$/)
  const [day = '', month = '', year = ''] = giorno.split('/')
  const at = Date.parse(`${year}-${month}-${day}T${ora}${zona}`)
  assert.equal(at, Date.parse(fields['date'] ?? ''), 'one instant in header and data (I7)')
  return `Il giorno ${giorno} alle ore ${ora} (${zona})`
}

function judgeText({ plain, html }: TakenApart, facts: Facts, { title, data }: Row, moment: string | null): void {
  const lines = plain.split('\r\n')
  assert.equal(lines[0], title)
  if (moment !== null) assert.ok(lines.some((line) => line.startsWith(moment)))
  if (data !== null) assert.ok(lines.includes(`Identificativo messaggio: ${facts.pecMsgid}`))
  assert.doesNotMatch(html, /<(?:a|img|script|link|iframe)\b/i)
}
