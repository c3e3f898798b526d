/**
 * The layer rule: a room imports from the rooms below it and from its own layer, never upwards; no cycles.
 * The order is the one of ARCHITECTURE.md, top first.
 */
const layers = [
  ['cli', 'main.ts', 'wiring'],
  ['protocols'],
  ['access', 'incoming', 'delivery', 'transport', 'registry', 'notices', 'service-level', 'evidence', 'webhooks'],
  ['mailbox', 'directory', 'ledger', 'audit', 'quarantine'],
  ['seal'],
  ['pec'],
  ['mime'],
]
/** Rooms beside the layers: any module may use them, they use nothing above themselves. */
const ground = ['base', 'storage', 'config']

const folder = (names) => `^src/(${names.map((name) => name.replace('.', '\\.')).join('|')})(/|$)`

const upwards = layers.slice(1).map((names, index) => ({
  name: `no-import-upwards-from-${names[0]}`,
  severity: 'error',
  from: { path: folder(names) },
  to: { path: folder(layers.slice(0, index + 1).flat()) },
}))

export default {
  forbidden: [
    ...upwards,
    { name: 'ground-stands-alone', severity: 'error', from: { path: folder(ground) }, to: { path: folder(layers.flat()) } },
    {
      name: 'base-is-the-bottom',
      severity: 'error',
      from: { path: folder(['base']) },
      to: { path: folder(['storage', 'config']) },
    },
    {
      name: 'pure-rooms-do-no-io',
      comment: 'pec and mime are pure: no database, no files, no network',
      severity: 'error',
      from: { path: folder(['pec', 'mime']), pathNot: '\\.test\\.ts$' },
      to: {
        path: `${folder(['storage', 'config'])}|^(node:)?(fs|net|tls|http|https|child_process)(/|$)|node_modules/(pg|smtp-server)/`,
      },
    },
    {
      name: 'sql-only-where-tables-are-owned',
      comment: 'protocols speak no SQL',
      severity: 'error',
      from: { path: folder(['protocols', 'cli']), pathNot: '\\.test\\.ts$' },
      to: { path: '^src/storage/(database|pool|transactor)|/queries\\.ts$|node_modules/pg/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'web-takes-from-src-what-is-pure',
      comment:
        'what a browser cannot do is not reachable from its pages; node:crypto is replaced by web/platform (decision 0025)',
      severity: 'error',
      from: { path: '^web/', pathNot: '\\.test\\.ts$|^web/vite\\.config\\.ts$' },
      to: {
        path: `${folder(['storage', 'config', 'protocols', 'cli', 'main.ts', 'wiring'])}|/queries\\.ts$|^(node:)?(fs|path|os|net|tls|http|https|child_process)(/|$)`,
        reachable: true,
      },
    },
    {
      name: 'src-knows-nothing-of-web',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^web/' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'not-to-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(test|bench)/|\\.test\\.ts$' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
