/**
 * Formal correctness of an envelope or a receipt (RFC 6109 2.2.2): strict in what gives it a meaning in law, liberal in everything that
 * providers do differently. The marks and the header are not sealed, daticert.xml is: they must tell the same. Whether the seal holds is not
 * asked here.
 */
import { parseAddresses } from '../mime/address.ts'
import { fieldsOf, unfold, type Header } from '../mime/header.ts'
import type { ReadDaticert } from './daticert.ts'
import type { MarkedKind } from './marks.ts'
import type { ReadMessage } from './reading.ts'

/**
 * What is wrong with a message as an envelope or a receipt, in a few English words without anything of its contents; null if it is correct.
 * @param addresses those in the certificate of the seal, one of which must be the sender (RFC 6109 2.1); left out, that is not checked
 */
export function findFormProblem(message: ReadMessage, addresses?: readonly string[]): string | null {
  const { kind, daticert } = message
  if (kind === null) return 'its header does not say which certified message it is'
  if (kind === 'anomalia') return 'it is an anomaly envelope, which certifies nothing'
  if (!daticert) return message.problem ?? 'there is no daticert.xml'
  if (daticert.kind !== kind) return 'its header and daticert.xml say different kinds of message'
  return headerProblem(message.header, addresses) ?? commonProblem(daticert) ?? KIND_CHECKS[kind](message, daticert)
}

type KindCheck = (message: ReadMessage, daticert: ReadDaticert) => string | null

const aboutOneRecipient: KindCheck = (_, { recipient }) =>
  recipient ? null : 'daticert.xml does not say which recipient it is about'

const correct: KindCheck = () => null

const KIND_CHECKS: Readonly<Record<Exclude<MarkedKind, 'anomalia'>, KindCheck>> = {
  'posta-certificata': (message, { pecMsgid }) => {
    if (message.messageId !== pecMsgid) return 'its Message-ID is not the identifier in daticert.xml'
    return originalProblem(message)
  },
  accettazione: correct,
  'non-accettazione': correct,
  'presa-in-carico': (_, { received }) =>
    received.length > 0 && !received.includes('') ? null : 'daticert.xml does not say whose messages were taken in charge',
  'avvenuta-consegna': (message, daticert) =>
    aboutOneRecipient(message, daticert) ??
    // A concise receipt has no original; whoever encloses it all the same does no harm.
    (daticert.receiptType === 'completa' || daticert.receiptType === 'breve' ? originalProblem(message) : null),
  'errore-consegna': aboutOneRecipient,
  'preavviso-errore-consegna': aboutOneRecipient,
  'rilevazione-virus': aboutOneRecipient,
}

/** RFC 5322 3.6 asks for Date and From, 2.2.1 of RFC 6109 for Message-ID; who is meant must be clear to every reader. */
function headerProblem(header: Header, addresses: readonly string[] | undefined): string | null {
  for (const name of ['From', 'Date', 'Message-ID']) {
    const [field, ...more] = fieldsOf(header, name)
    if (!field || unfold(field.value) === '') return `it has no ${name}`
    if (more.length > 0) return `it has more than one ${name}`
  }
  if (fieldsOf(header, 'Subject').length > 1) return 'it has more than one Subject'
  const senders = parseAddresses(unfold(fieldsOf(header, 'From')[0]?.value ?? ''))
  const [sender] = senders
  if (senders.length !== 1 || !sender?.mailbox || !sender.host) return 'its From is not one address'
  const address = `${sender.mailbox}@${sender.host}`.toLowerCase()
  if (addresses && !addresses.some((known) => known.toLowerCase() === address)) {
    return 'its From is not an address of the certificate that seals it'
  }
  return null
}

function commonProblem({ sender, recipients, pecMsgid }: ReadDaticert): string | null {
  if (sender === '') return 'daticert.xml names no sender'
  if (recipients.some(({ address }) => address === '')) return 'daticert.xml has a recipient without an address'
  return pecMsgid === '' ? 'daticert.xml has no identifier' : null
}

function originalProblem({ original }: ReadMessage): string | null {
  if (!original) return 'the original is missing'
  return original.type === 'message/rfc822' && original.header.fields.length > 0 ? null : 'the original is not a message'
}
