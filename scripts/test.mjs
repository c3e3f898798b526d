/** `npm test [-- FILE ...]`: sets up, then runs every check and test (checks.mjs) with the pinned Node. Runs on any Node >= 20 itself. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ensureSetup, root } from './setup.mjs'
import { ensureTestTools } from './test-tools.mjs'

const node = ensureSetup()
ensureTestTools()
const { status } = spawnSync(node, [join(root, 'scripts', 'checks.mjs'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
})
process.exit(status ?? 1)
