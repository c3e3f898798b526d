/**
 * The formal checks on a submission (RFC 6109 3.1.1): conformity to RFC 5322, and what certified mail asks beyond it. What a holder's
 * program handed in, and what can be answered, gets a non-acceptance notice; the rest is an error of the SMTP dialogue (decision 0011):
 *
 * | what is wrong | answer |
 * |---|---|
 * | no header at all, a line in it that is no field, a header beyond the limit (`no-header`, `bad-header`, `header-too-large`) | notice |
 * | NUL bytes, lines of more than 998 bytes (`nul-byte`, `line-too-long`) | notice |
 * | a field more than once that may stand once, a Message-ID that is none (`repeated-field`, `bad-message-id`) | notice |
 * | From: not exactly one valid address, or not that of the mailbox (`bad-from`, `sender-mismatch`) | notice |
 * | To: no valid address; a forward path that is neither in To nor in Cc (`bad-to`, `recipient-mismatch`) | notice |
 * | bytes beyond ASCII within an address: SMTPUTF8 is not offered (`non-ascii-address`) | notice |
 * | Bcc with a value; size times recipients over the limit (`bcc-present`, `too-large`) | notice |
 * | MIME without its delimiters, or too deep (`bad-mime`, mime-checks.ts) | notice |
 * | ordinary recipients where the mailbox may not write to them; a blocked attachment (access-point.ts) | notice |
 * | a virus (access-point.ts) | quarantine, notice |
 * | login, MAIL FROM that is not the login's, protocol errors, more bytes than SIZE, too many recipients, the syntax of RCPT TO | SMTP 5xx, 452 |
 * | not even the reserve has room for the notice | SMTP 552 |
 * | database, disk or scanner that cannot be had | SMTP 451 |
 */
import { domainToASCII } from 'node:url'
import { decodeBytes } from '../mime/encoding.ts'
import { fieldsOf, fieldValue, parseHeader, unfold, type Header } from '../mime/header.ts'
import { addressKey, readAddress, readAddressList, writeAddress, type ListedAddress } from './address-list.ts'
import { findMimeProblem } from './mime-checks.ts'
import { quoted, refusal, type Refusal } from './refusal.ts'

export interface SubmissionLimits {
  /** bytes of one message */
  readonly messageBytes: number
  readonly recipients: number
  /** bytes of the message times its recipients: the law wants at least 30 MB */
  readonly totalBytes: number
}

export interface SubmissionToCheck {
  /** with CRLF line ends only */
  readonly bytes: Buffer
  /** as `readHeader` gives it */
  readonly header: Header
  /** reverse path, canonical */
  readonly sender: string
  /** forward paths, canonical (forward-path.ts) */
  readonly recipients: readonly string[]
}

/** The certified texts repeat much of a header, several times over. */
const MOST_HEADER_BYTES = 256 * 1024
/** RFC 5322 2.1.1, without the line break. */
const LONGEST_LINE = 998
/** With the name of its field on one line. */
const LONGEST_MSGID = 900

/** The header of a submission; of one that is too large no more than is needed to see it. */
export const readHeader = (bytes: Buffer): Header => parseHeader(bytes, 0, Math.min(bytes.length, MOST_HEADER_BYTES + 1))

type FormalCheck = (submission: SubmissionToCheck, limits: SubmissionLimits) => Refusal | null

/** The first thing that is wrong, or null. */
export function findFormalProblem(submission: SubmissionToCheck, limits: SubmissionLimits): Refusal | null {
  for (const check of CHECKS) {
    const found = check(submission, limits)
    if (found) return found
  }
  return null
}

/** Addresses to reply to: the valid ones of Reply-To, or the sender. */
export function replyToOf(header: Header, sender: string): string {
  const addresses = addressesIn(header, 'Reply-To').flatMap(({ address }) => (address ? [writeAddress(address)] : []))
  return addresses.length > 0 ? addresses.join(', ') : sender
}

const CHECKS: readonly FormalCheck[] = [
  checkHeaderSection,
  checkBytes,
  checkRepeatedFields,
  checkMessageId,
  checkAddressBytes,
  checkFrom,
  checkRecipients,
  checkBcc,
  checkSize,
  ({ bytes, header }) => findMimeProblem(bytes, header),
]

/** Programs do not agree where a header with a line that is no field ends: what is certified must not depend on who reads it. */
function checkHeaderSection({ bytes, header }: SubmissionToCheck): Refusal | null {
  if (header.bodyStart > MOST_HEADER_BYTES)
    return refusal('header-too-large', `intestazione del messaggio superiore a ${MOST_HEADER_BYTES} byte`)
  if (header.fields.length === 0) return refusal('no-header', "assenza dell'intestazione del messaggio")
  let at = 0
  for (const { start, end } of header.fields) {
    if (start !== at) return strayLine(bytes, at)
    at = end
  }
  const isEmptyLine = bytes.toString('latin1', at, header.bodyStart) === '\r\n'
  return at === header.bodyStart || isEmptyLine ? null : strayLine(bytes, at)
}

function strayLine(bytes: Buffer, at: number): Refusal {
  const line = bytes.toString('latin1', at, at + LONGEST_LINE).split('\r\n')[0] ?? ''
  return refusal('bad-header', `presenza nell'intestazione di una riga priva del nome di un campo ("${quoted(line)}")`)
}

