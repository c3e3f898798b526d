/** What `ceralacca verify` prints. */
import { X509Certificate } from 'node:crypto'
import type { Inspection, Origin } from '../incoming/inspect.ts'
import { fieldValue } from '../mime/header.ts'
import { decodeHeaderText } from '../mime/encoding.ts'
import type { VerifyResult } from '../seal/verify.ts'
import { table, type Output } from './command.ts'
import { printable } from '../base/printable.ts'

/**
 * @param origin what the directory says; null where it was not consulted
 * @param trusted the file of the CA certificates
 */
export function describeInspection(inspection: Inspection, origin: Origin | null, file: string, trusted: string): Output {
  const { message, problem } = inspection
  const failure = failureOf(inspection, origin)
  const verified = failure === null
  const notConsulted = [...(origin ? [] : ['the directory of the providers']), 'revocation lists']
  const header = {
    messageId: message.messageId,
    from: decodeHeaderText(fieldValue(message.header, 'From') ?? ''),
    subject: decodeHeaderText(fieldValue(message.header, 'Subject') ?? ''),
  }
  const seal = inspection.seal && sealOf(inspection.seal)
  const certified = certifiedOf(inspection)
  const verdict = failure ?? successOf(inspection)
  const json = {
    file,
    verified,
    class: inspection.class,
    kind: message.kind,
    verdict,
    problem,
    seal,
    header,
    certified,
    trusted,
    provider: origin?.provider ?? null,
    notConsulted,
  }
  const rows: (readonly [string, unknown])[] = [
    ['Verdict', verdict],
    ['Class', inspection.class],
    ['Kind', message.kind ?? '(none)'],
    ['From', header.from],
    ['Subject', header.subject],
    ['Message-ID', header.messageId ?? '(none)'],
    ...(seal?.ok === true ? sealRows(seal) : []),
    ...(origin?.provider ? [['Provider', origin.provider] as const] : []),
    ['Trusted', trusted],
    ...(certified ? certifiedRows(certified, verified) : []),
  ]
  const text = `${table(rows.map(([name, value]) => [name, printable(String(value))]))}\nNot consulted: ${notConsulted.join(', ')}.`
  return { text, json, exitCode: verified ? 0 : 1 }
}

function failureOf({ class: found, seal, problem }: Inspection, origin: Origin | null): string | null {
  if (!seal) return 'NOT verified: there is no seal'
  if (!seal.ok) return `NOT verified: the seal does not hold (${seal.reason})`
  if (origin?.provider === null)
    return 'NOT verified: the seal holds, but whoever made it is no provider in the directory as it is now'
  if (origin?.foreignSender === true)
    return 'NOT verified: the seal holds, but that provider does not manage the domain of the sender'
  return found === 'malformed' ? `NOT a correct certified message, although it is sealed: ${problem}` : null
}

const successOf = ({ class: found, message }: Inspection): string =>
  found === 'anomaly'
    ? 'the seal holds; an anomaly envelope certifies nothing of what is in it'
    : `verified: ${message.kind}, and the seal holds`

function sealOf(seal: VerifyResult) {
  if (!seal.ok) return { ok: false as const, reason: seal.reason }
  const { subject, issuer, validFromDate, validToDate, fingerprint256 } = new X509Certificate(seal.certificate)
  return {
    ok: true as const,
    addresses: seal.addresses,
    signingTime: seal.signingTime === null ? null : new Date(seal.signingTime).toISOString(),
    digest: seal.digestAlgorithm,
    certificate: {
      subject: subject.replaceAll('\n', ', '),
      issuer: issuer.replaceAll('\n', ', '),
      notBefore: validFromDate.toISOString(),
      notAfter: validToDate.toISOString(),
      sha256: fingerprint256.replaceAll(':', '').toLowerCase(),
    },
  }
}

function sealRows({ addresses, signingTime, certificate }: Extract<ReturnType<typeof sealOf>, { ok: true }>) {
  return [
    ['Sealed by', `${certificate.subject} <${addresses.join(', ')}>`],
    ['Sealed at', signingTime ?? '(the seal does not say)'],
    ['Certificate', `valid from ${certificate.notBefore} to ${certificate.notAfter}, SHA-256 ${certificate.sha256}`],
  ] as const
}

/** The certified data as daticert.xml says them; null where there are none. */
function certifiedOf({ message: { daticert, original } }: Inspection) {
  if (!daticert) return null
  const { at, ...rest } = daticert
  return {
    ...rest,
    at: new Date(at.ms).toISOString(),
    original: original && { bytes: original.end - original.start, encoding: original.encoding },
  }
}

function certifiedRows(data: NonNullable<ReturnType<typeof certifiedOf>>, verified: boolean): [string, unknown][] {
  const optional: [string, string | null][] = [
    ['  msgid', data.msgid],
    ['  receipt', data.receiptType],
    ['  about', data.recipient],
    ['  taken in', data.received.length > 0 ? data.received.join(', ') : null],
    ['  error', data.error === 'nessuno' ? null : data.error],
    ['  reason', data.errorText],
    ['  original', data.original && `${data.original.bytes} bytes, ${data.original.encoding}`],
  ]
  return [
    [verified ? 'Certified' : 'Claimed', `${data.kind} by ${data.provider}`],
    ['  at', data.at],
    ['  identifier', data.pecMsgid],
    ['  sender', data.sender],
    ...data.recipients.map(({ address, certified }): [string, string] => [
      '  recipient',
      `${address} (${certified ? 'certified' : 'ordinary'} mail)`,
    ]),
    ['  reply to', data.replyTo],
    ['  subject', data.subject ?? '(none)'],
    ...optional.filter(([, value]) => value !== null),
  ]
}
