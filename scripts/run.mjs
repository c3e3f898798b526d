/**
 * `node scripts/run.mjs FILE [ARG ...]`: sets up, then runs FILE with the pinned Node. Signals and exit code pass through.
 * node-flags.json keeps the young generation small: by itself it grows to 100 MB, which a server that lives on buffers never needs.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { ensureSetup } from './setup.mjs'

const node = ensureSetup()
const flags = JSON.parse(readFileSync(new URL('node-flags.json', import.meta.url), 'utf8'))
const child = spawn(node, [...flags, ...process.argv.slice(2)], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
