/** Checks the layer rule (.dependency-cruiser.mjs), and that the checker really saw the modules: a wrong parser sees none and passes. */
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { cruise } from 'dependency-cruiser'
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options'
import { root } from './setup.mjs'

process.chdir(root)
const options = await extractOptions(join(root, '.dependency-cruiser.mjs'))
const { output } = await cruise(['src', 'web', 'test', 'bench'], options)
const sources = new Set(globSync(['src/**/*.ts', 'web/**/*.ts', 'test/**/*.ts', 'bench/**/*.ts']))
const seen = output.modules.filter((module) => sources.has(module.source))

for (const { from, to, rule } of output.summary.violations) console.error(`${rule.name}: ${from} -> ${to}`)
if (seen.length !== sources.size)
  console.error(`Only ${seen.length} of ${sources.size} modules were seen: the checker is broken.`)
console.log(`${seen.length} modules, ${output.summary.violations.length} violations of the layer rule`)
process.exit(output.summary.violations.length > 0 || seen.length !== sources.size ? 1 : 0)
