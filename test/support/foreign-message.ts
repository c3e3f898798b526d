/**
 * Certified messages as other providers write them, for the tests of reading: the MIME tree, the order and the spellings of messages that
 * were met, with their oddities to choose from.
 */
import { encodeBase64Lines } from '../../src/mime/encoding.ts'

export interface ForeignShape {
  /** header lines, without MIME-Version and Content-Type; default: those of an envelope */
  readonly fields?: readonly string[]
  readonly daticert?: string | Buffer
  /** how daticert.xml is written; quoted-printable is wrapped in the midst of tags */
  readonly daticertEncoding?: 'base64' | 'quoted-printable' | '8bit'
  /** postacert.eml, or null for none */
  readonly original?: string | null
  readonly originalEncoding?: '7bit' | 'base64' | 'quoted-printable'
  readonly originalFirst?: boolean
  readonly signatureFirst?: boolean
  readonly signatureType?: string
  /** the whole parameter, as `micalg=sha-256` */
  readonly micalg?: string
  /** more parts of the multipart/mixed, as they stand */
  readonly extraParts?: readonly string[]
  /** what stands after the signature's part, before the closing boundary */
  readonly extraSignedPart?: string
  /** closes the multipart/mixed; some leave it out */
  readonly closed?: boolean
}

export const FOREIGN_ID = 'opec210312.20260315103021.288127.606.1.53@pec.altro.test'
export const FOREIGN_SENDER = 'ufficio@pec.altro.test'
export const FOREIGN_ADDRESS = 'posta-certificata@pec.altro.test'

export const FOREIGN_ORIGINAL = [
  `Received: from client (client [192.0.2.7]) by pec.altro.test with ESMTPSA; Sun, 15 Mar 2026 10:30:20 +0100`,
  `From: ${FOREIGN_SENDER}`,
  'To: mario.rossi@pec.example.it',
  'Cc: Anna <anna.bianchi@pec.example.it>',
  'Subject: =?UTF-8?Q?Citt=C3=A0?= di Roma',
  `Message-ID: <${FOREIGN_ID}>`,
  'X-Riferimento-Message-ID: <SN05IE$951DEC16@altro.test>',
  '',
  'Testo.',
].join('\r\n')

/** As other providers indent and space it. */
export const foreignDaticert = (
  inside: { kind?: string; error?: string; recipients?: string; data?: string; subject?: string } = {},
): string => `<?xml version="1.0" encoding="UTF-8"?>
<postacert tipo="${inside.kind ?? 'posta-certificata'}" errore="${inside.error ?? 'nessuno'}">
    <intestazione>
        <mittente>${FOREIGN_SENDER}</mittente>
${inside.recipients ?? '        <destinatari tipo="certificato">mario.rossi@pec.example.it</destinatari>\n        <destinatari tipo="certificato">anna.bianchi@pec.example.it</destinatari>'}
        <risposte>${FOREIGN_SENDER}</risposte>
        ${inside.subject ?? '<oggetto>Città di Roma</oggetto>'}
    </intestazione>
    <dati>
        <gestore-emittente>Altro Gestore S.p.A.</gestore-emittente>
        <data zona="+0100">
            <giorno>15/03/2026</giorno>
            <ora>10:30:21</ora>
        </data>
        <identificativo>${FOREIGN_ID}</identificativo>
        <msgid>&lt;SN05IE$951DEC16@altro.test&gt;</msgid>
        ${inside.data ?? '<ricevuta tipo="completa" />'}
    </dati>
</postacert>
`

export const ENVELOPE_FIELDS = [
  'Return-Path: <ufficio@pec.altro.test>',
  'Date: Sun, 15 Mar 2026 10:30:21 +0100',
  'X-Trasporto: posta-certificata',
  'X-Riferimento-Message-ID: <SN05IE$951DEC16@altro.test>',
  `From: "Per conto di: ${FOREIGN_SENDER}" <${FOREIGN_ADDRESS}>`,
  'X-Tiporicevuta: completa',
  'To: mario.rossi@pec.example.it',
  'Subject: POSTA CERTIFICATA: =?UTF-8?Q?Citt=C3=A0?= di Roma',
  `Message-ID: <${FOREIGN_ID}>`,
]

/** Header lines of a receipt of that kind. */
export const receiptFields = (kind: string, prefix: string): string[] => [
  `Subject: ${prefix}: =?UTF-8?Q?Citt=C3=A0?= di Roma`,
  'X-Riferimento-Message-ID: <SN05IE$951DEC16@altro.test>',
  'Date: Sun, 15 Mar 2026 10:30:25 +0100',
  `To: ${FOREIGN_SENDER}`,
  `X-Ricevuta: ${kind}`,
  `From: ${FOREIGN_ADDRESS}`,
  'Message-ID: <opec210312.20260315103025.1@pec.altro.test>',
]

