/**
 * From the submission to the original: the message that the user sent, with its Message-ID replaced by the PEC msgid and the user's own
 * kept in X-Riferimento-Message-ID; nothing else changes (RFC 6109 2.2.1).
 */
import { clientError } from '../base/errors.ts'
import { fieldsOf, unfold, type Header } from '../mime/header.ts'

export interface Original {
  /** the edited header section, up to and with the empty line */
  readonly header: Buffer
  /** where the body starts in the submission's bytes */
  readonly bodyStart: number
  readonly msgid: string | null
}

/**
 * Edits the header of a submission.
 * @param header of a checked submission: it has fields, a From at least
 * @param pecMsgid without angle brackets
 * @throws `bad-header` if there is more than one Message-ID: which one is meant nobody could say
 */
export function makeOriginal(bytes: Buffer, header: Header, pecMsgid: string): Original {
  const ids = fieldsOf(header, 'Message-ID')
  if (ids.length > 1) throw clientError('bad-header', 'The message has more than one Message-ID: send it again with a single one')
  const [id] = ids
  const msgid = id && unfold(id.value) !== '' ? unfold(id.value) : null
  const stamp = Buffer.from(
    `${id?.name ?? 'Message-ID'}: <${pecMsgid}>\r\n${msgid === null ? '' : `X-Riferimento-Message-ID: ${msgid}\r\n`}`,
    'latin1',
  )
  // A reference of the user's own would be taken for ours, so it is replaced.
  const references = fieldsOf(header, 'X-Riferimento-Message-ID')
  // Before the first field, not at the very start: a line that is no field might be taken for a continuation of the stamp.
  const first = header.fields[0]?.start ?? 0
  const place = id ?? { start: first, end: first }
  const pieces: Buffer[] = []
  let from = 0
  for (const cut of [place, ...references].sort((a, b) => a.start - b.start)) {
    pieces.push(bytes.subarray(from, cut.start))
    if (cut === place) pieces.push(stamp)
    from = cut.end
  }
  pieces.push(bytes.subarray(from, header.bodyStart))
  return { header: Buffer.concat(pieces), bodyStart: header.bodyStart, msgid }
}
