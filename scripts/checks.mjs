/**
 * Every check that decides whether a change is good, in the order in which they are cheap, the test runner last. With file names, only
 * the tests in them.
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { compileCache, root } from './setup.mjs'

const tool = (path) => join(root, 'node_modules', path)
const checks = [
  ['format', [tool('oxfmt/bin/oxfmt'), '--check', '.']],
  ['lint', [tool('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings']],
  ['types', [tool('ts7/bin/tsc'), '--noEmit', '-p', root]],
  ['types of web', [tool('ts7/bin/tsc'), '--noEmit', '-p', join(root, 'web')]],
  ['layers', [join(root, 'scripts', 'layers.mjs')]],
  ['conformance', [join(root, 'scripts', 'conformance.mjs')]],
  ['dead code', [tool('knip/bin/knip.js'), '--no-progress']],
]

const env = { NODE_COMPILE_CACHE: compileCache, ...process.env }
const run = (command) => spawnSync(process.execPath, command, { cwd: root, env, stdio: 'inherit' }).status ?? 1

const only = process.argv.slice(2)
if (only.length === 0) {
  for (const [name, command] of checks) {
    const started = Date.now()
    const status = run(command)
    process.stdout.write(`${name}: ${status === 0 ? 'ok' : 'FAILED'} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`)
    if (status !== 0) process.exit(1)
  }
}

const files =
  only.length > 0 ? only : globSync(['src/**/*.test.ts', 'web/**/*.test.ts', 'test/**/*.test.ts'], { cwd: root }).sort()
process.exit(run(['--test', '--test-concurrency=3', '--test-timeout=300000', ...files]))
