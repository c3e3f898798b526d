/** What this process holds on to, once all that it does not is thrown away: unlike what the system gave it, it can be compared. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes: objects, and buffers outside the heap. */
export async function liveMemory(): Promise<number> {
  // What was freed in one round may free more in the next.
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
