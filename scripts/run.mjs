/** `node scripts/run.mjs FILE [ARG ...]`: sets up, then runs FILE with the pinned Node. Signals and exit code pass through. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { ensureSetup } from './setup.mjs'

const node = ensureSetup()
const child = spawn(node, process.argv.slice(2), { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
