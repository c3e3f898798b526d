/**
 * Builds the pages of web/ into web/dist/, each one file that needs nothing else: script and style stand within it, and its policy lets it
 * ask nothing of anybody, or of the server alone that it came from. web/dist/sources.json says from which sources, so that web.mjs knows when to build again.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { build } from 'vite'
import { root } from './setup.mjs'
import { digestOf, dist, sourcesFile } from './web.mjs'

const sha256 = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

/** HTML knows no NUL, and ends a script where it looks so: within strings both may stand as escapes. The XML parser is such a string. */
const inScript = (code) =>
  code
    .replace(/[^\t\n\x20-\x7e]/g, (character) => {
      const number = character.charCodeAt(0)
      return number < 256 ? `\\x${number.toString(16).padStart(2, '0')}` : `\\u${number.toString(16).padStart(4, '0')}`
    })
    .replace(/<(?=\/script|!--|script)/gi, '\\x3c')

/** The pages, and what each may besides running its own script and style. */
const PAGES = {
  // WebAssembly, which the XML parser is, counts as evaluation; no text is ever evaluated.
  verify: { script: " 'wasm-unsafe-eval'", connect: "'none'" },
  link: { script: '', connect: "'self'" },
}

const policyOf = (may, script, style) =>
  [
    "default-src 'none'",
    `script-src ${sha256(script)}${may.script}`,
    `style-src ${sha256(style)}`,
    `connect-src ${may.connect}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')

/**
 * @param may its entry in PAGES
 * @param output what Vite has made of it
 */
function pageOf(may, output) {
  const [html, style] = ['.html', '.css'].map((end) =>
    String(output.find(({ fileName }) => fileName.endsWith(end)).source).trim(),
  )
  const chunks = output.filter(({ type }) => type === 'chunk')
  if (chunks.length !== 1) throw new Error(`one script was expected, there are ${chunks.length}`)
  const script = inScript(chunks[0].code.trim())
  const charset = '<meta charset="utf-8">'
  const policy = `<meta http-equiv="Content-Security-Policy" content="${policyOf(may, script, style)}">`
  const put = (page, from, to) => {
    if (!page.includes(from)) throw new Error(`the page has no ${from}`)
    return page.replace(from, () => to)
  }
  const bare = html.replace(/\s*<script type="module"[^>]*><\/script>/, '').replace(/\s*<link rel="stylesheet"[^>]*>/, '')
  const styled = put(put(bare, charset, `${charset}\n${policy}`), '</head>', `<style>${style}</style>\n</head>`)
  return put(styled, '</body>', `<script type="module">${script}</script>\n</body>`)
}

const outputs = new Map()
for (const name of Object.keys(PAGES)) {
  const rolldownOptions = { input: join(root, 'web', name, 'index.html') }
  const { output } = await build({ configFile: join(root, 'web', 'vite.config.ts'), build: { write: false, rolldownOptions } })
  outputs.set(name, output)
}
const modules = [...outputs.values()]
  .flat()
  .flatMap(({ moduleIds = [] }) => moduleIds)
  .map((id) => relative(root, id.replace(/\?.*/, '')))
const ours = modules.filter((path) => path.startsWith('src/') || path.startsWith('web/'))
const styles = ['common', ...Object.keys(PAGES)].map((folder) => `web/${folder}/style.css`)
const others = [...styles, 'web/common/header.html', 'web/vite.config.ts', 'scripts/build-web.mjs', 'package-lock.json']
const sources = [...new Set([...ours, ...others])]

mkdirSync(dist, { recursive: true })
/** Readers see the old file or the new one. */
function write(file, text) {
  writeFileSync(`${file}.${process.pid}`, text)
  renameSync(`${file}.${process.pid}`, file)
}
for (const [name, output] of outputs) write(join(dist, `${name}.html`), pageOf(PAGES[name], output))
write(sourcesFile, `${JSON.stringify({ digest: digestOf(sources), sources }, null, 2)}\n`)
