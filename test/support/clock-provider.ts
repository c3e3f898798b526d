/**
 * A provider that a test steers while it runs (steering.ts): its clock is ahead by as many milliseconds as CLOCK_FILE says, and it kills
 * itself with SIGKILL at the checkpoint that CRASH_FILE names. Both are read each time, so what the test writes counts from then on.
 */
import { readFileSync } from 'node:fs'
import { readConfig } from '../../src/config/config.ts'
import { runProvider } from '../../src/cli/serve.ts'

const { CLOCK_FILE, CRASH_FILE, ...environment } = process.env

const written = (file: string | undefined): string => (file === undefined ? '' : readFileSync(file, 'utf8'))

await runProvider(
  readConfig(environment),
  (name) => {
    if (name === written(CRASH_FILE)) process.kill(process.pid, 'SIGKILL')
  },
  () => Date.now() + Number(written(CLOCK_FILE)),
)
