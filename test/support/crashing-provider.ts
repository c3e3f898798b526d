/**
 * A provider that kills itself with SIGKILL at the checkpoint that CRASH_AT names, when it comes there for the CRASH_COUNT-th time.
 * Without CRASH_AT it is an ordinary provider.
 */
import { readConfig } from '../../src/config/config.ts'
import { runProvider } from '../../src/cli/serve.ts'

const { CRASH_AT, CRASH_COUNT = '1', ...environment } = process.env
let left = Number(CRASH_COUNT)

await runProvider(readConfig(environment), (name) => {
  if (name === CRASH_AT && --left === 0) process.kill(process.pid, 'SIGKILL')
})
