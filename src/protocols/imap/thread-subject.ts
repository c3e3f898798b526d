/** THREAD=ORDEREDSUBJECT (RFC 5256 3): messages of one base subject are one thread, the first the parent of all others. Pure. */
import type { Thread } from './thread-tree.ts'

/** Columns of one entry for each message, in the order of their sequence numbers. */
export interface SubjectFacts {
  readonly sent: ArrayLike<number>
  /** numbers that are equal where base subjects are */
  readonly subjects: ArrayLike<number>
}

export function threadBySubject({ sent, subjects }: SubjectFacts): Thread[] {
  const groups = new Map<number, [first: number, ...others: number[]]>()
  const byDate = Uint32Array.from(sent, (_, message) => message).sort((a, b) => (sent[a] ?? 0) - (sent[b] ?? 0) || a - b)
  for (const message of byDate) {
    const group = groups.get(subjects[message] ?? 0)
    if (group) group.push(message)
    else groups.set(subjects[message] ?? 0, [message])
  }
  return Array.from(groups.values(), ([message, ...others]) => ({
    message,
    children: others.map((other) => ({ message: other, children: [] })),
  }))
}
