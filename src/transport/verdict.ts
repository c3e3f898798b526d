/** What an SMTP reply, or the lack of one, means for a recipient (RFC 5321 4.2, RFC 3463). Pure. */
import type { SendResult } from './mailer-types.ts'

/** The fate of a recipient, without their name. */
export type Verdict = Omit<SendResult, 'recipient'>

const LONGEST_TEXT = 400

export const deferred = (status: string, text: string): Verdict => ({ outcome: 'deferred', status, text: oneLine(text) })
export const failed = (status: string, text: string): Verdict => ({ outcome: 'failed', status, text: oneLine(text) })

/** Printable ASCII on one line, of bounded length: other people's words stand in our notices and logs. */
export function oneLine(text: string): string {
  const line = text
    .slice(0, 4 * LONGEST_TEXT)
    .replace(/\s+/g, ' ')
    .replace(/[^ -~]/g, '?')
    .trim()
  return line.length > LONGEST_TEXT ? `${line.slice(0, LONGEST_TEXT - 3)}...` : line
}

/** Without an enhanced code in the reply: the likely one by reply code, of the answers to RCPT. */
const RECIPIENT_DETAIL: Readonly<Record<string, string>> = {
  '450': '2.0',
  '452': '2.2',
  '550': '1.1',
  '551': '1.6',
  '552': '2.2',
  '553': '1.3',
}

/**
 * Reads a reply as the fate of those it speaks of.
 * 503 tells of a session out of step, not of the mail, and what is no final reply tells nothing: both are tried again.
 * @param reply all its lines, with the codes
 * @param command answered: `RCPT TO`, `DATA`...
 */
export function verdictOfReply(host: string, reply: string, command: string): Verdict {
  const code = /^\d{3}/.exec(reply)?.[0] ?? ''
  const [, enhancedClass, enhancedDetail] = /^\d{3}[ -]([245])\.(\d{1,3}\.\d{1,3})(?!\S)/.exec(reply) ?? []
  const outcome = code.startsWith('2') ? 'sent' : code.startsWith('5') && code !== '503' ? 'failed' : 'deferred'
  const told = enhancedClass === code[0] ? enhancedDetail : undefined
  const detail = told ?? (command === 'RCPT TO' ? RECIPIENT_DETAIL[code] : undefined) ?? '0.0'
  return { outcome, status: `${CLASSES[outcome]}.${detail}`, text: oneLine(`${host}: ${joinLines(reply)}`) }
}

const CLASSES = { sent: '2', failed: '5', deferred: '4' } as const

/** The lines of a reply as one, with the codes only before the first. */
function joinLines(reply: string): string {
  const [first = '', ...more] = reply.slice(0, 8 * LONGEST_TEXT).split(/\r?\n/)
  const rest = more.map((line) => line.replace(/^\d{3}[ -]?(?:[245]\.\d{1,3}\.\d{1,3}(?!\S))?/, '').trim())
  return [first.replace(/^(\d{3})-/, '$1 '), ...rest].join(' ')
}
