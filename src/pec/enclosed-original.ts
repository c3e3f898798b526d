/** Where the original lies within a stored envelope, told from the structure alone: for showing it, never for judging it. */
import type { MimePart } from '../mime/structure.ts'

/** Transport and anomaly envelopes; receipts enclose a message too, but are about it. */
const ENVELOPE = /^\s*(?:POSTA\s+CERTIFICATA|ANOMALIA\s+MESSAGGIO)\s*:/i
const NAME = 'postacert.eml'

/** The message within `postacert.eml` of an envelope; undefined for anything else. (RFC 6109 2.1.2.2, 2.2.2) */
export function enclosedOriginal({ type, subtype, envelope, children }: MimePart): MimePart | undefined {
  if (type !== 'multipart' || subtype !== 'signed' || !ENVELOPE.test(envelope?.subject ?? '')) return undefined
  return children[0]?.children.find((part) => part.type === 'message' && nameOf(part) === NAME)?.children[0]
}

const nameOf = ({ parameters, disposition }: MimePart): string | undefined =>
  [...parameters, ...(disposition?.parameters ?? [])].find(([key]) => key === 'name' || key === 'filename')?.[1].toLowerCase()
