/**
 * A bound on how much is done at once: so many at work, so many in line, in the order in which they came. Who comes when the line is full,
 * or has waited too long, is sent away.
 */
export interface WaitLineOptions {
  /** how many work at once */
  readonly places: number
  /** how many may stand in line */
  readonly waiting: number
  /** longest wait, milliseconds */
  readonly waitMs: number
  /** the error for who is sent away */
  readonly refusal: (why: string) => Error
}

export interface WaitLine {
  /** Does `work` when it is its turn. @throws the refusal, or what `work` throws */
  run<T>(work: () => Promise<T>): Promise<T>
}

export function createWaitLine({ places, waiting, waitMs, refusal }: WaitLineOptions): WaitLine {
  let working = 0
  const line = new Set<() => void>()

  async function takePlace(): Promise<void> {
    if (working < places) {
      working++
      return
    }
    if (line.size >= waiting) throw refusal('too many are waiting')
    await new Promise<void>((resolve, reject) => {
      const called = (): void => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        line.delete(called)
        reject(refusal(`no turn in ${waitMs} ms`))
      }, waitMs)
      line.add(called)
    })
  }

  /** The place goes straight to the next in line, so that nobody can slip in between. */
  function leavePlace(): void {
    const [next] = line
    if (next === undefined) {
      working--
      return
    }
    line.delete(next)
    next()
  }

  return {
    async run(work) {
      await takePlace()
      try {
        return await work()
      } finally {
        leavePlace()
      }
    },
  }
}