function checkBytes({ bytes }: SubmissionToCheck): Refusal | null {
  // No mail may carry one (RFC 2045 2.8), and no text column can keep one.
  if (bytes.includes(0)) return refusal('nul-byte', 'presenza di byte NUL: i file binari vanno inviati come allegati')
  for (let start = 0; bytes.length - start > LONGEST_LINE;) {
    // From the end of what a line may have: few looks, whatever the length of the lines.
    const lineFeed = bytes.lastIndexOf(10, start + LONGEST_LINE + 1)
    if (lineFeed < start) return refusal('line-too-long', `presenza di una riga superiore a ${LONGEST_LINE} byte`)
    start = lineFeed + 1
  }
  return null
}

/** Those of RFC 5322 3.6, and those by which the rest is read (RFC 2045 3). */
const ONCE = (
  'From Sender Reply-To To Cc Bcc Subject Date Message-ID In-Reply-To References ' +
  'MIME-Version Content-Type Content-Transfer-Encoding Content-Disposition'
).split(' ')

function checkRepeatedFields({ header }: SubmissionToCheck): Refusal | null {
  const repeated = ONCE.find((name) => fieldsOf(header, name).length > 1)
  return repeated === undefined ? null : refusal('repeated-field', `presenza di più di un campo ${repeated} nell'intestazione`)
}

/** It goes into header and certified data as it is. */
function checkMessageId({ header }: SubmissionToCheck): Refusal | null {
  const msgid = fieldValue(header, 'Message-ID') ?? ''
  if (msgid.length > LONGEST_MSGID)
    return refusal('bad-message-id', `identificativo nel campo Message-ID superiore a ${LONGEST_MSGID} byte`)
  if (!/^[\t\x20-\x7e]*$/.test(msgid))
    return refusal('bad-message-id', `caratteri non ammessi nel campo Message-ID ("${quoted(msgid)}")`)
  return null
}

function checkAddressBytes({ header }: SubmissionToCheck): Refusal | null {
  for (const name of ['From', 'To', 'Cc', 'Reply-To']) {
    const found = addressesIn(header, name).find(({ eightBit }) => eightBit)
    if (found) {
      return refusal(
        'non-ascii-address',
        `caratteri non ASCII in un indirizzo del campo ${name} (${quoted(found.text)})${aLabelHint(found.text)}`,
      )
    }
  }
  return null
}

/** Where the domain alone is not ASCII, the form in which it may be written (RFC 5890 2.3.2.1). */
function aLabelHint(text: string): string {
  const [, domain] = /@([^\s<>@]+)>?$/.exec(text) ?? []
  const ascii = domain === undefined ? '' : domainToASCII(decodeBytes(Buffer.from(domain, 'latin1')))
  return ascii.startsWith('xn--') || ascii.includes('.xn--') ? `: il dominio va indicato come ${ascii}` : ''
}

function checkFrom({ header, sender }: SubmissionToCheck): Refusal | null {
  if (fieldsOf(header, 'From').length === 0) return refusal('bad-from', 'mancanza del campo From')
  const [author, ...others] = addressesIn(header, 'From')
  if (!author?.address || author.inGroup || others.length > 0) {
    const value = fieldValue(header, 'From') ?? ''
    return refusal('bad-from', `campo From che non contiene un solo indirizzo valido ("${quoted(value)}")`)
  }
  if (addressKey(author.address) === keyOf(sender)) return null
  const from = quoted(writeAddress(author.address))
  return refusal(
    'sender-mismatch',
    `indirizzo del mittente indicato nel campo From (${from}) non coincidente con quello della casella (${sender})`,
  )
}

function checkRecipients({ header, recipients }: SubmissionToCheck): Refusal | null {
  const to = addressesIn(header, 'To')
  if (fieldsOf(header, 'To').length === 0) return refusal('bad-to', 'mancanza del campo To')
  if (!to.some(({ address }) => address)) return refusal('bad-to', 'campo To privo di un indirizzo valido')
  const named = new Set([...to, ...addressesIn(header, 'Cc')].flatMap(({ address }) => (address ? [addressKey(address)] : [])))
  const unnamed = recipients.find((recipient) => !named.has(keyOf(recipient)))
  if (unnamed === undefined) return null
  return refusal(
    'recipient-mismatch',
    `destinatario (${unnamed}) non indicato nei campi To e Cc: la copia nascosta non è ammessa`,
  )
}

function checkBcc({ header }: SubmissionToCheck): Refusal | null {
  if (!fieldsOf(header, 'Bcc').some(({ value }) => unfold(value) !== '')) return null
  return refusal('bcc-present', 'campo Bcc non vuoto: la copia nascosta non è ammessa')
}

function checkSize({ bytes, recipients }: SubmissionToCheck, { totalBytes }: SubmissionLimits): Refusal | null {
  if (bytes.length * recipients.length <= totalBytes) return null
  return refusal(
    'too-large',
    `dimensione del messaggio (${bytes.length} byte) che, moltiplicata per il numero dei destinatari (${recipients.length}), ` +
      `supera il limite di ${totalBytes} byte`,
  )
}

/** All elements of the fields of that name. */
function addressesIn(header: Header, name: string): ListedAddress[] {
  return fieldsOf(header, name).flatMap(({ value }) => readAddressList(unfold(value)))
}

/** The key of a canonical path. */
function keyOf(path: string): string {
  const address = readAddress(path)
  return address ? addressKey(address) : path.toLowerCase()
}
