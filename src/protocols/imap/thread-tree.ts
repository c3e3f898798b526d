/** Threads as THREAD answers them (RFC 5256 4): trees of messages, where only the first of a thread may be missing. */

/** A message by its place among those that were threaded, or `undefined` where it is missing; its children in their order. */
export interface Thread {
  readonly message: number | undefined
  readonly children: readonly Thread[]
}

/** `(1 2 (3)(4 5))((6)(7))`; without recursion, for a thread may be as deep as a folder is long. */
export function formatThreads(threads: readonly Thread[], numberOf: (message: number) => number): string {
  const pieces: string[] = []
  const left: (Thread | string)[] = []
  const push = (siblings: readonly Thread[]): void => {
    for (const thread of siblings.toReversed()) left.push(')', thread, '(')
  }
  push(threads)
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next === 'string') {
      pieces.push(next)
      continue
    }
    const { message, children } = next
    if (message !== undefined) pieces.push(String(numberOf(message)))
    if (message !== undefined && children.length > 0) pieces.push(' ')
    const [only] = children
    if (only && children.length === 1) left.push(only)
    else push(children)
  }
  return pieces.join('')
}
