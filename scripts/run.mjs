/**
 * `node scripts/run.mjs FILE [ARG ...]`: sets up, then runs FILE with the pinned Node. Signals and exit code pass through.
 * node-flags.json keeps the young generation small: by itself it grows to 100 MB, which a server that lives on buffers never needs.
 * node-environment.json lets the C library give large pieces of memory back to the system when they are free: by itself it takes to keeping them.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { compileCache, ensureSetup } from './setup.mjs'
import { ensureWeb } from './web.mjs'

const node = ensureSetup()
// Only the server gives the pages out: no other command looks whether they are built.
if (process.argv[3] === 'serve') ensureWeb(node)
const read = (file) => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'))
const env = { ...read('node-environment.json'), NODE_COMPILE_CACHE: compileCache, ...process.env }
const child = spawn(node, [...read('node-flags.json'), ...process.argv.slice(2)], { env, stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]))
