/** `npm test [-- FILE ...]`: sets up, then runs every check and test (checks.mjs) with the pinned Node. Runs on any Node >= 20 itself. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { buildPkcs11 } from './pkcs11.mjs'
import { ensureSetup, root } from './setup.mjs'
import { ensureTestTools } from './test-tools.mjs'
import { ensureWeb } from './web.mjs'

const node = ensureSetup()
ensureTestTools()
ensureWeb(node)
const problem = buildPkcs11()
if (problem !== null) process.stderr.write(`Keys in a token will not be tested: pkcs11js cannot be compiled: ${problem}\n`)
const { status } = spawnSync(node, [join(root, 'scripts', 'checks.mjs'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
process.exit(status ?? 1)
