/** How much is fuzzed: so many seconds for one property, of FUZZ_SECONDS for all together; FUZZ_SEED repeats what failed. */
import type { Parameters } from 'fast-check'

type Effort = Pick<Parameters<unknown>, 'numRuns' | 'interruptAfterTimeLimit' | 'markInterruptAsFailure' | 'seed'>

/** For what is not done by fast-check alone. */
export const fuzzSeed = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31))

const seconds = Number(process.env['FUZZ_SECONDS'] ?? 60)

/** @param share of the whole; what does not fit into the time is not tried, which is no failure */
export const effort = (share: number): Effort => ({
  numRuns: 10_000_000,
  interruptAfterTimeLimit: share * seconds * 1000,
  markInterruptAsFailure: false,
  seed: fuzzSeed,
})

/** Does something again and again for as long, and at least once. */
export async function repeat(share: number, work: (round: number) => Promise<void>): Promise<void> {
  const until = Date.now() + share * seconds * 1000
  let round = 0
  do await work(round++)
  while (Date.now() < until)
}