const MIXED = '----------=_1773567021-288127-3078'
const ALTERNATIVE = '----------=_1773567021-288127-3079'
const SIGNED = '----76F9CFD0D4B5B34499C167119D5A1AEC'

/** The multipart/mixed, which is what gets signed. */
export function foreignContent(shape: ForeignShape = {}): Buffer {
  const { original = FOREIGN_ORIGINAL, originalEncoding = '7bit', daticertEncoding = 'base64' } = shape
  const daticert = Buffer.from(shape.daticert ?? foreignDaticert())
  const data = [
    'Content-Type: application/xml; name="daticert.xml"',
    'Content-Disposition: inline; filename="daticert.xml"',
    `Content-Transfer-Encoding: ${daticertEncoding}`,
    '',
    encoded(daticert, daticertEncoding),
  ].join('\r\n')
  const enclosed =
    original === null
      ? []
      : [
          [
            'Content-Type: message/rfc822; name="postacert.eml"',
            'Content-Disposition: inline; filename="postacert.eml"',
            `Content-Transfer-Encoding: ${originalEncoding}`,
            '',
            originalEncoding === '7bit' ? original : encoded(Buffer.from(original, 'latin1'), originalEncoding),
          ].join('\r\n'),
        ]
  const text = [
    `Content-Type: multipart/alternative;\r\n boundary="${ALTERNATIVE}"\r\nContent-Transfer-Encoding: binary\r\n`,
    `--${ALTERNATIVE}\r\nContent-Type: text/plain; charset="iso-8859-1"\r\nContent-Disposition: inline\r\n\r\n-- Messaggio --\r\n`,
    `--${ALTERNATIVE}--`,
  ].join('\r\n')
  const parts = [text, ...(shape.originalFirst ? [...enclosed, data] : [data, ...enclosed]), ...(shape.extraParts ?? [])]
  const body = parts.map((part) => `--${MIXED}\r\n${part}\r\n`).join('\r\n')
  const end = shape.closed === false ? '' : `\r\n--${MIXED}--\r\n\r\n`
  return Buffer.from(
    `Content-Type: multipart/mixed; boundary="${MIXED}"\r\nContent-Transfer-Encoding: binary\r\nMIME-Version: 1.0\r\n\r\n${body}${end}`,
    'latin1',
  )
}

function encoded(bytes: Buffer, encoding: string): string {
  if (encoding === 'base64') return encodeBase64Lines(bytes)
  if (encoding === '8bit') return bytes.toString('latin1')
  // Every 20 characters a soft line break, wherever that is.
  const escaped = bytes.toString('latin1').replace(/[^\t\x20-\x3c\x3e-\x7e]/g, hex)
  return (escaped.match(/(?:=..|[^=]){1,20}/g) ?? []).join('=\r\n')
}

const hex = (character: string): string => `=${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`

/**
 * The whole message.
 * @param sign makes the detached CMS of the content
 */
export async function foreignMessage(
  sign: (content: Buffer) => Buffer | Promise<Buffer>,
  shape: ForeignShape = {},
): Promise<Buffer> {
  const content = foreignContent(shape)
  const type = shape.signatureType ?? 'application/pkcs7-signature'
  const signature = Buffer.from(
    [
      `Content-Type: ${type}; name="smime.p7s"`,
      'Content-Transfer-Encoding: base64',
      'Content-Disposition: attachment; filename="smime.p7s"',
      '',
      encodeBase64Lines(await sign(content)),
    ].join('\r\n'),
    'latin1',
  )
  const line = Buffer.from(`\r\n--${SIGNED}\r\n`)
  const header = [
    ...(shape.fields ?? ENVELOPE_FIELDS),
    'MIME-Version: 1.0',
    `Content-Type: multipart/signed; protocol="${type}"; ${shape.micalg ?? 'micalg="sha-256"'}; boundary="${SIGNED}"`,
  ]
  return Buffer.concat([
    Buffer.from(`${header.join('\r\n')}\r\n\r\nThis is an S/MIME signed message\r\n`),
    line,
    ...(shape.signatureFirst ? [signature, line, content] : [content, line, signature]),
    ...(shape.extraSignedPart === undefined ? [] : [line, Buffer.from(shape.extraSignedPart)]),
    Buffer.from(`\r\n--${SIGNED}--\r\n\r\n`),
  ])
}

/** A message to put into another one of this kind: with boundaries of its own. */
export const asEnclosed = (message: Buffer): string =>
  message.toString('latin1').replaceAll('288127', '999').replaceAll(SIGNED.slice(4), '00000000000000000000000000000000')
