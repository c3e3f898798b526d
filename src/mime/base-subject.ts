/** The base subject of RFC 5256 2.1: what is left of a subject without the marks of replies and of what was passed on. Pure. */

export interface BaseSubject {
  readonly text: string
  /** a mark of a reply or of what was passed on was taken off (RFC 5256 3, REFERENCES) */
  readonly isReply: boolean
}

/** Of a subject that is longer, this much is looked at. */
const MOST = 4096

const BLOB = String.raw`\[[^[\]]*\][ ]*`
/** subj-leader: `(*subj-blob subj-refwd) / WSP` */
const LEADER = new RegExp(`^(?:(?:${BLOB})*(?:re|fwd?)[ ]*(?:${BLOB})?:| )`, 'i')
const LEADING_BLOB = new RegExp(`^${BLOB}`)
const FORWARDED = '(fwd)'
const WRAPPING = '[fwd:'

/** @param subject with its encoded words decoded */
export function baseSubject(subject: string): BaseSubject {
  let text = subject.slice(0, MOST).replace(/[\t\r\n ]+/g, ' ')
  let isReply = false
  for (;;) {
    const trailed = withoutTrailers(text)
    const led = withoutLeaders(trailed.text)
    text = led.text
    isReply ||= trailed.isReply || led.isReply
    const lower = text.toLowerCase()
    if (!lower.startsWith(WRAPPING) || !lower.endsWith(']')) return { text, isReply }
    text = text.slice(WRAPPING.length, -1)
    isReply = true
  }
}

/** Step 2. */
function withoutTrailers(subject: string): BaseSubject {
  let text = subject
  let isReply = false
  for (;;) {
    if (text.endsWith(' ')) text = text.slice(0, -1)
    else if (text.slice(-FORWARDED.length).toLowerCase() === FORWARDED) {
      text = text.slice(0, -FORWARDED.length)
      isReply = true
    } else return { text, isReply }
  }
}

/** Steps 3 to 5. */
function withoutLeaders(subject: string): BaseSubject {
  let text = subject
  let isReply = false
  for (;;) {
    const leader = LEADER.exec(text)?.[0]
    const blob = leader === undefined ? LEADING_BLOB.exec(text)?.[0] : undefined
    const taken = leader ?? (blob !== undefined && blob.length < text.length ? blob : undefined)
    if (taken === undefined) return { text, isReply }
    isReply ||= leader !== undefined && leader !== ' '
    text = text.slice(taken.length)
  }
}
