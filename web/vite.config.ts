/** How the pages are built: the code of src/ that they share with the server finds the browser's platform in place of Node's. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vite'

const root = import.meta.dirname
const platform = (file: string): string => join(root, 'platform', file)

export default defineConfig({
  root,
  logLevel: 'warn',
  resolve: { alias: { 'node:crypto': platform('crypto.ts') } },
  plugins: [
    {
      name: 'header',
      transformIndexHtml: (html) =>
        html.replace('<!-- header -->', readFileSync(join(root, 'common', 'header.html'), 'utf8').trim()),
    },
  ],
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    // What the XML parser carries within it makes the page large.
    chunkSizeWarningLimit: 2000,
    rolldownOptions: { transform: { inject: { Buffer: [platform('buffer.ts'), 'Buffer'] } } },
  },
})
