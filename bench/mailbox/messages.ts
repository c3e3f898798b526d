/** Messages like certified ones: the same bytes for the same number, so that two servers are filled alike without a copy being kept. */
import { createCipheriv } from 'node:crypto'

/** In the subject of one message in a hundred, and of no other. */
export const SUBJECT_WORD = 'ametista'
/** In the enclosed text of one message in a hundred, and of no other. */
export const BODY_WORD = 'zaffiro'
export const ONE_IN = 100

const WORDS = (
  'il protocollo della comunicazione inviata al comune per la richiesta di iscrizione con i documenti allegati e la ricevuta del pagamento ' +
  'che deve pervenire entro trenta giorni dalla notifica presso gli uffici competenti in via telematica salvo diversa indicazione del ' +
  'responsabile del procedimento ai sensi di legge'
).split(' ')

/** Base64 lines that do not compress; always the same. */
const filler = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16))
  .update(Buffer.alloc(750_000))
  .toString('base64')
  .replace(/.{76}/g, '$&\r\n')
const LINE = 78

/** Small numbers that look random and are always the same for a message (mulberry32). */
function numbersOf(seed: number): (below: number) => number {
  let state = seed + 1
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below
  }
}

type Next = (below: number) => number

const pick = <T>(next: Next, from: readonly T[]): T => from[Math.floor(next(from.length))] as T
const base64 = (next: Next, bytes: number): string => {
  const lines = Math.ceil((bytes * 4) / 3 / 76)
  const start = Math.floor(next(filler.length / LINE - lines - 1)) * LINE
  return filler.slice(start, start + lines * LINE)
}
function sentences(next: Next, words: number): string {
  let text = ''
  for (let word = 0; word < words; word++) text += pick(next, WORDS) + (word % 12 === 11 ? '\r\n' : ' ')
  return text
}

const KINDS = ['POSTA CERTIFICATA', 'ACCETTAZIONE', 'CONSEGNA'] as const

/** Message number `index`: some 6 KB on average, three in a hundred with an attachment of 10 to 60 KB. */
export function makeMessage(index: number): Buffer {
  const next = numbersOf(index)
  const id = `opec${index}.20260315103000.${String(Math.floor(next(1e9))).padStart(9, '0')}.1@pec.bench.test`
  const sender = `mittente${Math.floor(next(500))}@pec.bench.test`
  const recipient = `titolare${Math.floor(next(500))}@pec.bench.test`
  const subject = `${sentences(next, 3 + next(4)).trim()}${index % ONE_IN === 7 ? ` ${SUBJECT_WORD}` : ''}`
  const date = new Date(1_773_567_000_000 + index * 60_000).toUTCString().replace('GMT', '+0000')
  const attachment = next(100) < 3 ? base64(next, 10_000 + next(50_000)) : ''
  const word = index % ONE_IN === 13 ? `Codice =C3=A8 ${BODY_WORD}.\r\n` : ''
  const original =
    `Message-ID: <${index}@cliente.bench.test>\r\nDate: ${date}\r\nFrom: Mario Rossi <${sender}>\r\nTo: ${recipient}\r\nSubject: ${subject}\r\n` +
    'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="orig"\r\n\r\n' +
    '--orig\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n' +
    `Citt=C3=A0 e universit=C3=A0.\r\n${sentences(next, 60 + next(80))}\r\n${word}` +
    (attachment === ''
      ? ''
      : `--orig\r\nContent-Type: application/pdf; name="documento.pdf"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="documento.pdf"\r\n\r\n${attachment}`) +
    '--orig--\r\n'
  return Buffer.from(
    `Return-Path: <posta-certificata@pec.bench.test>\r\nReceived: from pec.bench.test (localhost [127.0.0.1]) by pec.bench.test with ESMTPSA id ${index};\r\n ${date}\r\n` +
      `X-Trasporto: posta-certificata\r\nX-Riferimento-Message-ID: <${index}@cliente.bench.test>\r\nMessage-ID: <${id}>\r\nDate: ${date}\r\n` +
      `From: "Per conto di: ${sender}" <posta-certificata@pec.bench.test>\r\nReply-To: ${sender}\r\nTo: ${recipient}\r\n` +
      `Subject: ${pick(next, KINDS)}: ${subject}\r\nMIME-Version: 1.0\r\n` +
      'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="firma"\r\n\r\n' +
      '--firma\r\nContent-Type: multipart/mixed; boundary="busta"\r\n\r\n' +
      '--busta\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n' +
      `Messaggio di posta certificata\r\n\r\nIl giorno 15/03/2026 alle ore 10:30:00 (+0100) il messaggio "${subject}" =C3=A8 stato inviato da "${sender}"\r\n` +
      `indirizzato a:\r\n${recipient}\r\nIl messaggio originale =C3=A8 incluso in allegato.\r\nIdentificativo messaggio: ${id}\r\n` +
      '--busta\r\nContent-Type: message/rfc822; name="postacert.eml"\r\nContent-Disposition: attachment; filename="postacert.eml"\r\n\r\n' +
      original +
      `--busta\r\nContent-Type: application/xml; name="daticert.xml"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="daticert.xml"\r\n\r\n${base64(next, 700)}` +
      `--busta--\r\n--firma\r\nContent-Type: application/pkcs7-signature; name="smime.p7s"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="smime.p7s"\r\n\r\n${base64(next, 1300)}` +
      '--firma--\r\n',
    'latin1',
  )
}

/** A message of about so many bytes with one attachment. */
export function makeLargeMessage(bytes: number): Buffer {
  const head =
    'From: mittente@pec.bench.test\r\nTo: titolare@pec.bench.test\r\nSubject: grande\r\nMIME-Version: 1.0\r\n' +
    'Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n'
  const body = filler.slice(0, Math.floor(filler.length / LINE) * LINE)
  return Buffer.from(head + body.repeat(Math.ceil(bytes / body.length)), 'latin1')
}
