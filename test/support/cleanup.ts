/** What a test has opened is closed after it, the last first: a server stops before its folder goes. (Hooks of node:test run first to last.) */

/** What this needs of a test. */
export interface Owner {
  after(work: () => Promise<void>): void
}

const stacks = new WeakMap<Owner, (() => Promise<void> | void)[]>()

/** Does `work` after the test. All of it is tried; the first error is reported. */
export function defer(owner: Owner, work: () => Promise<void> | void): void {
  const known = stacks.get(owner)
  if (known) {
    known.push(work)
    return
  }
  const stack = [work]
  stacks.set(owner, stack)
  owner.after(async () => {
    const errors: unknown[] = []
    for (let next = stack.pop(); next; next = stack.pop()) {
      try {
        await next()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length > 0) throw errors[0]
  })
}
