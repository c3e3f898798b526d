/** The messages of a bundle: their seals, at the time of each, and whether they all belong to one message. Pure. */
import { briefOriginal } from '../pec/brief.ts'
import { findFormProblem } from '../pec/form.ts'
import type { ReadDaticert } from '../pec/daticert.ts'
import { originalBytes, readMessage, type ReadMessage } from '../pec/reading.ts'
import { findSigner } from '../seal/find-signer.ts'
import { verifyDetached } from '../seal/verify.ts'
import { finding } from './bundle-findings.ts'
import { PATH, pathsOf } from './bundle-format.ts'
import { judgeRevocation } from './bundle-revocation.ts'
import { CLOCKS_DIFFER_MS, isoOf, openAll, type Examination } from './bundle-trust.ts'

/** A message whose seal holds and whose form is correct. */
export interface CertifiedFile {
  readonly path: string
  readonly message: ReadMessage
  readonly daticert: ReadDaticert
  /** address of who has sealed it */
  readonly signer: string
  /** postacert.eml, decoded; null where there is none */
  readonly enclosed: Buffer | null
}

/** @returns null where it is not what it ought to be: that is told */
function openMessage(examination: Examination, path: string): CertifiedFile | null {
  const { files, roots, at, cache, found } = examination
  const bytes = files.get(path) ?? Buffer.alloc(0)
  const message = readMessage(bytes)
  if (!message.seal) {
    found.wrong.push(finding('seal-missing', path))
    return null
  }
  const { start, end, cms } = message.seal
  const sealedAt = findSigner(cms)?.signingTime ?? at
  if (sealedAt > at + CLOCKS_DIFFER_MS) {
    found.wrong.push(finding('sealed-after', path))
    return null
  }
  const seal = verifyDetached({ content: bytes.subarray(start, end), cms, roots, at: sealedAt }, cache)
  if (!seal.ok) {
    found.wrong.push(finding('seal-wrong', path, { reason: seal.reason }))
    return null
  }
  const problem = findFormProblem(message, seal.addresses)
  const { daticert, original } = message
  if (problem !== null || !daticert) {
    found.wrong.push(finding('message-malformed', path, { problem: problem ?? '' }))
    return null
  }
  found.proved.push(finding('seal-holds', path, { kind: daticert.kind, signer: seal.address, at: isoOf(sealedAt) }))
  judgeExistence(examination, path, seal.certificate, sealedAt)
  judgeRevocation(examination, path, { certificate: seal.certificate, chain: seal.chain, at: sealedAt })
  return { path, message, daticert, signer: seal.address, enclosed: original && originalBytes(bytes, original) }
}

/** When it was sealed its signer says; that it existed, the stamp of the bundle proves. */
function judgeExistence({ cache, at, found }: Examination, path: string, certificate: Buffer, sealedAt: number): void {
  const [known] = openAll(cache, [certificate])
  const end = known?.fields.notAfter ?? 0
  if (at <= end) found.proved.push(finding('seal-in-time', path))
  else found.open.push(finding('seal-time-by-signer', path, { at: isoOf(sealedAt), end: isoOf(end) }))
}

const lower = (text: string): string => text.toLowerCase()

/** Whether a receipt is one of the message that the envelope carries. */
function judgeBelonging({ facts, found }: Examination, envelope: CertifiedFile | null, file: CertifiedFile): void {
  const { path, daticert } = file
  const { pecMsgid, sender, recipient } = daticert
  if (pecMsgid !== facts.pecMsgid) found.wrong.push(finding('other-message', path, { found: pecMsgid }))
  if (!envelope) return
  if (lower(sender) !== lower(envelope.daticert.sender)) found.wrong.push(finding('other-sender', path, { found: sender }))
  const about = [...(recipient === null ? [] : [recipient]), ...daticert.received]
  const known = new Set(envelope.daticert.recipients.map(({ address }) => lower(address)))
  const stranger = about.find((address) => !known.has(lower(address)))
  if (stranger !== undefined) found.wrong.push(finding('other-recipient', path, { found: stranger }))
}

/** Whether what a receipt encloses is the original. */
function judgeEnclosed({ found }: Examination, original: Buffer, { path, daticert, enclosed }: CertifiedFile): void {
  if (daticert.kind !== 'avvenuta-consegna') return
  if (enclosed === null) {
    found.open.push(finding('concise', path))
  } else if (daticert.receiptType !== 'breve') {
    if (!enclosed.equals(original)) found.wrong.push(finding('other-original', path))
  } else if (!enclosed.equals(briefOriginal(original, Buffer.alloc(0)))) {
    found.open.push(finding('brief-in-other-form', path))
  }
}

function tellOutcome({ found }: Examination, { path, daticert }: CertifiedFile): void {
  const { kind, sender, recipient } = daticert
  const at = isoOf(daticert.at.ms)
  if (kind === 'accettazione') found.proved.push(finding('accepted', path, { sender, at }))
  else if (kind === 'non-accettazione') found.proved.push(finding('not-accepted', path, { at }))
  else if (kind === 'avvenuta-consegna') found.proved.push(finding('delivered', path, { recipient: recipient ?? '', at }))
  else if (kind !== 'presa-in-carico') found.proved.push(finding('not-delivered', path, { recipient: recipient ?? '', at, kind }))
}

const FINAL: readonly string[] = ['avvenuta-consegna', 'errore-consegna', 'rilevazione-virus']

/** @returns those that are what they ought to be, the envelope first */
export function judgeMessages(examination: Examination): CertifiedFile[] {
  const { files, facts, found } = examination
  const opened = openMessage(examination, PATH.envelope)
  const envelope = opened?.daticert.kind === 'posta-certificata' ? opened : null
  if (opened && !envelope) found.wrong.push(finding('not-the-envelope', PATH.envelope))
  if (envelope) judgeBelonging(examination, null, envelope)
  const original = files.get(PATH.original) ?? Buffer.alloc(0)
  if (envelope?.enclosed?.equals(original) === true) found.proved.push(finding('original-certified', PATH.original))
  else if (envelope) found.wrong.push(finding('other-original', PATH.envelope))
  if (envelope) judgeMailbox(examination, envelope.daticert)

  const receipts: CertifiedFile[] = []
  for (const path of pathsOf(files, 'receipt')) {
    const receipt = openMessage(examination, path)
    if (!receipt) continue
    if (receipt.daticert.kind === 'posta-certificata') {
      found.wrong.push(finding('not-a-receipt', path))
      continue
    }
    judgeBelonging(examination, envelope, receipt)
    judgeEnclosed(examination, original, receipt)
    tellOutcome(examination, receipt)
    receipts.push(receipt)
  }
  for (const { address, certified } of envelope && facts.direction === 'sent' ? envelope.daticert.recipients : []) {
    const final = receipts.some(
      ({ daticert }) => FINAL.includes(daticert.kind) && lower(daticert.recipient ?? '') === lower(address),
    )
    if (certified && !final) found.open.push(finding('no-outcome', null, { recipient: address }))
  }
  return envelope ? [envelope, ...receipts] : receipts
}

function judgeMailbox({ facts, found }: Examination, { sender, recipients }: ReadDaticert): void {
  const own = facts.direction === 'sent' ? [sender] : recipients.map(({ address }) => address)
  if (own.some((address) => lower(address) === lower(facts.mailbox))) return
  found.wrong.push(finding('other-mailbox', PATH.facts, { found: facts.mailbox }))
}
